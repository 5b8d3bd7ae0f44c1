//! Host to device: packets, read as a byte stream.
//!
//! The bus half lends empty slots to the driver, in order, and publishes each when it comes back
//! filled, with its length and session in the slot. The application reads the oldest in place and
//! frees it. `head` and `tail` pass a slot from one to the other; while it is lent it belongs to
//! neither.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::slot::{Byte, RxSlot, Slot};
use super::{assert_shape, next_slot, offset, slot_at};
use crate::sync::{AtomicBool, AtomicUsize, Ordering, OwnLoad, fence};

/// FIFO of `SLOTS` packets of up to `SIZE` bytes, from the host to the application. The slots come
/// last, so that short instructions reach the rest.
#[repr(C)]
pub struct OutFifo<const SLOTS: usize, const SIZE: usize> {
    /// Stored by the application: up to here bytes were consumed. The slots before it are free.
    head: AtomicUsize,
    /// Stored by the bus half: the slots before it were filled.
    tail: AtomicUsize,
    /// Of the bus half alone: the slots from `tail` up to it are with the driver.
    lent: AtomicUsize,
    /// Of the application alone: a slot was freed that the bus half waits for.
    doorbell: AtomicBool,
    slots: [Slot<[Byte; SIZE]>; SLOTS],
}

impl<const SLOTS: usize, const SIZE: usize> OutFifo<SLOTS, SIZE> {
    const CAPACITY: usize = SLOTS * SIZE;

    /// An empty FIFO.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        const { assert_shape(SLOTS, SIZE) };
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            doorbell: AtomicBool::new(false),
            slots: [const { Slot::<[Byte; SIZE]>::new() }; SLOTS],
        }
    }

    /// An empty FIFO.
    #[cfg(loom)]
    pub fn new() -> Self {
        assert_shape(SLOTS, SIZE);
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            doorbell: AtomicBool::new(false),
            slots: core::array::from_fn(|_| Slot::new()),
        }
    }

    /// The bus half and the application half.
    pub fn split(
        &'static mut self,
    ) -> (PacketReceiver<'static, SLOTS, SIZE>, PacketReader<'static, SLOTS, SIZE>) {
        (PacketReceiver::new(self), PacketReader::new(self))
    }

    fn slot(&self, position: usize) -> &Slot<[Byte; SIZE]> {
        slot_at(&self.slots, position)
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
    #[inline]
    pub fn pump_to(
        &mut self,
        depth: usize,
        mut receive: impl FnMut(RxSlot) -> Result<(), RxSlot>,
    ) {
        // Pairs with the fence in `free`: either we see the slot it frees, or it sees that we have
        // none.
        fence(Ordering::SeqCst);
        let mut lent = self.fifo.lent.load_own();
        while depth >= SLOTS || self.held(lent) < depth * SIZE {
            let Some(slot) = self.free_slot(lent) else { return };
            if receive(slot).is_err() {
                return;
            }
            lent = lent.wrapping_add(SIZE);
            self.fifo.lent.store(lent, Ordering::Relaxed);
            if depth == 1 {
                return;
            }
        }
    }

    /// Publishes a filled slot. One that is not the oldest lent is dropped.
    #[inline]
    pub fn received(&mut self, session: u16, slot: RxSlot, length: u16) {
        let tail = self.fifo.tail.load_own();
        if self.held(self.fifo.lent.load_own()) == 0 || !slot.is(self.fifo.slot(tail)) {
            return;
        }
        slot.publish(length.min(u16::try_from(SIZE).unwrap_or(u16::MAX)), session);
        self.fifo.tail.store(tail.wrapping_add(SIZE), Ordering::Release);
    }

    /// Takes the slots back that the driver dropped unfilled.
    pub fn reclaim(&mut self) {
        self.fifo.lent.store(self.fifo.tail.load_own(), Ordering::Relaxed);
    }

    /// What the driver holds, as bytes of slots.
    #[inline]
    fn held(&self, lent: usize) -> usize {
        lent.wrapping_sub(self.fifo.tail.load_own())
    }

    #[inline]
    fn free_slot(&mut self, lent: usize) -> Option<RxSlot> {
        let used = lent.wrapping_sub(self.fifo.head.load(Ordering::Acquire));
        let slot = self.fifo.slot(lent);
        // `head` may be within a slot, which is not free then; `used` is less than the slots by that.
        if used > OutFifo::<SLOTS, SIZE>::CAPACITY - SIZE || slot.is_lent() {
            return None;
        }
        // SAFETY: the slot is not lent and lies between `tail` and `head` + SLOTS, where the
        // application does not look.
        Some(unsafe { slot.lend_empty() })
    }
}

/// The application half of an [`OutFifo`].
pub struct PacketReader<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: &'static OutFifo<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

