//! Host to device: packets, read as a byte stream.
//!
//! The bus half lends empty slots to the driver, in order, and publishes each when it comes back
//! filled. The application reads the oldest in place and frees it. `head` and `tail` pass a slot
//! from one to the other; while it is lent it belongs to neither.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::slot::{Byte, RxSlot, Slot};
use super::{assert_shape, slot_at};
use crate::sync::{AtomicBool, AtomicU8, AtomicU16, Ordering, OwnLoad, fence};

/// FIFO of `SLOTS` packets of up to `SIZE` bytes, from the host to the application. The slots come
/// last, so that short instructions reach the rest.
#[repr(C)]
pub struct OutFifo<const SLOTS: usize, const SIZE: usize> {
    /// Slots freed by the application, wrapping.
    head: AtomicU8,
    /// Slots filled by the bus half, wrapping.
    tail: AtomicU8,
    /// Of the bus half alone: slots lent to the driver in all, wrapping; those from `tail` up to it
    /// are out.
    lent: AtomicU8,
    /// The bus half found every slot full: the endpoint NAKs until it is woken.
    starved: AtomicBool,
    /// Of the application alone: bytes of the oldest slot that were consumed.
    position: AtomicU16,
    /// Bus half: high byte of the session of each slot. An application may be away for so many
    /// sessions that the low byte comes round.
    session_high: [AtomicU8; SLOTS],
    slots: [Slot<[Byte; SIZE]>; SLOTS],
}

impl<const SLOTS: usize, const SIZE: usize> OutFifo<SLOTS, SIZE> {
    /// An empty FIFO.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        const { assert_shape(SLOTS, SIZE) };
        Self {
            slots: [const { Slot::<[Byte; SIZE]>::new() }; SLOTS],
            head: AtomicU8::new(0),
            tail: AtomicU8::new(0),
            starved: AtomicBool::new(false),
            session_high: [const { AtomicU8::new(0) }; SLOTS],
            lent: AtomicU8::new(0),
            position: AtomicU16::new(0),
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
            starved: AtomicBool::new(false),
            session_high: core::array::from_fn(|_| AtomicU8::new(0)),
            lent: AtomicU8::new(0),
            position: AtomicU16::new(0),
        }
    }

    /// The bus half and the application half.
    pub fn split(
        &'static mut self,
    ) -> (PacketReceiver<'static, SLOTS, SIZE>, PacketReader<'static, SLOTS, SIZE>) {
        (PacketReceiver::new(self), PacketReader::new(self))
    }

    fn session_high(&self, number: u8) -> &AtomicU8 {
        &self.session_high[usize::from(number) & (SLOTS - 1)]
    }

    fn set_session(&self, number: u8, session: u16) {
        let [low, high] = session.to_le_bytes();
        slot_at(&self.slots, number).session.store(low, Ordering::Relaxed);
        self.session_high(number).store(high, Ordering::Relaxed);
    }

    fn session(&self, number: u8) -> u16 {
        let low = slot_at(&self.slots, number).session.load(Ordering::Relaxed);
        u16::from_le_bytes([low, self.session_high(number).load(Ordering::Relaxed)])
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
    pub fn pump(&mut self, mut receive: impl FnMut(RxSlot) -> Result<(), RxSlot>) {
        while let Some(slot) = self.free_slot() {
            // SAFETY: the slot is not lent (checked by `free_slot`) and lies between `tail` and
            // `head` + SLOTS, where the application does not look.
            if receive(unsafe { slot.lend_empty() }).is_err() {
                return;
            }
            self.fifo.lent.store(self.lent().wrapping_add(1), Ordering::Relaxed);
        }
    }

    /// Publishes a filled slot. One that is not the oldest lent is dropped.
    pub fn received(&mut self, session: u16, slot: RxSlot, length: u16) {
        let tail = self.fifo.tail.load_own();
        let oldest = slot_at(&self.fifo.slots, tail);
        if tail == self.lent() || !slot.is(oldest.erased()) {
            return;
        }
        let size = u16::try_from(SIZE).unwrap_or(u16::MAX);
        oldest.length.store(length.min(size), Ordering::Relaxed);
        self.fifo.set_session(tail, session);
        drop(slot);
        self.fifo.tail.store(tail.wrapping_add(1), Ordering::Release);
    }

    /// Takes the slots back that the driver dropped unfilled.
    pub fn reclaim(&mut self) {
        self.fifo.lent.store(self.fifo.tail.load_own(), Ordering::Relaxed);
    }

    fn free_slot(&mut self) -> Option<&'static Slot<[Byte]>> {
        if !self.has_free_slot() {
            if self.lent() != self.fifo.tail.load_own() {
                return None;
            }
            self.fifo.starved.store(true, Ordering::Relaxed);
            // Pairs with the fence in `needs_doorbell`: either we see the slot it frees, or it sees us
            // starved.
            fence(Ordering::SeqCst);
            if !self.has_free_slot() {
                return None;
            }
        }
        self.fifo.starved.store(false, Ordering::Relaxed);
        let slot = slot_at(&self.fifo.slots, self.lent()).erased();
        (!slot.is_lent()).then_some(slot)
    }

    fn has_free_slot(&self) -> bool {
        let used = self.lent().wrapping_sub(self.fifo.head.load(Ordering::Acquire));
        usize::from(used) < SLOTS
    }

    fn lent(&self) -> u8 {
        self.fifo.lent.load_own()
    }
}

