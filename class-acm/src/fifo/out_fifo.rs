//! Host to device: packets, read as a byte stream.
//!
//! The bus half lends empty slots to the driver, in order, and publishes each when it comes back
//! filled, with its length and session in the slot. The application reads the oldest in place and
//! frees it. `head` and `tail` pass a slot from one to the other; while it is lent it belongs to
//! neither.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::slot::{Byte, RxSlot, Slot};
use super::{empty_slots, next_slot, offset, slot_at};
use crate::sync::{AtomicBool, AtomicUsize, Ordering, OwnLoad, fence};

/// FIFO of `SLOTS` packets of up to `SIZE` bytes, from the host to the application.
pub struct OutFifo<const SLOTS: usize, const SIZE: usize> {
    state: OutState,
    slots: [Slot<[Byte; SIZE]>; SLOTS],
}

/// What there is of an [`OutFifo`] beside its slots.
pub(crate) struct OutState {
    /// Stored by the application: up to here bytes were consumed. The slots before it are free.
    head: AtomicUsize,
    /// Stored by the bus half: the slots before it were filled.
    tail: AtomicUsize,
    /// Of the bus half alone: the slots from `tail` up to it are with the driver.
    lent: AtomicUsize,
    /// Of the application alone: a slot was freed that the bus half waits for.
    doorbell: AtomicBool,
}

impl OutState {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            doorbell: AtomicBool::new(false),
        }
    }

    #[cfg(loom)]
    fn new() -> Self {
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            doorbell: AtomicBool::new(false),
        }
    }
}

impl<const SLOTS: usize, const SIZE: usize> OutFifo<SLOTS, SIZE> {
    /// An empty FIFO.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self { state: OutState::new(), slots: empty_slots() }
    }

    /// An empty FIFO.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self { state: OutState::new(), slots: empty_slots() }
    }

    /// The bus half and the application half.
    pub fn split(
        &'static mut self,
    ) -> (PacketReceiver<'static, SLOTS, SIZE>, PacketReader<'static, SLOTS, SIZE>) {
        let Self { state, slots } = self;
        (PacketReceiver::new(state, slots), PacketReader::new(state, slots))
    }
}

/// Where the parts of an [`OutFifo`] are.
struct Parts<const SLOTS: usize, const SIZE: usize> {
    state: &'static OutState,
    slots: &'static [Slot<[Byte; SIZE]>; SLOTS],
}

impl<const SLOTS: usize, const SIZE: usize> Clone for Parts<SLOTS, SIZE> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<const SLOTS: usize, const SIZE: usize> Copy for Parts<SLOTS, SIZE> {}

impl<const SLOTS: usize, const SIZE: usize> core::ops::Deref for Parts<SLOTS, SIZE> {
    type Target = OutState;

    fn deref(&self) -> &OutState {
        self.state
    }
}

impl<const SLOTS: usize, const SIZE: usize> Parts<SLOTS, SIZE> {
    const CAPACITY: usize = SLOTS * SIZE;

    fn slot(&self, position: usize) -> &'static Slot<[Byte; SIZE]> {
        slot_at(self.slots, position)
    }
}

/// The bus half of an [`OutFifo`].
pub struct PacketReceiver<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: Parts<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

