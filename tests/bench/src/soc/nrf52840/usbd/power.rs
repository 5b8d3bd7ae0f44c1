//! ENABLE, READY, pull-up, suspend, low power and wake-up.

use super::super::MICROSECOND;
use super::{Surroundings, Usbd, cause, event, log};
use crate::cpu::Cycles;
use crate::soc::Violation;

/// From ENABLE, or VBUS if that comes later, to READY; from leaving low power to USBWUALLOWED. The
/// manual gives no figure.
const START: Cycles = 50 * MICROSECOND;

/// From SUSPEND, which tells of 3 ms of idle, to when resume may be driven (T_WTRSM, USB 2.0 §7.1.7.7). The
/// chip sees to that where DPDMVALUE is Resume.
const NO_RESUME: Cycles = 2_000 * MICROSECOND;

/// What has to do with power.
#[derive(Clone, Copy, Debug, Default)]
pub struct Power {
    /// Since when VBUS is there.
    pub vbus: Option<Cycles>,
    pub enabled: bool,
    /// When READY comes.
    pub(super) ready_at: Option<Cycles>,
    pub ready: bool,
    pub pull_up: bool,
    pub suspended: bool,
    /// Before this, no resume is driven.
    pub(super) resume_from: Cycles,
    pub low_power: bool,
    /// When USBWUALLOWED comes.
    pub(super) wake_at: Option<Cycles>,
    pub(super) wake_allowed: bool,
    pub dpdm_value: u32,
    /// When what DPDMDRIVE asked for begins.
    pub(super) drive_at: Option<Cycles>,
    pub driving: bool,
}

impl Power {
    pub fn next_event(&self) -> Option<Cycles> {
        [self.ready_at, self.wake_at, self.drive_at].into_iter().flatten().min()
    }
}

impl Usbd {
    pub(in super::super) fn set_vbus(&mut self, present: bool, now: Cycles) {
        match (present, self.power.vbus) {
            (true, None) => {
                self.power.vbus = Some(now);
                self.schedule_ready(now);
            }
            (false, Some(_)) => {
                self.power.vbus = None;
                self.power.ready_at = None;
                self.power.suspended = false;
                self.power.drive_at = None;
                self.power.driving = false;
                self.completion = None;
            }
            _ => {}
        }
    }

    pub(super) fn set_enabled(&mut self, enabled: bool, now: Cycles) {
        if !enabled {
            self.disable();
        } else if !self.power.enabled {
            self.power.enabled = true;
            self.schedule_ready(now);
        }
    }

    /// Errata 171 and 187: without the workarounds it does not come up.
    fn schedule_ready(&mut self, now: Cycles) {
        let workarounds = self.errata.lets_power_up() && self.errata.lets_enable();
        if self.power.enabled && self.power.vbus.is_some() && !self.power.ready && workarounds {
            self.power.ready_at = Some(now + START);
        }
    }

    pub(super) fn set_pull_up(
        &mut self,
        connect: bool,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        if connect && !(self.power.ready && around.supply) {
            log(around, now, Violation::PullUpBeforeReady);
        } else if connect && !around.crystal {
            log(around, now, Violation::BusWithoutCrystal);
        }
        self.power.pull_up = connect;
    }

    pub(super) fn set_low_power(
        &mut self,
        low_power: bool,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        let leaves = self.power.low_power && !low_power;
        self.power.low_power = low_power && self.power.suspended;
        // Erratum 171 is about waking, too, and without the crystal nothing wakes.
        if leaves && self.power.suspended && self.errata.lets_power_up() && around.crystal {
            self.power.wake_at = Some(now + START);
        }
    }

    pub(super) fn drive_lines(&mut self, drive: bool, now: Cycles, around: &mut Surroundings<'_>) {
        if drive && self.power.suspended && !self.power.wake_allowed {
            log(around, now, Violation::WakeUpNotAllowed);
            return;
        }
        self.power.driving = false;
        self.power.drive_at = drive.then(|| now.max(self.power.resume_from));
        self.advance_power(now, around);
    }

    pub(super) fn advance_power(&mut self, now: Cycles, _around: &mut Surroundings<'_>) {
        if self.power.ready_at.is_some_and(|at| at <= now) {
            self.power.ready_at = None;
            self.power.ready = true;
            self.raise_cause(cause::READY);
        }
        if self.power.wake_at.is_some_and(|at| at <= now) {
            self.power.wake_at = None;
            self.power.wake_allowed = true;
            self.raise_cause(cause::USBWUALLOWED);
        }
        if self.power.drive_at.is_some_and(|at| at <= now) {
            self.power.drive_at = None;
            self.power.driving = true;
        }
    }
}

/// What the host does to the lines.
impl Usbd {
    /// Whether the pull-up shows.
    pub fn is_attached(&self) -> bool {
        self.power.vbus.is_some() && self.power.ready && self.power.pull_up
    }

    /// USB 2.0 §7.1.7.5: the end of SE0.
    pub fn bus_reset(&mut self) {
        self.address = 0;
        self.ep0.reset();
        self.ins.iter_mut().for_each(|endpoint| endpoint.reset());
        self.outs.iter_mut().for_each(|endpoint| endpoint.reset());
        self.data_status = 0;
        self.endpoint_status = 0;
        self.completion = None;
        self.end_suspend();
        self.events.raise(event::USBRESET);
    }

    /// The bus went idle, or came back.
    pub fn set_suspended(&mut self, suspended: bool, now: Cycles) {
        if suspended == self.power.suspended || !self.is_attached() {
            return;
        }
        if suspended {
            self.power.suspended = true;
            self.power.resume_from = now + NO_RESUME;
            self.raise_cause(cause::SUSPEND);
        } else {
            self.end_suspend();
            self.raise_cause(cause::RESUME);
        }
    }

    fn end_suspend(&mut self) {
        self.power.suspended = false;
        self.power.low_power = false;
        self.power.wake_at = None;
        self.power.wake_allowed = false;
        self.power.resume_from = 0;
        self.power.drive_at = None;
        self.power.driving = false;
    }

    /// Whether it drives a K state on a suspended bus.
    pub fn signals_wakeup(&self) -> bool {
        self.power.suspended && self.power.driving && self.power.dpdm_value == 1
    }

    /// A frame begins.
    pub fn sof(&mut self, frame: u16) {
        if self.is_attached() && !self.power.suspended {
            self.frame = frame & 0x7FF;
            self.events.raise(event::SOF);
        }
    }
}
