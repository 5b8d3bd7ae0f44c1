//! Exceptions: which are pending, which are active, and which is taken next (DDI 0403E, B1.5).

/// Interrupt lines, one bit each.
pub type Lines = [u32; 8];

/// System exceptions, by number.
pub const HARD_FAULT: u16 = 3;
pub const SVCALL: u16 = 11;
pub const PENDSV: u16 = 14;
pub const SYSTICK: u16 = 15;

/// Priority of a processor that runs no exception.
pub const THREAD: i16 = 256;

/// The nested vectored interrupt controller, and the state of system exceptions.
#[derive(Clone, Debug)]
pub struct Nvic {
    pub enabled: Lines,
    pub pending: Lines,
    /// As the peripherals drive them.
    lines: Lines,
    pub priorities: [u8; 240],
    /// SHPR1 to SHPR3: of exceptions 4 to 15.
    pub system_priorities: [u8; 12],
    /// Exceptions 0 to 15.
    pub system_pending: u16,
    /// Innermost last.
    active: Vec<u16>,
    /// Implemented bits of a priority.
    mask: u8,
}

impl Nvic {
    /// With this many bits of priority.
    pub fn new(priority_bits: u32) -> Self {
        Self {
            enabled: [0; 8],
            pending: [0; 8],
            lines: [0; 8],
            priorities: [0; 240],
            system_priorities: [0; 12],
            system_pending: 0,
            active: Vec::new(),
            mask: !(0xFF_u8.checked_shr(priority_bits).unwrap_or(0)),
        }
    }

    pub fn mask(&self) -> u8 {
        self.mask
    }

    /// Number of the exception that runs, 0 in thread mode.
    pub fn running(&self) -> u16 {
        self.active.last().copied().unwrap_or(0)
    }

    pub fn is_active(&self, exception: u16) -> bool {
        self.active.contains(&exception)
    }

    pub fn depth(&self) -> usize {
        self.active.len()
    }

    /// Takes what the peripherals drive now. A line that rises pends its interrupt. Returns whether
    /// one became pending.
    pub fn drive(&mut self, lines: Lines) -> bool {
        let mut news = false;
        for (index, (&now, before)) in lines.iter().zip(&mut self.lines).enumerate() {
            let rising = now & !*before;
            news |= rising & !self.pending[index] != 0;
            self.pending[index] |= rising;
            *before = now;
        }
        news
    }

    /// ICPR: what is still driven pends again at once.
    pub fn unpend(&mut self, index: usize, bits: u32) {
        if let (Some(pending), Some(lines)) = (self.pending.get_mut(index), self.lines.get(index)) {
            *pending &= !(bits & !lines);
        }
    }

    /// The pending, enabled exception that goes first, with its priority.
    pub fn candidate(&self) -> Option<(u16, i16)> {
        let mut best = self.system_candidate();
        for (word, (pending, enabled)) in self.pending.iter().zip(&self.enabled).enumerate() {
            let mut ready = pending & enabled;
            while ready != 0 {
                let number = word as u16 * 32 + ready.trailing_zeros() as u16 + 16;
                ready &= ready - 1;
                let priority = self.priority(number);
                if best.is_none_or(|(_, other)| priority < other) {
                    best = Some((number, priority));
                }
            }
        }
        best
    }

    fn system_candidate(&self) -> Option<(u16, i16)> {
        let pending = (1..16).filter(|number| self.system_pending & 1 << number != 0);
        pending.map(|number| (number, self.priority(number))).min_by_key(|(_, priority)| *priority)
    }

    pub fn priority(&self, exception: u16) -> i16 {
        let byte = match exception {
            1 => return -3,
            2 => return -2,
            HARD_FAULT => return -1,
            4..16 => self.system_priorities[usize::from(exception) - 4],
            _ => self.priorities.get(usize::from(exception) - 16).copied().unwrap_or(0),
        };
        i16::from(byte & self.mask)
    }

    /// Of what runs, without PRIMASK and BASEPRI.
    pub fn active_priority(&self) -> i16 {
        self.active.iter().map(|number| self.priority(*number)).min().unwrap_or(THREAD)
    }

    /// Pending becomes active.
    pub fn enter(&mut self, exception: u16) {
        self.set_pending(exception, false);
        self.active.push(exception);
    }

    /// Active no more; pends again when its line is still driven.
    pub fn leave(&mut self) {
        let Some(exception) = self.active.pop() else { return };
        if let Some(number) = exception.checked_sub(16) {
            let (word, bit) = (usize::from(number / 32), 1 << (number % 32));
            self.pending[word] |= self.lines[word] & bit;
        }
    }

    pub fn set_pending(&mut self, exception: u16, pending: bool) {
        let set = |word: &mut u32, bit: u32| if pending { *word |= bit } else { *word &= !bit };
        match exception.checked_sub(16) {
            Some(number) => set(&mut self.pending[usize::from(number / 32)], 1 << (number % 32)),
            None => {
                let mut word = u32::from(self.system_pending);
                set(&mut word, 1 << exception);
                self.system_pending = word as u16;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> Lines {
        let mut lines = [0; 8];
        lines[number / 32] = 1 << (number % 32);
        lines
    }

    #[test]
    fn the_lower_priority_number_goes_first_and_then_the_lower_exception_number() {
        let mut nvic = Nvic::new(3);
        nvic.enabled = [!0; 8];
        nvic.priorities[39] = 0x40;
        nvic.priorities[2] = 0x60;
        nvic.drive([line(39)[0] | line(2)[0], line(39)[1], 0, 0, 0, 0, 0, 0]);
        assert_eq!(nvic.candidate(), Some((55, 0x40)));
        nvic.priorities[2] = 0x40;
        assert_eq!(nvic.candidate(), Some((18, 0x40)));
        // Bits that are not implemented do not count.
        nvic.priorities[39] = 0x3F;
        assert_eq!(nvic.candidate(), Some((55, 0x20)));
    }

    #[test]
    fn a_line_that_stays_high_pends_again_on_return_and_cannot_be_unpended() {
        let mut nvic = Nvic::new(3);
        nvic.enabled = [!0; 8];
        nvic.drive(line(39));
        nvic.enter(55);
        assert_eq!(nvic.candidate(), None);
        nvic.drive(line(39));
        assert_eq!(nvic.candidate(), None);
        nvic.leave();
        assert_eq!(nvic.candidate(), Some((55, 0)));
        nvic.unpend(1, !0);
        assert_eq!(nvic.candidate(), Some((55, 0)));
        nvic.drive([0; 8]);
        nvic.unpend(1, !0);
        assert_eq!(nvic.candidate(), None);
    }
}
