//! USART in asynchronous mode, byte by byte, and what is on its line (RM0090 §30, RM0433 §48). Its registers
//! lie otherwise in each generation, and are with the chip.
//!
//! RTS of the hardware, DMA, FIFO, break characters, oversampling by 8 and modes for other buses are not there.

use crate::cpu::Cycles;
use crate::soc::{Line, UartFrame};

/// SR, and ISR of later generations.
pub mod sr {
    pub const PE: u32 = 1 << 0;
    pub const FE: u32 = 1 << 1;
    pub const ORE: u32 = 1 << 3;
    /// What is ended by reading, or in ICR.
    pub const ERRORS: u32 = 0x1F;
    pub const RXNE: u32 = 1 << 5;
    pub const TC: u32 = 1 << 6;
    pub const TXE: u32 = 1 << 7;
}

/// How a frame is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    /// The clock that is divided, in hertz.
    clock: u32,
    /// By this much.
    divider: u32,
    /// Bits of data and parity.
    length: u32,
    /// Whether it is odd, if there is one.
    parity: Option<bool>,
    stop_bits: u32,
}

impl Format {
    /// Bits per second.
    pub fn baud(self) -> u32 {
        self.clock / self.divider.max(1)
    }

    /// Whether parity is odd, where there is one.
    pub fn parity(self) -> Option<bool> {
        self.parity
    }

    /// Data bits, without parity.
    pub fn data_bits(self) -> u32 {
        self.length - u32::from(self.parity.is_some())
    }

    /// Stop bits: one, or two. Others are for smartcards.
    pub fn stop_bits(self) -> u32 {
        self.stop_bits
    }

    fn data(self, byte: u8) -> u32 {
        u32::from(byte) & !(!0 << self.data_bits())
    }

    /// What is in the data register for this byte, parity included.
    fn word(self, byte: u8, parity_error: bool) -> u32 {
        let data = self.data(byte);
        let odd_ones = data.count_ones() % 2 == 1;
        let parity = self.parity.is_some_and(|is_odd| odd_ones ^ is_odd ^ parity_error);
        data | u32::from(parity) << self.data_bits()
    }
}

/// What is outside of a USART.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pins {
    /// Clock of the processor, in hertz.
    pub processor: u64,
    /// The clock of its bus, in hertz.
    pub clock: u32,
    /// Its pins are those of the line.
    pub txd: bool,
    /// As `txd`.
    pub rxd: bool,
    /// As `txd`.
    pub cts: bool,
    /// The pin that the firmware has for RTS is low.
    pub ready: bool,
}

/// CR1, CR2, CR3 and BRR, wherever their bits lie.
#[derive(Clone, Copy, Debug, Default)]
pub struct Control {
    pub transmits: bool,
    pub receives: bool,
    /// Flags of SR that interrupt; RXNE has ORE with it.
    pub interrupts: u32,
    pub divider: u32,
    /// Bits of data and parity.
    pub length: u32,
    pub parity: Option<bool>,
    pub has_two_stop_bits: bool,
    pub has_flow_control: bool,
}

/// One USART with its line.
#[derive(Clone, Debug)]
pub struct Usart {
    /// What its pins are connected to.
    pub line: Line<Format>,
    pub(in crate::soc) control: Control,
    status: u32,
    /// What the data register reads.
    received: u32,
    /// What it was written, until the shift register has it.
    waiting: Option<u8>,
    /// The byte on the line, and when its stop bit is over.
    frame: Option<(Cycles, u8)>,
    /// When to look again, while CTS holds it off.
    retry: Option<Cycles>,
    pins: Pins,
}

impl Default for Usart {
    fn default() -> Self {
        Self {
            line: Line::default(),
            control: Control::default(),
            status: sr::TXE | sr::TC,
            received: 0,
            waiting: None,
            frame: None,
            retry: None,
            pins: Pins::default(),
        }
    }
}

impl Usart {
    /// How it sends and receives now.
    pub fn format(&self) -> Format {
        Format {
            clock: self.pins.clock,
            divider: self.control.divider,
            length: self.control.length,
            parity: self.control.parity,
            stop_bits: 1 + u32::from(self.control.has_two_stop_bits),
        }
    }

    /// Whether CTS holds it off when that is high.
    pub fn has_flow_control(&self) -> bool {
        self.control.has_flow_control
    }

    /// Switches CTS from outside.
    pub fn set_clear_to_send(&mut self, clear: bool) {
        self.line.set_clear_to_send(clear);
    }

    /// Processor cycles of a frame.
    fn frame_time(&self) -> Cycles {
        let format = self.format();
        let bits = 1 + format.length + format.stop_bits;
        u64::from(bits) * self.pins.processor / u64::from(format.baud().max(1))
    }

    pub(in crate::soc) fn interrupt(&self) -> bool {
        let receives = self.control.interrupts & sr::RXNE != 0;
        self.status & self.control.interrupts != 0 || receives && self.status & sr::ORE != 0
    }

    pub(in crate::soc) fn reset(&mut self) {
        *self = Self { line: std::mem::take(&mut self.line), ..Self::default() };
    }

    pub(in crate::soc) fn next_event(&self) -> Option<Cycles> {
        let frame = self.frame.map(|(end, _)| end);
        let begins = (self.may_send() && self.frame.is_none() && self.retry.is_none()).then_some(0);
        [frame, begins, self.retry, self.line.next_arrival()].into_iter().flatten().min()
    }

    fn may_send(&self) -> bool {
        self.waiting.is_some() && self.control.transmits
    }

    pub(in crate::soc) fn advance(&mut self, now: Cycles, pins: Pins) {
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
                self.line.send(end, format.data(byte) as u8, format);
            }
            if self.waiting.is_none() {
                self.status |= sr::TC;
            }
        }
        if self.frame.is_some() || !self.may_send() || self.retry.is_some() {
            return;
        }
        let held = self.control.has_flow_control
            && !(self.pins.cts && self.line.clear_to_send(self.pins.ready));
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
        if !self.control.receives || !self.pins.rxd {
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
        if frame.parity_error && self.control.parity.is_some() {
            self.status |= sr::PE;
        }
    }

    /// SR.
    pub(in crate::soc) fn status(&self) -> u32 {
        self.status
    }

    /// Ends flags.
    pub(in crate::soc) fn clear(&mut self, flags: u32) {
        self.status &= !flags;
    }

    /// The data register is read.
    pub(in crate::soc) fn received(&mut self) -> u32 {
        self.clear(sr::RXNE);
        self.received
    }

    /// The data register is written.
    pub(in crate::soc) fn give(&mut self, byte: u8) {
        self.waiting = Some(byte);
        self.clear(sr::TXE);
    }
}
