//! What waits in RAM for the hardware: nothing here touches it.

use usbd_acm::{RxSlot, TxPacket};

/// An IN endpoint: a packet in its buffer, and the one that follows.
#[derive(Debug)]
pub(crate) struct InQueue {
    /// In the endpoint's buffer, or on the way there.
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

    /// Whether the endpoint's buffer is free, and there is a packet for it.
    pub(crate) fn is_startable(&self) -> bool {
        self.armed.is_none() && self.next.is_some()
    }

    /// The packet that goes to the endpoint's buffer now.
    pub(crate) fn start(&mut self) -> Option<&TxPacket> {
        if self.armed.is_none() {
            self.armed = self.next.take();
        }
        self.armed.as_ref()
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
        let place = match self.first {
            None => &mut self.first,
            Some(_) => &mut self.second,
        };
        if place.is_some() {
            return Err(slot);
        }
        *place = Some(slot);
        Ok(())
    }

    pub(crate) fn is_startable(&self) -> bool {
        self.first.is_some()
    }

    /// The slot that the next packet goes to.
    pub(crate) fn start(&mut self) -> Option<&mut RxSlot> {
        self.first.as_mut()
    }

    /// The slot is filled.
    pub(crate) fn received(&mut self) -> Option<RxSlot> {
        core::mem::replace(&mut self.first, self.second.take())
    }

    /// Drops every slot.
    pub(crate) fn clear(&mut self) {
        self.second = None;
        self.first = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::slots;

    #[test]
    fn a_packet_follows_the_one_in_the_buffer() {
        let mut queue = InQueue::NEW;
        assert!(!queue.is_startable() && !queue.sent());
        assert!(queue.push(TxPacket::ZERO_LENGTH).is_ok());
        assert!(queue.is_startable());
        assert!(queue.start().is_some());
        assert!(!queue.is_startable());
        assert!(queue.push(TxPacket::ZERO_LENGTH).is_ok());
        assert!(queue.push(TxPacket::ZERO_LENGTH).is_err());
        assert!(!queue.is_startable(), "the buffer is not free");
        assert!(queue.sent());
        assert!(queue.is_startable());
        assert!(queue.start().is_some() && queue.sent() && !queue.is_startable());
    }

    #[test]
    fn slots_come_back_in_order() {
        let mut slots = slots();
        let mut queue = OutQueue::NEW;
        assert!(queue.received().is_none());
        let (first, second) = (slots(), slots());
        let places = [first.as_ptr(), second.as_ptr()];
        assert!(queue.push(first).is_ok() && queue.push(second).is_ok());
        assert!(queue.push(slots()).is_err());
        assert_eq!(queue.start().map(|slot| slot.as_ptr()), Some(places[0]));
        for place in places {
            assert!(queue.is_startable());
            assert_eq!(queue.received().map(|slot| slot.as_ptr()), Some(place));
        }
        assert!(!queue.is_startable());
    }
}
