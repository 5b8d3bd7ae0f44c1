//! The USB port of the chip.

use usbd_acm::Speed;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::Nrf52840;
use crate::cpu::Cycles;
use crate::soc::{Chip, Transaction, Violations};

impl Chip for Nrf52840 {
    const NAME: &'static str = "nrf52840";
    const EXAMPLES: &'static str = "nrf52840-dk";

    /// Its configuration registers are erased.
    fn new() -> Self {
        Self::default()
    }

    fn violations(&self) -> &Violations {
        &self.violations
    }

    fn set_vbus(&mut self, present: bool, now: Cycles) {
        self.clock_power.set_vbus(present, now);
        self.usbd.set_vbus(present, now);
    }

    fn is_attached(&self) -> bool {
        self.usbd.is_attached()
    }

    fn bus_reset(&mut self, _speed: Speed, _now: Cycles) -> Speed {
        self.usbd.bus_reset();
        Speed::Full
    }

    fn setup(&mut self, at: Transaction<'_>, data: [u8; 8]) -> Handshake {
        let times = (at.now, (at.end)(data.len()));
        self.with_usbd(|usbd, around| {
            usbd.setup_token(at.address, at.endpoint, data, times, around)
        })
    }

    fn in_token(&mut self, at: Transaction<'_>, ack: bool) -> InResponse {
        let times = (at.now, at.end);
        self.with_usbd(|usbd, around| usbd.in_token(at.address, at.endpoint, ack, times, around))
    }

    fn out_token(&mut self, at: Transaction<'_>, pid: Pid, data: &[u8]) -> Handshake {
        let times = (at.now, (at.end)(data.len()));
        self.with_usbd(|usbd, around| {
            usbd.out_token(at.address, at.endpoint, (pid, data), times, around)
        })
    }

    fn sof(&mut self, frame: u16, _now: Cycles) {
        self.usbd.sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool, now: Cycles) {
        self.usbd.set_suspended(suspended, now);
    }

    fn signals_wakeup(&self) -> bool {
        self.usbd.signals_wakeup()
    }

    /// UARTE0.
    fn loop_back_uart(&mut self) {
        self.uartes[0].line.loopback = true;
    }
}
