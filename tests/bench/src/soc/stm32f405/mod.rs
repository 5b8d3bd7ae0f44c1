//! STM32F405 (RM0090): what a USB product needs of it.
//!
//! A peripheral that is not here is a piece of memory: it gives back what was written. OTG_FS is in
//! [`synopsys_otg`](super::synopsys_otg). The processor runs at 168 MHz from the start, whatever RCC says;
//! timers and USB follow RCC. Stop and standby modes are a sleep like any other.

mod port;
mod rcc;
mod usart;

use std::collections::BTreeMap;

use rcc::Rcc;

use usart::Registers;

use super::stm32::gpio::Gpio;
use super::stm32::timer::Timer;
use super::stm32::wiring::Wiring;
use super::synopsys_otg::{Otg, Parameters, Surroundings};
use super::{Memory, Region, ResetCause, Soc, Violations};
use crate::cpu::{Cycles, Lines};

/// Cycles in a microsecond.
pub const MICROSECOND: Cycles = 168;

const FREQUENCY: u64 = 168_000_000;

/// Base address, width and interrupt of the timers, and whether they are on APB2.
const TIMERS: [(u32, u32, u32, bool); 6] = [
    (0x4000_0000, 32, 28, false),
    (0x4000_0400, 16, 29, false),
    (0x4000_0800, 16, 30, false),
    (0x4000_0C00, 32, 50, false),
    (0x4001_4000, 16, 24, true),
    (0x4000_1800, 16, 43, false),
];
/// Base address and interrupt of USART2 and USART3, the bit of their clock in APB1ENR, and their pins: as on the
/// black pill, and as on the Feather.
const USARTS: [(u32, u32, u32, Wiring); 2] = [
    (0x4000_4400, 38, 17, Wiring { txd: 2, rxd: 3, cts: 0, rts: 1 }),
    (0x4000_4800, 39, 18, Wiring { txd: 26, rxd: 27, cts: 29, rts: 30 }),
];
const SYSCFG: u32 = 0x4001_3800;
const EXTI: u32 = 0x4001_3C00;
const GPIO: u32 = 0x4002_0000;
const RCC: u32 = 0x4002_3800;
const POWER_STATUS: u32 = 0x4000_7004;
/// A word for each bit of the peripherals from 0x4000_0000 on.
const BIT_BAND: u32 = 0x4200_0000;
const OTG_FS: u32 = 0x5000_0000;
/// The line of OTG_FS at the EXTI.
const WAKEUP_LINE: u32 = 18;

/// The chip without its processor.
pub struct Stm32f405 {
    /// The USB device.
    pub otg: Otg,
    /// GPIO and EXTI.
    pub gpio: Gpio,
    /// USART2 and USART3.
    pub usarts: [Registers; 2],
    rcc: Rcc,
    timers: [Timer; 6],
    /// Registers of peripherals that are not here.
    memory: BTreeMap<u32, u32>,
    violations: Violations,
}

impl Stm32f405 {
    /// A chip with a crystal of this many hertz.
    pub fn with_crystal(crystal: u32) -> Self {
        Self {
            otg: Otg::new(Parameters::otg_fs_1_2(FREQUENCY)),
            gpio: Gpio::default(),
            usarts: Default::default(),
            rcc: Rcc::new(crystal),
            timers: TIMERS.map(|(_, bits, ..)| Timer::new(bits, FREQUENCY)),
            memory: BTreeMap::new(),
            violations: Violations::default(),
        }
    }

