//! What a driver holds of a slot.

use core::fmt;
use core::ptr::NonNull;

#[cfg(not(loom))]
use super::base;
use super::{Byte, FILLED, LENT, Slot, store};
use crate::sync::{AtomicU32, Ordering, OwnLoad};

/// A slot of any size, as a handle knows it: a thin pointer through which all of it may be reached.
type AnySlot = NonNull<Slot<[Byte; 0]>>;

/// A packet on its way to the host: 0 to wMaxPacketSize bytes in a slot that nobody writes to.
///
/// Dropping it gives the slot back. A driver may read the bytes, by CPU or by DMA, as long as it
/// holds the packet.
pub struct TxPacket {
    /// The slot that holds the bytes; dangling when the packet is empty.
    pub(super) slot: AnySlot,
    /// Where they start, and in the upper half how many they are: two words make a packet, which so
    /// goes through registers.
    pub(super) range: u32,
}

// SAFETY: a packet is a shared reference to a slot, which is `Sync`.
unsafe impl Send for TxPacket {}
// SAFETY: as above.
unsafe impl Sync for TxPacket {}

impl TxPacket {
    /// A zero-length packet.
    pub const ZERO_LENGTH: TxPacket = TxPacket { slot: NonNull::dangling(), range: 0 };

    /// Length in bytes.
    pub fn len(&self) -> u16 {
        let [_, _, low, high] = self.range.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// Whether this is a zero-length packet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn cells(&self) -> &[Byte] {
        let [low, high, ..] = self.range.to_le_bytes();
        let start = usize::from(u16::from_le_bytes([low, high]));
        // SAFETY: `lend` made the pointer from a slot, and the range lies within it; that of an empty
        // packet is empty, and may dangle.
        unsafe { cells_of(self.slot, start, usize::from(self.len())) }
    }
}

#[cfg(not(loom))]
impl core::ops::Deref for TxPacket {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let cells = self.cells();
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8`; `lend`'s caller promised that nobody
        // writes to the range while `self` lives.
        unsafe { core::slice::from_raw_parts(base(cells), cells.len()) }
    }
}

#[cfg(loom)]
impl TxPacket {
    /// Copies the packet out, and returns its length.
    pub fn copy_to(&self, buffer: &mut [u8]) -> usize {
        for (cell, byte) in self.cells().iter().zip(buffer.iter_mut()) {
            // SAFETY: the model checker itself watches for a concurrent write.
            *byte = cell.with(|p| unsafe { *p });
        }
        buffer.len().min(usize::from(self.len()))
    }
}

impl Drop for TxPacket {
    fn drop(&mut self) {
        if !self.is_empty() {
            // SAFETY: the packet is not empty, so `lend` made the pointer.
            unsafe { word(self.slot) }.store(0, Ordering::Release);
        }
    }
}

impl fmt::Debug for TxPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TxPacket").field(&self.len()).finish()
    }
}

/// An empty slot for one packet from the host, as long as wMaxPacketSize.
///
/// Dropping it gives the slot back. A driver may write the bytes, by CPU or by DMA, as long as it
/// holds the slot.
pub struct RxSlot {
    pub(super) slot: AnySlot,
}

// SAFETY: the handle is the only way to the bytes of its slot while it lives, and the word of the
// slot is an atomic.
unsafe impl Send for RxSlot {}
// SAFETY: as above; a shared handle lets the bytes be read only.
unsafe impl Sync for RxSlot {}

impl RxSlot {
    /// Copies a packet to the start of the slot, cut to the slot's size, and returns how many bytes
    /// that are.
    pub fn fill(&mut self, packet: &[u8]) -> u16 {
        // SAFETY: `lend_empty`'s caller promised that nobody else reaches the slot while `self`
        // lives.
        let count = unsafe { store(self.cells(), packet) };
        u16::try_from(count).unwrap_or(u16::MAX)
    }

    #[inline]
    pub(in crate::fifo) fn is<const N: usize>(&self, slot: &Slot<[Byte; N]>) -> bool {
        core::ptr::addr_eq(self.slot.as_ptr(), slot)
    }

    /// Gives the slot back filled: `length` bytes of it, not more than there are, and a number to go
    /// with them.
    #[inline]
    pub(in crate::fifo) fn publish(self, length: u16, number: u16) {
        let word = u32::from(number) << 16 | FILLED | u32::from(length);
        self.word().store(word, Ordering::Release);
        core::mem::forget(self);
    }

    fn size(&self) -> u32 {
        // Nobody else stores the word while the slot is lent.
        self.word().load_own() & !LENT
    }

    fn word(&self) -> &AtomicU32 {
        // SAFETY: `lend_empty` made the pointer.
        unsafe { word(self.slot) }
    }

    fn cells(&self) -> &[Byte] {
        // SAFETY: `lend_empty` made the pointer, and the size that it left is that of the slot.
        unsafe { cells_of(self.slot, 0, self.size() as usize) }
    }
}

#[cfg(not(loom))]
impl core::ops::Deref for RxSlot {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let cells = self.cells();
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8`; `lend_empty`'s caller promised that nobody
        // else reaches the slot while `self` lives.
        unsafe { core::slice::from_raw_parts(base(cells), cells.len()) }
    }
}

#[cfg(not(loom))]
impl core::ops::DerefMut for RxSlot {
    fn deref_mut(&mut self) -> &mut [u8] {
        let cells = self.cells();
        // SAFETY: as for `deref`, and `self` is borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(base(cells), cells.len()) }
    }
}

impl Drop for RxSlot {
    fn drop(&mut self) {
        self.word().store(0, Ordering::Release);
    }
}

impl fmt::Debug for RxSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RxSlot").field(&self.size()).finish()
    }
}

/// The word of the slot behind a handle.
///
/// # Safety
/// `slot` was made from a slot, which lives for ever.
unsafe fn word<'a>(slot: AnySlot) -> &'a AtomicU32 {
    // SAFETY: passed on to the caller; the field is reached without a reference to the whole.
    unsafe { &(*slot.as_ptr()).word }
}

/// Cells of the slot behind a handle.
///
/// # Safety
/// `slot` was made from a slot, which lives for ever, and the range lies within it; or `length` is 0.
unsafe fn cells_of<'a>(slot: AnySlot, start: usize, length: usize) -> &'a [Byte] {
    // Wrapping, as there are no bounds to stay in where the pointer dangles.
    let data = slot.as_ptr().wrapping_byte_add(core::mem::offset_of!(Slot<[Byte; 0]>, data));
    // SAFETY: the cells begin there whatever their number, as `Slot` is `repr(C)`, and the range is
    // that of the caller. An empty slice needs no more than a pointer that is aligned and not null.
    unsafe { core::slice::from_raw_parts(data.cast::<Byte>().wrapping_add(start), length) }
}
