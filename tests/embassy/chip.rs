//! A controller as embassy's drivers see one: one packet a bulk endpoint and direction in hardware,
//! and an EP0 whose status stages the hardware does by itself.

use std::collections::VecDeque;
use std::task::Waker;

use embassy_usb::driver::{EndpointAddress, Event};
use usbd_acm::Speed;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};

/// A bulk or interrupt endpoint of one direction.
#[derive(Default)]
pub struct Endpoint {
    pub max_packet_size: usize,
    pub enabled: bool,
    pub halted: bool,
    pub packet: Option<Vec<u8>>,
    pid: DataPid,
    pub waker: Option<Waker>,
    /// IN: packets that the host acknowledged, by length.
    pub acknowledged: Vec<usize>,
}

#[derive(Clone, Copy)]
struct DataPid(Pid);

impl Default for DataPid {
    fn default() -> Self {
        Self(Pid::Data0)
    }
}

impl Endpoint {
    pub fn new(max_packet_size: u16) -> Self {
        Self { max_packet_size: usize::from(max_packet_size), ..Self::default() }
    }

    fn wake(&mut self) {
        wake(&mut self.waker);
    }

    fn close(&mut self) {
        self.enabled = false;
        self.halted = false;
        self.packet = None;
        self.wake();
    }

    fn restart(&mut self) {
        self.halted = false;
        self.pid = DataPid::default();
        self.wake();
    }

    fn acknowledge(&mut self) {
        self.pid.0 = self.pid.0.toggled();
        self.wake();
    }
}

/// What EP0 does next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Stage {
    #[default]
    Idle,
    /// The driver has not said yet.
    Unanswered,
    DataIn {
        packet: Vec<u8>,
        last: bool,
    },
    DataOut,
    Received(Vec<u8>),
    StatusIn,
    StatusOut,
    Stalled,
}

/// EP0.
pub struct Control {
    pub setup: Option<[u8; 8]>,
    pub stage: Stage,
    /// SETUP packets and resets so far.
    pub transfer: u64,
    in_pid: Pid,
    out_pid: Pid,
    pub waker: Option<Waker>,
}

impl Control {
    fn begin(&mut self, setup: Option<[u8; 8]>) {
        self.stage = if setup.is_some() { Stage::Unanswered } else { Stage::Idle };
        self.setup = setup;
        self.transfer += 1;
        self.in_pid = Pid::Data1;
        self.out_pid = Pid::Data1;
        wake(&mut self.waker);
    }

    fn in_token(&mut self, ack: bool) -> InResponse {
        let bytes = match &self.stage {
            Stage::DataIn { packet, .. } => packet.clone(),
            Stage::StatusIn => Vec::new(),
            Stage::Stalled => return InResponse::Stall,
            _ => return InResponse::Nak,
        };
        let pid = if self.stage == Stage::StatusIn { Pid::Data1 } else { self.in_pid };
        if ack {
            self.in_pid = self.in_pid.toggled();
            self.stage = match self.stage {
                Stage::DataIn { last: true, .. } => Stage::StatusOut,
                Stage::DataIn { last: false, .. } => Stage::Unanswered,
                _ => Stage::Idle,
            };
            wake(&mut self.waker);
        }
        InResponse::Data { pid, bytes }
    }

    fn out_token(&mut self, pid: Pid, data: &[u8]) -> Handshake {
        if self.stage == Stage::Stalled {
            return Handshake::Stall;
        }
        if pid != self.out_pid {
            return Handshake::Ack;
        }
        self.stage = match self.stage {
            Stage::DataOut => Stage::Received(data.into()),
            // The host may stop reading early (USB 2.0 §8.5.3).
            Stage::StatusOut | Stage::DataIn { .. } if data.is_empty() => Stage::Idle,
            _ => return Handshake::Nak,
        };
        self.out_pid = self.out_pid.toggled();
        wake(&mut self.waker);
        Handshake::Ack
    }
}

/// The controller.
pub struct Chip {
    pub vbus: bool,
    pub pull_up: bool,
    was_reset: bool,
    pub address: u8,
    pub suspended: bool,
    pub wakeup: bool,
    pub events: VecDeque<Event>,
    pub bus_waker: Option<Waker>,
    pub control: Control,
    /// IN endpoints, then OUT endpoints, by number.
    pub endpoints: [Vec<Endpoint>; 2],
}

