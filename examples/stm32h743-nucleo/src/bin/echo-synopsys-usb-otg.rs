//! The echo on somebody else's driver: the crate synopsys-usb-otg, which the HAL comes with, through
//! `FromUsbBus`.
//!
//! For firmware that has such a driver already. What a `UsbBus` cannot do is in the documentation of
//! `FromUsbBus`: this one polls, has no remote wake-up, and one packet a direction at a time.
#![no_std]
#![no_main]

use applications::Echo;
use cortex_m_rt::entry;
use static_cell::StaticCell;
use stm32h7xx_hal::usb_hs::{USB2, UsbBus};
use stm32h743_nucleo::Board;
use usb_device::bus::UsbBusAllocator;
use usbd_acm::Storage;
use usbd_acm::descriptors::{Descriptors, EndpointSet, Power, descriptors};
use usbd_acm::usb_device::{FromUsbBus, LentBus};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(8),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "STM32H743 echo on synopsys-usb-otg",
    power: Power::SelfPowered { milliamps: 0 },
};

static ALLOCATOR: StaticCell<UsbBusAllocator<UsbBus<USB2>>> = StaticCell::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    // Packets that came: 64 bytes for EP0, and 64 for the port.
    static mut PACKETS: [u32; 32] = [0; 32];
    let Some(board) = Board::take() else { cortex_m::asm::udf() };
    let (global, device, power, clock) = board.otg;
    let (dm, dp) = (board.a.pa11.into_alternate(), board.a.pa12.into_alternate());
    let usb = USB2::new(global, device, power, dm, dp, clock, &board.clocks);
    let bus = LentBus::new(ALLOCATOR.init(UsbBus::new(usb, PACKETS)));
    let Ok(controller) = FromUsbBus::<_, (), 1>::new(bus, &DESCRIPTORS) else {
        cortex_m::asm::udf()
    };
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    let mut echo = Echo::new(port);
    loop {
        device.poll();
        echo.step();
    }
}
