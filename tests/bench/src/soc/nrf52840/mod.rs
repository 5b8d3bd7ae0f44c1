//! nRF52840 (product specification 1.x): what a USB product needs of it.
//!
//! A peripheral that is not here is a piece of memory: it gives back what was written.

mod clock_power;
mod events;
mod ficr;
mod gpio;
mod inert;
mod nvmc;
mod port;
mod rtc;
mod timer;
mod uarte;
mod usbd;

use clock_power::ClockPower;
use gpio::Gpio;
use inert::Inert;
use nvmc::Nvmc;
use rtc::Rtc;
use timer::Timer;

pub use uarte::{Format, Uarte};
pub use usbd::Usbd;

use super::{Memory, Region, ResetCause, Soc, Violation, Violations};
use crate::cpu::{Cycles, Lines};

/// Cycles in a microsecond.
pub const MICROSECOND: Cycles = 64;

const TIMERS: [u32; 5] = [0x08, 0x09, 0x0A, 0x1A, 0x1B];
const RTCS: [u32; 3] = [0x0B, 0x11, 0x24];
const UARTES: [u32; 2] = [0x02, 0x28];

/// The chip without its processor.
#[derive(Default)]
pub struct Nrf52840 {
    /// The USB device.
    pub usbd: Usbd,
    /// UARTE0 and UARTE1.
    pub uartes: [Uarte; 2],
    /// P0 and P1.
    pub gpio: Gpio,
    clock_power: ClockPower,
    nvmc: Nvmc,
    timers: [Timer; 5],
    rtcs: [Rtc; 3],
    inert: Inert,
    violations: Violations,
}

impl Nrf52840 {
    /// Whether the crystal oscillator runs, which USB needs.
    pub fn has_crystal(&self) -> bool {
        self.clock_power.has_crystal()
    }

    /// What the USB device finds around it.
    fn surroundings(&mut self) -> (&mut Usbd, usbd::Surroundings<'_>) {
        let around = usbd::Surroundings {
            crystal: self.clock_power.has_crystal(),
            supply: self.clock_power.has_usb_supply(),
            violations: &mut self.violations,
        };
        (&mut self.usbd, around)
    }

    /// A packet or a line state arrives: works on the USB device with what it finds around it.
    pub fn with_usbd<R>(
        &mut self,
        work: impl FnOnce(&mut Usbd, &mut usbd::Surroundings<'_>) -> R,
    ) -> R {
        let (usbd, mut around) = self.surroundings();
        work(usbd, &mut around)
    }
}

impl Soc for Nrf52840 {
    const FLASH: Region = Region { start: 0, size: 0x0010_0000 };
    const RAM: &'static [Region] = &[Region { start: 0x2000_0000, size: 0x0004_0000 }];
    const PERIPHERALS: &'static [Region] = &[
        Region { start: 0x1000_0000, size: 0x2000 },
        Region { start: 0x4000_0000, size: 0x0008_0000 },
        Region { start: 0x5000_0000, size: 0x1000 },
        Region { start: 0xF000_0000, size: 0x1000 },
    ];
    const PRIORITY_BITS: u32 = 3;
    const FREQUENCY: u64 = 64_000_000;

    fn read(&mut self, address: u32, now: Cycles) -> u32 {
        let offset = address & 0xFFF;
        match address >> 12 {
            0x10000 => ficr::read(offset),
            0x10001 => self.nvmc.read_uicr(offset),
            0x40000 => self.clock_power.read(offset),
            0x40006 => self.gpio.read_gpiote(offset),
            0x4001E => self.nvmc.read(offset),
            0x40027 => {
                let (usbd, mut around) = self.surroundings();
                usbd.read(offset, now, &mut around)
            }
            0x4006E => self.usbd.errata.read(offset),
            0x50000 => self.gpio.read(offset),
            block => match self.find(block & 0xFF) {
                Some(Found::Timer(timer)) => timer.read(offset),
                Some(Found::Rtc(rtc)) => rtc.read(offset, now),
                Some(Found::Uarte(uarte)) => uarte.read(offset),
                None => self.inert.read(address),
            },
        }
    }

