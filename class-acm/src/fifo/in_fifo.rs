//! Device to host: a byte stream cut into packets.
//!
//! The application appends to the *open* slot and *closes* it when it is full. The bus half sends
//! closed slots as they are, and what is in the open slot when the wire is idle: writes coalesce
//! while a packet is in flight, and nothing waits for a timer.
//!
//! `length` of a slot is stored by the application while the slot is open or closed, and set to 0 by
//! the bus half when it frees the slot; `head` and `tail` pass the slot from one to the other.
//! What only one half uses is there too, so that a half is one pointer and starts as zeros.
//!
//! Bytes below `length` are never written again before the slot is freed, so the bus half may lend
//! them while the application appends behind them.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::slot::{Byte, Slot, TxPacket};
use super::{assert_shape, slot_at};
use crate::sync::{AtomicBool, AtomicU8, AtomicU16, Ordering, fence};

/// FIFO of `SLOTS` packets of up to `SIZE` bytes, from the application to the host. The slots come
/// last, so that short instructions reach the rest.
#[repr(C)]
pub struct InFifo<const SLOTS: usize, const SIZE: usize> {
    /// Slots freed by the bus half, wrapping.
    head: AtomicU8,
    /// Slots closed by the application, wrapping.
    tail: AtomicU8,
    /// Of the bus half alone: the slot to send from next; those from `head` up to it wait for their
    /// acknowledgement.
    next: AtomicU8,
    /// Of the bus half alone: packets submitted and not acknowledged.
    in_flight: AtomicU8,
    /// Whether a packet is in flight, and so the bus half looks again without a doorbell.
    busy: AtomicBool,
    /// Of the bus half alone: the last packet was full, so the host waits for more (USB 2.0 §5.8.3).
    zlp_due: AtomicBool,
    /// Of the bus half alone: a zero-length packet goes before everything else.
    restart: AtomicBool,
    /// Of the bus half alone: bytes of slot `next` that were submitted or skipped.
    position: AtomicU16,
    /// Of the bus half alone: bytes submitted or skipped in all, wrapping.
    submitted: AtomicU16,
    /// Bytes the host acknowledged or a session's end discarded, wrapping, when nothing is in flight
    /// and no zero-length packet is due; one less than were submitted before. Stored by the bus half.
    acknowledged: AtomicU16,
    /// Of the application alone: bytes written, wrapping.
    written: AtomicU16,
    /// wMaxPacketSize in bytes, where it may be less than `SIZE`. Stored by the bus half.
    packet_size: AtomicU16,
    slots: [Slot<[Byte; SIZE]>; SLOTS],
}

impl<const SLOTS: usize, const SIZE: usize> InFifo<SLOTS, SIZE> {
    /// An empty FIFO.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        const { assert_shape(SLOTS, SIZE) };
        Self {
            slots: [const { Slot::<[Byte; SIZE]>::new() }; SLOTS],
            head: AtomicU8::new(0),
            tail: AtomicU8::new(0),
            acknowledged: AtomicU16::new(0),
            busy: AtomicBool::new(false),
            packet_size: AtomicU16::new(0),
            written: AtomicU16::new(0),
            next: AtomicU8::new(0),
            in_flight: AtomicU8::new(0),
            position: AtomicU16::new(0),
            submitted: AtomicU16::new(0),
            zlp_due: AtomicBool::new(false),
            restart: AtomicBool::new(false),
        }
    }

    /// An empty FIFO.
    #[cfg(loom)]
    pub fn new() -> Self {
        assert_shape(SLOTS, SIZE);
        Self {
            slots: core::array::from_fn(|_| Slot::new()),
            head: AtomicU8::new(0),
            tail: AtomicU8::new(0),
            acknowledged: AtomicU16::new(0),
            busy: AtomicBool::new(false),
            packet_size: AtomicU16::new(0),
            written: AtomicU16::new(0),
            next: AtomicU8::new(0),
            in_flight: AtomicU8::new(0),
            position: AtomicU16::new(0),
            submitted: AtomicU16::new(0),
            zlp_due: AtomicBool::new(false),
            restart: AtomicBool::new(false),
        }
    }

    /// The application half and the bus half.
    pub fn split(
        &'static mut self,
    ) -> (PacketWriter<'static, SLOTS, SIZE>, PacketSender<'static, SLOTS, SIZE>) {
        (PacketWriter::new(self), PacketSender::new(self))
    }

    /// wMaxPacketSize, in bytes. Constant where only a full-speed packet fits.
    fn packet_size(&self) -> u16 {
        if SIZE <= 64 || cfg!(loom) {
            return size_of_slot::<SIZE>();
        }
        match self.packet_size.load(Ordering::Relaxed) {
            0 => size_of_slot::<SIZE>(),
            size => size,
        }
    }

    fn slot(&self, number: u8) -> &Slot<[Byte; SIZE]> {
        slot_at(&self.slots, number)
    }
}

