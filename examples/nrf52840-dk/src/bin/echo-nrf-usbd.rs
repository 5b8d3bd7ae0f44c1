//! The echo again, on somebody else's driver: the crate nrf-usbd, through `FromUsbBus`.
//!
//! For firmware that has such a driver already. What a `UsbBus` cannot do is in the documentation of
//! `FromUsbBus`: this one polls, has no interrupt, no VBUS, and one packet a direction at a time.
#![no_std]
#![no_main]

use applications::Echo;
use cortex_m_rt::entry;
use nrf_usbd::{UsbPeripheral, Usbd};
use nrf52840_dk as _; // the vector table
use usbd_acm::Storage;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::usb_device::{FromUsbBus, OwnBus};
use usbd_acm_nrf52840::{ENDPOINTS, OnChip, Supply};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "nRF52840 echo on nrf-usbd",
};

/// USBD, for nrf-usbd.
struct Peripheral;

// SAFETY: the address is that of USBD, and nothing else here uses it.
unsafe impl UsbPeripheral for Peripheral {
    const REGISTERS: *const () = core::ptr::without_provenance(0x4002_7000);
}

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of it.
    static mut STORAGE: Storage = Storage::new();
    // That driver leaves the clock and the supply to its user, and goes on the bus at once.
    let mut supply = OnChip::new();
    supply.start_clock();
    while !(supply.is_present() && supply.is_regulated() && supply.is_clock_running()) {}
    let bus = Usbd::new(Peripheral);
    let Ok(controller) = FromUsbBus::<_, (), 1>::new(OwnBus::new(bus), &DESCRIPTORS) else {
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
