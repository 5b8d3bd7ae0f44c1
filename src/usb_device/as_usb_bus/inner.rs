//! A controller and its endpoints, as `usb-device` sees them.

use usb_device::bus::PollResult;
use usb_device::endpoint::EndpointAddress as BusAddress;
use usb_device::{Result, UsbError};

use super::control::Control;
use super::endpoint::{Allocated, DEPTH, Slots};
use crate::class::fifo::{PacketLender, PacketSlot};
use crate::device::Power;
use crate::{Controller, Direction, Endpoint, EndpointAddress, Event};

/// The controller, and what `UsbDevice` is to be told of it.
pub(super) struct Inner<C, const ENDPOINTS: usize, const SIZE: usize> {
    pub(super) controller: C,
    pub(super) control: Control,
    free: [Option<[PacketLender<SIZE>; DEPTH]>; ENDPOINTS],
    pub(super) allocated: [Option<Allocated<SIZE>>; ENDPOINTS],
    /// What came after bits that had to be told first.
    next: Option<Line>,
    /// VBUS was lost, and no reset came since.
    pub(super) unplugged: bool,
    /// What `UsbDevice` said about it: gated, the controller takes no calls.
    power: Power,
}

/// What the lines of the bus say.
#[derive(Clone, Copy)]
enum Line {
    Suspend,
    Resume,
}

impl From<Line> for PollResult {
    fn from(line: Line) -> Self {
        match line {
            Line::Suspend => Self::Suspend,
            Line::Resume => Self::Resume,
        }
    }
}

impl<C: Controller, const ENDPOINTS: usize, const SIZE: usize> Inner<C, ENDPOINTS, SIZE> {
    pub(super) fn new(controller: C, slots: &'static mut [Slots<SIZE>; ENDPOINTS]) -> Self {
        let free = slots.each_mut().map(|pair| Some(pair.each_mut().map(PacketSlot::lender)));
        Self {
            controller,
            control: Control::NEW,
            free,
            allocated: [const { None }; ENDPOINTS],
            next: None,
            unplugged: false,
            power: Power::On,
        }
    }

    pub(super) fn poll(&mut self) -> PollResult {
        self.control.begin_poll(&mut self.controller);
        if let Some(line) = self.next.take() {
            return line.into();
        }
        // In suspend, a packet that was told and waits is no news: `UsbDevice` would take it for a resume.
        let mut is_news = self.power == Power::On;
        // So that the critical section is bounded.
        for _ in 0..C::EVENTS_PER_POLL {
            let Some(event) = self.controller.poll() else { break };
            match event {
                Event::Reset(_) | Event::VbusLost => {
                    self.unplugged = matches!(event, Event::VbusLost);
                    self.power = Power::On;
                    return PollResult::Reset;
                }
                Event::Suspend => self.next = Some(Line::Suspend),
                Event::Resume => self.next = Some(Line::Resume),
                event => {
                    self.handle(event);
                    is_news = true;
                }
            }
            if self.next.is_some() {
                break;
            }
        }
        match self.bits(is_news) {
            PollResult::None => self.next.take().map_or(PollResult::None, PollResult::from),
            bits => bits,
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Setup(setup) => self.control.setup(setup),
            Event::Ep0Sent => self.control.sent(&mut self.controller),
            Event::Ep0Received => self.control.received(&mut self.controller),
            Event::Ep0Status => self.control.status(),
            Event::Sent(address) => {
                if let Some(endpoint) = find(&mut self.allocated, address) {
                    endpoint.sent();
                }
            }
            Event::Received(address, slot, length) => {
                if let Some(endpoint) = find(&mut self.allocated, address) {
                    endpoint.received(slot, length);
                }
            }
            Event::Reset(_) | Event::VbusLost | Event::Suspend | Event::Resume => {}
        }
    }

    fn bits(&mut self, is_news: bool) -> PollResult {
        if !is_news {
            return PollResult::None;
        }
        let control = self.control.take_bits();
        let (mut ep_out, mut ep_in_complete) = (control.out, control.in_complete);
        for endpoint in self.allocated.iter_mut().flatten() {
            let address = endpoint.endpoint.address;
            let bit = u16::from(endpoint.take_bit()) << address.number();
            match address.direction() {
                Direction::In => ep_in_complete |= bit,
                Direction::Out => ep_out |= bit,
            }
        }
        match ep_out | ep_in_complete | control.setup {
            0 => PollResult::None,
            _ => PollResult::Data { ep_out, ep_in_complete, ep_setup: control.setup },
        }
    }