    fn write(&mut self, address: u32, value: u32, now: Cycles) {
        let offset = address & 0xFFF;
        match address >> 12 {
            0x10001 => {
                if !self.nvmc.write_uicr(offset, value) {
                    self.violations.log(now, Violation::ConfigurationWriteProtected);
                }
            }
            0x40000 => self.clock_power.write(offset, value, now),
            0x40006 => self.gpio.write_gpiote(offset, value),
            0x4001E => self.nvmc.write(offset, value),
            0x40027 => {
                let (usbd, mut around) = self.surroundings();
                usbd.write(offset, value, now, &mut around);
            }
            0x4006E => self.usbd.errata.write(offset, value),
            0x50000 => self.gpio.write(offset, value),
            block => match self.find(block & 0xFF) {
                Some(Found::Timer(timer)) => timer.write(offset, value, now),
                Some(Found::Rtc(rtc)) => rtc.write(offset, value, now),
                Some(Found::Uarte(uarte)) => uarte.write(offset, value, now),
                None => self.inert.write(address, value),
            },
        }
    }

    fn advance(&mut self, now: Cycles, memory: &mut dyn Memory) {
        self.clock_power.advance(now);
        let (usbd, mut around) = self.surroundings();
        usbd.advance(now, memory, &mut around);
        for uarte in &mut self.uartes {
            uarte.advance(now, memory, &mut self.violations);
        }
        self.timers.iter_mut().for_each(|timer| timer.advance(now));
        self.rtcs.iter_mut().for_each(|rtc| rtc.advance(now));
    }

    fn next_event(&self) -> Option<Cycles> {
        let uartes = self.uartes.iter().filter_map(Uarte::next_event);
        let timers = self.timers.iter().filter_map(Timer::next_event);
        let rtcs = self.rtcs.iter().filter_map(Rtc::next_event);
        let clock = self.clock_power.next_event().into_iter();
        clock.chain(self.usbd.next_event()).chain(uartes).chain(timers).chain(rtcs).min()
    }

    fn interrupts(&self) -> Lines {
        let mut lines = [0; 8];
        let mut drive = |block: u32, high: bool| {
            lines[block as usize / 32] |= u32::from(high) << (block % 32);
        };
        drive(0x00, self.clock_power.interrupt());
        drive(0x06, self.gpio.interrupt());
        drive(0x27, self.usbd.interrupt());
        let uartes = UARTES.into_iter().zip(self.uartes.iter().map(Uarte::interrupt));
        let timers = TIMERS.into_iter().zip(self.timers.iter().map(Timer::interrupt));
        let rtcs = RTCS.into_iter().zip(self.rtcs.iter().map(Rtc::interrupt));
        uartes.chain(timers).chain(rtcs).for_each(|(block, high)| drive(block, high));
        lines
    }

    fn reset(&mut self, cause: ResetCause, now: Cycles) {
        self.clock_power.reset(cause, now);
        self.nvmc.reset();
        self.gpio.reset();
        self.usbd.reset(now);
        self.uartes.iter_mut().for_each(Uarte::reset);
        self.timers = Default::default();
        self.rtcs = Default::default();
        self.inert = Inert::default();
    }
}

/// A peripheral of which there are several.
enum Found<'a> {
    Timer(&'a mut Timer),
    Rtc(&'a mut Rtc),
    Uarte(&'a mut Uarte),
}

impl Nrf52840 {
    /// By its identifier, bits 12 to 19 of its address.
    fn find(&mut self, block: u32) -> Option<Found<'_>> {
        let position = |blocks: &[u32]| blocks.iter().position(|other| *other == block);
        if let Some(index) = position(&TIMERS) {
            return self.timers.get_mut(index).map(Found::Timer);
        }
        if let Some(index) = position(&RTCS) {
            return self.rtcs.get_mut(index).map(Found::Rtc);
        }
        let index = position(&UARTES)?;
        self.uartes.get_mut(index).map(Found::Uarte)
    }
}
