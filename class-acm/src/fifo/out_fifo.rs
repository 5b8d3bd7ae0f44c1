//! Host to device: packets, read as a byte stream.
//!
//! The bus half lends empty slots to the driver, in order, and publishes each when it comes back
//! filled, with its length and session in the slot. The application reads the oldest in place and
//! frees it. The word of a slot passes it from one to the other; while it is lent it belongs to
//! neither. Where each of them goes on is its own business.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::slot::{Byte, RxSlot, Slot};
use super::{empty_slots, low, next_slot, numbered, offset, slot_at};
use crate::sync::{AtomicU8, AtomicU16, Ordering, OwnLoad, fence};

/// FIFO of `SLOTS` packets of up to `SIZE` bytes, from the host to the application.
#[repr(C)]
pub struct OutFifo<const SLOTS: usize, const SIZE: usize> {
    /// Of the application alone: up to here bytes were consumed.
    head: AtomicU16,
    /// Of the bus half alone: the slots before this number were filled.
    tail: AtomicU8,
    /// Of the bus half alone: the slots from `tail` up to this number are with the driver.
    lent: AtomicU8,
    /// Of the application alone: the session of what it read last.
    read_in: AtomicU16,
    slots: [Slot<[Byte; SIZE]>; SLOTS],
}

impl<const SLOTS: usize, const SIZE: usize> OutFifo<SLOTS, SIZE> {
    /// An empty FIFO.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self {
            head: AtomicU16::new(0),
            tail: AtomicU8::new(0),
            lent: AtomicU8::new(0),
            read_in: AtomicU16::new(0),
            slots: empty_slots(),
        }
    }

    /// An empty FIFO.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self {
            head: AtomicU16::new(0),
            tail: AtomicU8::new(0),
            lent: AtomicU8::new(0),
            read_in: AtomicU16::new(0),
            slots: empty_slots(),
        }
    }

    /// The bus half and the application half.
    pub fn split(
        &'static mut self,
    ) -> (PacketReceiver<'static, SLOTS, SIZE>, PacketReader<'static, SLOTS, SIZE>) {
        (PacketReceiver::new(self), PacketReader::new(self))
    }

    fn slot(&self, position: u16) -> &Slot<[Byte; SIZE]> {
        slot_at(&self.slots, position)
    }

    fn numbered(&self, number: u8) -> &Slot<[Byte; SIZE]> {
        numbered(&self.slots, number)
    }
}

/// The bus half of an [`OutFifo`].
pub struct PacketReceiver<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: &'static OutFifo<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

impl<const SLOTS: usize, const SIZE: usize> PacketReceiver<'_, SLOTS, SIZE> {
    /// The caller sees to it that there is one receiver at a time.
    pub(crate) fn new(fifo: &'static OutFifo<SLOTS, SIZE>) -> Self {
        Self { fifo, borrow: PhantomData }
    }

    /// Offers free slots to `receive` until it gives one back or none is free.
    pub fn pump(&mut self, receive: impl FnMut(RxSlot) -> Result<(), RxSlot>) {
        self.pump_to(SLOTS, receive);
    }

    /// The same for a driver that holds up to `depth` slots, which needs not be asked for more.
    pub fn pump_to(&mut self, depth: usize, receive: impl FnMut(RxSlot) -> Result<(), RxSlot>) {
        // Pairs with the fence in `free`: either we see the slot it frees, or it sees that we have
        // none.
        fence(Ordering::SeqCst);
        self.pump_after(None, depth, 0, receive);
    }

    /// The same after the driver gave a slot back with a packet of this length, if it did. One that is
    /// not the oldest lent is dropped. Where it gave none, a slot that the application freed is seen if it
    /// was free when [`Link::take_work`](crate::Link::take_work) was called.
    #[inline]
    pub fn pump_after(
        &mut self,
        packet: Option<(RxSlot, u16)>,
        depth: usize,
        session: u16,
        receive: impl FnMut(RxSlot) -> Result<(), RxSlot>,
    ) {
        let (mut tail, lent) = (self.fifo.tail.load_own(), self.fifo.lent.load_own());
        if let Some((slot, length)) = packet
            && tail != lent
            && slot.is(self.fifo.numbered(tail))
        {
            slot.publish(length.min(u16::try_from(SIZE).unwrap_or(u16::MAX)), session);
            tail = tail.wrapping_add(1);
            self.fifo.tail.store(tail, Ordering::Relaxed);
            // As in `pump_to`: now every slot may be filled.
            fence(Ordering::SeqCst);
        }
        self.offer(tail, lent, depth, receive);
    }

    /// Publishes a filled slot. One that is not the oldest lent is dropped.
    pub fn received(&mut self, session: u16, slot: RxSlot, length: u16) {
        self.pump_after(Some((slot, length)), 0, session, Err);
    }

    #[inline]
    fn offer(
        &mut self,
        tail: u8,
        mut lent: u8,
        depth: usize,
        mut receive: impl FnMut(RxSlot) -> Result<(), RxSlot>,
    ) {
        // As often as there are slots, also for a driver that drops what it took.
        for _ in 0..depth.min(SLOTS) {
            if depth < SLOTS && usize::from(lent.wrapping_sub(tail)) >= depth {
                return;
            }
            let Some(slot) = self.free_slot(lent) else { return };
            if receive(slot).is_err() {
                return;
            }
            lent = lent.wrapping_add(1);
            self.fifo.lent.store(lent, Ordering::Relaxed);
        }
    }

    /// Takes the slots back that the driver dropped unfilled.
    pub fn reclaim(&mut self) {
        self.fifo.lent.store(self.fifo.tail.load_own(), Ordering::Relaxed);
    }

    #[inline]
    fn free_slot(&mut self, lent: u8) -> Option<RxSlot> {
        let slot = self.fifo.numbered(lent);
        if !slot.seems_free() {
            return None;
        }
        // Who freed the slot, or was lent it before, is done with it.
        fence(Ordering::Acquire);
        // SAFETY: the slot is neither lent nor filled, and the application reaches the bytes of filled
        // ones only.
        Some(unsafe { slot.lend_empty() })
    }
}

