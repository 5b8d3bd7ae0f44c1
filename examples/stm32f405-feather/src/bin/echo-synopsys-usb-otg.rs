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
use stm32f4_board::Board;
use stm32f4xx_hal::otg_fs::{USB, UsbBus};
use usb_device::bus::UsbBusAllocator;
use usbd_acm::Storage;
use usbd_acm::descriptors::{Descriptors, EndpointSet, descriptors};
use usbd_acm::usb_device::{FromUsbBus, LentBus};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(3),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "STM32F405 echo on synopsys-usb-otg",
};

static ALLOCATOR: StaticCell<UsbBusAllocator<UsbBus<USB>>> = StaticCell::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    // Packets that came: 64 bytes for EP0, and 64 for the port.
    static mut PACKETS: [u32; 32] = [0; 32];
    let Some(board) = Board::take(stm32f405_feather::clocks()) else { cortex_m::asm::udf() };
    let pins = (board.a.pa11, board.a.pa12);
    let bus = UsbBus::new(USB::new(board.otg, pins, &board.rcc.clocks), PACKETS);
    let bus = LentBus::new(ALLOCATOR.init(bus));
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
