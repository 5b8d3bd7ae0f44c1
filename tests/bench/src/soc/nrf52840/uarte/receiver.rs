//! The receiving half: FIFO and EasyDMA to RAM.

use std::collections::VecDeque;

use super::dma::Dma;
use crate::cpu::Cycles;
use crate::soc::nrf52840::Nrf52840;
use crate::soc::{Memory, Region, Soc, Violation, Violations};

/// Bytes in the FIFO, of which RTS keeps four free.
const FIFO: usize = 6;
const RESERVE: usize = 4;

/// RXD: FIFO, pointer and buffer.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    fifo: VecDeque<u8>,
    pub dma: Dma,
    /// The buffer that is being filled: address, length, bytes in it.
    buffer: Option<(u32, u32, u32)>,
    /// The buffer takes what is in the FIFO, and no more.
    flushing: bool,
    /// When RXTO comes.
    stops_at: Option<Cycles>,
    /// STOPRX came after STARTRX.
    is_stopped: bool,
}

impl Receiver {
    /// RTS: not while it is stopped, whatever is in its FIFO.
    pub fn has_room(&self) -> bool {
        !self.is_stopped && (self.buffer.is_some() || self.fifo.len() < FIFO - RESERVE)
    }

    pub fn stops_at(&self) -> Option<Cycles> {
        self.stops_at
    }

    /// False when the FIFO is full: the byte is lost.
    pub fn take(&mut self, byte: u8) -> bool {
        let fits = self.fifo.len() < FIFO;
        if fits {
            self.fifo.push_back(byte);
        }
        fits
    }

    pub fn start(&mut self) {
        self.buffer = Some((self.dma.pointer, self.dma.max, 0));
        self.flushing = false;
        self.stops_at = None;
        self.is_stopped = false;
    }

    /// Whether a buffer ends with this.
    pub fn stop(&mut self, now: Cycles, frame_time: Cycles) -> bool {
        self.stops_at = Some(now + frame_time);
        self.is_stopped = true;
        match self.buffer.take() {
            Some((.., amount)) => {
                self.dma.amount = amount;
                true
            }
            None => false,
        }
    }

    pub fn flush(&mut self, _now: Cycles) {
        self.buffer = Some((self.dma.pointer, self.dma.max, 0));
        self.flushing = true;
    }

    pub fn has_stopped(&mut self, now: Cycles) -> bool {
        let is_due = self.stops_at.is_some_and(|at| at <= now);
        if is_due {
            self.stops_at = None;
        }
        is_due
    }

    /// Moves what is in the FIFO; whether a buffer is complete.
    pub fn drain(
        &mut self,
        now: Cycles,
        memory: &mut dyn Memory,
        violations: &mut Violations,
    ) -> bool {
        let Some((address, max, mut amount)) = self.buffer else { return false };
        while amount < max
            && let Some(byte) = self.fifo.pop_front()
        {
            store(address + amount, byte, now, memory, violations);
            amount += 1;
        }
        let is_over = amount >= max || self.flushing;
        self.buffer = (!is_over).then_some((address, max, amount));
        if is_over {
            self.dma.amount = amount;
            self.flushing = false;
        }
        is_over
    }
}

fn store(
    address: u32,
    byte: u8,
    now: Cycles,
    memory: &mut dyn Memory,
    violations: &mut Violations,
) {
    let within = |region: &Region| region.contains(address, 1);
    if !Nrf52840::RAM.iter().any(within) || !memory.write(address, &[byte]) {
        violations.log(now, Violation::DmaOutsideRam);
    }
}
