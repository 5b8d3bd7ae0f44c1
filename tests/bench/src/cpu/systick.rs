//! SysTick (DDI 0403E, B3.3), on the processor clock.

use super::Cycles;

/// The system timer.
#[derive(Clone, Debug, Default)]
pub struct SysTick {
    interrupt: bool,
    reload: u32,
    /// When it reaches 0 next; `None` while it is off.
    expiry: Option<Cycles>,
    expired: bool,
}

impl SysTick {
    pub fn next_event(&self) -> Option<Cycles> {
        self.expiry.filter(|_| self.interrupt)
    }

    /// Counts on; whether the exception became pending.
    pub fn advance(&mut self, now: Cycles) -> bool {
        let Some(expiry) = self.expiry.filter(|expiry| *expiry <= now) else { return false };
        let period = u64::from(self.reload) + 1;
        self.expiry = Some(expiry + ((now - expiry) / period + 1) * period);
        self.expired = true;
        self.interrupt
    }

    /// SYST_CSR to SYST_CALIB, by offset from 0xE000E010.
    pub fn read(&mut self, offset: u32, now: Cycles) -> u32 {
        self.expired |= self.advance(now);
        match offset {
            0x0 => {
                let enabled = u32::from(self.expiry.is_some());
                let expired = std::mem::take(&mut self.expired);
                enabled | u32::from(self.interrupt) << 1 | 1 << 2 | u32::from(expired) << 16
            }
            0x4 => self.reload,
            0x8 => self.expiry.map_or(0, |expiry| (expiry - now) as u32 & 0x00FF_FFFF),
            _ => 0,
        }
    }

    pub fn write(&mut self, offset: u32, value: u32, now: Cycles) {
        match offset {
            0x0 => {
                self.interrupt = value & 2 != 0;
                match (value & 1 != 0, self.expiry) {
                    (true, None) => self.restart(now),
                    (false, _) => self.expiry = None,
                    _ => {}
                }
            }
            0x4 => self.reload = value & 0x00FF_FFFF,
            0x8 if self.expiry.is_some() => {
                self.expired = false;
                self.restart(now);
            }
            _ => {}
        }
    }

    fn restart(&mut self, now: Cycles) {
        self.expiry = Some(now + u64::from(self.reload) + 1);
    }
}
