//! Packets to the host.

use usbd_acm::TxPacket;

/// Packets that one transmit FIFO counts (RM0090 §34.17.6: a counter of 3 bits).
const PACKETS_IN_FIFO: u8 = 8;

/// The IN endpoints of one port: places for packets of data, and the last one for a notification.
#[derive(Debug)]
pub(crate) struct InQueues<const DEPTH: usize> {
    packets: [Option<TxPacket>; DEPTH],
    /// Of data, and of notifications.
    progress: [Progress; 2],
}

/// Which IN endpoint of a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub(crate) enum Kind {
    Data,
    Notification,
}

impl<const DEPTH: usize> InQueues<DEPTH> {
    pub(crate) const NEW: Self =
        Self { packets: [const { None }; DEPTH], progress: [const { Progress::NEW }; 2] };

    #[inline(always)]
    pub(crate) fn queue(&mut self, kind: Kind) -> Option<InQueue<'_, DEPTH>> {
        let index = kind as usize;
        let packets = match (DEPTH, kind) {
            // The same for both.
            (2, _) => self.packets.get_mut(index).map(core::slice::from_mut),
            (_, Kind::Data) => self.packets.get_mut(..DEPTH.saturating_sub(1)),
            (_, Kind::Notification) => self.packets.get_mut(DEPTH.saturating_sub(1)..),
        };
        Some(InQueue { packets: packets?, progress: self.progress.get_mut(index)? })
    }

    /// Whether a packet was acknowledged and not told.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.progress.iter().any(|progress| progress.acknowledged != 0)
    }
}

/// How far the packets of an IN endpoint are.
#[derive(Debug)]
struct Progress {
    /// The first of them were acknowledged, which was not told yet.
    acknowledged: u8,
    /// So many after those are in the FIFO.
    armed: u8,
}

impl Progress {
    const NEW: Self = Self { acknowledged: 0, armed: 0 };
}

/// An IN endpoint: packets that were acknowledged, then those in the transmit FIFO, then those that wait.
pub(crate) struct InQueue<'a, const DEPTH: usize> {
    packets: &'a mut [Option<TxPacket>],
    progress: &'a mut Progress,
}

/// What one transfer moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Batch {
    pub(crate) packets: u8,
    pub(crate) bytes: u16,
}

impl<'a, const DEPTH: usize> InQueue<'a, DEPTH> {
    /// There is one packet at a time, told as soon as it is acknowledged.
    const IS_SINGLE: bool = DEPTH == 2;

    /// Takes a packet in, or gives it back when there is no room.
    #[inline(always)]
    pub(crate) fn push(&mut self, packet: TxPacket) -> Result<(), TxPacket> {
        let place = match Self::IS_SINGLE {
            true => self.packets.first_mut(),
            false => self.packets.iter_mut().find(|place| place.is_none()),
        };
        match place {
            Some(place @ None) => *place = Some(packet),
            _ => return Err(packet),
        }
        Ok(())
    }

    /// What the next transfer may move; `None` while one goes on, and when nothing waits. A packet that
    /// is not full ends a transfer, and a zero-length one is a transfer of its own (RM0090 §34.17.6).
    #[inline(always)]
    pub(crate) fn batch(&self, packet_size: u16, fifo_words: u16) -> Option<Batch> {
        if Self::IS_SINGLE {
            let bytes = self.packets.first()?.as_ref()?.len();
            return Some(Batch { packets: 1, bytes });
        }
        if self.progress.armed != 0 {
            return None;
        }
        let mut waiting = self.waiting().iter().map_while(Option::as_ref);
        let mut last = waiting.next()?.len();
        let mut batch = Batch { packets: 1, bytes: last };
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
        self.packets.get(self.progress.acknowledged.into()..).unwrap_or_default()
    }

    /// The endpoint is enabled for a batch, which then is written to the FIFO, packet by packet.
    #[inline(always)]
    pub(crate) fn arm(
        &mut self,
        batch: Batch,
        enable: impl FnOnce(),
        mut write: impl FnMut(&[u8]),
    ) {
        if !Self::IS_SINGLE {
            self.progress.armed = batch.packets;
            enable();
            let packets = self.waiting().iter().take(batch.packets.into());
            return packets.flatten().for_each(|packet| write(packet));
        }
        if let Some(Some(packet)) = self.packets.first() {
            let bytes: &[u8] = packet;
            enable();
            write(bytes);
        }
    }

    /// Whether a transfer of more than one packet goes on.
    pub(crate) fn is_long(&self) -> bool {
        self.progress.armed > 1
    }

    /// So many packets of the transfer that goes on are in the FIFO still. The last that left it may be on
    /// its way.
    pub(crate) fn left_in_fifo(&mut self, left: u8) {
        let armed = left.saturating_add(1).min(self.progress.armed);
        self.broken_off(armed);
        self.progress.armed = armed;
    }

