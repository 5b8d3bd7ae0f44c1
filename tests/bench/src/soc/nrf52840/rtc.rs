//! RTC: 24 bits at 32768 Hz, with compare and overflow.

use super::events::Events;
use crate::cpu::Cycles;

/// Events, by number.
const TICK: u32 = 0;
const OVERFLOW: u32 = 1;
const COMPARE: u32 = 16;

/// 64 MHz / 32768 Hz.
const CYCLES_PER_TICK: u64 = 64_000_000 / 32_768;
const PERIOD: u64 = 1 << 24;

/// One real-time counter.
#[derive(Clone, Debug, Default)]
pub struct Rtc {
    events: Events,
    event_routing: u32,
    zero: Option<Cycles>,
    held: u64,
    prescaler: u32,
    compare: [u32; 4],
    seen: Cycles,
}

impl Rtc {
    fn tick(&self) -> u64 {
        CYCLES_PER_TICK * (u64::from(self.prescaler) + 1)
    }

    fn count(&self, now: Cycles) -> u64 {
        self.zero.map_or(self.held, |zero| (now - zero) / self.tick())
    }

    /// When the count is `target` next after what was seen.
    fn next(&self, target: u64) -> Option<Cycles> {
        let zero = self.zero?;
        let count = self.seen.saturating_sub(zero) / self.tick();
        let rounds = (count + 1).saturating_sub(target).div_ceil(PERIOD);
        Some(zero + (target + rounds * PERIOD) * self.tick())
    }

    /// Events that interrupt, and their counts.
    fn awaited(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let compares = (0..4).map(|channel| {
            (COMPARE + channel, u64::from(self.compare[channel as usize]) & (PERIOD - 1))
        });
        let routed = self.events.enabled | self.event_routing;
        compares.chain([(OVERFLOW, 0)]).filter(move |(event, _)| routed & 1 << event != 0)
    }

    pub fn next_event(&self) -> Option<Cycles> {
        self.awaited().filter_map(|(_, target)| self.next(target)).min()
    }

    pub fn advance(&mut self, now: Cycles) {
        while let Some(at) = self.next_event().filter(|at| *at <= now) {
            let due: Vec<u32> = self
                .awaited()
                .filter(|(_, target)| self.next(*target) == Some(at))
                .map(|(event, _)| event)
                .collect();
            due.into_iter().for_each(|event| self.events.raise(event));
            self.seen = at;
        }
        if self.zero.is_some() && self.count(now) != self.count(self.seen) {
            self.events.raise(TICK);
        }
        self.seen = now;
    }

    pub fn interrupt(&self) -> bool {
        self.events.interrupt()
    }

    pub fn read(&self, offset: u32, now: Cycles) -> u32 {
        match offset {
            0x340..=0x348 => self.event_routing,
            0x504 => (self.count(now) % PERIOD) as u32,
            0x508 => self.prescaler,
            0x540..0x550 => self.compare[(offset as usize - 0x540) / 4],
            _ => self.events.read(offset).unwrap_or(0),
        }
    }

    pub fn write(&mut self, offset: u32, value: u32, now: Cycles) {
        match offset {
            0x000 if self.zero.is_none() => self.zero = Some(now - self.held * self.tick()),
            0x004 => {
                self.held = self.count(now);
                self.zero = None;
            }
            0x008 => {
                self.held = 0;
                self.zero = self.zero.map(|_| now);
            }
            0x00C => {
                self.held = 0x00FF_FFF0;
                self.zero = self.zero.map(|_| now.saturating_sub(self.held * self.tick()));
            }
            0x340 => self.event_routing = value,
            0x344 => self.event_routing |= value,
            0x348 => self.event_routing &= !value,
            0x508 => self.prescaler = value & 0xFFF,
            0x540..0x550 => self.compare[(offset as usize - 0x540) / 4] = value,
            _ => {
                self.events.write(offset, value);
            }
        }
        self.seen = now;
    }
}
