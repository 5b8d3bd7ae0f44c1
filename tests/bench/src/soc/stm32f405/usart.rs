//! USART (RM0090 §30) in asynchronous mode, byte by byte, and what is on its line.
//!
//! RTS of the hardware, DMA, break characters, oversampling by 8 and modes for other buses are not there.

use crate::cpu::Cycles;
use crate::soc::{Line, UartFrame};

/// SR.
mod sr {
    pub const PE: u32 = 1 << 0;
    pub const FE: u32 = 1 << 1;
    pub const ORE: u32 = 1 << 3;
    /// What a read of DR ends, if it follows one of SR.
    pub const ERRORS: u32 = 0x1F;
    pub const RXNE: u32 = 1 << 5;
    pub const TC: u32 = 1 << 6;
    pub const TXE: u32 = 1 << 7;
}

/// CR1.
mod cr1 {
    pub const RE: u32 = 1 << 2;
    pub const TE: u32 = 1 << 3;
    pub const RXNEIE: u32 = 1 << 5;
    pub const TCIE: u32 = 1 << 6;
    pub const TXEIE: u32 = 1 << 7;
    pub const PEIE: u32 = 1 << 8;
    pub const PS: u32 = 1 << 9;
    pub const PCE: u32 = 1 << 10;
    pub const M: u32 = 1 << 12;
    pub const UE: u32 = 1 << 13;
}

/// CR3: CTSE.
const CTSE: u32 = 1 << 9;

/// How a frame is sent: BRR, CR1 and CR2, and the clock that BRR divides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Format {
    clock: u32,
    divider: u32,
    control: u32,
    stop: u32,
}

impl Format {
    /// Bits per second.
    pub fn baud(self) -> u32 {
        self.clock / self.divider.max(1)
    }

    /// Whether there is a parity bit.
    pub fn has_parity(self) -> bool {
        self.control & cr1::PCE != 0
    }

    /// Whether it is odd.
    pub fn is_odd(self) -> bool {
        self.control & cr1::PS != 0
    }

    /// Data bits, without parity.
    pub fn data_bits(self) -> u32 {
        8 + u32::from(self.control & cr1::M != 0) - u32::from(self.has_parity())
    }

    /// Stop bits: one, or two. Others are for smartcards.
    pub fn stop_bits(self) -> u32 {
        if self.stop >> 12 & 3 == 2 { 2 } else { 1 }
    }

    /// What is in DR for this byte, parity included.
    fn word(self, byte: u8, parity_error: bool) -> u32 {
        let data = u32::from(byte) & !(!0 << self.data_bits());
        let odd_ones = data.count_ones() % 2 == 1;
        let parity = odd_ones ^ self.is_odd() ^ parity_error;
        data | u32::from(self.has_parity() && parity) << self.data_bits()
    }
}

/// What is outside of the USART.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pins {
    /// The clock of its bus, in hertz.
    pub clock: u32,
    /// Its pins are those of the line: alternate function 7.
    pub txd: bool,
    /// As `txd`.
    pub rxd: bool,
    /// As `txd`.
    pub cts: bool,
    /// The pin that the firmware has for RTS is low.
    pub ready: bool,
}

/// One USART with its line.
#[derive(Clone, Debug)]
pub struct Usart {
    /// What its pins are connected to.
    pub line: Line<Format>,
    status: u32,
    /// SR as it was read last.
    seen: u32,
    /// What DR reads.
    received: u32,
    /// What DR was written, until the shift register has it.
    waiting: Option<u8>,
    /// The byte on the line, and when its stop bit is over.
    frame: Option<(Cycles, u8)>,
    /// When to look again, while CTS holds it off.
    retry: Option<Cycles>,
    divider: u32,
    /// CR1, CR2, CR3, GTPR.
    control: [u32; 4],
    pins: Pins,
}

impl Default for Usart {
    fn default() -> Self {
        Self {
            line: Line::default(),
            status: sr::TXE | sr::TC,
            seen: 0,
            received: 0,
            waiting: None,
            frame: None,
            retry: None,
            divider: 0,
            control: [0; 4],
            pins: Pins::default(),
        }
    }
}

impl Usart {
    /// How it sends and receives now.
    pub fn format(&self) -> Format {
        let [control, stop, ..] = self.control;
        Format { clock: self.pins.clock, divider: self.divider, control, stop }
    }

    /// Whether CTS holds it off when that is high.
    pub fn has_flow_control(&self) -> bool {
        self.control[2] & CTSE != 0
    }

    /// Switches CTS from outside.
    pub fn set_clear_to_send(&mut self, clear: bool) {
        self.line.set_clear_to_send(clear);
    }

