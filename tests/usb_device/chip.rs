//! A controller that does nothing but note how it is called, and tells what the test says.

use std::collections::VecDeque;

use usbd_acm::{Controller, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, TxPacket};

use crate::recording::Recording;

/// Packets, and slots, of each endpoint that it holds.
const DEPTH: usize = 2;

/// A call of the controller; endpoints are bEndpointAddress.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    Connect,
    Ep0Send(Vec<u8>),
    Ep0Receive,
    StatusIn(Option<u8>),
    StatusOut,
    Stall,
    Open(u8),
    Send(u8, Vec<u8>),
    Slot(u8),
    Abort(u8),
    Halt(u8),
    Unhalt(u8),
    Suspend,
    Resume,
    RemoteWakeup,
}

#[derive(Default)]
struct Script {
    events: VecDeque<Event>,
    ep0: VecDeque<Vec<u8>>,
    packets: Vec<(EndpointAddress, TxPacket)>,
    slots: Vec<(EndpointAddress, RxSlot)>,
}

/// The controller, or the end of it that is in the hand of the test. Of some, an endpoint number is
/// either of IN or of OUT.
#[derive(Clone, Default)]
pub struct Chip<const SHARED_NUMBERS: bool = true> {
    recording: Recording<Call, Script>,
}

impl<const SHARED_NUMBERS: bool> Chip<SHARED_NUMBERS> {
    fn note(&self, call: Call) {
        self.recording.note(call);
    }

    /// The calls since this was last asked, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.recording.calls()
    }

    /// What a poll will say, after everything before. A reset, or loss of VBUS, drops all it holds.
    pub fn tell(&self, event: Event) {
        let mut script = self.recording.script();
        if matches!(event, Event::Reset(_) | Event::VbusLost) {
            script.packets.clear();
            script.slots.clear();
        }
        script.events.push_back(event);
    }

    /// Data for EP0, as a poll will say, too.
    pub fn ep0_data(&self, packet: &[u8]) {
        self.recording.script().ep0.push_back(packet.to_vec());
        self.tell(Event::Ep0Received);
    }

    /// The host takes the oldest packet of an IN endpoint, as a poll will say.
    pub fn complete(&self, byte: u8) {
        let mut script = self.recording.script();
        let is_of = |(of, _): &(EndpointAddress, _)| of.to_byte() == byte;
        let oldest = script.packets.iter().position(is_of).expect("there is one");
        let (address, _) = script.packets.remove(oldest);
        script.events.push_back(Event::Sent(address));
    }

    /// A packet in the oldest slot of an OUT endpoint, as a poll will say.
    pub fn arrive(&self, byte: u8, packet: &[u8]) {
        let mut script = self.recording.script();
        let is_of = |(of, _): &(EndpointAddress, _)| of.to_byte() == byte;
        let oldest = script.slots.iter().position(is_of).expect("there is one");
        let (address, mut slot) = script.slots.remove(oldest);
        let length = slot.fill(packet);
        script.events.push_back(Event::Received(address, slot, length));
    }
}

impl<const SHARED_NUMBERS: bool> Controller for Chip<SHARED_NUMBERS> {
    const ENDPOINTS: EndpointSet =
        EndpointSet { shared_numbers: SHARED_NUMBERS, ..EndpointSet::first(3) };

    fn connect(&mut self) {
        self.note(Call::Connect);
    }

    fn disconnect(&mut self) {}

    fn poll(&mut self) -> Option<Event> {
        self.recording.script().events.pop_front()
    }

    fn ep0_send(&mut self, packet: &[u8]) {
        self.note(Call::Ep0Send(packet.to_vec()));
    }

    fn ep0_receive(&mut self) {
        self.note(Call::Ep0Receive);
    }

    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize {
        let packet = self.recording.script().ep0.pop_front().unwrap_or_default();
        buffer.iter_mut().zip(&packet).for_each(|(to, from)| *to = *from);
        packet.len()
    }

    fn ep0_status_in(&mut self, address: Option<u8>) {
        self.note(Call::StatusIn(address));
    }

    fn ep0_status_out(&mut self) {
        self.note(Call::StatusOut);
    }

    fn ep0_stall(&mut self) {
        self.note(Call::Stall);
    }

    fn open(&mut self, endpoint: Endpoint) {
        self.note(Call::Open(endpoint.address.to_byte()));
    }

    fn close_all(&mut self) {}

    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket> {
        let mut script = self.recording.script();
        if script.packets.iter().filter(|(of, _)| *of == address).count() == DEPTH {
            return Err(packet);
        }
        self.note(Call::Send(address.to_byte(), packet.to_vec()));
        script.packets.push((address, packet));
        Ok(())
    }

    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        let mut script = self.recording.script();
        self.note(Call::Slot(address.to_byte()));
        script.slots.push((address, slot));
        Ok(())
    }

    fn abort(&mut self, address: EndpointAddress) {
        self.note(Call::Abort(address.to_byte()));
        self.recording.script().packets.retain(|(of, _)| *of != address);
    }

    fn halt(&mut self, address: EndpointAddress) {
        self.note(Call::Halt(address.to_byte()));
    }

    fn unhalt(&mut self, address: EndpointAddress) {
        self.note(Call::Unhalt(address.to_byte()));
    }

    fn suspend(&mut self) {
        self.note(Call::Suspend);
    }

    fn resume(&mut self) {
        self.note(Call::Resume);
    }

    fn remote_wakeup(&mut self) {
        self.note(Call::RemoteWakeup);
    }
}
