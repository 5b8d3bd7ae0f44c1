//! A packet slot: the one place where application and bus touch the same bytes.
//!
//! A slot is a word and bytes in cells. The word says whether a driver holds the slot, which is what
//! makes lending safe: a handle given to a driver clears it on drop, and a slot that is lent is not
//! given out again. A driver that leaks or delays its handles costs throughput, never soundness.
#![allow(unsafe_code)]
#![expect(clippy::multiple_unsafe_ops_per_block, reason = "a pointer and the access through it")]

mod handle;

pub use handle::{RxSlot, TxPacket};

use core::ptr::NonNull;

use crate::sync::{AtomicU32, BEFORE_FENCE, Ordering, UnsafeCell};

/// One byte of a slot. A cell a byte, so that disjoint ranges are disjoint to the model checker.
pub(crate) type Byte = UnsafeCell<u8>;

/// The word of a slot that a driver holds: this, and the size of the slot where it is to be filled, which
/// is even.
const LENT: u32 = 1;

/// In the word of a slot: a packet from the host is in it, and no driver holds it. The bits below it are
/// the length of the packet, the upper half is a number.
const FILLED: u32 = 0x4000;

/// A slot of `D` = `[Byte; N]`; `[Byte; 0]` behind the pointer of a handle.
#[repr(C, align(4))]
pub(crate) struct Slot<D> {
    /// [`LENT`] or [`FILLED`], with what belongs to it; free slots have 0.
    word: AtomicU32,
    data: D,
}

// SAFETY: `data` is reached only through the unsafe methods below, whose callers prove that no two
// contexts reach the same byte at the same time; the word is an atomic.
unsafe impl<D> Sync for Slot<D> {}

impl<const N: usize> Slot<[Byte; N]> {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self { word: AtomicU32::new(0), data: [const { UnsafeCell::new(0) }; N] }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self { word: AtomicU32::new(0), data: core::array::from_fn(|_| UnsafeCell::new(0)) }
    }

    /// Whether nobody has the slot, neither a driver nor a packet from the host. A driver that had it is
    /// done with the bytes.
    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.word.load(Ordering::Acquire) == 0
    }

    /// The same, for who does not write to the bytes, or has a fence for it.
    #[inline]
    pub(super) fn seems_free(&self) -> bool {
        self.word.load(BEFORE_FENCE) == 0
    }

    /// Whether a packet from the host is in the slot.
    #[inline]
    pub(super) fn seems_filled(&self) -> bool {
        self.word.load(Ordering::Relaxed) & FILLED != 0
    }

    /// What [`RxSlot::publish`] left: length of the packet, and the number that came with it.
    #[inline]
    pub(super) fn published(&self) -> Option<(usize, u16)> {
        let word = self.word.load(Ordering::Acquire);
        let [_, _, low, high] = word.to_le_bytes();
        let length = word & (FILLED - 1);
        (word & FILLED != 0).then_some((length as usize, u16::from_le_bytes([low, high])))
    }

    /// The packet in the slot is done with.
    #[inline]
    pub(super) fn free(&self) {
        self.word.store(0, Ordering::Release);
    }

    /// Hands `length` bytes from `start` on to a driver.
    ///
    /// # Safety
    /// The slot is not lent, and until the handle is dropped nobody writes to these bytes. `length` is
    /// not 0, and they lie within the slot.
    #[inline]
    pub(super) unsafe fn lend(&'static self, start: usize, length: usize) -> TxPacket {
        self.word.store(LENT, Ordering::Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "both are within a slot")]
        let range = (length << 16 | start) as u32;
        TxPacket { slot: NonNull::from(self).cast(), range }
    }

    /// Hands the whole slot to a driver, to be filled.
    ///
    /// # Safety
    /// The slot is not lent, and until the handle is dropped nobody else reaches its bytes.
    #[inline]
    pub(super) unsafe fn lend_empty(&'static self) -> RxSlot {
        const { assert!(N < FILLED as usize && N.is_multiple_of(2), "beside FILLED and LENT") };
        #[expect(clippy::cast_possible_truncation, reason = "less than FILLED")]
        self.word.store(LENT | N as u32, Ordering::Relaxed);
        RxSlot { slot: NonNull::from(self).cast() }
    }

    /// `length` cells from `start` on.
    ///
    /// # Safety
    /// They lie within the slot.
    #[inline]
    unsafe fn cells(&self, start: usize, length: usize) -> &[Byte] {
        debug_assert!(start + length <= N, "{length} bytes from {start} on, of {N}");
        // SAFETY: passed on to the caller.
        unsafe { core::slice::from_raw_parts(self.data.as_ptr().add(start), length) }
    }

    /// `length` bytes from `start` on.
    ///
    /// # Safety
    /// They lie within the slot, and nobody writes to them while the reference lives.
    #[cfg(not(loom))]
    #[inline]
    pub(super) unsafe fn bytes(&self, start: usize, length: usize) -> &[u8] {
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8`; the caller keeps writers away.
        unsafe { core::slice::from_raw_parts(base(self.cells(start, length)), length) }
    }

    /// `length` bytes from `start` on, to write to.
    ///
    /// # Safety
    /// They lie within the slot, and nobody else reaches them while the reference lives.
    #[cfg(not(loom))]
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "the cells are the interior mutability")]
    pub(super) unsafe fn bytes_mut(&self, start: usize, length: usize) -> &mut [u8] {
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8` and may be written through a shared
        // reference; the caller keeps everybody else away.
        unsafe { core::slice::from_raw_parts_mut(base(self.cells(start, length)), length) }
    }

    /// Copies as much of `from` as fits into `length` bytes from `start` on, and returns how much.
    ///
    /// # Safety
    /// They lie within the slot, and nobody else reaches them during the call.
    #[inline]
    pub(super) unsafe fn write(&self, start: usize, length: usize, from: &[u8]) -> usize {
        // SAFETY: passed on to the caller.
        unsafe { store(self.cells(start, length), from) }
    }

    /// Copies `length` bytes from `start` on, as many as fit into `to`, and returns how many.
    ///
    /// # Safety
    /// They lie within the slot, and nobody writes to them during the call.
    #[inline]
    pub(super) unsafe fn read(&self, start: usize, length: usize, to: &mut [u8]) -> usize {
        let count = length.min(to.len());
        // SAFETY: passed on to the caller.
        let cells = unsafe { self.cells(start, count) };
        #[cfg(not(loom))]
        // SAFETY: both are at least `count` bytes long, and the caller keeps writers away.
        unsafe {
            super::copy::copy(to.as_mut_ptr(), base(cells), count);
        }
        #[cfg(loom)]
        for (cell, byte) in cells.iter().zip(to.iter_mut()) {
            // SAFETY: the model checker itself watches for a concurrent write.
            *byte = cell.with(|p| unsafe { *p });
        }
        count
    }
}

