//! What waits in RAM for the hardware: nothing here touches it.

use usbd_acm::{RxSlot, TxPacket};

/// An IN endpoint: a packet in its buffer, and the one that follows.
#[derive(Debug)]
pub(crate) struct InQueue {
    /// In the endpoint's buffer, to be fetched by the host.
    armed: Option<TxPacket>,
    next: Option<TxPacket>,
}

impl InQueue {
    pub(crate) const NEW: Self = Self { armed: None, next: None };

    /// Takes a packet in, or gives it back when there is no room.
    pub(crate) fn push(&mut self, packet: TxPacket) -> Result<(), TxPacket> {
        if self.next.is_some() {
            return Err(packet);
        }
        self.next = Some(packet);
        Ok(())
    }

    /// The packet for the endpoint's buffer, when that is free.
    pub(crate) fn start(&mut self) -> Option<TxPacket> {
        if self.armed.is_some() { None } else { self.next.take() }
    }

    /// The packet is in the endpoint's buffer.
    pub(crate) fn started(&mut self, packet: TxPacket) {
        self.armed = Some(packet);
    }

    /// The host has the packet. `false` when there was none.
    pub(crate) fn sent(&mut self) -> bool {
        self.armed.take().is_some()
    }

    /// Drops every packet. Returns whether one was in the endpoint's buffer.
    pub(crate) fn clear(&mut self) -> bool {
        self.next = None;
        self.sent()
    }
}

/// An OUT endpoint: slots for the packets to come.
#[derive(Debug)]
pub(crate) struct OutQueue {
    first: Option<RxSlot>,
    second: Option<RxSlot>,
}

impl OutQueue {
    pub(crate) const NEW: Self = Self { first: None, second: None };

    /// Takes a slot in, or gives it back when there is no room.
    pub(crate) fn push(&mut self, slot: RxSlot) -> Result<(), RxSlot> {
        if self.first.is_none() {
            self.first = Some(slot);
        } else if self.second.is_none() {
            self.second = Some(slot);
        } else {
            return Err(slot);
        }
        Ok(())
    }

    /// The slot for the next packet.
    pub(crate) fn start(&mut self) -> Option<RxSlot> {
        let slot = self.first.take()?;
        self.first = self.second.take();
        Some(slot)
    }

    /// Drops every slot.
    pub(crate) fn clear(&mut self) {
        self.first = None;
        self.second = None;
    }
}