const fn size_of_slot<const SIZE: usize>() -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "assert_shape: at most 512")]
    {
        SIZE as u16
    }
}

/// The application half of an [`InFifo`].
pub struct PacketWriter<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: &'static InFifo<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

impl<const SLOTS: usize, const SIZE: usize> PacketWriter<'_, SLOTS, SIZE> {
    /// The caller sees to it that there is one writer at a time.
    pub(crate) fn new(fifo: &'static InFifo<SLOTS, SIZE>) -> Self {
        Self { fifo, borrow: PhantomData }
    }

    /// Appends as much of `bytes` as there is room for, and returns how many bytes that are.
    /// `session` is the session these bytes belong to; those of another one are never sent.
    pub fn write(&mut self, session: u8, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some((slot, length)) = self.open_slot(session) else { break };
            // SAFETY: the slot is open: the bus half reaches bytes below `length` only, and `&mut
            // self` keeps other writers away.
            let count = unsafe { slot.write(length..self.fifo.packet_size(), rest) };
            rest = rest.get(usize::from(count)..).unwrap_or_default();
            self.commit(slot, length, count);
        }
        bytes.len() - rest.len()
    }

    /// Room in the open slot to write to in place; `None` when the FIFO is full.
    #[cfg(not(loom))]
    pub fn grant(&mut self, session: u8) -> Option<Grant<'_, SLOTS, SIZE>> {
        Self::new(self.fifo).into_grant(session)
    }

    /// Whether a write would take at least one byte.
    pub fn has_room(&mut self, session: u8) -> bool {
        self.open_slot(session).is_some()
    }

    /// Whether the host acknowledged every byte written, and the zero-length packet where one was
    /// due, or a session's end discarded them.
    pub fn is_flushed(&self) -> bool {
        self.fifo.acknowledged.load(Ordering::Acquire) == self.fifo.written.load(Ordering::Relaxed)
    }

    /// Whether the bus half must be woken to see what was written last.
    pub fn needs_doorbell(&self) -> bool {
        // Pairs with the fence in `pump`: either the bus half sees the new length, or we see it idle.
        fence(Ordering::SeqCst);
        !self.fifo.busy.load(Ordering::Relaxed)
    }

    /// The open slot and the bytes in it, at least one less than a packet.
    fn open_slot(&self, session: u8) -> Option<(&'static Slot<[Byte; SIZE]>, u16)> {
        loop {
            let tail = self.fifo.tail.load(Ordering::Relaxed);
            let used = tail.wrapping_sub(self.fifo.head.load(Ordering::Acquire));
            if usize::from(used) >= SLOTS {
                return None;
            }
            let slot = self.fifo.slot(tail);
            let length = slot.length.load(Ordering::Relaxed);
            if length == 0 {
                slot.session.store(session, Ordering::Relaxed);
                return Some((slot, 0));
            }
            let same_session = slot.session.load(Ordering::Relaxed) == session;
            if same_session && length < self.fifo.packet_size() {
                return Some((slot, length));
            }
            self.close();
        }
    }

    fn commit(&self, slot: &Slot<[Byte; SIZE]>, length: u16, count: u16) {
        let length = length.wrapping_add(count);
        slot.length.store(length, Ordering::Release);
        add(&self.fifo.written, count);
        if length >= self.fifo.packet_size() {
            self.close();
        }
    }

    fn close(&self) {
        let tail = self.fifo.tail.load(Ordering::Relaxed);
        self.fifo.tail.store(tail.wrapping_add(1), Ordering::Release);
    }
}

