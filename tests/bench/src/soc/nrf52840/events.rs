//! Events and interrupts as all of Nordic's peripherals have them: the event at 0x100 + 4·n
//! interrupts when bit n of INTEN is set.

/// Events, one bit each, and the interrupt enable register.
#[derive(Clone, Debug, Default)]
pub struct Events {
    raised: u32,
    pub enabled: u32,
    pub shorts: u32,
}

impl Events {
    pub fn raise(&mut self, number: u32) {
        self.raised |= 1 << number;
    }

    pub fn is_raised(&self, number: u32) -> bool {
        self.raised & 1 << number != 0
    }

    pub fn has_short(&self, number: u32) -> bool {
        self.shorts & 1 << number != 0
    }

    pub fn interrupt(&self) -> bool {
        self.raised & self.enabled != 0
    }

    /// EVENTS_*, SHORTS, INTEN*; `None` for other registers.
    pub fn read(&self, offset: u32) -> Option<u32> {
        match offset {
            0x100..0x180 => Some(u32::from(self.is_raised((offset - 0x100) / 4))),
            0x200 => Some(self.shorts),
            0x300 | 0x304 | 0x308 => Some(self.enabled),
            _ => None,
        }
    }

    /// Whether this was one of the registers.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            0x100..0x180 => {
                let bit = 1 << ((offset - 0x100) / 4);
                self.raised = if value & 1 == 0 { self.raised & !bit } else { self.raised | bit };
            }
            0x200 => self.shorts = value,
            0x300 => self.enabled = value,
            0x304 => self.enabled |= value,
            0x308 => self.enabled &= !value,
            _ => return false,
        }
        true
    }
}
