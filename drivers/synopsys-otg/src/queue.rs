//! What waits in RAM for the hardware: nothing here touches it.

use usbd_acm::{RxSlot, TxPacket};

/// Packets that one transmit FIFO counts (RM0090 §34.17.6: a counter of 3 bits).
const PACKETS_IN_FIFO: u8 = 8;

/// An IN endpoint: packets that were acknowledged, then those in the transmit FIFO, then those that wait.
#[derive(Debug)]
pub(crate) struct InQueue<const DEPTH: usize> {
    packets: [Option<TxPacket>; DEPTH],
    /// The first of them were acknowledged, which was not told yet.
    acknowledged: u8,
    /// So many after those are in the FIFO.
    armed: u8,
    /// So many there are.
    held: u8,
}

/// What one transfer moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Batch {
    pub(crate) packets: u8,
    pub(crate) bytes: u16,
}

impl<const DEPTH: usize> InQueue<DEPTH> {
    pub(crate) const NEW: Self =
        Self { packets: [const { None }; DEPTH], acknowledged: 0, armed: 0, held: 0 };

    /// Takes a packet in, or gives it back when there is no room.
    pub(crate) fn push(&mut self, packet: TxPacket) -> Result<(), TxPacket> {
        let Some(place) = self.packets.get_mut(usize::from(self.held)) else { return Err(packet) };
        *place = Some(packet);
        self.held += 1;
        Ok(())
    }

    /// What the next transfer may move; `None` while one goes on, and when nothing waits. A packet that
    /// is not full ends a transfer, and a zero-length one is a transfer of its own (RM0090 §34.17.6).
    pub(crate) fn batch(&self, packet_size: u16, fifo_words: u16) -> Option<Batch> {
        if self.armed != 0 {
            return None;
        }
        let mut waiting = self.waiting().iter().map_while(Option::as_ref);
        let mut last = waiting.next()?.len();
        let mut batch = Batch { packets: 1, bytes: last };
        if DEPTH == 2 {
            // What waits then waits for the first.
            return Some(batch);
        }
        for packet in waiting {
            let bytes = batch.bytes.saturating_add(packet.len());
            let fits = bytes.div_ceil(4) <= fifo_words && batch.packets < PACKETS_IN_FIFO;
            if last != packet_size || packet.is_empty() || !fits {
                break;
            }
            last = packet.len();
            batch = Batch { packets: batch.packets + 1, bytes };
        }
        Some(batch)
    }

    /// The packets from the first that was not acknowledged on.
    fn waiting(&self) -> &[Option<TxPacket>] {
        match DEPTH {
            // One packet is armed at a time, and told as soon as it is acknowledged.
            2 => &self.packets,
            _ => self.packets.get(self.acknowledged.into()..).unwrap_or_default(),
        }
    }

    /// A batch goes into the FIFO: its packets.
    pub(crate) fn arm(&mut self, batch: Batch) -> impl Iterator<Item = &TxPacket> {
        self.armed = batch.packets;
        self.waiting().get(..batch.packets.into()).unwrap_or_default().iter().flatten()
    }

    /// The transfer is over, and this many of its packets were not acknowledged: they wait again.
    pub(crate) fn over(&mut self, left: u8) {
        self.acknowledged = self.acknowledged.saturating_add(self.armed.saturating_sub(left));
        self.armed = 0;
    }

    /// Drops the oldest packet, if it was acknowledged. Returns whether it was.
    pub(crate) fn sent(&mut self) -> bool {
        if self.acknowledged == 0 {
            return false;
        }
        self.acknowledged -= 1;
        self.held = self.held.saturating_sub(1);
        shift(&mut self.packets, None);
        true
    }

    /// Whether a packet was acknowledged and not told.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.acknowledged != 0
    }

    /// Drops every packet.
    pub(crate) fn clear(&mut self) {
        (self.acknowledged, self.armed, self.held) = (0, 0, 0);
        self.packets.iter_mut().for_each(|place| *place = None);
    }
}

/// An OUT endpoint: slots that were filled, then slots for the packets to come.
#[derive(Debug)]
pub(crate) struct OutQueue<const DEPTH: usize> {
    slots: [Option<RxSlot>; DEPTH],
    /// Bytes of the packets in the first of them.
    lengths: [u16; DEPTH],
    filled: u8,
    /// So many slots there are, filled or not.
    held: u8,
}

impl<const DEPTH: usize> OutQueue<DEPTH> {
    pub(crate) const NEW: Self =
        Self { slots: [const { None }; DEPTH], lengths: [0; DEPTH], filled: 0, held: 0 };

    /// Takes a slot in, or gives it back when there is no room.
    pub(crate) fn push(&mut self, slot: RxSlot) -> Result<(), RxSlot> {
        let Some(place) = self.slots.get_mut(usize::from(self.held)) else { return Err(slot) };
        *place = Some(slot);
        self.held += 1;
        Ok(())
    }

