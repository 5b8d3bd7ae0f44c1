//! A general-purpose timer (RM0090 §18): up-counting, update and compare.

use crate::cpu::Cycles;

/// SR and DIER: update, and compare of channel 1 to 4 above it.
const UPDATE: u32 = 1;
const CHANNELS: usize = 4;

/// One timer.
#[derive(Clone, Debug)]
pub struct Timer {
    control: u32,
    interrupts: u32,
    status: u32,
    prescaler: u32,
    reload: u32,
    compare: [u32; CHANNELS],
    /// Other registers, by offset.
    others: [u32; 0x16],
    /// Bits of the counter.
    mask: u32,
    /// When its count was 0, while it runs.
    zero: Option<Cycles>,
    /// Its count, while it is stopped.
    held: u64,
    /// Clock in hertz, and that of the processor.
    clock: u64,
    processor: u64,
    /// Until when flags have been set.
    seen: Cycles,
}

impl Timer {
    /// With a counter of 16 or 32 bits; `processor` is the frequency of [`Cycles`].
    pub fn new(bits: u32, processor: u64) -> Self {
        let mask = u32::MAX >> (32 - bits);
        Self {
            control: 0,
            interrupts: 0,
            status: 0,
            prescaler: 0,
            reload: mask,
            compare: [0; CHANNELS],
            others: [0; 0x16],
            mask,
            zero: None,
            held: 0,
            clock: 16_000_000,
            processor,
            seen: 0,
        }
    }

    fn period(&self) -> u64 {
        u64::from(self.reload) + 1
    }

    /// Whole periods and ticks since its count was 0.
    fn ticks(&self, now: Cycles) -> u64 {
        let Some(zero) = self.zero else { return self.held };
        let divisor = u128::from(self.processor) * (u128::from(self.prescaler) + 1);
        (u128::from(now.saturating_sub(zero)) * u128::from(self.clock) / divisor) as u64
    }

    /// When so many ticks have passed.
    fn time_of(&self, ticks: u64) -> Option<Cycles> {
        let duration = u128::from(self.processor) * (u128::from(self.prescaler) + 1);
        let cycles = (u128::from(ticks) * duration).div_ceil(u128::from(self.clock.max(1)));
        Some(self.zero? + cycles as u64)
    }

    /// When the count is `target` next, after what was seen.
    fn next_match(&self, target: u64) -> Option<Cycles> {
        let next = self.ticks(self.seen) + 1;
        let rounds = next.saturating_sub(target).div_ceil(self.period());
        if target >= self.period() { None } else { self.time_of(target + rounds * self.period()) }
    }

    /// Those of these bits of SR that will be set, and when.
    fn events(&self, bits: u32) -> impl Iterator<Item = (u32, Cycles)> + '_ {
        let compares = self.compare.iter().enumerate();
        let compares = compares.map(|(channel, count)| (2 << channel, u64::from(*count)));
        let targets = compares.chain([(UPDATE, 0)]).filter(move |(bit, _)| bits & bit != 0);
        targets.filter_map(|(bit, target)| Some((bit, self.next_match(target)?)))
    }

    pub fn next_event(&self) -> Option<Cycles> {
        self.zero?;
        self.events(self.interrupts).map(|(_, at)| at).min()
    }

    pub fn advance(&mut self, now: Cycles) {
        if self.zero.is_none() {
            return;
        }
        let due = self.events(!self.status).filter(|(_, at)| *at <= now);
        self.status |= due.fold(0, |bits, (bit, _)| bits | bit);
        self.seen = now;
    }

    pub fn interrupt(&self) -> bool {
        self.status & self.interrupts != 0
    }

    pub fn read(&mut self, offset: u32, now: Cycles) -> u32 {
        self.advance(now);
        match offset {
            0x00 => self.control,
            0x0C => self.interrupts,
            0x10 => self.status,
            0x24 => (self.ticks(now) % self.period()) as u32,
            0x28 => self.prescaler,
            0x2C => self.reload,
            0x34..0x44 => self.compare[(offset as usize - 0x34) / 4],
            _ => self.others.get(offset as usize / 4).copied().unwrap_or(0),
        }
    }

    /// `clock` is what the bus gives it now, in hertz.
    pub fn write(&mut self, offset: u32, value: u32, now: Cycles, clock: u32) {
        self.advance(now);
        match offset {
            0x00 => self.write_control(value, now, clock),
            0x0C => self.interrupts = value,
            // Written 0 clears.
            0x10 => self.status &= value,
            0x14 => self.generate(value, now),
            0x24 => self.set_ticks(u64::from(value & self.mask), now),
            0x28 => {
                let ticks = self.ticks(now);
                self.prescaler = value & 0xFFFF;
                self.set_ticks(ticks, now);
            }
            0x2C => self.reload = value & self.mask,
            0x34..0x44 => self.compare[(offset as usize - 0x34) / 4] = value & self.mask,
            _ => {
                if let Some(register) = self.others.get_mut(offset as usize / 4) {
                    *register = value;
                }
            }
        }
    }

    fn write_control(&mut self, value: u32, now: Cycles, clock: u32) {
        self.control = value;
        let ticks = self.ticks(now);
        self.clock = u64::from(clock);
        self.zero = (value & 1 != 0).then_some(now);
        self.set_ticks(ticks, now);
    }

    /// EGR.UG: the counter starts over. CR1.URS: without UIF.
    fn generate(&mut self, value: u32, now: Cycles) {
        if value & 1 != 0 {
            self.set_ticks(0, now);
            if self.control & 4 == 0 {
                self.status |= UPDATE;
            }
        }
    }

    fn set_ticks(&mut self, ticks: u64, now: Cycles) {
        self.held = ticks % self.period();
        if self.zero.is_some() {
            self.zero = Some(0);
            let passed = self.time_of(self.held).unwrap_or(0);
            self.zero = Some(now.saturating_sub(passed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_matches_and_overflows_at_the_ticks_of_its_prescaler() {
        let mut timer = Timer::new(16, 168_000_000);
        // 84 MHz / 84 is 1 MHz.
        timer.write(0x28, 83, 0, 84_000_000);
        timer.write(0x34, 1000, 0, 84_000_000);
        timer.write(0x0C, 3, 0, 84_000_000);
        timer.write(0x00, 1, 0, 84_000_000);
        assert_eq!(timer.next_event(), Some(168_000));
        timer.advance(167_999);
        assert!(!timer.interrupt());
        timer.advance(168_000);
        assert!(timer.interrupt());
        assert_eq!(timer.read(0x10, 168_000), 2);
        assert_eq!(timer.read(0x24, 168_000), 1000);
        timer.write(0x10, !2, 168_000, 84_000_000);
        assert!(!timer.interrupt());
        assert_eq!(timer.next_event(), Some(65_536 * 168));
        timer.advance(65_536 * 168);
        assert_eq!(timer.read(0x10, 65_536 * 168) & UPDATE, UPDATE);
    }
}
