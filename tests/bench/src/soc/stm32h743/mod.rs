//! STM32H743 (RM0433): what a USB product needs of it.
//!
//! A peripheral that is not here is a piece of memory: it gives back what was written. Both OTG cores are in
//! [`synopsys_otg`](super::synopsys_otg), the first with an external PHY at its ULPI, if firmware selects
//! that; the cable leads to the one that shows its pull-up. The processor runs at 400 MHz from the start,
//! whatever RCC says; timers and USB follow RCC. Stop modes are a sleep like any other, caches and MPU are not
//! there, and the lines of USB at the EXTI are not.

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
use crate::cpu::{Cycles, Lines, Processor};

const FREQUENCY: u64 = 400_000_000;
/// Base address, width and interrupt of the timers.
const TIMERS: [(u32, u32, u32); 5] = [
    (0x4000_0000, 32, 28),
    (0x4000_0400, 16, 29),
    (0x4000_0800, 16, 30),
    (0x4000_0C00, 32, 50),
    (0x4000_1800, 16, 43),
];
/// Base address and interrupt of the OTG cores.
const OTGS: [(u32, u32); 2] = [(0x4004_0000, 77), (0x4008_0000, 101)];
const USART3: u32 = 0x4000_4800;
const USART3_INTERRUPT: u32 = 39;
/// PD8, PD9, PD11 and PD12.
const WIRING: Wiring = Wiring { txd: 56, rxd: 57, cts: 59, rts: 60 };
const OTG_SIZE: u32 = 0x0004_0000;
const EXTI: u32 = 0x5800_0000;
const SYSCFG: u32 = 0x5800_0400;
const GPIO: u32 = 0x5802_0000;
const RCC: u32 = 0x5802_4400;
const PWR: u32 = 0x5802_4800;

/// The chip without its processor.
pub struct Stm32h743 {
    /// OTG_HS1 and OTG_HS2.
    pub otgs: [Otg; 2],
    /// GPIO and EXTI.
    pub gpio: Gpio,
    /// USART3.
    pub usart: Registers,
    rcc: Rcc,
    timers: [Timer; 5],
    /// Registers of peripherals that are not here.
    memory: BTreeMap<u32, u32>,
    violations: Violations,
}

impl Stm32h743 {
    /// A chip whose HSE has this many hertz.
    pub fn with_crystal(crystal: u32) -> Self {
        let parameters = [Parameters::otg_hs_2_3(FREQUENCY), Parameters::otg_fs_2_3(FREQUENCY)];
        Self {
            otgs: parameters.map(Otg::new),
            gpio: Gpio::default(),
            usart: Registers::default(),
            rcc: Rcc::new(crystal),
            timers: TIMERS.map(|(_, bits, _)| Timer::new(bits, FREQUENCY)),
            memory: BTreeMap::new(),
            violations: Violations::default(),
        }
    }

