//! CLOCK and POWER, which share an address and an interrupt.

use super::MICROSECOND;
use super::events::Events;
use crate::cpu::Cycles;
use crate::soc::ResetCause;

/// Start of the crystal oscillators: 0.36 ms at 64 MHz, 0.25 s at 32768 Hz (RC: 0.6 ms).
const HFXO_START: Cycles = 360 * MICROSECOND;
const LFCLK_START: Cycles = 600 * MICROSECOND;
/// From VBUS to USBDETECTED and to USBPWRRDY. The manual gives no figure; the order is what counts.
const DETECTION: Cycles = 100 * MICROSECOND;
const REGULATOR: Cycles = 600 * MICROSECOND;

/// Events, by number.
const HFCLKSTARTED: u32 = 0;
const LFCLKSTARTED: u32 = 1;
const USBDETECTED: u32 = 7;
const USBREMOVED: u32 = 8;
const USBPWRRDY: u32 = 9;

/// An oscillator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Oscillator {
    #[default]
    Stopped,
    Starting(Cycles),
    Running,
}

impl Oscillator {
    fn start(&mut self, ready: Cycles) {
        if *self == Self::Stopped {
            *self = Self::Starting(ready);
        }
    }

    /// Whether it runs from now on.
    fn advance(&mut self, now: Cycles) -> bool {
        match *self {
            Self::Starting(ready) if ready <= now => {
                *self = Self::Running;
                true
            }
            _ => false,
        }
    }

    fn next_event(self) -> Option<Cycles> {
        match self {
            Self::Starting(ready) => Some(ready),
            _ => None,
        }
    }

    fn is_running(self) -> bool {
        self == Self::Running
    }
}

/// How far the supply of the USB device is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Vbus {
    #[default]
    Absent,
    /// VBUS is there, since.
    Rising(Cycles),
    /// USBDETECTED was raised; VBUS is there since.
    Detected(Cycles),
    /// USBPWRRDY was raised.
    Ready,
}

/// The two peripherals.
#[derive(Clone, Debug, Default)]
pub struct ClockPower {
    events: Events,
    hfxo: Oscillator,
    lfclk: Oscillator,
    lfclk_source: u32,
    hfclk_run: bool,
    lfclk_run: bool,
    vbus: Vbus,
    reset_reason: u32,
    retained: [u32; 2],
}

impl ClockPower {
    pub fn has_crystal(&self) -> bool {
        self.hfxo.is_running()
    }

    pub fn has_usb_supply(&self) -> bool {
        self.vbus == Vbus::Ready
    }

    pub fn set_vbus(&mut self, present: bool, now: Cycles) {
        match (present, self.vbus) {
            (true, Vbus::Absent) => self.vbus = Vbus::Rising(now),
            (false, Vbus::Absent) | (true, _) => {}
            (false, _) => {
                self.vbus = Vbus::Absent;
                self.events.raise(USBREMOVED);
            }
        }
    }

    pub fn advance(&mut self, now: Cycles) {
        if self.hfxo.advance(now) {
            self.events.raise(HFCLKSTARTED);
        }
        if self.lfclk.advance(now) {
            self.events.raise(LFCLKSTARTED);
        }
        if let Vbus::Rising(since) = self.vbus
            && since + DETECTION <= now
        {
            self.vbus = Vbus::Detected(since);
            self.events.raise(USBDETECTED);
        }
        if let Vbus::Detected(since) = self.vbus
            && since + REGULATOR <= now
        {
            self.vbus = Vbus::Ready;
            self.events.raise(USBPWRRDY);
        }
    }

    pub fn next_event(&self) -> Option<Cycles> {
        let vbus = match self.vbus {
            Vbus::Rising(since) => Some(since + DETECTION),
            Vbus::Detected(since) => Some(since + REGULATOR),
            Vbus::Absent | Vbus::Ready => None,
        };
        [self.hfxo.next_event(), self.lfclk.next_event(), vbus].into_iter().flatten().min()
    }

    pub fn interrupt(&self) -> bool {
        self.events.interrupt()
    }

    pub fn read(&self, offset: u32) -> u32 {
        let detected = matches!(self.vbus, Vbus::Detected(_) | Vbus::Ready);
        let ready = self.vbus == Vbus::Ready;
        match offset {
            0x400 => self.reset_reason,
            0x408 => u32::from(self.hfclk_run),
            // HFCLKSTAT: without the crystal the RC oscillator runs.
            0x40C => 1 << 16 | u32::from(self.hfxo.is_running()),
            0x414 => u32::from(self.lfclk_run),
            0x418 => u32::from(self.lfclk.is_running()) << 16 | self.lfclk_source & 3,
            0x41C | 0x518 => self.lfclk_source,
            0x438 => u32::from(detected) | u32::from(ready) << 1,
            0x51C => self.retained[0],
            0x520 => self.retained[1],
            // DCDCEN and the like: whatever.
            _ => self.events.read(offset).unwrap_or(0),
        }
    }

    pub fn write(&mut self, offset: u32, value: u32, now: Cycles) {
        match (offset, value & 1 != 0) {
            (0x000, true) => {
                self.hfclk_run = true;
                // A start of what runs already says so again.
                match self.hfxo {
                    Oscillator::Running => self.events.raise(HFCLKSTARTED),
                    _ => self.hfxo.start(now + HFXO_START),
                }
            }
            (0x004, true) => {
                self.hfclk_run = false;
                self.hfxo = Oscillator::Stopped;
            }
            (0x008, true) => {
                self.lfclk_run = true;
                self.lfclk.start(now + LFCLK_START);
            }
            (0x00C, true) => {
                self.lfclk_run = false;
                self.lfclk = Oscillator::Stopped;
            }
            (0x400, _) => self.reset_reason &= !value,
            (0x518, _) => self.lfclk_source = value,
            (0x51C, _) => self.retained[0] = value,
            (0x520, _) => self.retained[1] = value,
            _ => {
                self.events.write(offset, value);
            }
        }
    }

    pub fn reset(&mut self, cause: ResetCause, now: Cycles) {
        let reset_reason = match cause {
            ResetCause::BrownOut => 0,
            ResetCause::Pin => self.reset_reason | 1,
            ResetCause::Software => self.reset_reason | 1 << 2,
        };
        let retained = if cause == ResetCause::BrownOut { [0; 2] } else { self.retained };
        // VBUS is not the chip's to reset: it is detected anew.
        let vbus = if self.vbus == Vbus::Absent { Vbus::Absent } else { Vbus::Rising(now) };
        *self = Self { reset_reason, retained, vbus, ..Self::default() };
    }
}
