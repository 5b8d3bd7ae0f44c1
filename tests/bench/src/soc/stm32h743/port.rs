//! The USB port of the chip: the core that shows its pull-up.

use usbd_acm::Speed;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::Stm32h743;
use crate::cpu::Cycles;
use crate::soc::synopsys_otg::Otg;
use crate::soc::{Chip, Transaction, Violations};

impl Stm32h743 {
    /// The core that the cable leads to.
    fn connected(&self) -> usize {
        usize::from(!self.otgs[0].is_attached())
    }

    fn port(&self) -> &Otg {
        &self.otgs[self.connected()]
    }
}

impl Chip for Stm32h743 {
    const NAME: &'static str = "stm32h743";
    const EXAMPLES: &'static str = "stm32h743-nucleo";

    /// With a clock of 8 MHz, as a Nucleo has it from its debugger.
    fn new() -> Self {
        Self::with_crystal(8_000_000)
    }

    fn violations(&self) -> &Violations {
        &self.violations
    }

    fn set_vbus(&mut self, present: bool, now: Cycles) {
        self.otgs.iter_mut().for_each(|otg| otg.set_vbus(present, now));
    }

    fn is_attached(&self) -> bool {
        self.port().is_attached()
    }

    fn bus_reset(&mut self, speed: Speed, now: Cycles) -> Speed {
        let core = self.connected();
        self.otgs[core].bus_reset(speed, now)
    }

    fn setup(&mut self, at: Transaction<'_>, data: [u8; 8]) -> Handshake {
        let core = self.connected();
        self.with_otg(core, |otg, around| otg.setup_token(at, data, around))
    }

    fn in_token(&mut self, at: Transaction<'_>, ack: bool) -> InResponse {
        let core = self.connected();
        self.with_otg(core, |otg, around| otg.in_token(at, ack, around))
    }

    fn out_token(&mut self, at: Transaction<'_>, pid: Pid, data: &[u8]) -> Handshake {
        let core = self.connected();
        self.with_otg(core, |otg, around| otg.out_token(at, pid, data, around))
    }

    fn ping(&mut self, at: Transaction<'_>) -> Handshake {
        let core = self.connected();
        self.with_otg(core, |otg, around| otg.ping(at, around))
    }

    fn sof(&mut self, frame: u16, _now: Cycles) {
        let core = self.connected();
        self.otgs[core].sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool, now: Cycles) {
        let core = self.connected();
        self.otgs[core].set_suspended(suspended, now);
    }

    fn signals_wakeup(&self) -> bool {
        self.port().signals_wakeup()
    }
}
