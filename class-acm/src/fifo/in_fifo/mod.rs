//! Device to host: a byte stream cut into packets.
//!
//! The application appends to the slot that `written` is in; when that is full, it goes on in the
//! next. The bus half sends full slots at once, and what is in the last one when the wire is idle:
//! writes coalesce while a packet is in flight, and nothing waits for a timer.
//!
//! Bytes below `written` are never written again before their slot is freed, so the bus half may lend
//! them while the application appends behind them. `written` gives them to the bus half, and `head`
//! gives whole slots back.
mod losses;
mod sender;
mod writer;

use super::slot::{Byte, Slot};
use super::{empty_slots, next_slot, offset, slot_at};
use crate::sync::{AtomicU16, AtomicU32, AtomicUsize, Ordering};
pub(crate) use losses::Losses;
pub use sender::PacketSender;
pub use writer::{Grant, PacketWriter};

/// FIFO of `SLOTS` packets of up to `SIZE` bytes, from the application to the host.
pub struct InFifo<const SLOTS: usize, const SIZE: usize> {
    state: InState,
    slots: [Slot<[Byte; SIZE]>; SLOTS],
    losses: Losses,
}

/// What there is of an [`InFifo`] beside its slots.
pub(crate) struct InState {
    /// Stored by the bus half: the slots before it are free.
    head: AtomicUsize,
    /// Stored by the bus half: bytes before it were submitted to the driver, or skipped.
    sent: AtomicUsize,
    /// Stored by the bus half: what goes on, see [`sender::bits`].
    bits: AtomicU32,
    /// Stored by the application: bytes before it were written.
    written: AtomicUsize,
    /// Stored by the application: `written` when the session began, for it.
    begun: AtomicUsize,
    /// Stored by the application: the session of the bytes from `begun` on.
    session: AtomicU16,
    /// wMaxPacketSize in bytes, where it may be less than `SIZE`. Stored by the bus half.
    packet_size: AtomicU16,
}

impl InState {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            head: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
            bits: AtomicU32::new(0),
            written: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            session: AtomicU16::new(0),
            packet_size: AtomicU16::new(0),
        }
    }

    #[cfg(loom)]
    fn new() -> Self {
        Self {
            head: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
            bits: AtomicU32::new(0),
            written: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            session: AtomicU16::new(0),
            packet_size: AtomicU16::new(0),
        }
    }
}

impl<const SLOTS: usize, const SIZE: usize> InFifo<SLOTS, SIZE> {
    /// An empty FIFO.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self { state: InState::new(), slots: empty_slots(), losses: Losses::new() }
    }

    /// An empty FIFO.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self { state: InState::new(), slots: empty_slots(), losses: Losses::new() }
    }

    /// The application half and the bus half.
    pub fn split(
        &'static mut self,
    ) -> (PacketWriter<'static, SLOTS, SIZE>, PacketSender<'static, SLOTS, SIZE>) {
        let parts = Parts { state: &self.state, slots: &self.slots, losses: &self.losses };
        (PacketWriter::new(parts), PacketSender::new(parts))
    }
}

/// Where the parts of an [`InFifo`] are: not in one struct, so that those of both directions can lie
/// before the slots, where short instructions reach them.
pub(crate) struct Parts<const SLOTS: usize, const SIZE: usize> {
    pub(crate) state: &'static InState,
    pub(crate) slots: &'static [Slot<[Byte; SIZE]>; SLOTS],
    /// Behind the slots, as not every board asks for it.
    pub(crate) losses: &'static Losses,
}

impl<const SLOTS: usize, const SIZE: usize> Clone for Parts<SLOTS, SIZE> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<const SLOTS: usize, const SIZE: usize> Copy for Parts<SLOTS, SIZE> {}

impl<const SLOTS: usize, const SIZE: usize> core::ops::Deref for Parts<SLOTS, SIZE> {
    type Target = InState;

    fn deref(&self) -> &InState {
        self.state
    }
}

impl<const SLOTS: usize, const SIZE: usize> Parts<SLOTS, SIZE> {
    const CAPACITY: usize = SLOTS * SIZE;

    /// wMaxPacketSize, in bytes. Constant where only a full-speed packet fits.
    fn packet_size(&self) -> usize {
        if SIZE <= 64 || cfg!(loom) {
            return SIZE;
        }
        match self.packet_size.load(Ordering::Relaxed) {
            0 => SIZE,
            size => usize::from(size).min(SIZE),
        }
    }

    fn slot(&self, position: usize) -> &'static Slot<[Byte; SIZE]> {
        slot_at(self.slots, position)
    }
}

/// A position, or the start of the next slot when a packet of its slot is full.
#[inline]
fn settled<const SIZE: usize>(position: usize, packet_size: usize) -> usize {
    if SIZE > 64 && offset::<SIZE>(position) >= packet_size {
        return next_slot::<SIZE>(position);
    }
    // A packet is as large as a slot, and so its end is the start of the next.
    position
}
