//! usbd-acm on its own driver, driven by interrupts.
#![no_std]
#![no_main]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use cortex_m::peripheral::NVIC;
use cortex_m_rt::entry;
use nrf52840_hal::pac::{Interrupt, interrupt};
use panic_halt as _;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Device, Port, Storage};
use usbd_acm_nrf52840::{ENDPOINTS, Nrf52840, OnChip, State, Usbd, power_clock_interrupt};

include!("../../application.rs");

#[cfg(not(any(feature = "two-ports", feature = "three-ports")))]
include!("../../descriptors.rs");

#[cfg(any(feature = "two-ports", feature = "three-ports"))]
static DESCRIPTORS: Descriptors<PORTS> = descriptors! {
    endpoints: ENDPOINTS,
    ports: PORTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Device under test",
    serial_number: "0123456789ABCDEF",
    power: usbd_acm::descriptors::Power::Bus { milliamps: 100 },
    remote_wakeup: true,
};

/// Serial ports.
const PORTS: usize = match (cfg!(feature = "three-ports"), cfg!(feature = "two-ports")) {
    (true, _) => 3,
    (_, true) => 2,
    _ => 1,
};
/// Packets that the driver holds for an IN endpoint.
const DEPTH: usize = if cfg!(feature = "two-packets") { 2 } else { 1 };
/// Packets in the FIFO of each direction.
const SLOTS: usize = 2 * DEPTH;

type Usb = Device<Nrf52840<OnChip, PORTS, DEPTH>, (), PORTS, SLOTS>;

/// What main hands to the interrupt before it enables it. Not an `Option`, whose `None` is no zeros and
/// so would lie in flash, too.
struct Handed(UnsafeCell<MaybeUninit<Usb>>);

// SAFETY: main has it before the interrupt is enabled, and the interrupt alone from then on.
unsafe impl Sync for Handed {}

static DEVICE: Handed = Handed(UnsafeCell::new(MaybeUninit::uninit()));

#[entry]
fn main() -> ! {
    static mut STORAGE: Storage<PORTS, SLOTS> = Storage::new();
    static mut STATE: State<PORTS, DEPTH> = State::new();
    let Some(usbd) = Usbd::take() else { halt() };
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    // That of one port is measured, so it is what somebody with one port writes.
    #[cfg(not(any(feature = "two-ports", feature = "three-ports")))]
    let (mut device, [mut port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    #[cfg(any(feature = "two-ports", feature = "three-ports"))]
    let (mut device, mut ports) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    // SAFETY: the interrupt is not enabled yet.
    unsafe { (*DEVICE.0.get()).write(device) };
    // SAFETY: there is no critical section that masks it.
    unsafe {
        NVIC::unmask(Interrupt::USBD);
        NVIC::unmask(Interrupt::POWER_CLOCK);
    }
    loop {
        #[cfg(not(any(feature = "two-ports", feature = "three-ports")))]
        while application(&mut port) {}
        #[cfg(any(feature = "two-ports", feature = "three-ports"))]
        for port in &mut ports {
            while application(port) {}
        }
        cortex_m::asm::wfe();
    }
}

#[interrupt]
fn USBD() {
    // SAFETY: main wrote it before it enabled this handler, which alone uses it from then on.
    unsafe { (*DEVICE.0.get()).assume_init_mut() }.poll();
}

#[interrupt]
fn POWER_CLOCK() {
    power_clock_interrupt();
}

fn halt() -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}
