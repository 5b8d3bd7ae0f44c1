//! UARTE: EasyDMA both ways, a FIFO of six bytes, errors, flow control; and what is on its line.

mod dma;
mod receiver;
mod transmitter;

use super::events::Events;
use crate::cpu::Cycles;
use crate::soc::{Line, Memory, UartFrame, Violations};

use receiver::Receiver;
use transmitter::Transmitter;

/// Events, by number.
mod event {
    pub const CTS: u32 = 0;
    pub const NCTS: u32 = 1;
    pub const RXDRDY: u32 = 2;
    pub const ENDRX: u32 = 4;
    pub const TXDRDY: u32 = 7;
    pub const ENDTX: u32 = 8;
    pub const ERROR: u32 = 9;
    pub const RXTO: u32 = 17;
    pub const RXSTARTED: u32 = 19;
    pub const TXSTARTED: u32 = 20;
    pub const TXSTOPPED: u32 = 22;
}

/// Bits of SHORTS.
const ENDRX_STARTRX: u32 = 5;
const ENDRX_STOPRX: u32 = 6;

/// How a frame is sent: BAUDRATE and CONFIG.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    baud_rate: u32,
    config: u32,
}

impl Default for Format {
    fn default() -> Self {
        Self { baud_rate: 0x0400_0000, config: 0 }
    }
}

impl Format {
    /// Bits per second.
    pub fn baud(self) -> u64 {
        (u64::from(self.baud_rate) * 16_000_000) >> 32
    }

    /// Whether there is an even parity bit.
    pub fn has_parity(self) -> bool {
        self.config & 0xE == 0xE
    }

    /// Stop bits.
    pub fn stop_bits(self) -> u64 {
        1 + u64::from(self.config >> 4 & 1)
    }

    /// Whether RTS and CTS are used.
    pub fn has_flow_control(self) -> bool {
        self.config & 1 != 0
    }

    /// Cycles of a frame: start bit, eight data bits, parity, stop bits.
    pub fn frame_time(self) -> Cycles {
        let bits = 9 + u64::from(self.has_parity()) + self.stop_bits();
        bits * 64_000_000 / self.baud().max(1)
    }
}

/// One UARTE with its line.
#[derive(Clone, Debug, Default)]
pub struct Uarte {
    /// What its pins are connected to.
    pub line: Line<Format>,
    events: Events,
    enabled: bool,
    format: Format,
    pins: [u32; 4],
    error_source: u32,
    receiver: Receiver,
    transmitter: Transmitter,
}

impl Uarte {
    /// How it sends and receives now.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether ENABLE is 8.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// RTS: whether it can take another byte.
    pub fn is_ready_to_receive(&self) -> bool {
        self.enabled && self.receiver.has_room()
    }

    pub(super) fn interrupt(&self) -> bool {
        self.events.interrupt()
    }

    pub(super) fn reset(&mut self) {
        *self = Self { line: std::mem::take(&mut self.line), ..Self::default() };
    }

    pub(super) fn next_event(&self) -> Option<Cycles> {
        let receiving = self.receiver.stops_at();
        let arrival = self.line.next_arrival();
        [self.transmitter.next_event(), receiving, arrival].into_iter().flatten().min()
    }

    pub(super) fn advance(
        &mut self,
        now: Cycles,
        memory: &mut dyn Memory,
        violations: &mut Violations,
    ) {
        self.advance_transmitter(now, memory, violations);
        self.advance_line(now, memory, violations);
        self.advance_receiver(now, memory, violations);
    }

    fn clear_to_send(&self) -> bool {
        !self.format.has_flow_control() || self.line.clear_to_send(self.is_ready_to_receive())
    }

    fn advance_transmitter(
        &mut self,
        now: Cycles,
        memory: &mut dyn Memory,
        violations: &mut Violations,
    ) {
        if self.transmitter.load(now, memory, violations) {
            self.events.raise(event::TXSTARTED);
        }
        let ready = self.clear_to_send();
        if let Some(byte) = self.transmitter.end_of_frame(now) {
            self.line.send(now, byte, self.format);
            self.events.raise(event::TXDRDY);
        }
        self.transmitter.begin_frame(now, self.format.frame_time(), ready);
        if self.transmitter.is_through() {
            self.events.raise(event::ENDTX);
        }
        if self.transmitter.has_stopped() {
            self.events.raise(event::TXSTOPPED);
        }
    }

