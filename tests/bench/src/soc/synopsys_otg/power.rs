//! Mode, VBUS, pull-up, suspend, the PHY clock and wake-up.

use super::{Otg, Pending, Surroundings, interrupt};
use crate::cpu::Cycles;
use crate::soc::Violation;
use usbd_acm::Speed;

use super::parameters::{Phy, Sensing};

/// What has to do with power.
#[derive(Clone, Copy, Debug)]
pub(super) struct Power {
    pub vbus: bool,
    /// The session is valid, by VBUS or by what stands in for it.
    session: bool,
    /// Level of the ID pin: low is host mode.
    id: bool,
    /// FDMOD has taken effect.
    pub forced: bool,
    /// PCGCCTL.STPPCLK.
    pub clock_stopped: bool,
    /// PCGCCTL.GATEHCLK.
    bus_clock_gated: bool,
    pub suspended: bool,
    /// Since when, or when it was last.
    suspended_since: Cycles,
    /// Since when DCTL.RWUSIG is set.
    pub wakeup: Option<Cycles>,
    /// A bus reset came while the PHY clock was stopped.
    missed_reset: bool,
    /// The line to the EXTI, until it is taken.
    wakes: bool,
}

impl Default for Power {
    fn default() -> Self {
        Self {
            vbus: false,
            session: false,
            id: true,
            forced: false,
            clock_stopped: false,
            bus_clock_gated: false,
            suspended: false,
            suspended_since: 0,
            wakeup: None,
            missed_reset: false,
            wakes: false,
        }
    }
}

/// Mode and session.
impl Otg {
    /// Whether GUSBCFG.PHYSEL selects the transceiver in the chip.
    pub fn has_internal_phy(&self) -> bool {
        self.parameters.phy == Phy::Internal || self.global.usb_config & 1 << 6 != 0
    }

    /// GINTSTS.CMOD is 0.
    pub(super) fn is_device(&self) -> bool {
        self.power.id || self.power.forced
    }

    /// Drives the ID pin; high, as without a cable that has one, is device mode.
    pub fn set_id(&mut self, high: bool) {
        self.power.id = high;
    }

    /// Whether the session is valid, and whether that comes from VBUS.
    fn session(&self) -> (bool, bool) {
        let (config, control) = (self.global.core_config, self.global.otg_control);
        let vbus = self.power.vbus;
        match self.parameters.sensing {
            // NOVBUSSENS, VBUSBSEN.
            Sensing::NoVbusSens if config & 1 << 21 != 0 => (true, false),
            Sensing::NoVbusSens => (vbus && config & 1 << 19 != 0, true),
            // BVALOEN with BVALOVAL, VBDEN.
            Sensing::VbusDetection if control & 1 << 6 != 0 => (control & 1 << 7 != 0, false),
            Sensing::VbusDetection => (vbus && config & 1 << 21 != 0, true),
        }
    }

    pub(super) fn update_session(&mut self) {
        let before = self.power.session;
        let (valid, is_sensed) = self.session();
        self.power.session = valid;
        if is_sensed && valid && !before {
            self.global.raise(interrupt::SRQINT);
        } else if is_sensed && !valid && before {
            // SEDET.
            self.global.otg_interrupt |= 1 << 2;
        }
    }

    /// GOTGCTL, with BSVLD and CIDSTS.
    pub(super) fn read_otg_control(&self) -> u32 {
        let (session, id) = (u32::from(self.power.session), u32::from(self.power.id));
        self.global.otg_control | session << 19 | id << 16
    }

    /// Switches VBUS.
    pub fn set_vbus(&mut self, present: bool, now: Cycles) {
        let was_attached = self.is_attached();
        self.power.vbus = present;
        self.update_session();
        if present {
            self.schedule.cancel(Pending::Idle);
            return;
        }
        self.completion = None;
        if was_attached && self.power.session && !self.power.suspended {
            self.schedule.add(now + self.parameters.milliseconds(3), Pending::Idle);
        }
    }

    /// Whether the pull-up shows.
    pub fn is_attached(&self) -> bool {
        self.power.vbus && self.pulls_up()
    }

    fn pulls_up(&self) -> bool {
        // GCCFG.PWRDWN: the transceiver is on when it is set.
        let phy = !self.has_internal_phy() || self.global.core_config & 1 << 16 != 0;
        self.power.session && self.is_device() && phy && !self.device.soft_disconnect
    }
}

