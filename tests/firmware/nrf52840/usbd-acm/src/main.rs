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
include!("../../descriptors.rs");

/// Packets that the driver holds for an IN endpoint.
const DEPTH: usize = if cfg!(feature = "two-packets") { 2 } else { 1 };
/// Packets in the FIFO of each direction.
const SLOTS: usize = 2 * DEPTH;

type Usb = Device<Nrf52840<OnChip, 1, DEPTH>, (), 1, SLOTS>;

/// What main hands to the interrupt before it enables it. Not an `Option`, whose `None` is no zeros and
/// so would lie in flash, too.
struct Handed(UnsafeCell<MaybeUninit<Usb>>);

// SAFETY: main has it before the interrupt is enabled, and the interrupt alone from then on.
unsafe impl Sync for Handed {}

static DEVICE: Handed = Handed(UnsafeCell::new(MaybeUninit::uninit()));

#[entry]
fn main() -> ! {
    static mut STORAGE: Storage<1, SLOTS> = Storage::new();
    static mut STATE: State<1, DEPTH> = State::new();
    let Some(usbd) = Usbd::take() else { halt() };
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    let (mut device, [mut port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    // SAFETY: the interrupt is not enabled yet.
    unsafe { (*DEVICE.0.get()).write(device) };
    // SAFETY: there is no critical section that masks it.
    unsafe {
        NVIC::unmask(Interrupt::USBD);
        NVIC::unmask(Interrupt::POWER_CLOCK);
    }
    loop {
        while application(&mut port) {}
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