/// What is unread of the oldest packet.
struct Oldest<const SIZE: usize> {
    slot: &'static Slot<[Byte; SIZE]>,
    head: usize,
    length: usize,
    session: u16,
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
        let oldest = self.oldest()?;
        let session = oldest.session;
        Some((session, Self::new(self.fifo).bytes(oldest)))
    }

    /// The session of the oldest packet that has unread bytes.
    pub fn session(&mut self) -> Option<u16> {
        self.oldest().map(|oldest| oldest.session)
    }

    /// Copies unread bytes of the oldest packet out, as many as fit, consumes them, and returns how
    /// many. Where that packet is not of `session`, or there is none, `follow` decides first: it
    /// returns `Ok` only when there is one.
    ///
    /// # Errors
    /// That of `follow`.
    pub fn read<E>(
        &mut self,
        session: u16,
        buffer: &mut [u8],
        follow: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<usize, E> {
        let Some(oldest) = self.oldest_of(session, follow)? else { return Ok(0) };
        let Oldest { slot, head, length, .. } = oldest;
        // SAFETY: the slot is between `head` and `tail`: nobody writes to it before it is freed. It
        // was published with a length of SIZE at most, and `head` is below that.
        let count = unsafe { slot.read(offset::<SIZE>(head), length, buffer) };
        self.advance(head, length, count);
        Ok(count)
    }

    /// Consumes `count` bytes of the oldest packet, or what is left of it.
    pub fn consume(&mut self, count: usize) {
        if let Some(Oldest { head, length, .. }) = self.oldest() {
            self.advance(head, length, count);
        }
    }

    /// Whether the bus half must be woken: a slot was freed, it waits for one, and the host for the
    /// device. Says so once.
    pub fn needs_doorbell(&mut self) -> bool {
        let needed = self.fifo.doorbell.load_own();
        if needed {
            self.fifo.doorbell.store(false, Ordering::Relaxed);
        }
        needed
    }

    #[inline]
    fn oldest_of<E>(
        &mut self,
        session: u16,
        follow: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<Option<Oldest<SIZE>>, E> {
        let oldest = self.oldest();
        if oldest.as_ref().is_some_and(|oldest| oldest.session == session) {
            return Ok(oldest);
        }
        follow(self)?;
        Ok(self.oldest())
    }

    /// The oldest packet with unread bytes.
    #[inline]
    fn oldest(&mut self) -> Option<Oldest<SIZE>> {
        loop {
            let head = self.fifo.head.load_own();
            if head == self.fifo.tail.load(Ordering::Acquire) {
                return None;
            }
            let slot = self.fifo.slot(head);
            let (length, session) = slot.published();
            if length > 0 {
                let length = usize::from(length).wrapping_sub(offset::<SIZE>(head));
                return Some(Oldest { slot, head, length, session });
            }
            self.free(head);
        }
    }

    #[inline]
    fn advance(&mut self, head: usize, length: usize, count: usize) {
        if count >= length {
            return self.free(head);
        }
        self.fifo.head.store(head.wrapping_add(count), Ordering::Relaxed);
    }

    #[inline]
    fn free(&mut self, head: usize) {
        let head = next_slot::<SIZE>(head);
        self.fifo.head.store(head, Ordering::Release);
        // Pairs with the fence in `pump`.
        fence(Ordering::SeqCst);
        // When every slot was filled, the driver has none.
        let filled = self.fifo.tail.load(Ordering::Relaxed).wrapping_sub(head);
        if filled == OutFifo::<SLOTS, SIZE>::CAPACITY - SIZE {
            self.fifo.doorbell.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(not(loom))]
impl<'a, const SLOTS: usize, const SIZE: usize> PacketReader<'a, SLOTS, SIZE> {
    /// As [`front`](Self::front), for a reader that was made for this one use, and whether the bus half
    /// must be woken; `follow` is that of [`read`](Self::read).
    #[inline]
    pub fn into_front<E>(
        mut self,
        session: u16,
        follow: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> (Result<&'a [u8], E>, bool) {
        let oldest = self.oldest_of(session, follow);
        let doorbell = self.needs_doorbell();
        (oldest.map(|oldest| oldest.map_or(&[][..], |oldest| self.bytes(oldest))), doorbell)
    }

    fn bytes(self, Oldest { slot, head, length, .. }: Oldest<SIZE>) -> &'a [u8] {
        // SAFETY: the slot is between `head` and `tail`, so nobody writes to it before `consume`
        // frees it, which needs a reader, and the bytes have borrowed the only one. It was published
        // with a length of SIZE at most, and `head` is below that.
        unsafe { slot.bytes(offset::<SIZE>(head), length) }
    }
}