    /// A packet or a line state arrives: works on a USB device with what it finds around it.
    pub fn with_otg<R>(
        &mut self,
        core: usize,
        work: impl FnOnce(&mut Otg, &mut Surroundings<'_>) -> R,
    ) -> R {
        let otg = &mut self.otgs[core];
        // PWR_CR3.USB33DEN: the supply of the transceiver is there.
        let power = self.memory.get(&(PWR + 0x0C)).is_some_and(|value| value & 1 << 24 != 0);
        let is_48_mhz = self.rcc.usb_clock().abs_diff(48_000_000) <= 120_000;
        let phy_clock = match otg.has_internal_phy() {
            true => power && is_48_mhz,
            false => self.rcc.has_ulpi_clock(core),
        };
        let mut around = Surroundings {
            clocked: self.rcc.has_otg_clock(core),
            phy_clock,
            ahb: self.rcc.hclk(),
            violations: &mut self.violations,
        };
        work(otg, &mut around)
    }

    /// Whether what USB and the core run from does.
    pub fn has_crystal(&self) -> bool {
        self.rcc.has_crystal() && self.rcc.usb_clock() != 0
    }

    fn timer(&mut self, address: u32) -> Option<&mut Timer> {
        let base = address & !0x3FF;
        let index = TIMERS.iter().position(|(timer, ..)| *timer == base)?;
        self.timers.get_mut(index)
    }

    fn stored(&self, address: u32) -> u32 {
        self.memory.get(&address).copied().unwrap_or(0)
    }

    /// PWR (§6): every regulator is ready.
    fn read_power(&self, offset: u32) -> u32 {
        let stored = self.stored(PWR + offset);
        match offset {
            // CSR1: ACTVOS is D3CR.VOS.
            0x04 => 1 << 13 | self.stored(PWR + 0x18) & 3 << 14,
            0x08 => stored | 1 << 16,
            // CR3: USB33RDY.
            0x0C => stored | 1 << 26,
            0x18 => stored | 1 << 13,
            _ => stored,
        }
    }

    fn write_rcc(&mut self, offset: u32, value: u32) {
        self.rcc.write(offset, value);
        for (core, otg) in self.otgs.iter_mut().enumerate() {
            if self.rcc.holds_otg_in_reset(core) {
                otg.reset();
            }
        }
    }
}

/// The core at an address, and the offset in it.
fn otg_at(address: u32) -> Option<(usize, u32)> {
    let core = OTGS.iter().position(|(base, _)| (*base..base + OTG_SIZE).contains(&address))?;
    Some((core, address - OTGS[core].0))
}

/// Registers of the EXTI (§20), as the STM32F4 has them.
fn exti_offset(offset: u32) -> Option<u32> {
    [0x80, 0x84, 0x00, 0x04, 0x08, 0x88].iter().position(|own| *own == offset).map(|n| 4 * n as u32)
}

impl Soc for Stm32h743 {
    const FLASH: Region = Region { start: 0x0800_0000, size: 0x0020_0000 };
    const RAM: &'static [Region] = &[
        // DTCM
        Region { start: 0x2000_0000, size: 0x0002_0000 },
        // ITCM, AXI SRAM, SRAM1 to 3, SRAM4
        Region { start: 0x0000_0000, size: 0x0001_0000 },
        Region { start: 0x2400_0000, size: 0x0008_0000 },
        Region { start: 0x3000_0000, size: 0x0004_8000 },
        Region { start: 0x3800_0000, size: 0x0001_0000 },
    ];
    const PERIPHERALS: &'static [Region] = &[
        // System memory: unique identifier, size of the flash.
        Region { start: 0x1FF1_E000, size: 0x1000 },
        Region { start: 0x4000_0000, size: 0x000C_0000 },
        Region { start: 0x4802_0000, size: 0x0001_0000 },
        Region { start: 0x5100_0000, size: 0x0010_0000 },
        Region { start: 0x5200_0000, size: 0x0001_0000 },
        Region { start: EXTI, size: 0x0003_0000 },
        // DBGMCU
        Region { start: 0x5C00_1000, size: 0x1000 },
    ];
    const PROCESSOR: Processor = Processor::CortexM7;
    const PRIORITY_BITS: u32 = 4;
    const FREQUENCY: u64 = FREQUENCY;

    fn read(&mut self, address: u32, now: Cycles) -> u32 {
        if let Some((core, offset)) = otg_at(address) {
            return self.with_otg(core, |otg, around| otg.read(offset, now, around));
        }
        match address {
            EXTI..SYSCFG => match exti_offset(address - EXTI) {
                Some(offset) => self.gpio.read_exti(offset),
                None => self.stored(address),
            },
            0x5800_0408..0x5800_0418 => self.gpio.source((address - SYSCFG) as usize / 4 - 2),
            // SYSCFG_CCCSR: the compensation cell is ready.
            0x5800_0420 => self.stored(address) | 1 << 8,
            GPIO..0x5802_2C00 => self.gpio.read(address - GPIO),
            RCC..PWR => self.rcc.read(address - RCC),
            PWR..0x5802_4C00 => self.read_power(address - PWR),
            // The unique identifier, and 2048 KiB.
            0x1FF1_E800..0x1FF1_E80C => 0x0042_0031 + address,
            0x1FF1_E880 => 2048,
            USART3..0x4000_4C00 if self.rcc.has_usart_clock() => self.usart.read(address - USART3),
            _ => match self.timer(address) {
                Some(timer) => timer.read(address & 0x3FF, now),
                None => self.stored(address),
            },
        }
    }

    fn write(&mut self, address: u32, value: u32, now: Cycles) {
        if let Some((core, offset)) = otg_at(address) {
            self.with_otg(core, |otg, around| otg.write(offset, value, now, around));
            return;
        }
        let clock = self.rcc.timer_clock();
        match address {
            EXTI..SYSCFG => match exti_offset(address - EXTI) {
                Some(offset) => self.gpio.write_exti(offset, value),
                None => drop(self.memory.insert(address, value)),
            },
            0x5800_0408..0x5800_0418 => {
                self.gpio.set_source((address - SYSCFG) as usize / 4 - 2, value);
            }
            GPIO..0x5802_2C00 => self.gpio.write(address - GPIO, value),
            RCC..PWR => self.write_rcc(address - RCC, value),
            USART3..0x4000_4C00 if self.rcc.has_usart_clock() => {
                self.usart.write(address - USART3, value);
            }
            _ => match self.timer(address) {
                Some(timer) => timer.write(address & 0x3FF, value, now, clock),
                None => drop(self.memory.insert(address, value)),
            },
        }
    }

    fn advance(&mut self, now: Cycles, _memory: &mut dyn Memory) {
        for core in 0..self.otgs.len() {
            self.with_otg(core, |otg, around| otg.advance(now, around));
        }
        self.timers.iter_mut().for_each(|timer| timer.advance(now));
        let clock = self.rcc.pclk1();
        self.usart.advance(now, WIRING.pins(&self.gpio, FREQUENCY, clock));
    }

    fn next_event(&self) -> Option<Cycles> {
        let timers = self.timers.iter().filter_map(Timer::next_event);
        let otgs = self.otgs.iter().filter_map(Otg::next_event);
        timers.chain(otgs).chain(self.usart.next_event()).min()
    }

    fn interrupts(&self) -> Lines {
        let mut lines = [0; 8];
        let mut drive = |number: u32, high: bool| {
            lines[number as usize / 32] |= u32::from(high) << (number % 32);
        };
        for ((_, number), otg) in OTGS.iter().zip(&self.otgs) {
            drive(*number, otg.interrupt());
        }
        for ((_, _, number), timer) in TIMERS.iter().zip(&self.timers) {
            drive(*number, timer.interrupt());
        }
        drive(USART3_INTERRUPT, self.usart.interrupt());
        let exti = self.gpio.interrupts();
        (0..5).for_each(|line| drive(6 + line, exti & 1 << line != 0));
        drive(23, exti & 0x03E0 != 0);
        drive(40, exti & 0xFC00 != 0);
        lines
    }

    fn reset(&mut self, _cause: ResetCause, _now: Cycles) {
        self.rcc.reset();
        self.otgs.iter_mut().for_each(Otg::reset);
        self.gpio.reset();
        self.usart.reset();
        self.timers = TIMERS.map(|(_, bits, _)| Timer::new(bits, FREQUENCY));
        self.memory.clear();
    }
}