/// The application half of an [`OutFifo`].
pub struct PacketReader<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: &'static OutFifo<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

impl<const SLOTS: usize, const SIZE: usize> PacketReader<'_, SLOTS, SIZE> {
    /// The caller sees to it that there is one reader at a time.
    pub(crate) fn new(fifo: &'static OutFifo<SLOTS, SIZE>) -> Self {
        Self { fifo, borrow: PhantomData }
    }

    /// The unread bytes of the oldest packet, at least one, and the session they came in. `None`
    /// when nothing is there. Zero-length packets are skipped.
    #[cfg(not(loom))]
    pub fn front(&mut self) -> Option<(u16, &[u8])> {
        Self::new(self.fifo).into_front()
    }

    /// The session of the oldest packet that has unread bytes, and whether slots of zero-length
    /// packets before it were freed, for [`needs_doorbell`](Self::needs_doorbell).
    pub fn session(&mut self) -> (Option<u16>, bool) {
        let head = self.fifo.head.load_own();
        let session = self.front_slot().map(|_| self.front_session());
        (session, head != self.fifo.head.load_own())
    }

    /// Copies unread bytes of the oldest packet out, as many as fit, and
    /// [`consume`](Self::consume)s them: how many, and whether that freed their slot.
    pub fn read(&mut self, buffer: &mut [u8]) -> (usize, bool) {
        let Some(slot) = self.front_slot() else { return (0, false) };
        let length = slot.length.load(Ordering::Relaxed);
        // SAFETY: the slot is between `head` and `tail`: nobody writes to it before it is freed.
        let count = unsafe { slot.erased().load(self.position()..length, buffer) };
        (count, self.advance(length, count))
    }

    /// Consumes `count` bytes of the oldest packet, or what is left of it. Returns whether that freed
    /// its slot, for [`needs_doorbell`](Self::needs_doorbell).
    pub fn consume(&mut self, count: usize) -> bool {
        match self.front_slot() {
            Some(slot) => self.advance(slot.length.load(Ordering::Relaxed), count),
            None => false,
        }
    }

    fn advance(&mut self, length: u16, count: usize) -> bool {
        let position = usize::from(self.position()).saturating_add(count);
        if position >= usize::from(length) {
            self.free();
            return true;
        }
        self.fifo.position.store(u16::try_from(position).unwrap_or(length), Ordering::Relaxed);
        false
    }

    /// Whether the bus half must be woken after a slot was freed: it waits for one, and the host for
    /// the device.
    pub fn needs_doorbell(&self) -> bool {
        // Pairs with the fence in `free_slot`.
        fence(Ordering::SeqCst);
        self.fifo.starved.load(Ordering::Relaxed)
    }

    /// The session of the slot that `front_slot` returned.
    fn front_session(&self) -> u16 {
        self.fifo.session(self.fifo.head.load_own())
    }

    /// The oldest slot with unread bytes.
    fn front_slot(&mut self) -> Option<&'static Slot<[Byte; SIZE]>> {
        loop {
            let head = self.fifo.head.load_own();
            if head == self.fifo.tail.load(Ordering::Acquire) {
                return None;
            }
            let slot = slot_at(&self.fifo.slots, head);
            if slot.length.load(Ordering::Relaxed) > self.position() {
                return Some(slot);
            }
            self.free();
        }
    }

    fn free(&mut self) {
        let head = self.fifo.head.load_own();
        self.fifo.position.store(0, Ordering::Relaxed);
        self.fifo.head.store(head.wrapping_add(1), Ordering::Release);
    }

    fn position(&self) -> u16 {
        self.fifo.position.load_own()
    }
}

#[cfg(not(loom))]
impl<'a, const SLOTS: usize, const SIZE: usize> PacketReader<'a, SLOTS, SIZE> {
    /// As [`front`](Self::front), for a reader that was made for this one use.
    pub fn into_front(mut self) -> Option<(u16, &'a [u8])> {
        let slot = self.front_slot()?;
        let session = self.front_session();
        let length = slot.length.load(Ordering::Relaxed);
        // SAFETY: the slot is between `head` and `tail`, so nobody writes to it before `consume`
        // frees it, which needs a reader, and the bytes have borrowed the only one.
        let bytes = unsafe { slot.erased().bytes(self.position()..length) };
        Some((session, bytes))
    }
}