    fn advance_line(&mut self, now: Cycles, memory: &mut dyn Memory, violations: &mut Violations) {
        let heeds_rts = self.format.has_flow_control() && !self.line.ignores_rts;
        // Switched off, it leaves RTS to GPIO, which is taken to be high.
        let stops = heeds_rts && !self.is_ready_to_receive();
        let time = self.format.frame_time();
        while let Some(frame) = self.line.arrivals(now, time, stops) {
            self.take(frame);
            self.drain(now, memory, violations);
        }
    }

    /// A frame from outside.
    fn take(&mut self, frame: UartFrame) {
        if !self.enabled {
            return;
        }
        let mut errors = error_source(frame);
        if !self.receiver.take(frame.byte) {
            errors |= 1;
        }
        self.events.raise(event::RXDRDY);
        if errors != 0 {
            self.error_source |= errors;
            self.events.raise(event::ERROR);
        }
    }

    fn advance_receiver(
        &mut self,
        now: Cycles,
        memory: &mut dyn Memory,
        violations: &mut Violations,
    ) {
        self.drain(now, memory, violations);
        if self.receiver.has_stopped(now) {
            self.events.raise(event::RXTO);
        }
    }

    /// FIFO to RAM.
    fn drain(&mut self, now: Cycles, memory: &mut dyn Memory, violations: &mut Violations) {
        while self.receiver.drain(now, memory, violations) {
            self.events.raise(event::ENDRX);
            if self.events.has_short(ENDRX_STARTRX) {
                self.start_receiver();
            } else if self.events.has_short(ENDRX_STOPRX) {
                self.receiver.stop(now, self.format.frame_time());
            }
        }
    }

    fn start_receiver(&mut self) {
        self.receiver.start();
        self.events.raise(event::RXSTARTED);
    }

    pub(super) fn read(&self, offset: u32) -> u32 {
        match offset {
            0x480 => self.error_source,
            0x500 => {
                if self.enabled {
                    8
                } else {
                    0
                }
            }
            0x508..0x518 => self.pins[(offset as usize - 0x508) / 4],
            0x524 => self.format.baud_rate,
            0x534..0x540 => self.receiver.dma.read(offset - 0x534),
            0x544..0x550 => self.transmitter.dma.read(offset - 0x544),
            0x56C => self.format.config,
            _ => self.events.read(offset).unwrap_or(0),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Cycles) {
        match offset {
            0x000..0x100 if value & 1 != 0 && self.enabled => self.task(offset, now),
            0x480 => self.error_source &= !value,
            0x500 => self.enabled = value & 0xF == 8,
            0x508..0x518 => self.pins[(offset as usize - 0x508) / 4] = value,
            0x524 => self.format.baud_rate = value,
            0x534..0x540 => self.receiver.dma.write(offset - 0x534, value),
            0x544..0x550 => self.transmitter.dma.write(offset - 0x544, value),
            0x56C => self.format.config = value,
            _ => {
                self.events.write(offset, value);
            }
        }
    }

    fn task(&mut self, offset: u32, now: Cycles) {
        match offset {
            0x000 => self.start_receiver(),
            0x004 => {
                let ends = self.receiver.stop(now, self.format.frame_time());
                if ends {
                    self.events.raise(event::ENDRX);
                }
            }
            0x008 => self.transmitter.start(now),
            0x00C => self.transmitter.stop(now),
            0x02C => self.receiver.flush(now),
            _ => {}
        }
    }

    /// Switches CTS from outside.
    pub fn set_clear_to_send(&mut self, clear: bool) {
        if self.line.set_clear_to_send(clear) {
            self.events.raise(if clear { event::CTS } else { event::NCTS });
        }
    }
}

/// ERRORSRC, without OVERRUN.
fn error_source(frame: UartFrame) -> u32 {
    u32::from(frame.parity_error) << 1
        | u32::from(frame.framing_error) << 2
        | u32::from(frame.is_break) << 3
}
