//! The interrupts of the chip that the examples use.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;

use crate::Register;

/// An interrupt, by its number in the vector table.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Interrupt {
    /// Power and clocks: VBUS came or went.
    PowerClock = 0,
    /// Serial port 0.
    Uarte0 = 2,
    /// Pins.
    Gpiote = 6,
    /// USB.
    Usbd = 39,
}

// SAFETY: the numbers are those of the nRF52840, below 48.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

impl Interrupt {
    /// Enables it.
    pub fn enable(self) {
        // SAFETY: no critical section is made of a masked interrupt here: what a handler needs is
        // handed to it before.
        unsafe { NVIC::unmask(self) };
    }

    /// Lets every interrupt that did not give way interrupt it. After reset all are as urgent.
    pub fn give_way(self) {
        const LESS_URGENT: u32 = 0x40;
        let shift = 8 * (self as u32 & 3);
        // SAFETY: NVIC_IPR, four interrupts a register.
        let register = unsafe { Register::at(0xE000_E400 + (self as u32 & !3)) };
        register.write(register.read() & !(0xFF << shift) | LESS_URGENT << shift);
    }

    /// Makes it run.
    pub fn pend(self) {
        NVIC::pend(self);
    }
}

unsafe extern "C" {
    fn POWER_CLOCK();
    fn UARTE0();
    fn GPIOTE();
    fn USBD();
    fn DefaultHandler();
}

/// The vector table, from interrupt 0. What no example uses goes to the default handler, as what
/// no handler was written for.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); 48] = {
    let mut table: [unsafe extern "C" fn(); 48] = [DefaultHandler; 48];
    table[Interrupt::PowerClock as usize] = POWER_CLOCK;
    table[Interrupt::Uarte0 as usize] = UARTE0;
    table[Interrupt::Gpiote as usize] = GPIOTE;
    table[Interrupt::Usbd as usize] = USBD;
    table
};
