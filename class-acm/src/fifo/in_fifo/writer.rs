//! The application half: bytes into slots.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::{InFifo, State, offset, settled};
use crate::fifo::slot::{Byte, Slot};
use crate::fifo::{low, number_of};
use crate::sync::{Ordering, OwnLoad, fence};

/// The application half of an [`InFifo`](super::InFifo).
pub struct PacketWriter<'a, const SLOTS: usize, const SIZE: usize> {
    pub(super) fifo: &'static InFifo<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

/// Room in the slot that is written to: at least one byte.
struct Room<const SIZE: usize> {
    slot: &'static Slot<[Byte; SIZE]>,
    /// Where it starts.
    written: u16,
    /// wMaxPacketSize, up to which the slot is filled.
    packet_size: usize,
}

impl<const SIZE: usize> Room<SIZE> {
    fn start(&self) -> usize {
        offset::<SIZE>(self.written)
    }

    fn length(&self) -> usize {
        // Not less than 1, as `written` is settled.
        self.packet_size - self.start()
    }
}

impl<const SLOTS: usize, const SIZE: usize> PacketWriter<'_, SLOTS, SIZE> {
    /// The caller sees to it that there is one writer at a time.
    pub(crate) fn new(fifo: &'static InFifo<SLOTS, SIZE>) -> Self {
        Self { fifo, borrow: PhantomData }
    }

    /// The session that the bytes belong to which are written now.
    #[inline]
    pub fn session(&self) -> u16 {
        self.fifo.session.load_own()
    }

    /// What is written from here on is of this session; what was written for another one is never
    /// sent.
    pub fn begin(&mut self, session: u16) {
        let begun = settled::<SIZE>(self.fifo.written.load_own(), self.fifo.packet_size());
        self.fifo.begun.store(begun, Ordering::Relaxed);
        if SIZE > 64 {
            self.fifo.written.store(begun, Ordering::Relaxed);
        }
        self.fifo.session.store(session, Ordering::Release);
    }

    /// Appends as much of `bytes` as there is room for, and returns how many bytes that are.
    pub fn append(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty()
            && let Some(room) = self.room()
        {
            // SAFETY: the room is within the slot. The bus half reaches bytes below `written` only,
            // and `&mut self` keeps other writers away.
            let count = unsafe { room.slot.write(room.start(), room.length(), rest) };
            rest = rest.get(count..).unwrap_or_default();
            self.commit(&room, count);
        }
        bytes.len() - rest.len()
    }

    /// [`append`](Self::append)s bytes that belong to this session.
    pub fn write(&mut self, session: u16, bytes: &[u8]) -> usize {
        self.follow(session);
        self.append(bytes)
    }

    /// Room in the open slot to write to in place; `None` when the FIFO is full.
    #[cfg(not(loom))]
    pub fn grant(&mut self, session: u16) -> Option<Grant<'_, SLOTS, SIZE>> {
        self.follow(session);
        Self { ..*self }.into_grant()
    }

    /// Whether a write would take at least one byte.
    pub fn has_room(&self) -> bool {
        self.room().is_some()
    }

    /// Whether the host acknowledged every byte written, and the zero-length packet where one was
    /// due, or a session's end discarded them.
    pub fn is_flushed(&self) -> bool {
        let state = self.state(Ordering::Acquire);
        let size = self.fifo.packet_size();
        // What is with the host of a fresh session is a zero-length packet for the one before.
        settled::<SIZE>(state.sent(), size) == settled::<SIZE>(self.fifo.written.load_own(), size)
            && (!state.is_unsettled() || state.is_fresh())
    }

    /// Whether the bus half must be woken to see what was written last.
    #[inline]
    pub fn needs_doorbell(&self) -> bool {
        // Pairs with the fence in `pump`.
        fence(Ordering::SeqCst);
        !self.state(Ordering::Relaxed).is_in_flight()
    }

    /// [`begin`](Self::begin)s this session, unless that was done.
    #[inline]
    pub fn follow(&mut self, session: u16) {
        if self.session() != session {
            self.begin(session);
        }
    }

    #[inline]
    fn room(&self) -> Option<Room<SIZE>> {
        let packet_size = self.fifo.packet_size();
        let written = settled::<SIZE>(self.fifo.written.load_own(), packet_size);
        let slot = self.fifo.slot(written);
        // A slot with bytes of ours is ours until it is full; a driver may hold those bytes.
        if offset::<SIZE>(written) == 0 && !self.is_free(slot, written) {
            return None;
        }
        Some(Room { slot, written, packet_size })
    }

    /// Whether the bus half gave back the slot of `written`, and the driver with it.
    #[inline]
    fn is_free(&self, slot: &Slot<[Byte; SIZE]>, written: u16) -> bool {
        // Acquire: who sees that a slot was given back also sees that it was lent before.
        let head = self.state(Ordering::Acquire).head::<SIZE>();
        let used = number_of::<SIZE>(written).wrapping_sub(head);
        // No more than SLOTS are used, which is a power of two.
        usize::from(used) & SLOTS == 0 && slot.is_free()
    }

    #[inline]
    fn state(&self, ordering: Ordering) -> State {
        State::from_word(self.fifo.state.load(ordering))
    }

    #[inline]
    fn commit(&self, room: &Room<SIZE>, count: usize) {
        let written = room.written.wrapping_add(low(count));
        self.fifo.written.store(settled::<SIZE>(written, room.packet_size), Ordering::Release);
    }
}

#[cfg(not(loom))]
impl<'a, const SLOTS: usize, const SIZE: usize> PacketWriter<'a, SLOTS, SIZE> {
    /// As [`grant`](Self::grant), for a writer that was made for this one use, in its session.
    #[inline]
    pub fn into_grant(self) -> Option<Grant<'a, SLOTS, SIZE>> {
        let room = self.room()?;
        // SAFETY: the room is within the slot. The bus half reaches bytes below `written` only, and
        // the grant takes the writer.
        let bytes = unsafe { room.slot.bytes_mut(room.start(), room.length()) };
        Some(Grant { writer: self, room, bytes })
    }
}

/// Room in the open slot, to be written in place and then [committed](Self::commit). Dropped without
/// that, nothing was written.
pub struct Grant<'a, const SLOTS: usize, const SIZE: usize> {
    writer: PacketWriter<'a, SLOTS, SIZE>,
    room: Room<SIZE>,
    bytes: &'a mut [u8],
}

impl<'a, const SLOTS: usize, const SIZE: usize> Grant<'a, SLOTS, SIZE> {
    /// Hands the first `count` bytes over, or all if there are fewer, and gives the writer back.
    #[inline]
    pub fn commit(self, count: usize) -> PacketWriter<'a, SLOTS, SIZE> {
        self.writer.commit(&self.room, count.min(self.bytes.len()));
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
