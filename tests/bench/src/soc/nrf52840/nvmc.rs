//! Flash controller, always ready, and the configuration that survives resets (UICR).

use std::collections::BTreeMap;

/// NVMC and UICR.
#[derive(Clone, Debug, Default)]
pub struct Nvmc {
    config: u32,
    uicr: BTreeMap<u32, u32>,
}

impl Nvmc {
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            // READY, READYNEXT
            0x400 | 0x408 => 1,
            0x504 => self.config,
            _ => 0,
        }
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x504 => self.config = value & 3,
            // ERASEUICR
            0x514 if value & 1 != 0 && self.config == 2 => self.uicr.clear(),
            _ => {}
        }
    }

    pub fn read_uicr(&self, offset: u32) -> u32 {
        self.uicr.get(&offset).copied().unwrap_or(0xFFFF_FFFF)
    }

    /// Writing only clears bits. False without CONFIG.WEN.
    pub fn write_uicr(&mut self, offset: u32, value: u32) -> bool {
        let is_allowed = self.config == 1;
        if is_allowed {
            let value = self.read_uicr(offset) & value;
            self.uicr.insert(offset, value);
        }
        is_allowed
    }

    pub fn reset(&mut self) {
        self.config = 0;
    }
}
