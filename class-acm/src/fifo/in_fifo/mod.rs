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
mod losses;
mod sender;
mod writer;

use super::slot::{Byte, Slot};
use super::{assert_shape, slot_at};
use crate::sync::{AtomicBool, AtomicU8, AtomicU16, Ordering, OwnLoad};
use losses::Losses;
pub use sender::PacketSender;
pub use writer::{Grant, PacketWriter};

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
    /// Behind the slots, as not every board asks for it.
    losses: Losses,
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
            losses: Losses::new(),
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
            losses: Losses::new(),
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

/// Adds to a number that has one writer: us.
fn add(number: &AtomicU16, count: u16) {
    number.store(number.load_own().wrapping_add(count), Ordering::Relaxed);
}
