//! usbd-acm on nrf-usbd, polled by the main loop.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use nrf52840_hal::clocks::{Clocks, ExternalOscillator, Internal, LfOscStopped};
use nrf52840_hal::pac::Peripherals;
use nrf52840_hal::usbd::{UsbPeripheral, Usbd};
use panic_halt as _;
use static_cell::StaticCell;
use usbd_acm::descriptors::{Descriptors, EndpointSet, descriptors};
use usbd_acm::usb_device::{FromUsbBus, OwnBus};
use usbd_acm::{Device, Port, Storage};

include!("../../application.rs");
include!("../../descriptors.rs");

/// Those of the chip.
const ENDPOINTS: EndpointSet = EndpointSet::first(7);

type Started = Clocks<ExternalOscillator, Internal, LfOscStopped>;
type Bus = FromUsbBus<OwnBus<Usbd<UsbPeripheral<'static>>>, (), 1>;

#[entry]
fn main() -> ! {
    static mut STORAGE: Storage = Storage::new();
    static CLOCKS: StaticCell<Started> = StaticCell::new();
    static DEVICE: StaticCell<Device<Bus>> = StaticCell::new();
    let Some(peripherals) = Peripherals::take() else { halt() };
    let clocks = CLOCKS.init(Clocks::new(peripherals.CLOCK).enable_ext_hfosc());
    // The pull-up goes up at once, so the supply of the transceiver has to be there.
    while !peripherals.POWER.usbregstatus.read().outputrdy().is_ready() {}
    let bus = Usbd::new(UsbPeripheral::new(peripherals.USBD, clocks));
    let Ok(controller) = FromUsbBus::<_, (), 1>::new(OwnBus::new(bus), &DESCRIPTORS) else {
        halt()
    };
    let (device, [mut port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    let device = DEVICE.init(device);
    device.connect();
    loop {
        device.poll();
        application(&mut port);
    }
}

fn halt() -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}
