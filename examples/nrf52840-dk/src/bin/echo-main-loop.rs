//! The echo again, with no interrupt at all: the main loop polls. Nothing else may hold it up for
//! longer than the host is patient, which is 50 ms at least (USB 2.0 §9.2.6.4); and it never sleeps.
#![no_std]
#![no_main]

use applications::Echo;
use cortex_m_rt::entry;
use nrf52840_dk as _; // the vector table
use usbd_acm::Storage;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm_nrf52840::{ENDPOINTS, Nrf52840, OnChip, State, Usbd};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "nRF52840 echo",
};

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    static mut STATE: State = State::new();
    let Some(usbd) = Usbd::take() else { cortex_m::asm::udf() };
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    let mut echo = Echo::new(port);
    loop {
        device.poll();
        echo.step();
    }
}