/// The application half of an [`OutFifo`].
pub struct PacketReader<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: &'static OutFifo<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

impl<'a, const SLOTS: usize, const SIZE: usize> PacketReader<'a, SLOTS, SIZE> {
    /// The caller sees to it that there is one reader at a time.
    pub(crate) fn new(fifo: &'static OutFifo<SLOTS, SIZE>) -> Self {
        Self { fifo, borrow: PhantomData }
    }

    /// The oldest packet that has unread bytes; `None` when nothing is there. Zero-length packets are
    /// skipped, and `ring` called where the bus half must be woken for that.
    #[inline]
    pub fn oldest(&mut self, mut ring: impl FnMut()) -> Option<UnreadPacket<'_, SLOTS, SIZE>> {
        loop {
            let oldest = self.fifo.oldest()?;
            if !oldest.is_empty() {
                return Some(oldest);
            }
            oldest.consume(0, &mut ring);
        }
    }

    /// The oldest packet, which may be a zero-length one; for a reader that was made for this one use.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) fn into_oldest(self) -> Option<UnreadPacket<'a, SLOTS, SIZE>> {
        self.fifo.oldest()
    }

    /// The unread bytes of the oldest packet and the session they came in, for a bus half that looks
    /// anyway.
    #[cfg(not(loom))]
    pub fn front(&mut self) -> Option<(u16, &[u8])> {
        let oldest = self.oldest(|| ())?;
        Some((oldest.session, oldest.into_bytes()))
    }

    /// Consumes `count` bytes of the oldest packet, or what is left of it. Returns whether the bus
    /// half must be woken: a slot was freed, it waits for one, and the host for the device.
    #[inline]
    pub fn consume(&mut self, count: usize) -> bool {
        let mut rings = false;
        if let Some(oldest) = self.fifo.oldest() {
            oldest.consume(count, || rings = true);
        }
        rings
    }
}

/// What is unread of the oldest packet.
pub struct UnreadPacket<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: &'static OutFifo<SLOTS, SIZE>,
    slot: &'static Slot<[Byte; SIZE]>,
    head: u16,
    /// Of what is unread, in bytes.
    length: usize,
    session: u16,
    borrow: PhantomData<&'a mut ()>,
}

impl<'a, const SLOTS: usize, const SIZE: usize> UnreadPacket<'a, SLOTS, SIZE> {
    /// Whether it is a zero-length packet.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The session it came in.
    #[inline]
    pub fn session(&self) -> u16 {
        self.session
    }

    /// Its bytes in place, to be [consumed](PacketReader::consume).
    #[cfg(not(loom))]
    #[inline]
    pub fn into_bytes(self) -> &'a [u8] {
        // SAFETY: the slot is filled, so nobody writes to it before `consume` frees it, which needs a
        // reader, and the bytes have borrowed the only one. They lie within the slot, see `oldest`.
        unsafe { self.slot.bytes(offset::<SIZE>(self.head), self.length) }
    }

    /// Copies bytes out, as many as fit, and consumes them: how many. `ring` is called where the bus
    /// half must be woken.
    #[inline]
    pub fn read(self, buffer: &mut [u8], ring: impl FnMut()) -> usize {
        // SAFETY: the slot is filled: nobody writes to it before it is freed. They lie within the slot,
        // see `oldest`.
        let count = unsafe { self.slot.read(offset::<SIZE>(self.head), self.length, buffer) };
        self.consume(count, ring);
        count
    }

    #[inline]
    pub(crate) fn consume(self, count: usize, mut ring: impl FnMut()) {
        if count >= self.length {
            return self.fifo.free(self.slot, self.head, &mut ring);
        }
        self.fifo.head.store(self.head.wrapping_add(low(count)), Ordering::Relaxed);
    }
}

/// What the application alone does.
impl<const SLOTS: usize, const SIZE: usize> OutFifo<SLOTS, SIZE> {
    /// The session of what was read last.
    #[inline]
    pub(crate) fn read_in(&self) -> u16 {
        self.read_in.load_own()
    }

    #[inline]
    pub(crate) fn set_read_in(&self, session: u16) {
        self.read_in.store(session, Ordering::Relaxed);
    }

    #[inline]
    fn oldest<'a>(&'static self) -> Option<UnreadPacket<'a, SLOTS, SIZE>> {
        let head = self.head.load_own();
        let slot = self.slot(head);
        let (length, session) = slot.published()?;
        // It was published with a length of SIZE at most, and `head` is within it.
        let length = length.wrapping_sub(offset::<SIZE>(head));
        Some(UnreadPacket { fifo: self, slot, head, length, session, borrow: PhantomData })
    }

    /// Frees the slot, and rings where the bus half waits for it.
    #[inline]
    fn free(&self, slot: &Slot<[Byte; SIZE]>, head: u16, ring: &mut impl FnMut()) {
        let head = next_slot::<SIZE>(head);
        self.head.store(head, Ordering::Relaxed);
        slot.free();
        // Pairs with the fence in `pump_to`.
        fence(Ordering::SeqCst);
        // When every other slot is filled, so the last of them, the driver has none.
        if self.slot(head.wrapping_sub(low(2 * SIZE))).seems_filled() {
            ring();
        }
    }
}
