//! Device to host: a byte stream cut into packets.
//!
//! The application appends to the slot that `written` is in; when that is full, it goes on in the
//! next. The bus half sends full slots at once, and what is in the last one when the wire is idle:
//! writes coalesce while a packet is in flight, and nothing waits for a timer.
//!
//! Bytes below `written` are never written again before all of their slot was sent, so the bus half may
//! lend them while the application appends behind them. `written` gives them to the bus half; [`State`]
//! gives whole slots back, each when its last packet was acknowledged.
mod losses;
mod sender;
mod state;
mod writer;

use super::slot::{Byte, Slot};
use super::{empty_slots, next_slot, numbered, offset, slot_at};
use crate::sync::{AtomicU8, AtomicU16, AtomicU32, Ordering};
use losses::Losses;
pub use sender::PacketSender;
use state::State;
pub use writer::{Grant, PacketWriter};

/// FIFO of `SLOTS` packets of up to `SIZE` bytes, from the application to the host.
#[repr(C)]
pub struct InFifo<const SLOTS: usize, const SIZE: usize> {
    /// Stored by the bus half: a [`State`].
    state: AtomicU32,
    /// Stored by the application: bytes before it were written.
    written: AtomicU16,
    /// Stored by the application: `written` when the session began, for it.
    begun: AtomicU16,
    /// Stored by the application: the session of the bytes from `begun` on.
    session: AtomicU16,
    /// wMaxPacketSize in [`PACKET_UNIT`]s, where it may be less than `SIZE`. Stored by the bus half.
    packet_size: AtomicU8,
    losses: Losses,
    /// Behind what short instructions reach.
    slots: [Slot<[Byte; SIZE]>; SLOTS],
}

impl<const SLOTS: usize, const SIZE: usize> InFifo<SLOTS, SIZE> {
    /// An empty FIFO.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self {
            state: AtomicU32::new(0),
            written: AtomicU16::new(0),
            begun: AtomicU16::new(0),
            session: AtomicU16::new(0),
            packet_size: AtomicU8::new(0),
            losses: Losses::new(),
            slots: empty_slots(),
        }
    }

    /// An empty FIFO.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self {
            state: AtomicU32::new(0),
            written: AtomicU16::new(0),
            begun: AtomicU16::new(0),
            session: AtomicU16::new(0),
            packet_size: AtomicU8::new(0),
            losses: Losses::new(),
            slots: empty_slots(),
        }
    }

    /// The application half and the bus half.
    pub fn split(
        &'static mut self,
    ) -> (PacketWriter<'static, SLOTS, SIZE>, PacketSender<'static, SLOTS, SIZE>) {
        (PacketWriter::new(self), PacketSender::new(self))
    }

    /// wMaxPacketSize, in bytes. Constant where only a full-speed packet fits.
    fn packet_size(&self) -> usize {
        if SIZE <= 64 || cfg!(loom) {
            return SIZE;
        }
        match self.packet_size.load(Ordering::Relaxed) {
            0 => SIZE,
            size => (usize::from(size) * PACKET_UNIT).min(SIZE),
        }
    }

    fn slot(&self, position: u16) -> &Slot<[Byte; SIZE]> {
        slot_at(&self.slots, position)
    }

    fn numbered(&self, number: u8) -> &Slot<[Byte; SIZE]> {
        numbered(&self.slots, number)
    }
}

/// Bytes: every bulk wMaxPacketSize is some of these (USB 2.0 §5.8.3), and a byte counts up to 512.
const PACKET_UNIT: usize = 8;

/// A position, or the start of the next slot when a packet of its slot is full.
#[inline]
fn settled<const SIZE: usize>(position: u16, packet_size: usize) -> u16 {
    if SIZE > 64 && offset::<SIZE>(position) >= packet_size {
        return next_slot::<SIZE>(position);
    }
    // A packet is as large as a slot, and so its end is the start of the next.
    position
}
