//! The sending half: EasyDMA from RAM, and frames at their speed.

use std::collections::VecDeque;

use super::dma::Dma;
use crate::cpu::Cycles;
use crate::soc::nrf52840::Nrf52840;
use crate::soc::{Memory, Region, Soc, Violation, Violations};

/// TXD: pointer, and what is being sent.
#[derive(Clone, Debug, Default)]
pub struct Transmitter {
    pub dma: Dma,
    /// Set by the task, until memory is at hand.
    starts: Option<Cycles>,
    waiting: VecDeque<u8>,
    /// The byte on the line, and when its stop bit is over.
    frame: Option<(Cycles, u8)>,
    /// A buffer is being sent.
    active: bool,
    stops: bool,
    /// When to look again, while CTS holds it off.
    retry: Option<Cycles>,
}

impl Transmitter {
    pub fn next_event(&self) -> Option<Cycles> {
        let frame = self.frame.map(|(end, _)| end);
        let stops = self.stops.then_some(0);
        [self.starts, frame, self.retry, stops].into_iter().flatten().min()
    }

    pub fn start(&mut self, now: Cycles) {
        self.starts = Some(now);
        self.stops = false;
    }

    pub fn stop(&mut self, _now: Cycles) {
        self.stops = true;
        self.waiting.clear();
    }

    /// Reads the buffer of a start; whether there was one.
    pub fn load(
        &mut self,
        now: Cycles,
        memory: &mut dyn Memory,
        violations: &mut Violations,
    ) -> bool {
        if self.starts.take().is_none() {
            return false;
        }
        let mut bytes = vec![0; self.dma.max as usize];
        let within = |region: &Region| region.contains(self.dma.pointer, self.dma.max);
        if self.dma.max > 0 && !Nrf52840::RAM.iter().any(within) {
            let from_flash = within(&Nrf52840::FLASH);
            violations.log(
                now,
                if from_flash { Violation::DmaFromFlash } else { Violation::DmaOutsideRam },
            );
        } else {
            memory.read(self.dma.pointer, &mut bytes);
        }
        self.waiting = bytes.into();
        self.dma.amount = 0;
        self.active = true;
        true
    }

    /// The byte whose frame is over.
    pub fn end_of_frame(&mut self, now: Cycles) -> Option<u8> {
        let (_, byte) = self.frame.take_if(|(end, _)| *end <= now)?;
        self.dma.amount += 1;
        Some(byte)
    }

    pub fn begin_frame(&mut self, now: Cycles, frame_time: Cycles, clear_to_send: bool) {
        self.retry = None;
        if self.frame.is_some() || self.waiting.is_empty() {
            return;
        }
        if clear_to_send {
            self.frame = self.waiting.pop_front().map(|byte| (now + frame_time, byte));
        } else {
            self.retry = Some(now + frame_time);
        }
    }

    /// Whether the buffer has been sent, once.
    pub fn is_through(&mut self) -> bool {
        let is_through = self.active && self.frame.is_none() && self.waiting.is_empty();
        self.active &= !is_through;
        is_through
    }

    /// Whether a stop is complete, once.
    pub fn has_stopped(&mut self) -> bool {
        let has_stopped = self.stops && self.frame.is_none();
        self.stops &= !has_stopped;
        has_stopped
    }
}
