//! Bytes that never reach the host: dropped to make room, discarded with their session, or skipped.
//!
//! The application asks, the bus half answers; each has a word of its own, in which a bit is flipped
//! to ask, and to answer. Nothing here runs unless a board wants it.

use super::{InFifo, PacketSender, PacketWriter, offset};
use crate::fifo::{TxPacket, low, next_slot, number_of, wrapped};
use crate::sync::{AtomicU8, AtomicU16, Ordering, OwnLoad};

/// The bit that asks for room.
const ROOM: u8 = 1;
/// The bit that asks to tell the host of a loss.
const OVERRUN: u8 = 2;
/// Requests for room that are refused after the host took a zero-length packet, until it takes data.
const SPARED: u8 = 8;

pub(crate) struct Losses {
    /// Application.
    asked: AtomicU8,
    /// Bus half: `asked`, as far as it is done.
    done: AtomicU8,
    /// Of the bus half alone: requests for room that are still to be refused.
    spared: AtomicU8,
    /// Of the bus half alone: the slots before this number were sent, and no driver holds them.
    head: AtomicU8,
    /// Of the bus half alone: up to this position, the fate of the bytes is settled.
    settled: AtomicU16,
    /// Bus half: bytes that were taken from the application and never acknowledged, wrapping.
    lost: AtomicU16,
}

impl Losses {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            asked: AtomicU8::new(0),
            done: AtomicU8::new(0),
            spared: AtomicU8::new(0),
            head: AtomicU8::new(0),
            settled: AtomicU16::new(0),
            lost: AtomicU16::new(0),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self {
            asked: AtomicU8::new(0),
            done: AtomicU8::new(0),
            spared: AtomicU8::new(0),
            head: AtomicU8::new(0),
            settled: AtomicU16::new(0),
            lost: AtomicU16::new(0),
        }
    }

    /// Bus half. Acquire: what the application wrote before it asked is there.
    fn is_asked(&self, what: u8) -> bool {
        (self.asked.load(Ordering::Acquire) ^ self.done.load_own()) & what != 0
    }

    /// Bus half.
    fn answer(&self, what: u8) {
        self.done.store(self.done.load_own() ^ what, Ordering::Release);
    }

    /// Application. What is asked for and not done yet merges. A stale `done` shows a request that
    /// the bus half is serving right now.
    fn ask(&self, what: u8) {
        let asked = self.asked.load_own();
        if (asked ^ self.done.load(Ordering::Acquire)) & what == 0 {
            self.asked.store(asked ^ what, Ordering::Release);
        }
    }
}

/// The application's part.
impl<const SLOTS: usize, const SIZE: usize> PacketWriter<'_, SLOTS, SIZE> {
    /// Asks the bus half to drop the oldest bytes, if it still finds the FIFO full. It must be woken
    /// for that.
    pub fn ask_for_room(&mut self) {
        self.fifo.losses.ask(ROOM);
    }

    /// Asks the bus half to report an overrun to the host. It must be woken for that.
    pub fn ask_for_overrun(&mut self) {
        self.fifo.losses.ask(OVERRUN);
    }

    /// Bytes that were taken and lost since power-on, wrapping; only where the bus half counts them.
    pub fn lost(&self) -> u16 {
        self.fifo.losses.lost.load(Ordering::Relaxed)
    }
}

