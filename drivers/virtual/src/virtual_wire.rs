//! The host's end of a [`VirtualController`](crate::VirtualController).

use alloc::vec::Vec;

use usbd_acm::{Event, Speed, TestMode};

use crate::chip::{Chip, endpoint};
use crate::control_endpoint::In;
use crate::shared::Shared;
use crate::{DevicePort, Handshake, InResponse, Nanoseconds, Pid, Violation};

/// The other end of a [`VirtualController`](crate::VirtualController): tokens go in here.
///
/// As a [`DevicePort`] it runs no firmware; [`Board`](crate::Board) does. Clones are the same wire.
#[derive(Clone)]
pub struct VirtualWire {
    chip: Shared<Chip>,
}

impl VirtualWire {
    pub(crate) fn new(chip: Shared<Chip>) -> Self {
        Self { chip }
    }

    /// Everything the stack did against the contract of [`Controller`](usbd_acm::Controller), in
    /// order.
    pub fn violations(&self) -> Vec<Violation> {
        self.chip.borrow().violations.clone()
    }

    /// The test mode that the port is in, until VBUS goes away (USB 2.0 §7.1.20).
    pub fn test_mode(&self) -> Option<TestMode> {
        self.chip.borrow().test_mode
    }

    /// The interrupt line: whether the stack has events to poll, or a frame began that it watches
    /// for.
    pub fn interrupt(&self) -> bool {
        let chip = self.chip.borrow();
        !chip.events.is_empty() || chip.frame_untold
    }
}

impl DevicePort for VirtualWire {
    fn set_vbus(&mut self, present: bool) {
        let mut chip = self.chip.borrow_mut();
        let lost = chip.vbus && !present;
        chip.vbus = present;
        if lost {
            chip.reset(None);
            chip.events.clear();
            chip.events.push_back(Event::VbusLost);
        }
    }

    fn attached(&self) -> bool {
        self.chip.borrow().attached()
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        let mut chip = self.chip.borrow_mut();
        let speed = match (speed, chip.silicon.top_speed) {
            (Speed::High, Speed::High) => Speed::High,
            _ => Speed::Full,
        };
        if chip.attached() && chip.test_mode.is_none() {
            chip.reset(Some(speed));
            chip.events.push_back(Event::Reset(speed));
        }
        speed
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        let mut chip = self.chip.borrow_mut();
        if !chip.answers(address) || endpoint != 0 {
            return Handshake::NoResponse;
        }
        let event = chip.ep0.setup(data);
        chip.events.retain(|event| !is_control_event(event));
        chip.events.push_back(event);
        Handshake::Ack
    }

    fn in_token(&mut self, address: u8, number: u8, ack: bool) -> InResponse {
        let mut chip = self.chip.borrow_mut();
        if chip.test_mode == Some(TestMode::Se0Nak) {
            return InResponse::Nak;
        }
        if !chip.answers(address) {
            return InResponse::NoResponse;
        }
        if number == 0 {
            return chip.ep0_in_token(ack);
        }
        let Some(endpoint) = endpoint(&mut chip.ins, number) else {
            return InResponse::NoResponse;
        };
        let (response, sent) = endpoint.in_token(ack);
        let event = Event::Sent(endpoint.endpoint.address);
        if sent {
            chip.events.push_back(event);
        }
        response
    }

    fn out_token(&mut self, address: u8, number: u8, pid: Pid, data: &[u8]) -> Handshake {
        let mut chip = self.chip.borrow_mut();
        if !chip.answers(address) {
            return Handshake::NoResponse;
        }
        if number == 0 {
            return chip.ep0_out_token(pid, data);
        }
        let Some(endpoint) = endpoint(&mut chip.outs, number) else {
            return Handshake::NoResponse;
        };
        let address = endpoint.endpoint.address;
        let (handshake, received) = endpoint.out_token(pid, data);
        if let Some((slot, length)) = received {
            chip.events.push_back(Event::Received(address, slot, length));
        }
        handshake
    }

    fn ping(&mut self, address: u8, number: u8) -> Handshake {
        let mut chip = self.chip.borrow_mut();
        if !chip.answers(address) || chip.speed != Some(Speed::High) {
            return Handshake::NoResponse;
        }
        if number == 0 {
            return chip.ep0.ping();
        }
        match endpoint(&mut chip.outs, number) {
            Some(endpoint) => endpoint.ping(),
            None => Handshake::NoResponse,
        }
    }

    fn sof(&mut self, frame: u16) {
        self.chip.borrow_mut().start_of_frame(frame);
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.chip.borrow_mut().set_suspended(suspended);
    }

    fn wakeup_signalled(&self) -> bool {
        self.chip.borrow().wakeup_signalled()
    }

    fn run(&mut self, duration: Nanoseconds) {
        self.chip.borrow_mut().run(duration);
    }
}

impl Chip {
    fn ep0_in_token(&mut self, ack: bool) -> InResponse {
        let (response, acknowledged) = self.ep0.in_token(ack);
        match acknowledged {
            Some(In::Data) => self.events.push_back(Event::Ep0Sent),
            Some(In::Status { address }) => {
                // USB 2.0 §9.4.6: not before the status stage is over.
                self.address = address.unwrap_or(self.address);
                self.events.push_back(Event::Ep0Status);
            }
            None => {}
        }
        response
    }

    fn ep0_out_token(&mut self, pid: Pid, data: &[u8]) -> Handshake {
        if data.len() > usize::from(self.silicon.ep0_packet_size) {
            return Handshake::NoResponse;
        }
        let (handshake, event) = self.ep0.out_token(pid, data);
        self.events.extend(event);
        handshake
    }
}

fn is_control_event(event: &Event) -> bool {
    matches!(event, Event::Setup(_) | Event::Ep0Sent | Event::Ep0Received | Event::Ep0Status)
}
