//! usb-device with usbd-serial's `SerialPort` on nrf-usbd, polled by the main loop.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use nrf52840_hal::clocks::{Clocks, ExternalOscillator, Internal, LfOscStopped};
use nrf52840_hal::pac::Peripherals;
use nrf52840_hal::usbd::{UsbPeripheral, Usbd};
use panic_halt as _;
use static_cell::StaticCell;
use usb_device::bus::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbVidPid};
use usbd_serial::SerialPort;

type Started = Clocks<ExternalOscillator, Internal, LfOscStopped>;
type Bus = Usbd<UsbPeripheral<'static>>;

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { halt() };
    let clocks = Clocks::new(peripherals.CLOCK).enable_ext_hfosc();
    // The pull-up goes up at once, so the supply of the transceiver has to be there.
    while !peripherals.POWER.usbregstatus.read().outputrdy().is_ready() {}
    // Everything in statics, so that it shows as RAM.
    static CLOCKS: StaticCell<Started> = StaticCell::new();
    static BUS: StaticCell<UsbBusAllocator<Bus>> = StaticCell::new();
    static SERIAL: StaticCell<SerialPort<'static, Bus>> = StaticCell::new();
    static DEVICE: StaticCell<UsbDevice<'static, Bus>> = StaticCell::new();
    let clocks = CLOCKS.init(clocks);
    let bus = Usbd::new(UsbPeripheral::new(peripherals.USBD, clocks));
    let bus: &'static _ = BUS.init(UsbBusAllocator::new(bus));
    let serial = SERIAL.init(SerialPort::new(bus));
    let strings = StringDescriptors::default()
        .manufacturer("usbd-acm")
        .product("Serial port")
        .serial_number("1");
    let builder = UsbDeviceBuilder::new(bus, UsbVidPid(0x1209, 0x0001))
        .strings(&[strings])
        .and_then(|builder| builder.max_packet_size_0(64));
    let Ok(builder) = builder else { halt() };
    let device = DEVICE.init(builder.composite_with_iads().build());
    let mut application = Application::default();
    loop {
        device.poll(&mut [serial]);
        application.run(serial);
    }
}

include!("../../../usbd_serial.rs");

fn halt() -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}
