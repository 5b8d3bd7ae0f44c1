//! RCC (RM0090 §7): clocks, and which peripherals have one.

/// HSI.
const HSI: u32 = 16_000_000;
/// Clock registers of which each ON bit has a READY bit, one above.
const READY: u32 = 1 << 0 | 1 << 16 | 1 << 24 | 1 << 26;

/// The reset and clock control.
#[derive(Clone, Debug)]
pub struct Rcc {
    /// Frequency of the crystal, in hertz.
    crystal: u32,
    control: u32,
    pll: u32,
    config: u32,
    /// Every other register, by offset.
    others: [u32; 0x24],
}

impl Rcc {
    /// After a reset, on a board with this crystal.
    pub fn new(crystal: u32) -> Self {
        let (control, pll) = (0x0000_0083, 0x2400_3010);
        let mut others = [0; 0x24];
        // AHB1ENR: CCM. CSR: power-on.
        others[0x30 / 4] = 0x0010_0000;
        others[0x74 / 4] = 0x0E00_0000;
        Self { crystal, control, pll, config: 0, others }
    }

    /// After a reset of the chip.
    pub fn reset(&mut self) {
        *self = Self::new(self.crystal);
    }

    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            0x00 => self.control & !(READY << 1) | (self.control & READY) << 1,
            0x04 => self.pll,
            // SWS is SW.
            0x08 => self.config & !0xC | (self.config & 3) << 2,
            // BDCR.LSERDY, CSR.LSIRDY.
            0x70 | 0x74 => {
                let value = self.other(offset);
                value & !2 | (value & 1) << 1
            }
            _ => self.other(offset),
        }
    }

    fn other(&self, offset: u32) -> u32 {
        self.others.get(offset as usize / 4).copied().unwrap_or(0)
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x00 => self.control = value,
            0x04 => self.pll = value,
            0x08 => self.config = value,
            _ => {
                if let Some(register) = self.others.get_mut(offset as usize / 4) {
                    *register = value;
                }
            }
        }
    }

    /// AHB2ENR.OTGFSEN.
    pub fn has_otg_clock(&self) -> bool {
        self.other(0x34) & 1 << 7 != 0
    }

    /// AHB2RSTR.OTGFSRST.
    pub fn holds_otg_in_reset(&self) -> bool {
        self.other(0x14) & 1 << 7 != 0
    }

    /// PLL output before its dividers.
    fn vco(&self) -> u32 {
        let source = if self.pll & 1 << 22 == 0 { HSI } else { self.high_speed_external() };
        let (m, n) = (self.pll & 0x3F, self.pll >> 6 & 0x1FF);
        let is_on = self.control & 1 << 24 != 0;
        if is_on { (u64::from(source) * u64::from(n) / u64::from(m.max(1))) as u32 } else { 0 }
    }

    fn high_speed_external(&self) -> u32 {
        if self.control & 1 << 16 != 0 { self.crystal } else { 0 }
    }

    /// PLL48CK, for USB.
    pub fn pll48(&self) -> u32 {
        self.vco() / (self.pll >> 24 & 0xF).max(1)
    }

    fn system_clock(&self) -> u32 {
        match self.config & 3 {
            0 => HSI,
            1 => self.high_speed_external(),
            _ => self.vco() / ((self.pll >> 16 & 3) * 2 + 2),
        }
    }

    /// AHB clock.
    pub fn hclk(&self) -> u32 {
        let shift = match self.config >> 4 & 0xF {
            code @ 8..12 => code - 7,
            code @ 12..16 => code - 6,
            _ => 0,
        };
        self.system_clock() >> shift
    }

    /// Clock of the timers on APB1 or APB2: twice the clock of the bus if that is divided.
    pub fn timer_clock(&self, is_apb2: bool) -> u32 {
        match self.divider(is_apb2) {
            0 => self.hclk(),
            shift => (self.hclk() >> shift) * 2,
        }
    }

    /// Clock of APB1.
    pub fn pclk1(&self) -> u32 {
        self.hclk() >> self.divider(false)
    }

    /// By which power of two the clock of APB1 or APB2 is divided.
    fn divider(&self, is_apb2: bool) -> u32 {
        let code = self.config >> (if is_apb2 { 13 } else { 10 }) & 7;
        code.saturating_sub(3)
    }

    /// APB1ENR: whether a peripheral, by its bit, has a clock.
    pub fn has_apb1_clock(&self, bit: u32) -> bool {
        self.other(0x40) & 1 << bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crystal_of_12_mhz_makes_168_mhz_and_48_mhz() {
        let mut rcc = Rcc::new(12_000_000);
        assert_eq!(rcc.hclk(), 16_000_000);
        rcc.write(0x00, 0x0101_0083);
        rcc.write(0x04, 7 << 24 | 1 << 22 | 168 << 6 | 6);
        rcc.write(0x08, 5 << 10 | 4 << 13 | 2);
        assert_eq!(rcc.read(0x00), 0x0303_0083);
        assert_eq!(rcc.read(0x08) & 0xC, 0x8);
        assert_eq!((rcc.hclk(), rcc.pll48()), (168_000_000, 48_000_000));
        assert_eq!((rcc.timer_clock(false), rcc.timer_clock(true)), (84_000_000, 168_000_000));
        assert_eq!(rcc.pclk1(), 42_000_000);
    }
}