impl Default for Chip {
    fn default() -> Self {
        let control = Control {
            setup: None,
            stage: Stage::Idle,
            transfer: 0,
            in_pid: Pid::Data1,
            out_pid: Pid::Data1,
            waker: None,
        };
        Self {
            vbus: false,
            pull_up: false,
            was_reset: false,
            address: 0,
            suspended: false,
            wakeup: false,
            events: VecDeque::new(),
            bus_waker: None,
            control,
            endpoints: [vec![Endpoint::default()], vec![Endpoint::default()]],
        }
    }
}

impl Chip {
    pub fn endpoint(&mut self, address: EndpointAddress) -> Option<&mut Endpoint> {
        self.endpoints[usize::from(address.is_out())].get_mut(address.index())
    }

    /// Opens an endpoint, or resets the toggle of an open one (USB 2.0 §9.4.5).
    pub fn set_enabled(&mut self, address: EndpointAddress, enabled: bool) {
        let Some(endpoint) = self.endpoint(address) else { return };
        if enabled {
            endpoint.enabled = true;
            endpoint.restart();
        } else {
            endpoint.close();
        }
    }

    pub fn set_halted(&mut self, address: EndpointAddress, halted: bool) {
        let Some(endpoint) = self.endpoint(address) else { return };
        endpoint.restart();
        endpoint.halted = halted;
    }

    fn tell(&mut self, event: Event) {
        self.events.push_back(event);
        wake(&mut self.bus_waker);
    }

    fn answers(&self, address: u8) -> bool {
        self.attached() && self.was_reset && !self.suspended && self.address == address
    }

    fn open(&mut self, number: u8, direction: usize) -> Option<&mut Endpoint> {
        let endpoint = self.endpoints[direction].get_mut(usize::from(number))?;
        endpoint.enabled.then_some(endpoint)
    }

    fn forget(&mut self) {
        self.address = 0;
        self.suspended = false;
        self.wakeup = false;
        self.control.begin(None);
        self.endpoints.iter_mut().flatten().for_each(Endpoint::close);
    }
}

impl DevicePort for Chip {
    fn set_vbus(&mut self, present: bool) {
        if self.vbus == present {
            return;
        }
        self.vbus = present;
        self.was_reset = false;
        self.forget();
        self.events.clear();
        self.tell(if present { Event::PowerDetected } else { Event::PowerRemoved });
    }

    fn attached(&self) -> bool {
        self.vbus && self.pull_up
    }

    fn bus_reset(&mut self, _: Speed) -> Speed {
        if self.attached() {
            self.was_reset = true;
            self.forget();
            self.tell(Event::Reset);
        }
        Speed::Full
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        if !self.answers(address) || endpoint != 0 {
            return Handshake::NoResponse;
        }
        self.control.begin(Some(data));
        Handshake::Ack
    }

    fn in_token(&mut self, address: u8, number: u8, ack: bool) -> InResponse {
        if !self.answers(address) {
            return InResponse::NoResponse;
        }
        if number == 0 {
            return self.control.in_token(ack);
        }
        let Some(endpoint) = self.open(number, 0) else { return InResponse::NoResponse };
        if endpoint.halted {
            return InResponse::Stall;
        }
        let Some(bytes) = endpoint.packet.clone() else { return InResponse::Nak };
        let pid = endpoint.pid.0;
        if ack {
            endpoint.packet = None;
            endpoint.acknowledged.push(bytes.len());
            endpoint.acknowledge();
        }
        InResponse::Data { pid, bytes }
    }

    fn out_token(&mut self, address: u8, number: u8, pid: Pid, data: &[u8]) -> Handshake {
        if !self.answers(address) {
            return Handshake::NoResponse;
        }
        if number == 0 {
            return self.control.out_token(pid, data);
        }
        let Some(endpoint) = self.open(number, 1) else { return Handshake::NoResponse };
        if endpoint.halted {
            return Handshake::Stall;
        }
        if pid != endpoint.pid.0 {
            // The host did not see our ACK.
            return Handshake::Ack;
        }
        if endpoint.packet.is_some() {
            return Handshake::Nak;
        }
        endpoint.packet = Some(data.into());
        endpoint.acknowledge();
        Handshake::Ack
    }

    fn ping(&mut self, _: u8, _: u8) -> Handshake {
        Handshake::NoResponse
    }

    fn sof(&mut self, _: u16) {}

    fn set_suspended(&mut self, suspended: bool) {
        if self.attached() && self.suspended != suspended {
            self.suspended = suspended;
            self.wakeup = false;
            self.tell(if suspended { Event::Suspend } else { Event::Resume });
        }
    }

    fn wakeup_signalled(&self) -> bool {
        self.wakeup
    }

    fn run(&mut self, _: Nanoseconds) {}
}

pub fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
