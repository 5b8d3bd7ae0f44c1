//! The bus half: slots to the driver, and back.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::{InFifo, PACKET_UNIT, State, offset};
use crate::fifo::low;
use crate::fifo::slot::TxPacket;
use crate::sync::{Ordering, OwnLoad, fence};

/// The bus half of an [`InFifo`](super::InFifo).
pub struct PacketSender<'a, const SLOTS: usize, const SIZE: usize> {
    pub(super) fifo: &'static InFifo<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

impl<const SLOTS: usize, const SIZE: usize> PacketSender<'_, SLOTS, SIZE> {
    /// The caller sees to it that there is one sender at a time.
    pub(crate) fn new(fifo: &'static InFifo<SLOTS, SIZE>) -> Self {
        Self { fifo, borrow: PhantomData }
    }

    /// Offers packets to `send` until it gives one back or nothing is due.
    pub fn pump(&mut self, session: u16, send: impl FnMut(TxPacket) -> Result<(), TxPacket>) {
        self.pump_to(usize::MAX, session, send);
    }

    /// The same for a driver that holds up to `depth` packets, which needs not be asked for more.
    pub fn pump_to(
        &mut self,
        depth: usize,
        session: u16,
        send: impl FnMut(TxPacket) -> Result<(), TxPacket>,
    ) {
        // Pairs with the fence in `needs_doorbell`: either we see the bytes, or it sees nothing in
        // flight.
        fence(Ordering::SeqCst);
        self.pump_after(false, depth, session, send);
    }

    /// The same after the host `acknowledged` the oldest packet, if it did. Where it did not, what the
    /// application wrote is seen if it was there when [`Link::take_work`](crate::Link::take_work) or
    /// [`sent`](Self::sent) was called.
    #[inline]
    pub fn pump_after(
        &mut self,
        acknowledged: bool,
        depth: usize,
        session: u16,
        mut send: impl FnMut(TxPacket) -> Result<(), TxPacket>,
    ) {
        let mut state = self.fifo.own_state();
        if state.is_in_flight() {
            if acknowledged {
                state = state.acknowledged();
            } else if state.reaches(depth) {
                return;
            }
        }
        loop {
            if let Some(length) = self.submit(&mut state, session, &mut send) {
                state = state.submitted::<SIZE>(length, self.fifo.packet_size());
                self.fifo.set_state(state);
                if depth == 1 || state.reaches(depth) {
                    return;
                }
            } else if state == self.fifo.own_state() {
                return;
            } else {
                self.tell(state);
            }
        }
    }

    /// Offers the next packet, and returns its length where it was taken.
    #[inline]
    fn submit(
        &mut self,
        state: &mut State,
        session: u16,
        send: &mut impl FnMut(TxPacket) -> Result<(), TxPacket>,
    ) -> Option<u16> {
        let (packet, length) = self.due_packet(state, session)?;
        send(packet).is_ok().then_some(length)
    }

    /// The host acknowledged the oldest packet.
    pub fn sent(&mut self) {
        self.tell(self.fifo.own_state().acknowledged());
    }

    /// Less is in flight.
    #[inline]
    fn tell(&mut self, state: State) {
        self.fifo.set_state(state);
        // Pairs with the fence in `needs_doorbell`: either we see the bytes, or it sees nothing in
        // flight.
        fence(Ordering::SeqCst);
    }

    /// The endpoint was opened: it starts anew, and so does the host.
    pub fn opened(&mut self) {
        self.fifo.set_state(self.fifo.own_state().restarted(false));
    }

    /// The driver has dropped its packets, to be followed by [`discard`](Self::discard), while the
    /// endpoint stays open.
    ///
    /// Nobody knows whether the host has the oldest of them: where its acknowledgement was lost, the
    /// host takes the next packet for a repetition (USB 2.0 §8.6.4). A zero-length packet goes first,
    /// so that nothing is lost with it. It also ends the transfer that was cut off.
    pub fn aborted(&mut self) {
        let state = self.fifo.own_state();
        if state.is_unsettled() {
            self.fifo.set_state(state.restarted(true));
        }
    }

    /// A zero-length packet goes before everything else.
    pub fn restart(&mut self) {
        self.fifo.set_state(self.fifo.own_state().restarted(true));
    }

    /// Sets wMaxPacketSize, where the packets are not of `SIZE` anyway. Between two sessions.
    pub fn set_packet_size(&mut self, packet_size: u16) {
        if SIZE > 64 {
            let [units, ..] = (usize::from(packet_size) / PACKET_UNIT).to_le_bytes();
            self.fifo.packet_size.store(units, Ordering::Relaxed);
        }
    }

    /// Drops every byte written so far, for a session that ended or one that is about to begin. The
    /// driver has dropped its packets before.
    pub fn discard(&mut self) {
        // Relaxed, as no byte is read: what is written from here on is of the ended session too.
        let written = self.fifo.written.load(Ordering::Relaxed);
        let state = self.fifo.own_state().emptied().refreshed();
        self.fifo.set_state(state.skipped_to(written));
    }

    /// The next packet, and its length.
    #[inline]
    fn due_packet(&mut self, state: &mut State, session: u16) -> Option<(TxPacket, u16)> {
        if !state.is_under_way() {
            if state.restarts() {
                return Some((TxPacket::ZERO_LENGTH, 0));
            }
            *state = self.fifo.begin(*state, session);
            if state.is_fresh() {
                return None;
            }
        }
        let sent = state.sent();
        let written = self.fifo.written.load(Ordering::Acquire);
        let start = offset::<SIZE>(sent);
        let mut length = self.fifo.packet_size().saturating_sub(start);
        if usize::from(written ^ sent) < SIZE {
            // The last slot fills up while the wire is busy.
            if state.is_in_flight() {
                return None;
            }
            length = usize::from(written).wrapping_sub(sent.into());
            if length == 0 {
                return state.is_zlp_due().then_some((TxPacket::ZERO_LENGTH, 0));
            }
        }
        let slot = self.fifo.slot(sent);
        if !slot.seems_free() {
            return None;
        }
        // SAFETY: the slot is not lent, and the application does not write below `written` before
        // the state gives the slot back, and not while it is lent. `length` is not 0: the slot has so
        // many bytes, or `size` of them.
        Some((unsafe { slot.lend(start, length) }, low(length)))
    }
}

/// What the bus half alone does.
impl<const SLOTS: usize, const SIZE: usize> InFifo<SLOTS, SIZE> {
    /// The state after the first look at a session that has bytes; one that has none stays fresh.
    #[cold]
    pub(super) fn begin(&self, state: State, session: u16) -> State {
        // In this order: what was written before is of the session that we see after, or older.
        let written = self.written.load(Ordering::Acquire);
        let is_begun = self.session.load(Ordering::Acquire) == session;
        let sent = state.sent();
        let begun = self.begun.load(Ordering::Relaxed);
        // Not so before the first byte, nor when the application was away until the numbers of the
        // sessions came round.
        if is_begun && begun.wrapping_sub(sent) < written.wrapping_sub(sent) {
            return state.begun().skipped_to(begun);
        }
        // Nobody waits for what is never sent.
        state.skipped_to(written)
    }

    pub(super) fn own_state(&self) -> State {
        State::from_word(self.state.load_own())
    }

    /// Release: who sees a slot given back also sees that it was lent before, and what comes of a packet
    /// is told together with it.
    pub(super) fn set_state(&self, state: State) {
        self.state.store(state.word(), Ordering::Release);
    }
}
