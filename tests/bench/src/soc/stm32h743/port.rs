//! The USB port of the chip: the core that shows its pull-up.

use usbd_acm::Speed;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::Stm32h743;
use crate::cpu::Cycles;
use crate::soc::synopsys_otg::Otg;
use crate::soc::{Chip, Transaction, Violations};

/// PA3, PA5, PB0, PB1, PB5, PB10 to PB13, PC0: of the ULPI all but DIR and NXT.
const ULPI: [u32; 10] = [3, 5, 16, 17, 21, 26, 27, 28, 29, 32];

impl Stm32h743 {
    /// The core that the cable leads to.
    fn connected(&self) -> usize {
        usize::from(!self.shows_pull_up(0))
    }

    fn port(&self) -> &Otg {
        &self.otgs[self.connected()]
    }

    fn shows_pull_up(&self, core: usize) -> bool {
        let otg = &self.otgs[core];
        let pins = match (core, otg.has_internal_phy()) {
            (0, false) => self.has_ulpi(),
            // PB14 and PB15.
            (0, true) => self.gpio.lead_to(&[30, 31], 12),
            // PA11 and PA12.
            _ => self.gpio.lead_to(&[11, 12], 10),
        };
        otg.is_attached() && pins
    }

    fn has_ulpi(&self) -> bool {
        let has = |pin| self.gpio.lead_to(&[pin], 10);
        // PC2 or PI11, PC3 or PH4.
        self.gpio.lead_to(&ULPI, 10) && (has(34) || has(139)) && (has(35) || has(116))
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
        self.shows_pull_up(self.connected())
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

    /// USART3.
    fn loop_back_uart(&mut self) {
        self.usart.line.loopback = true;
    }
}
