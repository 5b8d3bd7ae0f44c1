//! Sends back what it receives. USB runs in its interrupt, the application in the main loop, and
//! they share no lock.
#![no_std]
#![no_main]

use applications::Echo;
use applications::Handed;
use cortex_m_rt::entry;
use nrf52840_dk::interrupt::Interrupt;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Device, Storage};
use usbd_acm_nrf52840::{ENDPOINTS, Nrf52840, OnChip, State, Usbd, power_clock_interrupt};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "nRF52840 echo",
};

static DEVICE: Handed<Device<Nrf52840>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    static mut STATE: State = State::new();
    let Some(usbd) = Usbd::take() else { cortex_m::asm::udf() };
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    // SAFETY: the interrupt is enabled below.
    unsafe { DEVICE.put(device) };
    Interrupt::Usbd.enable();
    Interrupt::PowerClock.enable();
    let mut echo = Echo::new(port);
    loop {
        while echo.step() {}
        // Returns after any interrupt since the last one.
        cortex_m::asm::wfe();
    }
}

#[unsafe(no_mangle)]
extern "C" fn USBD() {
    // SAFETY: this is the only handler that does so.
    if let Some(device) = unsafe { DEVICE.get() } {
        device.poll();
    }
}

#[unsafe(no_mangle)]
extern "C" fn POWER_CLOCK() {
    power_clock_interrupt();
}