    /// The transfer was broken off, and this many of its packets were not acknowledged: they wait again.
    pub(crate) fn broken_off(&mut self, left: u8) {
        let armed = core::mem::take(&mut self.progress.armed);
        let acknowledged = armed.saturating_sub(left);
        self.progress.acknowledged = self.progress.acknowledged.saturating_add(acknowledged);
    }

    /// The transfer is over: drops its oldest packet. Returns whether there was one.
    #[inline(always)]
    pub(crate) fn over(&mut self) -> bool {
        if Self::IS_SINGLE {
            let packet = self.packets.first_mut().and_then(Option::take);
            return packet.is_some();
        }
        self.broken_off(0);
        self.sent()
    }

    /// Drops the oldest packet, if it was acknowledged. Returns whether it was.
    pub(crate) fn sent(&mut self) -> bool {
        if self.progress.acknowledged == 0 {
            return false;
        }
        self.progress.acknowledged -= 1;
        shift(self.packets, None).is_some()
    }

    /// Drops every packet.
    pub(crate) fn clear(&mut self) {
        if Self::IS_SINGLE {
            _ = self.over();
            return;
        }
        *self.progress = Progress::NEW;
        self.packets.iter_mut().for_each(|place| *place = None);
    }
}

/// Takes the first out, and moves the others up.
fn shift<T>(places: &mut [T], last: T) -> T {
    places.iter_mut().rev().fold(last, |next, place| core::mem::replace(place, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::packets;

    const WORDS: u16 = 219;

    fn batch<const DEPTH: usize>(queue: &InQueue<'_, DEPTH>) -> Option<(u8, u16)> {
        queue.batch(64, WORDS).map(|batch| (batch.packets, batch.bytes))
    }

    /// What goes into the FIFO: the bytes of each packet.
    fn arm<const DEPTH: usize>(queue: &mut InQueue<'_, DEPTH>) -> Vec<usize> {
        let mut lengths = Vec::new();
        let batch = queue.batch(64, WORDS).unwrap();
        queue.arm(batch, || (), |packet| lengths.push(packet.len()));
        lengths
    }

    #[test]
    fn one_packet_at_a_time_where_there_are_two_places() {
        let mut packets = packets();
        let mut queues = InQueues::<2>::NEW;
        let mut queue = queues.queue(Kind::Data).unwrap();
        assert_eq!(batch(&queue), None);
        assert!(queue.push(packets(64)).is_ok() && queue.push(packets(3)).is_err());
        assert_eq!(batch(&queue), Some((1, 64)));
        assert_eq!(arm(&mut queue), [64]);
        assert_eq!(batch(&queue), Some((1, 64)), "it is there until it is acknowledged");
        assert!(queue.over() && !queue.over());
        assert_eq!(batch(&queue), None);
        assert!(queue.push(packets(3)).is_ok());
        assert_eq!(batch(&queue), Some((1, 3)));
    }

    #[test]
    fn a_notification_has_a_place_of_its_own() {
        let mut packets = packets();
        let mut queues = InQueues::<3>::NEW;
        for (length, room) in [(64, true), (63, true), (62, false)] {
            assert_eq!(queues.queue(Kind::Data).unwrap().push(packets(length)).is_ok(), room);
        }
        assert!(queues.queue(Kind::Notification).unwrap().push(packets(10)).is_ok());
        assert!(queues.queue(Kind::Notification).unwrap().push(packets(10)).is_err());
        assert_eq!(batch(&queues.queue(Kind::Data).unwrap()), Some((2, 127)));
        assert_eq!(batch(&queues.queue(Kind::Notification).unwrap()), Some((1, 10)));
        queues.queue(Kind::Data).unwrap().clear();
        assert_eq!(batch(&queues.queue(Kind::Data).unwrap()), None);
        assert_eq!(batch(&queues.queue(Kind::Notification).unwrap()), Some((1, 10)));
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
            (vec![64; 15], (8, 512)),
        ] {
            let mut queues = InQueues::<16>::NEW;
            let mut queue = queues.queue(Kind::Data).unwrap();
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
        let mut queues = InQueues::<5>::NEW;
        let mut queue = queues.queue(Kind::Data).unwrap();
        for length in [64, 64, 64, 5] {
            assert!(queue.push(packets(length)).is_ok());
        }
        assert_eq!(arm(&mut queue), [64, 64, 64, 5]);
        queue.broken_off(3);
        assert_eq!(batch(&queue), Some((3, 133)));
        assert!(queue.sent() && !queue.sent());
        assert_eq!(batch(&queue), Some((3, 133)));
        assert_eq!(arm(&mut queue), [64, 64, 5]);
        assert!(queue.over() && queue.sent() && queue.sent() && !queue.sent());
        assert_eq!(batch(&queue), None);
    }
}
