//! The board as the device that a real host is offered.

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm::Speed;
use usbd_acm_bench::Board;
use usbd_acm_bench::soc::Chip;
use usbd_acm_redirect::served::ServedDevice;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};

/// A board with somebody who watches it, and who has it still when it was served.
pub struct ServedBoard<C: Chip> {
    board: Rc<RefCell<Board<C>>>,
    violations: usize,
    faults: usize,
}

impl<C: Chip> ServedBoard<C> {
    pub fn new(board: Rc<RefCell<Board<C>>>) -> Self {
        Self { board, violations: 0, faults: 0 }
    }
}

impl<C: Chip> ServedDevice for ServedBoard<C> {
    fn take_events(&mut self) -> Vec<String> {
        let mut board = self.board.borrow_mut();
        let violations = board.soc().violations().all();
        let new = violations.iter().skip(self.violations);
        let mut events: Vec<String> =
            new.map(|(at, violation)| format!("violation {violation} at cycle {at}")).collect();
        self.violations = violations.len();
        let faults = board.core().hard_faults();
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
        self.board.borrow_mut().set_vbus(present);
    }

    fn attached(&self) -> bool {
        self.board.borrow().attached()
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        self.board.borrow_mut().bus_reset(speed)
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        self.board.borrow_mut().setup(address, endpoint, data)
    }

    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse {
        self.board.borrow_mut().in_token(address, endpoint, ack)
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        self.board.borrow_mut().out_token(address, endpoint, pid, data)
    }

    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake {
        self.board.borrow_mut().ping(address, endpoint)
    }

    fn sof(&mut self, frame: u16) {
        self.board.borrow_mut().sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.board.borrow_mut().set_suspended(suspended);
    }

    fn wakeup_signalled(&self) -> bool {
        self.board.borrow().wakeup_signalled()
    }

    fn run(&mut self, duration: Nanoseconds) {
        self.board.borrow_mut().run(duration);
    }
}
