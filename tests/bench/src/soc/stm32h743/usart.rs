//! USART (RM0433 §48): its registers. FIFO mode may be on, and has room for one byte here.

use std::ops::{Deref, DerefMut};

use crate::soc::stm32::usart::{Control, Usart, sr};

/// CR1.
mod cr1 {
    pub const UE: u32 = 1 << 0;
    pub const RE: u32 = 1 << 2;
    pub const TE: u32 = 1 << 3;
    pub const RXNEIE: u32 = 1 << 5;
    pub const TCIE: u32 = 1 << 6;
    pub const TXEIE: u32 = 1 << 7;
    pub const PS: u32 = 1 << 9;
    pub const PCE: u32 = 1 << 10;
    pub const M0: u32 = 1 << 12;
    pub const M1: u32 = 1 << 28;
    pub const FIFOEN: u32 = 1 << 29;
    /// What cannot be written while UE is set.
    pub const FORMAT: u32 = PS | PCE | M0 | M1 | FIFOEN;
}

/// CR3: CTSE.
const CTSE: u32 = 1 << 9;

/// One USART, by its registers.
#[derive(Clone, Debug, Default)]
pub struct Registers {
    usart: Usart,
    /// CR1, CR2, CR3, BRR.
    control: [u32; 4],
}

impl Deref for Registers {
    type Target = Usart;

    fn deref(&self) -> &Usart {
        &self.usart
    }
}

impl DerefMut for Registers {
    fn deref_mut(&mut self) -> &mut Usart {
        &mut self.usart
    }
}

impl Registers {
    pub(super) fn reset(&mut self) {
        let mut usart = std::mem::take(&mut self.usart);
        usart.reset();
        *self = Self { usart, ..Self::default() };
    }

    pub(super) fn read(&mut self, offset: u32) -> u32 {
        match offset {
            0x00..0x10 => self.control[offset as usize / 4],
            0x1C => self.usart.status(),
            0x24 => self.usart.received(),
            _ => 0,
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) {
        let is_on = self.control[0] & cr1::UE != 0;
        match offset {
            0x00 if is_on => {
                self.control[0] = self.control[0] & cr1::FORMAT | value & !cr1::FORMAT;
            }
            0x04..0x10 if is_on => {}
            0x00..0x10 => self.control[offset as usize / 4] = value,
            0x20 => self.usart.clear(value & (sr::ERRORS | sr::TC)),
            0x28 => {
                self.usart.clear(sr::TC);
                self.usart.give(value as u8);
            }
            _ => {}
        }
        self.usart.control = self.decoded();
    }

    fn decoded(&self) -> Control {
        let [control, stop, flow, divider] = self.control;
        let is_set = |bit: u32| control & bit != 0;
        Control {
            transmits: is_set(cr1::UE) && is_set(cr1::TE),
            receives: is_set(cr1::UE) && is_set(cr1::RE),
            // The bits are those of the flags.
            interrupts: control & (cr1::RXNEIE | cr1::TCIE | cr1::TXEIE),
            divider: divider & 0xFFFF,
            length: 8 + u32::from(is_set(cr1::M0)) - u32::from(is_set(cr1::M1)),
            parity: is_set(cr1::PCE).then_some(is_set(cr1::PS)),
            has_two_stop_bits: stop >> 12 & 3 == 2,
            has_flow_control: flow & CTSE != 0,
        }
    }
}