    pub(super) fn reset(&mut self) {
        self.control.reset();
        self.next = None;
        let unplugged = self.unplugged;
        for endpoint in self.allocated.iter_mut().flatten() {
            if unplugged {
                endpoint.close();
            } else {
                endpoint.open(&mut self.controller);
            }
        }
    }

    pub(super) fn suspend(&mut self) {
        self.controller.suspend();
        self.power = Power::Gated;
    }

    /// After a reset in suspend `UsbDevice` calls this first, and no endpoint is owed anything.
    pub(super) fn resume(&mut self) {
        self.controller.resume();
        self.power = Power::On;
        for endpoint in self.allocated.iter_mut().flatten() {
            endpoint.resume(&mut self.controller);
        }
    }

    pub(super) fn remote_wakeup(&mut self) {
        self.controller.resume();
        self.controller.remote_wakeup();
        if self.power == Power::Gated {
            self.power = Power::Waking;
        }
    }

    pub(super) fn write(&mut self, address: BusAddress, packet: &[u8]) -> Result<usize> {
        let endpoint = named(&mut self.allocated, address).ok_or(UsbError::InvalidEndpoint)?;
        match self.power {
            Power::Gated => Err(UsbError::WouldBlock),
            Power::On | Power::Waking => endpoint.write(&mut self.controller, packet),
        }
    }

    pub(super) fn read(&mut self, address: BusAddress, buffer: &mut [u8]) -> Result<usize> {
        let endpoint = named(&mut self.allocated, address).ok_or(UsbError::InvalidEndpoint)?;
        let controller = Some(&mut self.controller).filter(|_| self.power == Power::On);
        endpoint.read(controller, buffer)
    }

    /// Whether the endpoint is there, and the controller takes calls.
    pub(super) fn abort(&mut self, address: EndpointAddress) -> bool {
        let Some(endpoint) = find(&mut self.allocated, address) else { return false };
        if self.power == Power::Gated {
            return false;
        }
        endpoint.aborted();
        self.controller.abort(address);
        true
    }

    pub(super) fn allocate(&mut self, endpoint: Endpoint) -> Result<()> {
        let place = self.allocated.iter_mut().find(|place| place.is_none());
        let lenders = self.free.iter_mut().find_map(Option::take);
        let (Some(place), Some(lenders)) = (place, lenders) else {
            return Err(UsbError::EndpointMemoryOverflow);
        };
        *place = Some(Allocated::new(endpoint, lenders));
        Ok(())
    }

    /// Whether the controller has this endpoint and it is free.
    pub(super) fn is_free(&self, address: EndpointAddress) -> bool {
        let (set, number) = (C::ENDPOINTS, address.number());
        let offered = match address.direction() {
            Direction::In => set.in_numbers,
            Direction::Out => set.out_numbers,
        };
        let taken = |other: &Allocated<SIZE>| {
            let other = other.endpoint.address;
            other == address || (!set.shared_numbers && other.number() == number)
        };
        offered >> number & 1 == 1 && !self.allocated.iter().flatten().any(taken)
    }

    pub(super) fn set_stalled(&mut self, address: BusAddress, stalled: bool) {
        if address.index() == 0 {
            if stalled {
                self.control.stall(&mut self.controller);
            }
            return;
        }
        let Some(endpoint) = named(&mut self.allocated, address) else { return };
        endpoint.halted = stalled;
        let address = endpoint.endpoint.address;
        match stalled {
            true => self.controller.halt(address),
            false => self.controller.unhalt(address),
        }
    }
}

pub(super) fn find<const SIZE: usize>(
    allocated: &mut [Option<Allocated<SIZE>>],
    address: EndpointAddress,
) -> Option<&mut Allocated<SIZE>> {
    allocated.iter_mut().flatten().find(|endpoint| endpoint.endpoint.address == address)
}

/// The endpoint with an address as `usb-device` has them: any byte.
pub(super) fn named<const SIZE: usize>(
    allocated: &mut [Option<Allocated<SIZE>>],
    address: BusAddress,
) -> Option<&mut Allocated<SIZE>> {
    find(allocated, EndpointAddress::from_byte(address.into())?)
}
