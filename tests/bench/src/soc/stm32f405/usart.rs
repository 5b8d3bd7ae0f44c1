//! USART (RM0090 §30): its registers.

use std::ops::{Deref, DerefMut};

use crate::soc::stm32::usart::{Control, Usart, sr};

/// CR1.
mod cr1 {
    pub const RE: u32 = 1 << 2;
    pub const TE: u32 = 1 << 3;
    pub const RXNEIE: u32 = 1 << 5;
    pub const TCIE: u32 = 1 << 6;
    pub const TXEIE: u32 = 1 << 7;
    pub const PS: u32 = 1 << 9;
    pub const PCE: u32 = 1 << 10;
    pub const M: u32 = 1 << 12;
    pub const UE: u32 = 1 << 13;
}

/// CR3: CTSE.
const CTSE: u32 = 1 << 9;

/// One USART, by its registers.
#[derive(Clone, Debug, Default)]
pub struct Registers {
    usart: Usart,
    /// SR as it was read last.
    seen: u32,
    divider: u32,
    /// CR1, CR2, CR3, GTPR.
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
            0x00 => {
                self.seen = self.usart.status();
                self.seen
            }
            0x04 => {
                let ended = std::mem::take(&mut self.seen) & sr::ERRORS;
                self.usart.clear(ended);
                self.usart.received()
            }
            0x08 => self.divider,
            0x0C..0x1C => self.control[(offset as usize - 0x0C) / 4],
            _ => 0,
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) {
        match offset {
            // Flags that are ended by writing 0.
            0x00 => self.usart.clear(!value & (sr::RXNE | sr::TC)),
            0x04 => {
                let ended = self.seen & sr::TC;
                self.usart.clear(ended);
                self.usart.give(value as u8);
            }
            0x08 => self.divider = value & 0xFFFF,
            0x0C..0x1C => self.control[(offset as usize - 0x0C) / 4] = value,
            _ => {}
        }
        self.usart.control = self.decoded();
    }

    fn decoded(&self) -> Control {
        let [control, stop, flow, _] = self.control;
        let is_set = |bit: u32| control & bit != 0;
        Control {
            transmits: is_set(cr1::UE) && is_set(cr1::TE),
            receives: is_set(cr1::UE) && is_set(cr1::RE),
            // The bits are those of the flags; PEIE is not there.
            interrupts: control & (cr1::RXNEIE | cr1::TCIE | cr1::TXEIE),
            divider: self.divider,
            length: 8 + u32::from(is_set(cr1::M)),
            parity: is_set(cr1::PCE).then_some(is_set(cr1::PS)),
            has_two_stop_bits: stop >> 12 & 3 == 2,
            has_flow_control: flow & CTSE != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soc::UartFrame;
    use crate::soc::stm32::usart::Pins;

    const PINS: Pins = Pins {
        processor: 168_000_000,
        clock: 42_000_000,
        txd: true,
        rxd: true,
        cts: true,
        ready: true,
    };
    const ON: u32 = cr1::UE | cr1::TE | cr1::RE;

    /// At 1 Mbit/s, with these bits of CR1 beside.
    fn usart(control: u32) -> Registers {
        let mut usart = Registers::default();
        usart.write(0x08, 42);
        usart.write(0x0C, ON | control);
        usart.advance(0, PINS);
        usart
    }

    #[test]
    fn a_byte_takes_ten_bits_and_txe_comes_before_tc() {
        let mut usart = usart(0);
        assert_eq!(usart.read(0x00), sr::TXE | sr::TC);
        usart.write(0x04, 0x41);
        assert_eq!(usart.read(0x00), 0);
        usart.advance(0, PINS);
        assert_eq!(usart.read(0x00), sr::TXE);
        assert_eq!(usart.next_event(), Some(1680));
        usart.advance(1680, PINS);
        assert_eq!(usart.read(0x00), sr::TXE | sr::TC);
        assert_eq!((usart.line.sent[0].byte, usart.line.sent[0].at), (0x41, 1680));
    }

    #[test]
    fn a_second_byte_before_the_first_is_read_is_an_overrun() {
        let mut usart = usart(cr1::RXNEIE);
        usart.line.feed([UartFrame::of(1), UartFrame::of(2)]);
        for now in [0, 1680, 3360] {
            usart.advance(now, PINS);
        }
        assert!(usart.interrupt());
        assert_eq!(usart.read(0x00) & (sr::RXNE | sr::ORE), sr::RXNE | sr::ORE);
        assert_eq!(usart.read(0x04), 1);
        assert_eq!(usart.read(0x00) & (sr::RXNE | sr::ORE), 0);
    }

    #[test]
    fn parity_is_a_bit_of_the_word() {
        let mut usart = usart(cr1::PCE | cr1::M);
        usart.line.feed([
            UartFrame::of(0x03),
            UartFrame { parity_error: true, ..UartFrame::of(0x03) },
            UartFrame::BREAK,
        ]);
        let mut words = Vec::new();
        for now in (0..8).map(|frame| frame * 1848) {
            usart.advance(now, PINS);
            let status = usart.read(0x00);
            if status & sr::RXNE != 0 {
                words.push((status & (sr::PE | sr::FE), usart.read(0x04)));
            }
        }
        assert_eq!(words, [(0, 0x003), (sr::PE, 0x103), (sr::FE, 0)]);
    }

    #[test]
    fn cts_holds_a_byte_in_the_register() {
        let mut usart = usart(0);
        usart.write(0x14, CTSE);
        usart.set_clear_to_send(false);
        usart.read(0x00);
        usart.write(0x04, 0x41);
        usart.advance(0, PINS);
        assert_eq!(usart.read(0x00) & (sr::TXE | sr::TC), 0);
        usart.set_clear_to_send(true);
        usart.advance(1680, PINS);
        assert_eq!(usart.read(0x00) & sr::TXE, sr::TXE);
    }
}
