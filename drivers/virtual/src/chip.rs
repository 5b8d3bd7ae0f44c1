//! What controller and wire share: the silicon that is not there.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::array;

use usbd_acm::{
    Direction, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, Speed, TestMode,
    TransferType, TxPacket,
};

use crate::control_endpoint::ControlEndpoint;
use crate::endpoint::OpenEndpoint;
use crate::{Nanoseconds, Violation};

/// The idle time before remote wake-up may be signalled (USB 2.0 §7.1.7.7).
const WAKEUP_IDLE: Nanoseconds = 5_000_000;
/// The idle time after which the bus counts as suspended (USB 2.0 §7.1.7.6).
const SUSPEND_IDLE: Nanoseconds = 3_000_000;

/// The properties of a controller that do not change.
pub(crate) struct Silicon {
    pub(crate) endpoints: EndpointSet,
    pub(crate) top_speed: Speed,
    pub(crate) ep0_packet_size: u8,
    pub(crate) depth: usize,
}

pub(crate) struct Chip {
    pub(crate) silicon: Silicon,
    pub(crate) vbus: bool,
    pub(crate) pull_up: bool,
    /// Speed since the last bus reset; `None` before the first.
    pub(crate) speed: Option<Speed>,
    pub(crate) address: u8,
    /// The test mode, in which the port does nothing else.
    pub(crate) test_mode: Option<TestMode>,
    /// How long the bus has been idle while suspended.
    pub(crate) suspended: Option<Nanoseconds>,
    wakeup: bool,
    /// Number in the last SOF.
    pub(crate) frame: Option<u16>,
    /// SOF raises the interrupt.
    pub(crate) watches_frames: bool,
    /// It did, and was not polled since.
    pub(crate) frame_untold: bool,
    /// Between `suspend` and `resume`.
    gated: bool,
    pub(crate) ep0: ControlEndpoint,
    pub(crate) ins: [Option<OpenEndpoint<TxPacket>>; 16],
    pub(crate) outs: [Option<OpenEndpoint<RxSlot>>; 16],
    pub(crate) events: VecDeque<Event>,
    pub(crate) violations: Vec<Violation>,
}

impl Chip {
    pub(crate) fn new(silicon: Silicon) -> Self {
        Self {
            silicon,
            vbus: false,
            pull_up: false,
            speed: None,
            address: 0,
            test_mode: None,
            suspended: None,
            wakeup: false,
            frame: None,
            watches_frames: false,
            frame_untold: false,
            gated: false,
            ep0: ControlEndpoint::new(),
            ins: array::from_fn(|_| None),
            outs: array::from_fn(|_| None),
            events: VecDeque::new(),
            violations: Vec::new(),
        }
    }

    pub(crate) fn attached(&self) -> bool {
        self.vbus && self.pull_up
    }

    /// Whether a token to `address` is for this device. A device that was not reset since it was
    /// attached answers nothing (USB 2.0 §9.1.1.2), nor does a suspended one.
    pub(crate) fn answers(&self, address: u8) -> bool {
        self.attached()
            && self.speed.is_some()
            && self.suspended.is_none()
            && self.test_mode.is_none()
            && self.address == address
    }

    /// Ends everything that a bus reset ends; what was not told yet of it is never told.
    pub(crate) fn reset(&mut self, speed: Option<Speed>) {
        self.speed = speed;
        self.address = 0;
        self.test_mode = None;
        self.suspended = None;
        self.wakeup = false;
        self.ep0.reset();
        self.close_all();
        self.events.retain(|event| matches!(event, Event::VbusLost));
    }

    pub(crate) fn close_all(&mut self) {
        self.ins = array::from_fn(|_| None);
        self.outs = array::from_fn(|_| None);
        self.events.retain(|event| !matches!(event, Event::Sent(_) | Event::Received(..)));
    }

    /// Whether a reset or the loss of VBUS was not told yet. Until it is, the stack talks to a
    /// device that is gone: its calls are swallowed.
    pub(crate) fn outdated(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Reset(_) | Event::VbusLost))
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.frame_untold = false;
        let event = self.events.pop_front()?;
        self.ep0.told(&event);
        if matches!(event, Event::Reset(_) | Event::VbusLost) {
            self.gated = false;
        }
        Some(event)
    }

    /// What was not told yet belongs to a bus that is gone.
    pub(crate) fn enter_test_mode(&mut self, mode: TestMode) -> Result<(), Violation> {
        if self.speed != Some(Speed::High) || !self.ep0.is_over() {
            return Err(Violation::IllegalTestMode(mode));
        }
        self.test_mode = Some(mode);
        self.events.clear();
        Ok(())
    }

    pub(crate) fn start_of_frame(&mut self, frame: u16) {
        self.frame = Some(frame);
        self.frame_untold |= self.watches_frames;
    }

    /// Records what was wrong.
    pub(crate) fn expect<T>(&mut self, outcome: Result<T, Violation>) -> Option<T> {
        outcome.map_err(|violation| self.violations.push(violation)).ok()
    }

    /// Whether a call may reach the endpoints; records one that comes while the chip is gated.
    pub(crate) fn admits(&mut self, method: &'static str) -> bool {
        if self.outdated() {
            return false;
        }
        if self.gated {
            self.violations.push(Violation::Gated(method));
        }
        true
    }
}

/// Endpoints.
impl Chip {
    pub(crate) fn open(&mut self, endpoint: Endpoint) -> Result<(), Violation> {
        if !self.supports(endpoint) {
            return Err(Violation::IllegalEndpoint(endpoint));
        }
        let number = usize::from(endpoint.address.number());
        self.forget_events(endpoint.address);
        match endpoint.address.direction() {
            Direction::In => set(&mut self.ins, number, OpenEndpoint::new(endpoint)),
            Direction::Out => set(&mut self.outs, number, OpenEndpoint::new(endpoint)),
        }
        Ok(())
    }

