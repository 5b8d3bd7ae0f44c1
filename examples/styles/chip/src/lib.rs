//! A chip that does not exist: two interrupts, and the stubbed controller of tests/size. A real
//! firmware has its chip's crates instead.
#![no_std]

pub use cortex_m_rt::interrupt;
pub use usbd_acm_controller::Stub as Usb;

use cortex_m::interrupt::InterruptNumber;

/// Bits of an interrupt's priority, for RTIC.
pub const NVIC_PRIO_BITS: u8 = 2;

/// The interrupts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Interrupt {
    /// The USB controller has something to tell, or the doorbell rang.
    USB = 0,
    /// No hardware raises it: for an executor.
    SPARE = 1,
}
pub use Interrupt as interrupt;

// SAFETY: the numbers are those of the vector table below.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

unsafe extern "C" {
    fn USB();
    fn SPARE();
}

/// The vectors of the interrupts, in their order.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
pub static __INTERRUPTS: [unsafe extern "C" fn(); 2] = [USB, SPARE];

/// Lets the USB interrupt come.
pub fn unmask_usb() {
    // SAFETY: no critical section of ours relies on a masked interrupt line.
    unsafe { cortex_m::peripheral::NVIC::unmask(Interrupt::USB) };
}

/// Holds the USB interrupt back.
pub fn mask_usb() {
    cortex_m::peripheral::NVIC::mask(Interrupt::USB);
}

/// The controller, once.
pub fn usb() -> Option<Usb> {
    // SAFETY: the singleton is given out once.
    cortex_m::singleton!(TAKEN: () = ()).map(|()| unsafe { Usb::new() })
}