/// The bus half's part.
impl<const SLOTS: usize, const SIZE: usize> PacketSender<'_, SLOTS, SIZE> {
    /// Whether the application asked for room.
    pub fn is_asked_for_room(&self) -> bool {
        self.fifo.losses.is_asked(ROOM)
    }

    /// Whether the application asked to report an overrun.
    pub fn is_asked_for_overrun(&self) -> bool {
        self.fifo.losses.is_asked(OVERRUN)
    }

    /// The overrun will be reported.
    pub fn overrun_taken(&mut self) {
        self.fifo.losses.answer(OVERRUN);
    }

    /// Whether the oldest bytes of a full FIFO are with the driver, and must be taken back from it
    /// before they can be dropped.
    pub fn must_abort(&self) -> bool {
        self.fifo.is_full()
            && self.fifo.own_state().is_in_flight()
            && self.fifo.is_outstanding()
            && !self.fifo.is_spared()
    }

    /// Answers the request for room: drops the oldest bytes of a full FIFO, which are those that
    /// were handed to the driver, and a packet at least. The driver has dropped its packets before,
    /// if it [must](Self::must_abort).
    ///
    /// A zero-length packet follows every abort. That a slow host does not get those alone, what
    /// was handed over after one that it took is spared until it has taken some of that, or seems
    /// to have gone away again.
    pub fn drop_oldest(&mut self, session: u16) {
        let spared = self.fifo.losses.spared.load_own();
        if self.fifo.is_outstanding() && self.fifo.is_spared() {
            self.fifo.losses.spared.store(spared - 1, Ordering::Relaxed);
        } else if self.fifo.is_full() {
            self.fifo.begin_and_count(session);
            let mut state = self.fifo.own_state();
            if self.fifo.is_outstanding() {
                // The zero-length packet that follows the abort ends the transfer, too.
                state = state.emptied();
            }
            let sent = state.sent();
            // The oldest slot goes as a whole, where it was not.
            if number_of::<SIZE>(sent) == self.fifo.losses.head.load_own() && self.fifo.is_full() {
                state = state.skipped_to(next_slot::<SIZE>(sent));
            }
            // No slot is in flight: what has bytes is outstanding, until the acknowledgement gives it back.
            self.fifo.set_state(state);
            self.fifo.find_head();
            self.fifo.lose_outstanding();
        }
        self.fifo.losses.answer(ROOM);
    }

    /// As [`discard`](Self::discard), and counts what is lost by that.
    pub fn discard_and_count(&mut self) {
        self.discard();
        self.fifo.find_head();
        self.fifo.lose_outstanding();
    }

    /// As [`pump_after`](Self::pump_after), and counts what is skipped because its session is over.
    pub fn pump_and_count(
        &mut self,
        depth: usize,
        session: u16,
        send: impl FnMut(TxPacket) -> Result<(), TxPacket>,
    ) {
        self.fifo.begin_and_count(session);
        self.pump_after(false, depth, session, send);
    }

    /// The host acknowledged a packet, which [`sent`](Self::sent) was told of.
    pub fn count_sent(&mut self) {
        self.fifo.find_head();
        let state = self.fifo.own_state();
        let (sent, before) = (state.sent(), self.fifo.losses.settled.load_own());
        // Where packets are left in flight, they are all that their slots have: a packet that is not
        // the last of its slot goes alone. The start of the oldest may have been lost with a session.
        let settled = match state.is_in_flight() {
            false => sent,
            true => {
                let slots = self.fifo.unfreed_before(sent);
                let held = u16::from(slots)
                    .wrapping_mul(low(SIZE))
                    .wrapping_add(low(offset::<SIZE>(sent)));
                sent.wrapping_sub(held.min(sent.wrapping_sub(before)))
            }
        };
        let was_empty = settled == before;
        let spared = if was_empty { SPARED } else { 0 };
        self.fifo.losses.spared.store(spared, Ordering::Relaxed);
        self.fifo.losses.settled.store(settled, Ordering::Relaxed);
    }
}

/// What the bus half alone does.
impl<const SLOTS: usize, const SIZE: usize> InFifo<SLOTS, SIZE> {
    fn is_full(&self) -> bool {
        usize::from(self.unfreed_before(self.written.load(Ordering::Acquire))) >= SLOTS
    }

    /// Slots from `head` up to that of a position.
    fn unfreed_before(&self, position: u16) -> u8 {
        wrapped::<SIZE>(number_of::<SIZE>(position).wrapping_sub(self.losses.head.load_own()))
    }

    /// Moves `head` behind the slots that are sent and not lent.
    fn find_head(&self) {
        let last = number_of::<SIZE>(self.own_state().sent());
        let mut head = self.losses.head.load_own();
        while head != last && self.numbered(head).seems_free() {
            head = wrapped::<SIZE>(head.wrapping_add(1));
        }
        self.losses.head.store(head, Ordering::Relaxed);
    }

    /// Whether bytes were submitted that the host has not acknowledged.
    fn is_outstanding(&self) -> bool {
        self.own_state().sent() != self.losses.settled.load_own()
    }

    /// Whether what is outstanding must not be taken back.
    fn is_spared(&self) -> bool {
        self.losses.spared.load_own() > 0
    }

    /// What is outstanding, and skipped by now, never arrives.
    fn lose_outstanding(&self) {
        let (lost, sent) = (self.losses.lost.load_own(), self.own_state().sent());
        let outstanding = self.bytes_between(self.losses.settled.load_own(), sent);
        self.losses.lost.store(lost.wrapping_add(outstanding), Ordering::Relaxed);
        self.losses.settled.store(sent, Ordering::Relaxed);
    }

    /// Looks for the beginning of the session, if that was not found. What is skipped by that is
    /// lost, while nothing is outstanding.
    fn begin_and_count(&self, session: u16) {
        let state = self.own_state();
        if state.is_fresh() {
            self.set_state(self.begin(state, session));
            self.find_head();
            self.lose_outstanding();
        }
    }

    /// Bytes between two positions, not counting where a slot has more room than a packet.
    fn bytes_between(&self, from: u16, to: u16) -> u16 {
        if SIZE <= 64 {
            return to.wrapping_sub(from);
        }
        let size = low(self.packet_size());
        let slots = (to / low(SIZE)).wrapping_sub(from / low(SIZE)) % (u16::MAX / low(SIZE) + 1);
        let within = |position: u16| low(offset::<SIZE>(position)).min(size);
        (slots * size).wrapping_add(within(to)).wrapping_sub(within(from))
    }
}
