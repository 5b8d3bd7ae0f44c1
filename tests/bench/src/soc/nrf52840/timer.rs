//! TIMER in timer mode: prescaler, compare, capture, clear.

use super::events::Events;
use crate::cpu::Cycles;

/// COMPARE\[0\] is event 16.
const COMPARE: u32 = 16;

/// One timer.
#[derive(Clone, Debug, Default)]
pub struct Timer {
    events: Events,
    /// When its count was 0, while it runs.
    zero: Option<Cycles>,
    /// Its count, while it is stopped.
    held: u64,
    compare: [u32; 6],
    prescaler: u32,
    mode: u32,
    bit_mode: u32,
    /// Until when comparisons have been made.
    seen: Cycles,
}

impl Timer {
    /// Cycles of 64 MHz for a tick: 16 MHz divided by two to the prescaler.
    fn tick(&self) -> u64 {
        4 << self.prescaler.min(9)
    }

    fn mask(&self) -> u64 {
        match self.bit_mode {
            0 => 0xFFFF,
            1 => 0xFF,
            2 => 0x00FF_FFFF,
            _ => 0xFFFF_FFFF,
        }
    }

    fn count(&self, now: Cycles) -> u64 {
        self.zero.map_or(self.held, |zero| (now - zero) / self.tick())
    }

    /// When a channel matches next after `after`.
    fn next_match(&self, channel: usize, after: Cycles) -> Option<Cycles> {
        let zero = self.zero?;
        let (tick, period) = (self.tick(), self.mask() + 1);
        let target = u64::from(self.compare[channel]) & self.mask();
        let count = after.saturating_sub(zero) / tick;
        let rounds = (count + 1).saturating_sub(target).div_ceil(period);
        Some(zero + (target + rounds * period) * tick)
    }

    pub fn next_event(&self) -> Option<Cycles> {
        (0..6)
            .filter(|channel| self.matters(*channel))
            .filter_map(|channel| self.next_match(channel, self.seen))
            .min()
    }

    /// A channel that nobody waits for is only looked at when it is read.
    fn matters(&self, channel: usize) -> bool {
        let bits = 1 << channel | 1 << (channel + 8);
        self.events.enabled & 1 << (COMPARE as usize + channel) != 0
            || self.events.shorts & bits != 0
            || self.compare[channel] != 0
    }

    pub fn advance(&mut self, now: Cycles) {
        while let Some(at) = self.next_event().filter(|at| *at <= now) {
            for channel in 0..6 {
                if self.matters(channel) && self.next_match(channel, self.seen) == Some(at) {
                    self.reach(channel, at);
                }
            }
            self.seen = at;
        }
        self.seen = now;
    }

    fn reach(&mut self, channel: usize, at: Cycles) {
        self.events.raise(COMPARE + channel as u32);
        if self.events.has_short(channel as u32) {
            self.zero = self.zero.map(|_| at);
        }
        if self.events.has_short(channel as u32 + 8) {
            self.held = self.count(at);
            self.zero = None;
        }
    }

    pub fn interrupt(&self) -> bool {
        self.events.interrupt()
    }

    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            0x504 => self.mode,
            0x508 => self.bit_mode,
            0x510 => self.prescaler,
            0x540..0x558 => self.compare[(offset as usize - 0x540) / 4],
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
            0x00C => {
                self.held = 0;
                self.zero = self.zero.map(|_| now);
            }
            0x040..0x058 => {
                let count = self.count(now) & self.mask();
                self.compare[(offset as usize - 0x040) / 4] = count as u32;
            }
            0x504 => self.mode = value,
            0x508 => self.bit_mode = value,
            0x510 => self.prescaler = value,
            0x540..0x558 => self.compare[(offset as usize - 0x540) / 4] = value,
            _ => {
                self.events.write(offset, value);
            }
        }
        self.seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_clears_and_comes_again() {
        let mut timer = Timer::default();
        timer.write(0x508, 3, 0);
        timer.write(0x510, 4, 0);
        timer.write(0x540, 1000, 0);
        timer.write(0x200, 1, 0);
        timer.write(0x304, 1 << 16, 0);
        timer.write(0x000, 1, 0);
        // 1 MHz: 1000 ticks are a millisecond.
        assert_eq!(timer.next_event(), Some(64_000));
        timer.advance(64_000);
        assert!(timer.interrupt());
        assert_eq!(timer.next_event(), Some(128_000));
    }
}
