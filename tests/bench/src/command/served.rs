//! The board as the device that a real host is offered.

use usbd_acm::Speed;
use usbd_acm_bench::Board;
use usbd_acm_bench::soc::Chip;
use usbd_acm_redirect::served::ServedDevice;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};

/// A board with somebody who watches it.
pub struct ServedBoard<C: Chip> {
    board: Board<C>,
    violations: usize,
    faults: usize,
}

impl<C: Chip> ServedBoard<C> {
    pub fn new(board: Board<C>) -> Self {
        Self { board, violations: 0, faults: 0 }
    }
}

impl<C: Chip> ServedDevice for ServedBoard<C> {
    fn take_events(&mut self) -> Vec<String> {
        let violations = self.board.soc().violations().all();
        let new = violations.iter().skip(self.violations);
        let mut events: Vec<String> =
            new.map(|(at, violation)| format!("violation {violation} at cycle {at}")).collect();
        self.violations = violations.len();
        let faults = self.board.core().hard_faults();
        events.extend(faults.iter().skip(self.faults).map(|fault| format!("violation {fault}")));
        self.faults = faults.len();
        events
    }

    /// The firmware does what it does: only its echo can be asked for.
    fn command(&mut self, words: &[&str]) -> Result<String, String> {
        match *words {
            ["sync"] | ["app", "0", "echo"] => Ok(String::new()),
            _ => Err(format!("firmware cannot be told {words:?}; there are sync, plug, unplug")),
        }
    }
}

impl<C: Chip> DevicePort for ServedBoard<C> {
    fn set_vbus(&mut self, present: bool) {
        self.board.set_vbus(present);
    }

    fn attached(&self) -> bool {
        self.board.attached()
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        self.board.bus_reset(speed)
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        self.board.setup(address, endpoint, data)
    }

    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse {
        self.board.in_token(address, endpoint, ack)
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        self.board.out_token(address, endpoint, pid, data)
    }

    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake {
        self.board.ping(address, endpoint)
    }

    fn sof(&mut self, frame: u16) {
        self.board.sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.board.set_suspended(suspended);
    }

    fn wakeup_signalled(&self) -> bool {
        self.board.wakeup_signalled()
    }

    fn run(&mut self, duration: Nanoseconds) {
        self.board.run(duration);
    }
}