impl<const SLOTS: usize, const SIZE: usize> PacketReceiver<'_, SLOTS, SIZE> {
    /// The caller sees to it that there is one receiver at a time.
    pub(crate) fn new(
        state: &'static OutState,
        slots: &'static [Slot<[Byte; SIZE]>; SLOTS],
    ) -> Self {
        Self { fifo: Parts { state, slots }, borrow: PhantomData }
    }

    /// Offers free slots to `receive` until it gives one back or none is free.
    pub fn pump(&mut self, receive: impl FnMut(RxSlot) -> Result<(), RxSlot>) {
        self.pump_to(SLOTS, receive);
    }

    /// The same for a driver that holds up to `depth` slots, which needs not be asked for more.
    #[inline]
    pub fn pump_to(&mut self, depth: usize, mut receive: impl FnMut(RxSlot) -> Result<(), RxSlot>) {
        // Pairs with the fence in `free`: either we see the slot it frees, or it sees that we have
        // none.
        fence(Ordering::SeqCst);
        let mut lent = self.fifo.lent.load_own();
        while depth >= SLOTS || lent.wrapping_sub(self.fifo.tail.load_own()) < depth * SIZE {
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
        if tail == self.fifo.lent.load_own() || !slot.is(self.fifo.slot(tail)) {
            return;
        }
        slot.publish(length.min(u16::try_from(SIZE).unwrap_or(u16::MAX)), session);
        self.fifo.tail.store(tail.wrapping_add(SIZE), Ordering::Release);
    }

    /// Takes the slots back that the driver dropped unfilled.
    pub fn reclaim(&mut self) {
        self.fifo.lent.store(self.fifo.tail.load_own(), Ordering::Relaxed);
    }

    #[inline]
    fn free_slot(&mut self, lent: usize) -> Option<RxSlot> {
        let used = lent.wrapping_sub(self.fifo.head.load(Ordering::Relaxed));
        let slot = self.fifo.slot(lent);
        // `head` may be within a slot, which is not free then; `used` is less than the slots by that.
        if used > Parts::<SLOTS, SIZE>::CAPACITY - SIZE || slot.seems_lent() {
            return None;
        }
        // Who freed the slot, or was lent it before, is done with it.
        fence(Ordering::Acquire);
        // SAFETY: the slot is not lent and lies between `tail` and `head` + SLOTS, where the
        // application does not look.
        Some(unsafe { slot.lend_empty() })
    }
}

/// The application half of an [`OutFifo`].
pub struct PacketReader<'a, const SLOTS: usize, const SIZE: usize> {
    fifo: Parts<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

/// What is unread of the oldest packet.
struct Oldest<const SIZE: usize> {
    slot: &'static Slot<[Byte; SIZE]>,
    head: usize,
    /// Of the whole packet, in bytes; 0 for a zero-length one.
    length: usize,
    session: u16,
}

impl<const SIZE: usize> Oldest<SIZE> {
    fn start(&self) -> usize {
        offset::<SIZE>(self.head)
    }

    /// Bytes that are unread. `head` is within the packet.
    fn unread(&self) -> usize {
        self.length.wrapping_sub(self.start())
    }
}

