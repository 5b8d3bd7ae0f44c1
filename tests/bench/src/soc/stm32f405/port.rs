//! The USB port of the chip: OTG_FS.

use usbd_acm::Speed;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::Stm32f405;
use crate::cpu::Cycles;
use crate::soc::{Chip, Transaction, Violations};

impl Chip for Stm32f405 {
    const NAME: &'static str = "stm32f405";
    const EXAMPLES: &'static str = "stm32f405-feather";

    /// With a crystal of 12 MHz.
    fn new() -> Self {
        Self::with_crystal(12_000_000)
    }

    fn violations(&self) -> &Violations {
        &self.violations
    }

    fn set_vbus(&mut self, present: bool, now: Cycles) {
        self.otg.set_vbus(present, now);
    }

    /// D- and D+ are alternate function 10 of PA11 and PA12.
    fn is_attached(&self) -> bool {
        self.otg.is_attached() && self.gpio.lead_to(&[11, 12], 10)
    }

    fn bus_reset(&mut self, speed: Speed, now: Cycles) -> Speed {
        let speed = self.otg.bus_reset(speed, now);
        self.pass_wakeup();
        speed
    }

    fn setup(&mut self, at: Transaction<'_>, data: [u8; 8]) -> Handshake {
        self.with_otg(|otg, around| otg.setup_token(at, data, around))
    }

    fn in_token(&mut self, at: Transaction<'_>, ack: bool) -> InResponse {
        self.with_otg(|otg, around| otg.in_token(at, ack, around))
    }

    fn out_token(&mut self, at: Transaction<'_>, pid: Pid, data: &[u8]) -> Handshake {
        self.with_otg(|otg, around| otg.out_token(at, pid, data, around))
    }

    fn sof(&mut self, frame: u16, _now: Cycles) {
        self.otg.sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool, now: Cycles) {
        self.otg.set_suspended(suspended, now);
        self.pass_wakeup();
    }

    fn signals_wakeup(&self) -> bool {
        self.otg.signals_wakeup()
    }

    /// The USARTs of the boards.
    fn loop_back_uart(&mut self) {
        self.usarts.iter_mut().for_each(|usart| usart.line.loopback = true);
    }
}
