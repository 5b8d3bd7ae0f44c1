//! RCC (RM0433 §8): the clocks that USB, timers and firmware ask for.

/// HSI and CSI.
const HSI: u32 = 64_000_000;
const CSI: u32 = 4_000_000;
/// CR: each ON bit, and its READY bit.
const ON_AND_READY: [(u32, u32); 7] =
    [(0, 2), (7, 8), (12, 13), (16, 17), (24, 25), (26, 27), (28, 29)];
/// CR: D1CKRDY and D2CKRDY.
const DOMAINS: u32 = 1 << 14 | 1 << 15;
/// Registers.
const WORDS: usize = 0x180 / 4;

/// The reset and clock control.
#[derive(Clone, Debug)]
pub struct Rcc {
    /// Frequency of what HSE gets, in hertz.
    crystal: u32,
    registers: [u32; WORDS],
}

impl Rcc {
    /// After a reset, on a board with this crystal.
    pub fn new(crystal: u32) -> Self {
        let mut registers = [0; WORDS];
        for (offset, value) in [
            (0x00, 1),
            (0x28, 0x0202_0200),
            (0x2C, 0x01FF_0000),
            (0x30, 0x0101_0280),
            (0x38, 0x0101_0280),
            (0x40, 0x0101_0280),
        ] {
            registers[offset / 4] = value;
        }
        Self { crystal, registers }
    }

    /// After a reset of the chip.
    pub fn reset(&mut self) {
        *self = Self::new(self.crystal);
    }

    fn register(&self, offset: u32) -> u32 {
        self.registers.get(offset as usize / 4).copied().unwrap_or(0)
    }

    pub fn read(&self, offset: u32) -> u32 {
        let value = self.register(offset);
        match offset {
            0x00 => ON_AND_READY.iter().fold(value | DOMAINS, |value, (on, ready)| {
                value & !(1 << ready) | (value >> on & 1) << ready
            }),
            // SWS is SW.
            0x10 => value & !0x38 | (value & 7) << 3,
            // LSERDY, LSIRDY.
            0x70 | 0x74 => value & !2 | (value & 1) << 1,
            _ => value,
        }
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        if let Some(register) = self.registers.get_mut(offset as usize / 4) {
            *register = value;
        }
    }

    /// AHB1ENR: USB1OTGHSEN, USB2OTGHSEN.
    pub fn has_otg_clock(&self, core: usize) -> bool {
        self.register(0xD8) >> (25 + 2 * core) & 1 != 0
    }

    /// AHB1RSTR: USB1OTGHSRST, USB2OTGHSRST.
    pub fn holds_otg_in_reset(&self, core: usize) -> bool {
        self.register(0x80) >> (25 + 2 * core) & 1 != 0
    }

    /// AHB1ENR: USB1OTGHSULPIEN, USB2OTGHSULPIEN.
    pub fn has_ulpi_clock(&self, core: usize) -> bool {
        self.register(0xD8) >> (26 + 2 * core) & 1 != 0
    }

    /// What D2CCIP2R.USBSEL selects for USB.
    pub fn usb_clock(&self) -> u32 {
        let is_on = |bit: u32| self.register(0x00) >> bit & 1 != 0;
        match self.register(0x54) >> 20 & 3 {
            1 => self.pll(0) / ((self.register(0x30) >> 16 & 0x7F) + 1),
            2 => self.pll(2) / ((self.register(0x40) >> 16 & 0x7F) + 1),
            3 if is_on(12) => 48_000_000,
            _ => 0,
        }
    }

    /// Output of PLL 1 to 3, by number from 0, before its dividers.
    fn pll(&self, number: u32) -> u32 {
        if self.register(0x00) >> (24 + 2 * number) & 1 == 0 {
            return 0;
        }
        let select = self.register(0x28);
        let source = match select & 3 {
            0 => HSI >> (self.register(0x00) >> 3 & 3),
            1 => CSI,
            2 => self.crystal,
            _ => 0,
        };
        let divider = (select >> (4 + 8 * number) & 0x3F).max(1);
        let multiplier = (self.register(0x30 + 8 * number) & 0x1FF) + 1;
        // PLLxFRACEN.
        let has_fraction = self.register(0x2C) >> (4 * number) & 1 != 0;
        let fraction = self.register(0x34 + 8 * number) >> 3 & 0x1FFF;
        let fraction = if has_fraction { fraction } else { 0 };
        let factor = u64::from(multiplier) << 13 | u64::from(fraction);
        ((u64::from(source) * factor / u64::from(divider)) >> 13) as u32
    }

    /// Clock of the processor.
    fn system_clock(&self) -> u32 {
        match self.register(0x10) & 7 {
            0 => HSI >> (self.register(0x00) >> 3 & 3),
            1 => CSI,
            2 => self.crystal,
            _ => self.pll(0) / ((self.register(0x30) >> 9 & 0x7F) + 1),
        }
    }

    /// Clock of AXI, AHB and their like: after D1CPRE and HPRE.
    pub fn hclk(&self) -> u32 {
        let config = self.register(0x18);
        self.system_clock() >> shift(config >> 8 & 0xF) >> shift(config & 0xF)
    }

    /// Clock of the timers on APB1: twice that of the bus if D2PPRE1 divides it.
    pub fn timer_clock(&self) -> u32 {
        match self.divider() {
            0 => self.hclk(),
            shift => (self.hclk() >> shift) * 2,
        }
    }

    /// Clock of APB1.
    pub fn pclk1(&self) -> u32 {
        self.hclk() >> self.divider()
    }

    /// D2PPRE1: by which power of two the clock of APB1 is divided.
    fn divider(&self) -> u32 {
        (self.register(0x1C) >> 4 & 7).saturating_sub(3)
    }

    /// APB1LENR: USART3EN.
    pub fn has_usart_clock(&self) -> bool {
        self.register(0xE8) & 1 << 18 != 0
    }

    /// Whether PLL1 and HSE run.
    pub fn has_crystal(&self) -> bool {
        self.pll(0) != 0 && self.register(0x00) & 1 << 16 != 0
    }
}

/// HPRE, D1CPRE: 1, or 2 to 512 without 32.
const fn shift(code: u32) -> u32 {
    match code {
        0..8 => 0,
        8..12 => code - 7,
        _ => code - 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_8_mhz_makes_400_mhz_and_48_mhz() {
        let mut rcc = Rcc::new(8_000_000);
        assert_eq!(rcc.read(0x00) & 4, 4);
        // PLL1: 8 MHz / 1 · 100 / 2, PLL3: 8 MHz / 1 · 48 / 8.
        rcc.write(0x28, 1 << 20 | 1 << 4 | 2);
        rcc.write(0x30, 1 << 9 | 99);
        rcc.write(0x40, 7 << 16 | 47);
        rcc.write(0x00, 1 << 28 | 1 << 24 | 1 << 16 | 1);
        rcc.write(0x10, 3);
        rcc.write(0x18, 8);
        rcc.write(0x54, 2 << 20);
        assert_eq!(rcc.read(0x00) & (1 << 29 | 1 << 25 | 1 << 17), 1 << 29 | 1 << 25 | 1 << 17);
        assert_eq!(rcc.read(0x10), 3 << 3 | 3);
        assert_eq!((rcc.hclk(), rcc.usb_clock()), (200_000_000, 48_000_000));
    }
}
