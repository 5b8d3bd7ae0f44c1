//! Hidden registers of the errata, and what goes wrong without them.

/// The state of the workarounds.
#[derive(Clone, Debug, Default)]
pub struct Errata {
    /// 0x4006EC00 opens 0x4006EC14 and 0x4006ED14 when 0x9375 is written, and closes them again.
    open: bool,
    /// 0x4006EC14: 0xC0 while the USB device powers up or wakes.
    wake: u32,
    /// 0x4006ED14: 3 while it is enabled.
    enable: u32,
    /// 0x40027C1C: 0x82 around each DMA.
    dma: u32,
    /// 0x40027800, the address of what 0x40027804 is.
    indirect: u32,
    double_buffer: u32,
}

impl Errata {
    /// Erratum 171: USBD might not power up.
    pub fn lets_power_up(&self) -> bool {
        self.wake == 0xC0
    }

    /// Erratum 187: USBD cannot be enabled.
    pub fn lets_enable(&self) -> bool {
        self.enable == 3
    }

    /// Erratum 199: USBD cannot receive tasks during DMA.
    pub fn lets_tasks_through(&self) -> bool {
        self.dma == 0x82
    }

    /// Erratum 166: double buffering of isochronous endpoints does not work.
    pub fn has_isochronous_double_buffer(&self) -> bool {
        self.double_buffer == 0x40
    }

    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            0xC00 => u32::from(self.open),
            0xC14 => self.wake,
            0xD14 => self.enable,
            _ => 0,
        }
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0xC00 if value == 0x9375 => self.open = !self.open,
            0xC14 if self.open => self.wake = value,
            0xD14 if self.open => self.enable = value,
            _ => {}
        }
    }

    /// 0x40027800, 0x40027804 and 0x40027C1C.
    pub fn read_usbd(&self, offset: u32) -> u32 {
        match offset {
            0x800 => self.indirect,
            0x804 if self.indirect == 0x7E3 => self.double_buffer,
            0xC1C => self.dma,
            _ => 0,
        }
    }

    /// The IN endpoint whose buffer this empties. That is not documented: Nordic's own driver drops a
    /// waiting packet so, by bit 2 of register 0x7B4 for EP0 and by bit 1 of 0x7B4 + 2 · n for others.
    pub fn write_usbd(&mut self, offset: u32, value: u32) -> Option<usize> {
        match (offset, self.indirect) {
            (0x800, _) => self.indirect = value,
            (0x804, 0x7E3) => self.double_buffer = value,
            (0x804, 0x7B4) if value & 4 != 0 => return Some(0),
            (0x804, register @ 0x7B6..0x7C4) if value & 2 != 0 && register % 2 == 0 => {
                return Some((register as usize - 0x7B4) / 2);
            }
            (0xC1C, _) => self.dma = value,
            _ => {}
        }
        None
    }
}