impl Slot<[Byte; 10]> {
    /// Sets all bytes.
    ///
    /// # Safety
    /// Nobody else reaches them during the call.
    #[inline]
    pub(super) unsafe fn set(&self, bytes: [u8; 10]) {
        #[cfg(not(loom))]
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8`; the caller keeps everybody else away. Both
        // words and the half lie within the slot, where words are aligned.
        unsafe {
            let [a, b, c, d, e, f, g, h, i, j] = bytes;
            let to = base(&self.data);
            to.cast::<u32>().write(u32::from_ne_bytes([a, b, c, d]));
            to.cast::<u32>().add(1).write(u32::from_ne_bytes([e, f, g, h]));
            to.cast::<u16>().add(4).write(u16::from_ne_bytes([i, j]));
        }
        #[cfg(loom)]
        // SAFETY: passed on to the caller.
        unsafe {
            store(&self.data, &bytes);
        }
    }
}

#[cfg(not(loom))]
fn base(data: &[Byte]) -> *mut u8 {
    // The pointer covers the whole slice of cells, and cells may be written through it.
    data.as_ptr().cast_mut().cast()
}

/// Copies as much of `from` as fits into `cells`, and returns how much.
///
/// # Safety
/// Nobody else reaches `cells` during the call.
#[inline]
unsafe fn store(cells: &[Byte], from: &[u8]) -> usize {
    let count = cells.len().min(from.len());
    #[cfg(not(loom))]
    // SAFETY: both are at least `count` bytes long, and nobody else reaches `cells`.
    unsafe {
        super::copy::copy(base(cells), from.as_ptr(), count);
    }
    #[cfg(loom)]
    for (cell, byte) in cells.iter().zip(from) {
        // SAFETY: the model checker itself watches for a concurrent access.
        cell.with_mut(|p| unsafe { *p = *byte });
    }
    count
}
