//! Packets from the host.

use usbd_acm::RxSlot;

/// An OUT endpoint: slots that were filled, then slots for the packets to come, in a ring.
#[derive(Debug)]
pub(crate) struct OutQueue<const DEPTH: usize> {
    slots: [Option<RxSlot>; DEPTH],
    /// Bytes of the packets in the slots that were filled.
    lengths: [u16; DEPTH],
    /// Where the next packet goes, which is where the oldest empty slot is.
    next: u8,
    /// So many slots before that were filled.
    filled: u8,
    /// So many from there on are empty.
    empty: u8,
}

impl<const DEPTH: usize> OutQueue<DEPTH> {
    pub(crate) const NEW: Self =
        Self { slots: [const { None }; DEPTH], lengths: [0; DEPTH], next: 0, filled: 0, empty: 0 };

    /// The place so many after the next, and no more of them than there are places.
    const fn place(&self, after: usize) -> usize {
        (self.next as usize + after) % DEPTH
    }

    /// Takes a slot in, or gives it back when there is no room.
    #[inline(always)]
    pub(crate) fn push(&mut self, slot: RxSlot) -> Result<(), RxSlot> {
        let index = self.place(self.empty.into());
        match self.slots.get_mut(index) {
            Some(place @ None) => *place = Some(slot),
            _ => return Err(slot),
        }
        self.empty += 1;
        Ok(())
    }

    /// Slots that are empty.
    #[inline(always)]
    pub(crate) fn empty(&self) -> u32 {
        self.empty.into()
    }

    /// Has the oldest empty slot filled; `fill` says with how many bytes. `None` when there is none.
    #[inline(always)]
    pub(crate) fn fill(&mut self, fill: impl FnOnce(&mut [u8]) -> u16) -> Option<()> {
        let left = self.empty.checked_sub(1)?;
        let index = self.place(0);
        let slot = self.slots.get_mut(index)?.as_mut()?;
        *self.lengths.get_mut(index)? = fill(slot);
        [self.next, ..] = self.place(1).to_le_bytes();
        (self.filled, self.empty) = (self.filled.wrapping_add(1), left);
        Some(())
    }

    #[inline(always)]
    pub(crate) fn is_filled(&self) -> bool {
        self.filled != 0
    }

    /// The oldest packet.
    #[inline(always)]
    pub(crate) fn received(&mut self) -> Option<(RxSlot, u16)> {
        let left = self.filled.checked_sub(1)?;
        let index = self.place(DEPTH.wrapping_sub(self.filled.into()));
        let slot = self.slots.get_mut(index)?.take()?;
        self.filled = left;
        Some((slot, *self.lengths.get(index)?))
    }

    /// Drops every slot.
    pub(crate) fn clear(&mut self) {
        (self.filled, self.empty) = (0, 0);
        self.slots.iter_mut().for_each(|place| *place = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::slots;

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

    /// The places are a ring: whatever is at which of them, the order is that of the slots.
    #[test]
    fn slots_go_round() {
        let mut queue = OutQueue::<3>::NEW;
        let mut places = std::collections::VecDeque::new();
        for (turn, length) in [1, 2, 3, 1, 3, 2].into_iter().cycle().zip(0..40) {
            while queue.empty() < turn {
                let slot = slots()();
                places.push_back(slot.as_ptr());
                assert!(queue.push(slot).is_ok());
            }
            assert!(queue.fill(|_| length).is_some());
            let (slot, received) = queue.received().unwrap();
            assert_eq!((Some(slot.as_ptr()), received), (places.pop_front(), length));
        }
    }
}