impl<const SLOTS: usize, const SIZE: usize> PacketReader<'_, SLOTS, SIZE> {
    /// The caller sees to it that there is one reader at a time.
    pub(crate) fn new(
        state: &'static OutState,
        slots: &'static [Slot<[Byte; SIZE]>; SLOTS],
    ) -> Self {
        Self { fifo: Parts { state, slots }, borrow: PhantomData }
    }

    /// The unread bytes of the oldest packet, at least one, and the session they came in. `None`
    /// when nothing is there. Zero-length packets are skipped.
    #[cfg(not(loom))]
    pub fn front(&mut self) -> Option<(u16, &[u8])> {
        let oldest = self.skip_empty()?;
        Some((oldest.session, Self { ..*self }.bytes(&oldest)))
    }

    /// The session of the oldest packet that has unread bytes.
    pub fn session(&mut self) -> Option<u16> {
        self.skip_empty().map(|oldest| oldest.session)
    }

    /// Copies unread bytes of the oldest packet out, as many as fit, and
    /// [`consume`](Self::consume)s them: how many, and what that returns. Where the packet is not of
    /// `session`, or empty, or there is none, `follow` says which session to read, and skips what is
    /// empty.
    ///
    /// # Errors
    /// That of `follow`.
    pub fn read<E>(
        &mut self,
        session: u16,
        buffer: &mut [u8],
        follow: impl FnMut(&mut Self) -> Result<u16, E>,
    ) -> Result<(usize, bool), E> {
        let oldest = self.oldest_of(session, follow)?;
        // SAFETY: the slot is between `head` and `tail`: nobody writes to it before it is freed. It
        // was published with a length of SIZE at most, and `head` is below that.
        let count = unsafe { oldest.slot.read(oldest.start(), oldest.unread(), buffer) };
        Ok((count, self.fifo.advance(&oldest, count)))
    }

    /// Consumes `count` bytes of the oldest packet, or what is left of it. Returns whether the bus
    /// half must be woken: a slot was freed, it waits for one, and the host for the device.
    pub fn consume(&mut self, count: usize) -> bool {
        self.fifo.oldest().is_some_and(|oldest| self.fifo.advance(&oldest, count))
    }

    /// Whether the bus half must be woken, as zero-length packets were skipped. Says so once.
    pub fn needs_doorbell(&mut self) -> bool {
        let needed = self.fifo.doorbell.load_own();
        self.fifo.doorbell.store(false, Ordering::Relaxed);
        needed
    }

    #[inline]
    fn oldest_of<E>(
        &mut self,
        mut session: u16,
        mut follow: impl FnMut(&mut Self) -> Result<u16, E>,
    ) -> Result<Oldest<SIZE>, E> {
        loop {
            if let Some(oldest) = self.fifo.oldest()
                && oldest.session == session
                && oldest.length > 0
            {
                return Ok(oldest);
            }
            session = follow(self)?;
        }
    }

    /// The oldest packet with unread bytes.
    fn skip_empty(&mut self) -> Option<Oldest<SIZE>> {
        loop {
            let oldest = self.fifo.oldest()?;
            if oldest.length > 0 {
                return Some(oldest);
            }
            if self.fifo.free(oldest.head) {
                self.fifo.doorbell.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// What the application alone does.
impl<const SLOTS: usize, const SIZE: usize> Parts<SLOTS, SIZE> {
    #[inline(always)]
    fn oldest(self) -> Option<Oldest<SIZE>> {
        let head = self.head.load_own();
        if head == self.tail.load(Ordering::Acquire) {
            return None;
        }
        let slot = self.slot(head);
        let (length, session) = slot.published();
        Some(Oldest { slot, head, length: usize::from(length), session })
    }

    #[inline]
    fn advance(self, oldest: &Oldest<SIZE>, count: usize) -> bool {
        if count >= oldest.unread() {
            return self.free(oldest.head);
        }
        self.head.store(oldest.head.wrapping_add(count), Ordering::Relaxed);
        false
    }

    /// Frees the slot, and returns whether the bus half waits for it.
    #[inline]
    fn free(self, head: usize) -> bool {
        let head = next_slot::<SIZE>(head);
        self.head.store(head, Ordering::Release);
        // Pairs with the fence in `pump_to`.
        fence(Ordering::SeqCst);
        // When every slot was filled, the driver has none.
        let filled = self.tail.load(Ordering::Relaxed).wrapping_sub(head);
        filled == Parts::<SLOTS, SIZE>::CAPACITY - SIZE
    }
}

#[cfg(not(loom))]
impl<'a, const SLOTS: usize, const SIZE: usize> PacketReader<'a, SLOTS, SIZE> {
    /// As [`front`](Self::front), for a reader that was made for this one use; `session` and `follow`
    /// are those of [`read`](Self::read).
    ///
    /// # Errors
    /// That of `follow`.
    #[inline]
    pub fn into_front<E>(
        mut self,
        session: u16,
        follow: impl FnMut(&mut Self) -> Result<u16, E>,
    ) -> Result<&'a [u8], E> {
        let oldest = self.oldest_of(session, follow)?;
        Ok(self.bytes(&oldest))
    }

    fn bytes(self, oldest: &Oldest<SIZE>) -> &'a [u8] {
        // SAFETY: the slot is between `head` and `tail`, so nobody writes to it before `consume`
        // frees it, which needs a reader, and the bytes have borrowed the only one. It was published
        // with a length of SIZE at most, and `head` is below that.
        unsafe { oldest.slot.bytes(oldest.start(), oldest.unread()) }
    }
}