/// What the host does to the lines.
impl Otg {
    /// USB 2.0 §7.1.7.5: the end of SE0, and the speed that was agreed upon.
    pub fn bus_reset(&mut self, speed: Speed, now: Cycles) -> Speed {
        self.completion = None;
        self.power.suspended = false;
        self.power.wakeup = None;
        self.schedule.cancel(Pending::Idle);
        let is_high = speed == Speed::High && !self.has_internal_phy();
        // DCFG.DSPD.
        let is_high = is_high && self.device.config & 3 == 0;
        self.device.speed = if is_high { Speed::High } else { Speed::Full };
        if self.power.clock_stopped {
            self.power.missed_reset = true;
            self.wake();
        } else {
            self.start_reset(now);
        }
        self.device.speed
    }

    fn start_reset(&mut self, now: Cycles) {
        self.global.raise(interrupt::USBRST);
        let endpoints = self.ins.iter_mut().chain(&mut self.outs);
        // §34.16.4, USBAEP.
        endpoints
            .filter(|endpoint| !endpoint.is_control())
            .for_each(|endpoint| endpoint.active = false);
        self.device.end_control_transfer();
        self.schedule.add(now + self.parameters.milliseconds(1), Pending::Enumerated);
    }

    pub(super) fn enumerated(&mut self) {
        self.global.raise(interrupt::ENUMDNE);
    }

    /// The bus went idle for 3 ms, or came back.
    pub fn set_suspended(&mut self, suspended: bool, now: Cycles) {
        if suspended == self.power.suspended || !self.pulls_up() {
            return;
        }
        self.power.suspended = suspended;
        if suspended {
            self.power.suspended_since = now;
            self.completion = None;
            self.global.raise(interrupt::ESUSP | interrupt::USBSUSP);
        } else {
            self.wake();
        }
    }

    fn wake(&mut self) {
        self.global.raise(interrupt::WKUPINT);
        self.power.wakes = true;
    }

    /// Whether the line to the EXTI rose since this was asked.
    pub fn take_wakeup_line(&mut self) -> bool {
        std::mem::take(&mut self.power.wakes)
    }

    /// Whether it drives a K state on a suspended bus.
    pub fn signals_wakeup(&self) -> bool {
        self.power.suspended && self.power.wakeup.is_some()
    }

    /// A frame begins.
    pub fn sof(&mut self, frame: u16) {
        if !self.is_attached() || self.power.suspended || self.power.clock_stopped {
            return;
        }
        self.device.frame = frame & 0x7FF;
        // EOPF of the frame before.
        self.global.raise(interrupt::SOF | interrupt::EOPF);
    }
}

/// What firmware does.
impl Otg {
    /// DCTL.RWUSIG: for 1 to 15 ms (§34.16.4), on a suspended bus.
    pub(super) fn set_wakeup(&mut self, signal: bool, now: Cycles, around: &mut Surroundings<'_>) {
        match (signal, self.power.wakeup) {
            (true, None) => {
                // USB 2.0 §7.1.7.7: after 5 ms of idle, of which suspend took 3.
                let idle = now - self.power.suspended_since + self.parameters.milliseconds(3);
                if !self.power.suspended {
                    around.log(now, Violation::WakeUpWithoutSuspend);
                } else if idle < self.parameters.milliseconds(5) {
                    around.log(now, Violation::WakeUpTooEarly);
                }
                self.power.wakeup = Some(now);
            }
            (false, Some(since)) => {
                let duration = now - since;
                let limits = self.parameters.milliseconds(1)..=self.parameters.milliseconds(15);
                if !limits.contains(&duration) {
                    around.log(now, Violation::WakeUpDuration);
                }
                self.power.wakeup = None;
            }
            _ => {}
        }
    }

    /// PCGCCTL, with PHYSUSP.
    pub(super) fn read_clock_gate(&self) -> u32 {
        let stopped = u32::from(self.power.clock_stopped);
        stopped | u32::from(self.power.bus_clock_gated) << 1 | stopped << 4
    }

    /// §34.16.5: the clock is stopped on a suspended bus, without a session or without a connection.
    pub(super) fn write_clock_gate(
        &mut self,
        value: u32,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        let stop = value & 1 != 0;
        if stop && !self.power.clock_stopped && self.is_attached() && !self.power.suspended {
            around.log(now, Violation::ClockStoppedOnActiveBus);
        }
        self.power.clock_stopped = stop;
        self.power.bus_clock_gated = value & 2 != 0;
        if !stop && std::mem::take(&mut self.power.missed_reset) {
            self.start_reset(now);
        }
    }
}
