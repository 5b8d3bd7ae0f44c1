//! The registers of one direction of EasyDMA: PTR, MAXCNT, AMOUNT.

/// A buffer in RAM, and how much of the last one was used.
#[derive(Clone, Debug, Default)]
pub struct Dma {
    /// Address of the next buffer.
    pub pointer: u32,
    /// Its length in bytes.
    pub max: u32,
    /// Bytes moved to or from the last one.
    pub amount: u32,
}

impl Dma {
    /// By the offset from PTR.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            0 => self.pointer,
            4 => self.max,
            _ => self.amount,
        }
    }

    /// By the offset from PTR. AMOUNT is read only.
    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0 => self.pointer = value,
            4 => self.max = value & 0xFFFF,
            _ => {}
        }
    }
}