    /// A packet or a line state arrives: works on the USB device with what it finds around it.
    pub fn with_otg<R>(&mut self, work: impl FnOnce(&mut Otg, &mut Surroundings<'_>) -> R) -> R {
        let mut around = Surroundings {
            clocked: self.rcc.has_otg_clock(),
            // ±0.25 % (USB 2.0 §7.1.11).
            phy_clock: self.rcc.pll48().abs_diff(48_000_000) <= 120_000,
            ahb: self.rcc.hclk(),
            violations: &mut self.violations,
        };
        work(&mut self.otg, &mut around)
    }

    /// Whether the crystal oscillator and the PLL run, which USB needs.
    pub fn has_crystal(&self) -> bool {
        self.rcc.pll48() != 0
    }

    fn timer(&mut self, address: u32) -> Option<(&mut Timer, bool)> {
        let base = address & !0x3FF;
        let index = TIMERS.iter().position(|(timer, ..)| *timer == base)?;
        Some((self.timers.get_mut(index)?, TIMERS[index].3))
    }

    /// A USART that has a clock.
    fn usart(&mut self, address: u32) -> Option<&mut Registers> {
        let base = address & !0x3FF;
        let index = USARTS.iter().position(|(usart, ..)| *usart == base)?;
        let has_clock = self.rcc.has_apb1_clock(USARTS[index].2);
        self.usarts.get_mut(index).filter(|_| has_clock)
    }

    /// The wake-up of the USB device goes to the EXTI.
    fn pass_wakeup(&mut self) {
        if self.otg.take_wakeup_line() {
            self.gpio.raise_line(WAKEUP_LINE);
        }
    }

    fn write_rcc(&mut self, offset: u32, value: u32) {
        self.rcc.write(offset, value);
        if self.rcc.holds_otg_in_reset() {
            self.otg.reset();
        }
    }
}

impl Soc for Stm32f405 {
    const FLASH: Region = Region { start: 0x0800_0000, size: 0x0010_0000 };
    const RAM: &'static [Region] = &[
        Region { start: 0x2000_0000, size: 0x0002_0000 },
        // CCM
        Region { start: 0x1000_0000, size: 0x0001_0000 },
    ];
    const PERIPHERALS: &'static [Region] = &[
        // System memory: unique identifier, size of the flash.
        Region { start: 0x1FFF_7000, size: 0x1000 },
        Region { start: 0x4000_0000, size: 0x0008_0000 },
        Region { start: BIT_BAND, size: 0x0100_0000 },
        Region { start: OTG_FS, size: 0x0004_0000 },
    ];
    const PRIORITY_BITS: u32 = 4;
    const FREQUENCY: u64 = FREQUENCY;

    fn read(&mut self, address: u32, now: Cycles) -> u32 {
        match address {
            BIT_BAND..0x4400_0000 => {
                let (register, bit) = banded(address);
                self.read(register, now) >> bit & 1
            }
            OTG_FS.. => self.with_otg(|otg, around| otg.read(address - OTG_FS, now, around)),
            RCC..=0x4002_3BFF => self.rcc.read(address - RCC),
            GPIO..=0x4002_23FF => self.gpio.read(address - GPIO),
            EXTI..=0x4001_3FFF => self.gpio.read_exti(address - EXTI),
            0x4001_3808..0x4001_3818 => self.gpio.source((address - SYSCFG) as usize / 4 - 2),
            // PWR_CSR: VOSRDY, ODRDY and ODSWRDY.
            POWER_STATUS => 1 << 14 | 1 << 16 | 1 << 17,
            // The unique identifier, and 1024 KiB.
            0x1FFF_7A10..0x1FFF_7A1C => 0x0042_0031 + address,
            0x1FFF_7A20 => 1024 << 16,
            0x4000_4400..0x4000_4C00 => {
                self.usart(address).map_or(0, |usart| usart.read(address & 0x3FF))
            }
            _ => match self.timer(address) {
                Some((timer, _)) => timer.read(address & 0x3FF, now),
                None => self.memory.get(&address).copied().unwrap_or(0),
            },
        }
    }

    fn write(&mut self, address: u32, value: u32, now: Cycles) {
        match address {
            BIT_BAND..0x4400_0000 => {
                let (register, bit) = banded(address);
                let others = self.read(register, now) & !(1 << bit);
                self.write(register, others | (value & 1) << bit, now);
            }
            OTG_FS.. => {
                self.with_otg(|otg, around| otg.write(address - OTG_FS, value, now, around));
                self.pass_wakeup();
            }
            RCC..=0x4002_3BFF => self.write_rcc(address - RCC, value),
            GPIO..=0x4002_23FF => self.gpio.write(address - GPIO, value),
            EXTI..=0x4001_3FFF => self.gpio.write_exti(address - EXTI, value),
            0x4001_3808..0x4001_3818 => {
                self.gpio.set_source((address - SYSCFG) as usize / 4 - 2, value);
            }
            0x4000_4400..0x4000_4C00 => {
                if let Some(usart) = self.usart(address) {
                    usart.write(address & 0x3FF, value);
                }
            }
            _ => {
                let clocks = [false, true].map(|is_apb2| self.rcc.timer_clock(is_apb2));
                match self.timer(address) {
                    Some((timer, is_apb2)) => {
                        timer.write(address & 0x3FF, value, now, clocks[usize::from(is_apb2)]);
                    }
                    None => drop(self.memory.insert(address, value)),
                }
            }
        }
    }

    fn advance(&mut self, now: Cycles, _memory: &mut dyn Memory) {
        self.with_otg(|otg, around| otg.advance(now, around));
        self.pass_wakeup();
        self.timers.iter_mut().for_each(|timer| timer.advance(now));
        let clock = self.rcc.pclk1();
        for (usart, (.., wiring)) in self.usarts.iter_mut().zip(&USARTS) {
            usart.advance(now, wiring.pins(&self.gpio, FREQUENCY, clock));
        }
    }

    fn next_event(&self) -> Option<Cycles> {
        let timers = self.timers.iter().filter_map(Timer::next_event);
        let usarts = self.usarts.iter().filter_map(|usart| usart.next_event());
        timers.chain(self.otg.next_event()).chain(usarts).min()
    }

    fn interrupts(&self) -> Lines {
        let mut lines = [0; 8];
        let mut drive = |number: u32, high: bool| {
            lines[number as usize / 32] |= u32::from(high) << (number % 32);
        };
        drive(67, self.otg.interrupt());
        for ((_, _, number, _), timer) in TIMERS.iter().zip(&self.timers) {
            drive(*number, timer.interrupt());
        }
        for ((_, number, ..), usart) in USARTS.iter().zip(&self.usarts) {
            drive(*number, usart.interrupt());
        }
        let exti = self.gpio.interrupts();
        (0..5).for_each(|line| drive(6 + line, exti & 1 << line != 0));
        drive(23, exti & 0x03E0 != 0);
        drive(40, exti & 0xFC00 != 0);
        drive(42, exti & 1 << WAKEUP_LINE != 0);
        lines
    }

    fn reset(&mut self, _cause: ResetCause, _now: Cycles) {
        self.rcc.reset();
        self.otg.reset();
        self.gpio.reset();
        self.timers = TIMERS.map(|(_, bits, ..)| Timer::new(bits, FREQUENCY));
        self.usarts.iter_mut().for_each(Registers::reset);
        self.memory.clear();
    }
}

/// Register and bit of a word in the bit-band alias (PM0214 §2.2.5).
const fn banded(address: u32) -> (u32, u32) {
    let bit = (address - BIT_BAND) / 4;
    (0x4000_0000 + bit / 32 * 4, bit % 32)
}