    fn supports(&self, endpoint: Endpoint) -> bool {
        let Some(speed) = self.speed else { return false };
        let number = endpoint.address.number();
        let set = self.silicon.endpoints;
        let (offered, twin) = match endpoint.address.direction() {
            Direction::In => (set.in_numbers, self.has_out(number)),
            Direction::Out => (set.out_numbers, self.has_in(number)),
        };
        offered >> number & 1 == 1
            && (set.shared_numbers || !twin)
            && is_packet_size(endpoint.max_packet_size, endpoint.transfer_type, speed)
    }

    fn has_in(&self, number: u8) -> bool {
        matches!(self.ins.get(usize::from(number)), Some(Some(_)))
    }

    fn has_out(&self, number: u8) -> bool {
        matches!(self.outs.get(usize::from(number)), Some(Some(_)))
    }

    pub(crate) fn in_endpoint(
        &mut self,
        address: EndpointAddress,
    ) -> Result<&mut OpenEndpoint<TxPacket>, Violation> {
        if address.direction() == Direction::Out {
            return Err(Violation::WrongDirection(address));
        }
        endpoint(&mut self.ins, address.number()).ok_or(Violation::NotOpen(address))
    }

    pub(crate) fn out_endpoint(
        &mut self,
        address: EndpointAddress,
    ) -> Result<&mut OpenEndpoint<RxSlot>, Violation> {
        if address.direction() == Direction::In {
            return Err(Violation::WrongDirection(address));
        }
        endpoint(&mut self.outs, address.number()).ok_or(Violation::NotOpen(address))
    }

    pub(crate) fn abort(&mut self, address: EndpointAddress) -> Result<(), Violation> {
        match address.direction() {
            Direction::In => {
                self.in_endpoint(address)?.queue.clear();
                // Told later, it would pass for the acknowledgement of a newer packet.
                self.events.retain(|event| !matches!(event, Event::Sent(a) if *a == address));
            }
            Direction::Out => self.out_endpoint(address)?.queue.clear(),
        }
        Ok(())
    }

    pub(crate) fn halt(&mut self, address: EndpointAddress) -> Result<(), Violation> {
        match address.direction() {
            Direction::In => self.in_endpoint(address)?.halted = true,
            Direction::Out => self.out_endpoint(address)?.halted = true,
        }
        Ok(())
    }

    pub(crate) fn unhalt(&mut self, address: EndpointAddress) -> Result<(), Violation> {
        match address.direction() {
            Direction::In => self.in_endpoint(address)?.unhalt(),
            Direction::Out => self.out_endpoint(address)?.unhalt(),
        }
        Ok(())
    }

    fn forget_events(&mut self, address: EndpointAddress) {
        self.events.retain(|event| match event {
            Event::Sent(a) | Event::Received(a, ..) => *a != address,
            _ => true,
        });
    }
}

/// Power.
impl Chip {
    pub(crate) fn set_suspended(&mut self, suspended: bool) {
        if !self.attached() || self.test_mode.is_some() || suspended == self.suspended.is_some() {
            return;
        }
        self.wakeup = false;
        self.suspended = suspended.then_some(SUSPEND_IDLE);
        self.events.push_back(if suspended { Event::Suspend } else { Event::Resume });
    }

    pub(crate) fn gate(&mut self) -> Result<(), Violation> {
        if self.suspended.is_none() && !self.resume_untold() {
            return Err(Violation::NotSuspended("suspend"));
        }
        self.gated = true;
        Ok(())
    }

    pub(crate) fn ungate(&mut self) {
        self.gated = false;
    }

    pub(crate) fn remote_wakeup(&mut self) -> Result<(), Violation> {
        if self.resume_untold() {
            return Ok(());
        }
        if self.suspended.is_none() {
            return Err(Violation::NotSuspended("remote_wakeup"));
        }
        self.wakeup = true;
        Ok(())
    }

    /// Whether the K state was driven. The hub latches it, so it stays until the host resumes.
    pub(crate) fn wakeup_signalled(&self) -> bool {
        self.wakeup && self.suspended.is_some_and(|idle| idle >= WAKEUP_IDLE)
    }

    pub(crate) fn run(&mut self, duration: Nanoseconds) {
        if let Some(idle) = &mut self.suspended {
            *idle = idle.saturating_add(duration);
        }
    }

    fn resume_untold(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Resume))
    }
}

/// USB 2.0 §5.7.3, §5.8.3.
fn is_packet_size(size: u16, transfer_type: TransferType, speed: Speed) -> bool {
    match (transfer_type, speed) {
        (TransferType::Bulk, Speed::Full) => matches!(size, 8 | 16 | 32 | 64),
        (TransferType::Bulk, Speed::High) => size == 512,
        (TransferType::Interrupt, Speed::Full) => (1..=64).contains(&size),
        (TransferType::Interrupt, Speed::High) => (1..=1024).contains(&size),
    }
}

/// The open endpoint of this number.
pub(crate) fn endpoint<T>(
    endpoints: &mut [Option<OpenEndpoint<T>>; 16],
    number: u8,
) -> Option<&mut OpenEndpoint<T>> {
    endpoints.get_mut(usize::from(number))?.as_mut()
}

fn set<T>(endpoints: &mut [Option<OpenEndpoint<T>>; 16], number: usize, endpoint: OpenEndpoint<T>) {
    if let Some(place) = endpoints.get_mut(number) {
        *place = Some(endpoint);
    }
}
