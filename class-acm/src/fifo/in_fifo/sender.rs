//! The bus half: slots to the driver, and back.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::{InFifo, add};
use crate::fifo::slot::{Byte, Slot, TxPacket};
use crate::sync::{Ordering, OwnLoad, fence};

/// The bus half of an [`InFifo`].
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
    pub fn pump(&mut self, session: u8, mut send: impl FnMut(TxPacket) -> Result<(), TxPacket>) {
        if self.fifo.in_flight() == 0 {
            self.fifo.busy.store(false, Ordering::Relaxed);
            // Pairs with the fence in `needs_doorbell`.
            fence(Ordering::SeqCst);
        }
        while let Some(packet) = self.due_packet(session) {
            let length = packet.len();
            if send(packet).is_err() {
                break;
            }
            add(&self.fifo.position, length);
            add(&self.fifo.submitted, length);
            self.fifo.zlp_due.store(length == self.fifo.packet_size(), Ordering::Relaxed);
            self.fifo.restart.store(false, Ordering::Relaxed);
            self.fifo.set_in_flight(self.fifo.in_flight().wrapping_add(1));
            self.fifo.busy.store(true, Ordering::Relaxed);
        }
    }

    /// The host acknowledged the oldest packet.
    pub fn sent(&mut self) {
        self.fifo.set_in_flight(self.fifo.in_flight().saturating_sub(1));
        self.fifo.free();
        self.fifo.settle();
    }

    /// The endpoint was opened: it starts anew, and so does the host.
    pub fn opened(&mut self) {
        self.fifo.restart.store(false, Ordering::Relaxed);
    }

    /// The driver has dropped its packets, to be followed by [`discard`](Self::discard), while the
    /// endpoint stays open.
    ///
    /// Nobody knows whether the host has the oldest of them: where its acknowledgement was lost, the
    /// host takes the next packet for a repetition (USB 2.0 §8.6.4). A zero-length packet goes first,
    /// so that nothing is lost with it. It also ends the transfer that was cut off.
    pub fn aborted(&mut self) {
        if self.fifo.is_unsettled() {
            self.fifo.restart.store(true, Ordering::Relaxed);
        }
    }

    /// A zero-length packet goes before everything else.
    pub fn restart(&mut self) {
        self.fifo.restart.store(true, Ordering::Relaxed);
    }

    /// Sets wMaxPacketSize, where the packets are not of `SIZE` anyway. Between two sessions.
    pub fn set_packet_size(&mut self, packet_size: u16) {
        if SIZE > 64 {
            self.fifo.packet_size.store(packet_size, Ordering::Relaxed);
        }
    }

    /// Drops every byte written so far. The driver has dropped its packets before.
    pub fn discard(&mut self) {
        self.fifo.set_in_flight(0);
        self.fifo.busy.store(false, Ordering::Relaxed);
        self.fifo.zlp_due.store(false, Ordering::Relaxed);
        while let Some((slot, closed)) = self.fifo.current_slot() {
            // Relaxed, as no byte is read: what is written from here on is of the ended session too.
            self.fifo.skip_to(slot.length.load(Ordering::Relaxed));
            if !closed {
                break;
            }
            self.fifo.step();
        }
        self.fifo.free();
        self.fifo.settle();
    }

    fn due_packet(&mut self, session: u8) -> Option<TxPacket> {
        if self.fifo.restart.load_own() {
            return Some(TxPacket::ZERO_LENGTH);
        }
        while let Some((slot, closed)) = self.fifo.current_slot() {
            if !closed && self.fifo.in_flight() > 0 {
                // An open slot fills up while the wire is busy.
                return None;
            }
            let length = slot.length.load(Ordering::Acquire);
            if slot.session.load(Ordering::Relaxed) != session {
                self.fifo.skip_to(length);
            }
            if length > self.fifo.position() {
                return self.due_range(slot, length);
            }
            if !closed {
                break;
            }
            self.fifo.step();
            self.fifo.free();
        }
        if self.fifo.in_flight() > 0 {
            return None;
        }
        // Bytes that were skipped count: nobody waits for what is never sent.
        self.fifo.settle();
        self.fifo.zlp_due.load_own().then_some(TxPacket::ZERO_LENGTH)
    }

    fn due_range(&self, slot: &'static Slot<[Byte; SIZE]>, length: u16) -> Option<TxPacket> {
        let slot = slot.erased();
        if slot.is_lent() {
            return None;
        }
        // SAFETY: the slot is not lent, and the application does not write below `length` before
        // the slot is freed, which `free` does not do while it is lent.
        Some(unsafe { slot.lend(self.fifo.position()..length) })
    }
}

/// What the bus half alone does.
impl<const SLOTS: usize, const SIZE: usize> InFifo<SLOTS, SIZE> {
    /// The slot to send from and whether it is closed; `None` when the FIFO has no open slot.
    fn current_slot(&self) -> Option<(&Slot<[Byte; SIZE]>, bool)> {
        let next = self.next();
        let closed = next != self.tail.load(Ordering::Acquire);
        let ahead = next.wrapping_sub(self.head.load_own());
        if !closed && usize::from(ahead) >= SLOTS {
            return None;
        }
        Some((self.slot(next), closed))
    }

    pub(super) fn skip_to(&self, length: u16) {
        add(&self.submitted, length.wrapping_sub(self.position()));
        self.position.store(length, Ordering::Relaxed);
    }

    pub(super) fn step(&self) {
        self.next.store(self.next().wrapping_add(1), Ordering::Relaxed);
        self.position.store(0, Ordering::Relaxed);
    }

    /// Gives the slots that are sent and not lent back to the application, oldest first.
    pub(super) fn free(&self) {
        loop {
            let head = self.head.load_own();
            let slot = self.slot(head);
            if head == self.next() || slot.erased().is_lent() {
                return;
            }
            slot.length.store(0, Ordering::Relaxed);
            self.head.store(head.wrapping_add(1), Ordering::Release);
        }
    }

    /// Tells the application how much is with the host: one byte less while anything is due. Then it
    /// is never what was written, which is at most a FIFO ahead, however long the stream goes on
    /// without a pause.
    pub(super) fn settle(&self) {
        let submitted = self.submitted.load_own();
        let acknowledged = submitted.wrapping_sub(u16::from(self.is_unsettled()));
        self.acknowledged.store(acknowledged, Ordering::Release);
    }

    fn is_unsettled(&self) -> bool {
        self.in_flight() > 0 || self.zlp_due.load_own()
    }

    pub(super) fn next(&self) -> u8 {
        self.next.load_own()
    }

    pub(super) fn position(&self) -> u16 {
        self.position.load_own()
    }

    pub(super) fn in_flight(&self) -> u8 {
        self.in_flight.load_own()
    }

    pub(super) fn set_in_flight(&self, count: u8) {
        self.in_flight.store(count, Ordering::Relaxed);
    }
}