    /// Processor cycles of a frame.
    fn frame_time(&self) -> Cycles {
        let format = self.format();
        let bits = 1 + format.data_bits() + u32::from(format.has_parity()) + format.stop_bits();
        u64::from(bits) * super::FREQUENCY / u64::from(format.baud().max(1))
    }

    pub(super) fn interrupt(&self) -> bool {
        let enabled = |bit: u32| self.control[0] & bit != 0;
        enabled(cr1::RXNEIE) && self.status & (sr::RXNE | sr::ORE) != 0
            || enabled(cr1::TXEIE) && self.status & sr::TXE != 0
            || enabled(cr1::TCIE) && self.status & sr::TC != 0
            || enabled(cr1::PEIE) && self.status & sr::PE != 0
    }

    pub(super) fn reset(&mut self) {
        *self = Self { line: std::mem::take(&mut self.line), ..Self::default() };
    }

    pub(super) fn next_event(&self) -> Option<Cycles> {
        let frame = self.frame.map(|(end, _)| end);
        let begins = (self.may_send() && self.frame.is_none() && self.retry.is_none()).then_some(0);
        [frame, begins, self.retry, self.line.next_arrival()].into_iter().flatten().min()
    }

    fn may_send(&self) -> bool {
        let enabled = cr1::UE | cr1::TE;
        self.waiting.is_some() && self.control[0] & enabled == enabled
    }

    pub(super) fn advance(&mut self, now: Cycles, pins: Pins) {
        self.pins = pins;
        if self.retry.is_some_and(|at| at <= now) {
            self.retry = None;
        }
        self.send(now);
        self.listen(now);
    }

    fn send(&mut self, now: Cycles) {
        if let Some((end, byte)) = self.frame.take_if(|(end, _)| *end <= now) {
            if self.pins.txd {
                let format = self.format();
                let byte =
                    format.word(byte, false) as u8 & (!0u8 >> (8 - format.data_bits().min(8)));
                self.line.send(end, byte, format);
            }
            if self.waiting.is_none() {
                self.status |= sr::TC;
            }
        }
        if self.frame.is_some() || !self.may_send() || self.retry.is_some() {
            return;
        }
        let held =
            self.has_flow_control() && !(self.pins.cts && self.line.clear_to_send(self.pins.ready));
        if held {
            self.retry = Some(now + self.frame_time());
        } else {
            self.frame = self.waiting.take().map(|byte| (now + self.frame_time(), byte));
            self.status |= sr::TXE;
        }
    }

    fn listen(&mut self, now: Cycles) {
        // What is looped back was sent already: it comes.
        let stops = !self.line.loopback && !self.line.ignores_rts && !self.pins.ready;
        while let Some(frame) = self.line.arrivals(now, self.frame_time(), stops) {
            self.take(frame);
        }
    }

    /// A frame from outside.
    fn take(&mut self, frame: UartFrame) {
        let enabled = cr1::UE | cr1::RE;
        if self.control[0] & enabled != enabled || !self.pins.rxd {
            return;
        }
        if self.status & sr::RXNE != 0 {
            self.status |= sr::ORE;
            return;
        }
        let word = self.format().word(frame.byte, frame.parity_error);
        self.received = if frame.is_break { 0 } else { word };
        self.status |= sr::RXNE;
        if frame.framing_error || frame.is_break {
            self.status |= sr::FE;
        }
        if frame.parity_error && self.format().has_parity() {
            self.status |= sr::PE;
        }
    }

    pub(super) fn read(&mut self, offset: u32) -> u32 {
        match offset {
            0x00 => {
                self.seen = self.status;
                self.status
            }
            0x04 => {
                self.status &= !(sr::RXNE | self.seen & sr::ERRORS);
                self.seen = 0;
                self.received
            }
            0x08 => self.divider,
            0x0C..0x1C => self.control[(offset as usize - 0x0C) / 4],
            _ => 0,
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) {
        match offset {
            // Flags that are ended by writing 0.
            0x00 => self.status &= value | !(sr::RXNE | sr::TC),
            0x04 => {
                self.waiting = Some(value as u8);
                self.status &= !(sr::TXE | self.seen & sr::TC);
            }
            0x08 => self.divider = value & 0xFFFF,
            0x0C..0x1C => self.control[(offset as usize - 0x0C) / 4] = value,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINS: Pins = Pins { clock: 42_000_000, txd: true, rxd: true, cts: true, ready: true };
    const ON: u32 = cr1::UE | cr1::TE | cr1::RE;

    /// At 1 Mbit/s, with these bits of CR1 beside.
    fn usart(control: u32) -> Usart {
        let mut usart = Usart::default();
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
