//! Bulk and interrupt endpoints of the virtual controller.

use alloc::collections::VecDeque;

use usbd_acm::{Endpoint, RxSlot, TxPacket};

use crate::{Handshake, InResponse, Pid, Violation};

/// An open IN or OUT endpoint: `T` is what it queues.
pub(crate) struct OpenEndpoint<T> {
    pub(crate) endpoint: Endpoint,
    pub(crate) halted: bool,
    pid: Pid,
    pub(crate) queue: VecDeque<T>,
}

impl<T> OpenEndpoint<T> {
    pub(crate) const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, halted: false, pid: Pid::Data0, queue: VecDeque::new() }
    }

    pub(crate) fn unhalt(&mut self) {
        self.halted = false;
        self.pid = Pid::Data0;
    }

    /// Queues `item`, or gives it back when `depth` are queued.
    pub(crate) fn push(&mut self, item: T, depth: usize) -> Result<(), T> {
        if self.queue.len() >= depth {
            return Err(item);
        }
        self.queue.push_back(item);
        Ok(())
    }
}

impl OpenEndpoint<TxPacket> {
    pub(crate) fn check(&self, packet: &TxPacket) -> Result<(), Violation> {
        if packet.len() > self.endpoint.max_packet_size {
            return Err(Violation::PacketTooLong(self.endpoint.address, packet.len()));
        }
        Ok(())
    }

    /// The oldest packet; `true` when the host has acknowledged it.
    pub(crate) fn in_token(&mut self, ack: bool) -> (InResponse, bool) {
        if self.halted {
            return (InResponse::Stall, false);
        }
        let Some(packet) = self.queue.front() else { return (InResponse::Nak, false) };
        let response = InResponse::Data { pid: self.pid, bytes: packet.to_vec() };
        if ack {
            self.queue.pop_front();
            self.pid = self.pid.toggled();
        }
        (response, ack)
    }
}

impl OpenEndpoint<RxSlot> {
    pub(crate) fn check(&self, slot: &RxSlot) -> Result<(), Violation> {
        if slot.len() < usize::from(self.endpoint.max_packet_size) {
            let length = u16::try_from(slot.len()).unwrap_or(u16::MAX);
            return Err(Violation::SlotTooShort(self.endpoint.address, length));
        }
        Ok(())
    }

    /// Takes a packet in; with [`Handshake::Ack`], the filled slot unless it was a repetition.
    pub(crate) fn out_token(
        &mut self,
        pid: Pid,
        data: &[u8],
    ) -> (Handshake, Option<(RxSlot, u16)>) {
        if data.len() > usize::from(self.endpoint.max_packet_size) {
            // Babble: not a packet of this endpoint.
            return (Handshake::NoResponse, None);
        }
        if self.halted {
            return (Handshake::Stall, None);
        }
        if pid != self.pid {
            // USB 2.0 table 8-4: the host did not see our ACK.
            return (Handshake::Ack, None);
        }
        let Some(mut slot) = self.queue.pop_front() else { return (Handshake::Nak, None) };
        let length = slot.fill(data);
        self.pid = self.pid.toggled();
        (Handshake::Ack, Some((slot, length)))
    }

    pub(crate) fn ping(&self) -> Handshake {
        match (self.halted, self.queue.is_empty()) {
            (true, _) => Handshake::Stall,
            (false, true) => Handshake::Nak,
            (false, false) => Handshake::Ack,
        }
    }
}
