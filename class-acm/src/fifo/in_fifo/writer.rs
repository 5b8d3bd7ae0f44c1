//! The application half: bytes into slots.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::{InFifo, add};
use crate::fifo::slot::{Byte, Slot};
use crate::sync::{Ordering, OwnLoad, fence};

/// The application half of an [`InFifo`].
pub struct PacketWriter<'a, const SLOTS: usize, const SIZE: usize> {
    pub(super) fifo: &'static InFifo<SLOTS, SIZE>,
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
        self.fifo.acknowledged.load(Ordering::Acquire) == self.fifo.written.load_own()
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
            let tail = self.fifo.tail.load_own();
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
        let tail = self.fifo.tail.load_own();
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