    /// Slots that are empty.
    pub(crate) fn empty(&self) -> u32 {
        self.held.saturating_sub(self.filled).into()
    }

    /// Has the oldest empty slot filled; `fill` says with how many bytes. `None` when there is none.
    pub(crate) fn fill(&mut self, fill: impl FnOnce(&mut [u8]) -> u16) -> Option<()> {
        let index = usize::from(self.filled);
        let slot = self.slots.get_mut(index)?.as_mut()?;
        *self.lengths.get_mut(index)? = fill(slot);
        self.filled += 1;
        Some(())
    }

    pub(crate) fn is_filled(&self) -> bool {
        self.filled != 0
    }

    /// The oldest packet.
    pub(crate) fn received(&mut self) -> Option<(RxSlot, u16)> {
        if self.filled == 0 {
            return None;
        }
        self.filled -= 1;
        self.held = self.held.saturating_sub(1);
        let length = shift(&mut self.lengths, 0);
        Some((shift(&mut self.slots, None)?, length))
    }

    /// Drops every slot.
    pub(crate) fn clear(&mut self) {
        (self.filled, self.held) = (0, 0);
        self.slots.iter_mut().for_each(|place| *place = None);
    }
}

/// Takes the first out, and moves the others up.
fn shift<T>(places: &mut [T], last: T) -> T {
    places.iter_mut().rev().fold(last, |next, place| core::mem::replace(place, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{packets, slots};

    const WORDS: u16 = 219;

    fn batch<const DEPTH: usize>(queue: &InQueue<DEPTH>) -> Option<(u8, u16)> {
        queue.batch(64, WORDS).map(|batch| (batch.packets, batch.bytes))
    }

    #[test]
    fn a_packet_waits_for_the_one_in_the_fifo() {
        let mut packets = packets();
        let mut queue = InQueue::<2>::NEW;
        assert_eq!(batch(&queue), None);
        assert!(queue.push(packets(64)).is_ok() && queue.push(packets(3)).is_ok());
        assert!(queue.push(packets(1)).is_err());
        let first = queue.batch(64, WORDS).unwrap();
        assert_eq!(first, Batch { packets: 1, bytes: 64 });
        assert_eq!(queue.arm(first).map(|packet| packet.len()).collect::<Vec<_>>(), [64]);
        assert_eq!(batch(&queue), None, "one goes on");
        assert!(!queue.sent());
        queue.over(0);
        assert!(queue.is_acknowledged() && queue.sent() && !queue.sent());
        assert_eq!(batch(&queue), Some((1, 3)));
    }

    #[test]
    fn full_packets_go_together_and_one_that_is_not_ends_it() {
        let mut packets = packets();
        for (lengths, expected) in [
            (vec![64, 64, 64, 64], (4, 256)),
            (vec![64, 10, 64], (2, 74)),
            (vec![10, 64, 64], (1, 10)),
            (vec![0, 64], (1, 0)),
            (vec![64, 64, 0], (2, 128)),
            (vec![64; 16], (8, 512)),
        ] {
            let mut queue = InQueue::<16>::NEW;
            for length in lengths {
                assert!(queue.push(packets(length)).is_ok());
            }
            assert_eq!(batch(&queue), Some(expected));
            assert_eq!(queue.batch(64, 16).unwrap().packets, 1, "only one fits");
            queue.clear();
            assert_eq!(batch(&queue), None);
        }
    }

    #[test]
    fn what_was_not_acknowledged_waits_again() {
        let mut packets = packets();
        let mut queue = InQueue::<4>::NEW;
        for length in [64, 64, 64, 5] {
            assert!(queue.push(packets(length)).is_ok());
        }
        let all = queue.batch(64, WORDS).unwrap();
        assert_eq!(queue.arm(all).count(), 4);
        queue.over(3);
        assert_eq!(batch(&queue), Some((3, 133)));
        assert!(queue.sent() && !queue.sent());
        assert_eq!(batch(&queue), Some((3, 133)));
    }

    #[test]
    fn slots_come_back_in_order_with_what_they_were_filled_with() {
        let mut slots = slots();
        let mut queue = OutQueue::<2>::NEW;
        assert!(queue.received().is_none() && queue.fill(|_| 1).is_none());
        let (first, second) = (slots(), slots());
        let places = [first.as_ptr(), second.as_ptr()];
        assert!(queue.push(first).is_ok() && queue.push(second).is_ok());
        assert!(queue.push(slots()).is_err());
        assert_eq!(queue.empty(), 2);
        assert_eq!(queue.fill(|slot| slot.len().try_into().unwrap()), Some(()));
        assert!(queue.fill(|_| 7).is_some() && queue.fill(|_| 8).is_none());
        assert_eq!(queue.empty(), 0);
        for (place, length) in places.into_iter().zip([64, 7]) {
            let (slot, received) = queue.received().unwrap();
            assert_eq!((slot.as_ptr(), received), (place, length));
        }
        assert!(queue.received().is_none() && !queue.is_filled());
    }
}