#[cfg(not(loom))]
impl<'a, const SLOTS: usize, const SIZE: usize> PacketWriter<'a, SLOTS, SIZE> {
    /// As [`grant`](Self::grant), for a writer that was made for this one use.
    pub fn into_grant(self, session: u8) -> Option<Grant<'a, SLOTS, SIZE>> {
        let (slot, length) = self.open_slot(session)?;
        let size = self.fifo.packet_size();
        // SAFETY: the slot is open: the bus half reaches bytes below `length` only, and the grant
        // takes the writer.
        let bytes = unsafe { slot.erased().bytes_mut(length..size) };
        Some(Grant { writer: self, slot, length, bytes })
    }
}

/// Room in the open slot, to be written in place and then [committed](Self::commit). Dropped without
/// that, nothing was written.
pub struct Grant<'a, const SLOTS: usize, const SIZE: usize> {
    writer: PacketWriter<'a, SLOTS, SIZE>,
    slot: &'static Slot<[Byte; SIZE]>,
    length: u16,
    bytes: &'a mut [u8],
}

impl<'a, const SLOTS: usize, const SIZE: usize> Grant<'a, SLOTS, SIZE> {
    /// Hands the first `count` bytes over, or all if there are fewer, and gives the writer back.
    pub fn commit(self, count: usize) -> PacketWriter<'a, SLOTS, SIZE> {
        let count = u16::try_from(count.min(self.bytes.len())).unwrap_or(0);
        self.writer.commit(self.slot, self.length, count);
        self.writer
    }
}

impl<const SLOTS: usize, const SIZE: usize> core::ops::Deref for Grant<'_, SLOTS, SIZE> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes
    }
}

impl<const SLOTS: usize, const SIZE: usize> core::ops::DerefMut for Grant<'_, SLOTS, SIZE> {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.bytes
    }
}

/// The bus half of an [`InFifo`].
pub struct PacketSender<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: &'static InFifo<SLOTS, SIZE>,
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
        if self.fifo.restart.load(Ordering::Relaxed) {
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
        self.fifo.zlp_due.load(Ordering::Relaxed).then_some(TxPacket::ZERO_LENGTH)
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
        let ahead = next.wrapping_sub(self.head.load(Ordering::Relaxed));
        if !closed && usize::from(ahead) >= SLOTS {
            return None;
        }
        Some((self.slot(next), closed))
    }

    fn skip_to(&self, length: u16) {
        add(&self.submitted, length.wrapping_sub(self.position()));
        self.position.store(length, Ordering::Relaxed);
    }

    fn step(&self) {
        self.next.store(self.next().wrapping_add(1), Ordering::Relaxed);
        self.position.store(0, Ordering::Relaxed);
    }

    /// Gives the slots that are sent and not lent back to the application, oldest first.
    fn free(&self) {
        loop {
            let head = self.head.load(Ordering::Relaxed);
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
    fn settle(&self) {
        let submitted = self.submitted.load(Ordering::Relaxed);
        let acknowledged = submitted.wrapping_sub(u16::from(self.is_unsettled()));
        self.acknowledged.store(acknowledged, Ordering::Release);
    }

    fn is_unsettled(&self) -> bool {
        self.in_flight() > 0 || self.zlp_due.load(Ordering::Relaxed)
    }

    fn next(&self) -> u8 {
        self.next.load(Ordering::Relaxed)
    }

    fn position(&self) -> u16 {
        self.position.load(Ordering::Relaxed)
    }

    fn in_flight(&self) -> u8 {
        self.in_flight.load(Ordering::Relaxed)
    }

    fn set_in_flight(&self, count: u8) {
        self.in_flight.store(count, Ordering::Relaxed);
    }
}

/// Adds to a number that has one writer: us.
fn add(number: &AtomicU16, count: u16) {
    number.store(number.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
}
