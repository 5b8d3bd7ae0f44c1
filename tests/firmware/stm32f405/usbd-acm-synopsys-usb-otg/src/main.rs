//! usbd-acm on synopsys-usb-otg, polled by the main loop.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use panic_halt as _;
use static_cell::StaticCell;
use stm32f4xx_hal::otg_fs::{USB, UsbBus, UsbBusType};
use stm32f4xx_hal::pac::Peripherals;
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Config;
use usb_device::bus::UsbBusAllocator;
use usbd_acm::descriptors::{Descriptors, EndpointSet, descriptors};
use usbd_acm::usb_device::{FromUsbBus, LentBus};
use usbd_acm::{Device, Port, Storage};

include!("../../../nrf52840/application.rs");

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(3),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Serial port",
    serial_number: "1",
};

type Bus = FromUsbBus<LentBus<'static, UsbBusType>, (), 1>;

#[entry]
fn main() -> ! {
    static mut STORAGE: Storage = Storage::new();
    // Packets that came: 64 bytes for EP0, and 64 for the port.
    static mut OUT_PACKETS: [u32; 32] = [0; 32];
    static ALLOCATOR: StaticCell<UsbBusAllocator<UsbBusType>> = StaticCell::new();
    static DEVICE: StaticCell<Device<Bus>> = StaticCell::new();
    let Some(peripherals) = Peripherals::take() else { halt() };
    let clocks = Config::hse(12.MHz()).sysclk(168.MHz()).require_pll48clk();
    let mut rcc = peripherals.RCC.freeze(clocks);
    let pins = peripherals.GPIOA.split(&mut rcc);
    let usb = USB::new(
        (peripherals.OTG_FS_GLOBAL, peripherals.OTG_FS_DEVICE, peripherals.OTG_FS_PWRCLK),
        (pins.pa11, pins.pa12),
        &rcc.clocks,
    );
    let bus = LentBus::new(ALLOCATOR.init(UsbBus::new(usb, OUT_PACKETS)));
    let Ok(controller) = FromUsbBus::<_, (), 1>::new(bus, &DESCRIPTORS) else { halt() };
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
