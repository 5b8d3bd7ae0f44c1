//! A packet slot: the one place where application and bus touch the same bytes.
//!
//! A slot is bytes in cells, a length, and a flag that says whether a driver holds the slot. The
//! flag is what makes lending safe: a handle given to a driver clears it on drop, and a slot whose
//! flag is set is not given out again. A driver that leaks or delays its handles costs throughput,
//! never soundness.
#![allow(unsafe_code)]
#![expect(clippy::multiple_unsafe_ops_per_block, reason = "a pointer and the access through it")]

use core::fmt;
use core::ops::Range;
use core::ptr::NonNull;

use crate::sync::{AtomicBool, AtomicU8, AtomicU16, Ordering, UnsafeCell};

/// One byte of a slot. A cell a byte, so that disjoint ranges are disjoint to the model checker.
pub(super) type Byte = UnsafeCell<u8>;

/// A slot of `D` = `[Byte; N]`, or of any size behind a reference (`D` = `[Byte]`).
#[repr(C, align(4))]
pub(super) struct Slot<D: ?Sized> {
    /// Bytes written so far. Who may store it, and when, is the FIFO's protocol.
    pub(super) length: AtomicU16,
    /// Set while a [`TxPacket`] or [`RxSlot`] of this slot is alive.
    lent: AtomicBool,
    /// Low byte of the session the bytes belong to.
    pub(super) session: AtomicU8,
    data: D,
}

// SAFETY: `data` is reached only through the unsafe methods below, whose callers prove that no two
// contexts reach the same byte at the same time; the other fields are atomics.
unsafe impl<D: ?Sized> Sync for Slot<D> {}

impl<const N: usize> Slot<[Byte; N]> {
    /// The slot without its size.
    pub(super) fn erased(&self) -> &Slot<[Byte]> {
        self
    }

    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self {
            length: AtomicU16::new(0),
            lent: AtomicBool::new(false),
            session: AtomicU8::new(0),
            data: [const { UnsafeCell::new(0) }; N],
        }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self {
            length: AtomicU16::new(0),
            lent: AtomicBool::new(false),
            session: AtomicU8::new(0),
            data: core::array::from_fn(|_| UnsafeCell::new(0)),
        }
    }

    /// Copies as much of `bytes` as fits into `range`, and returns how much.
    ///
    /// # Safety
    /// No other context reaches the bytes of `range` during the call.
    #[inline]
    pub(super) unsafe fn write(&self, range: Range<u16>, bytes: &[u8]) -> u16 {
        // SAFETY: passed on to the caller.
        unsafe { store(cells(&self.data, range), bytes) }
    }
}

impl Slot<[Byte]> {
    /// Whether a driver holds the slot.
    pub(super) fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Acquire)
    }

    /// Hands the written bytes of `range` to a driver.
    ///
    /// # Safety
    /// The slot is not lent, and until the handle is dropped nobody writes to `range`, which is not
    /// empty and lies within the slot.
    pub(super) unsafe fn lend(&'static self, range: Range<u16>) -> TxPacket {
        self.lent.store(true, Ordering::Relaxed);
        TxPacket { slot: NonNull::from(self).cast(), start: range.start, end: range.end }
    }

    /// Hands the whole slot to a driver, to be filled.
    ///
    /// # Safety
    /// The slot is not lent, and until the handle is dropped nobody else reaches its bytes.
    pub(super) unsafe fn lend_empty(&'static self) -> RxSlot {
        self.lent.store(true, Ordering::Relaxed);
        RxSlot { slot: self }
    }

    /// The bytes of `range`, cut to the slot.
    ///
    /// # Safety
    /// Nobody writes to `range` while the reference lives.
    #[cfg(not(loom))]
    #[inline]
    pub(super) unsafe fn bytes(&self, range: Range<u16>) -> &[u8] {
        let cells = cells(&self.data, range);
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8`; the caller keeps writers away.
        unsafe { core::slice::from_raw_parts(base(cells), cells.len()) }
    }

    /// The bytes of `range`, cut to the slot, to write to.
    ///
    /// # Safety
    /// Nobody else reaches `range` while the reference lives.
    #[cfg(not(loom))]
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "the cells are the interior mutability")]
    pub(super) unsafe fn bytes_mut(&self, range: Range<u16>) -> &mut [u8] {
        let cells = cells(&self.data, range);
        // SAFETY: `UnsafeCell<u8>` has the layout of `u8` and may be written through a shared
        // reference; the caller keeps everybody else away.
        unsafe { core::slice::from_raw_parts_mut(base(cells), cells.len()) }
    }

    /// Copies the bytes of `range` out, as many as fit, and returns how many.
    ///
    /// # Safety
    /// Nobody writes to `range` during the call.
    pub(super) unsafe fn load(&self, range: Range<u16>, buffer: &mut [u8]) -> usize {
        let cells = cells(&self.data, range);
        let count = cells.len().min(buffer.len());
        #[cfg(not(loom))]
        // SAFETY: `cells` is at least `count` bytes long, and the caller keeps writers away.
        unsafe {
            copy_out(buffer.get_mut(..count).unwrap_or_default(), base(cells));
        }
        #[cfg(loom)]
        for (cell, byte) in cells.iter().zip(buffer.iter_mut()) {
            // SAFETY: the model checker itself watches for a concurrent write.
            *byte = cell.with(|p| unsafe { *p });
        }
        count
    }
}

fn cells(data: &[Byte], range: Range<u16>) -> &[Byte] {
    data.get(usize::from(range.start)..usize::from(range.end)).unwrap_or_default()
}

#[cfg(not(loom))]
fn base(data: &[Byte]) -> *mut u8 {
    // The pointer covers the whole slice of cells, and cells may be written through it.
    data.as_ptr().cast_mut().cast()
}

/// Bytes copied in one go.
#[cfg(not(loom))]
const WORD: usize = size_of::<u32>();

/// Copies `from` into a slot, by words where the slot's side is aligned. The volatile accesses keep
/// this from becoming a call of the target's memcpy, which is larger than the rest of the FIFO.
///
/// # Safety
/// `to` is valid for writes of as many bytes as `from` has, and nobody else reaches them.
#[cfg(not(loom))]
unsafe fn copy_in(mut to: *mut u8, from: &[u8]) {
    let mut rest = from;
    if to.addr().is_multiple_of(WORD) {
        let (words, after) = from.as_chunks::<WORD>();
        rest = after;
        for word in words {
            // SAFETY: the word is within `to`, which is aligned, and so is what follows it.
            unsafe {
                to.cast::<u32>().write_volatile(u32::from_ne_bytes(*word));
                to = to.add(WORD);
            }
        }
    }
    for byte in rest {
        // SAFETY: what is left of `from` fits into what is left of `to`.
        unsafe {
            to.write_volatile(*byte);
            to = to.add(1);
        }
    }
}

/// Copies from a slot to `to`, as [`copy_in`].
///
/// # Safety
/// `from` is valid for reads of as many bytes as `to` has, and nobody writes to them.
#[cfg(not(loom))]
unsafe fn copy_out(to: &mut [u8], mut from: *const u8) {
    let mut rest = to;
    if from.addr().is_multiple_of(WORD) {
        let (words, after) = rest.as_chunks_mut::<WORD>();
        rest = after;
        for word in words {
            // SAFETY: the word is within `from`, which is aligned, and so is what follows it.
            unsafe {
                *word = from.cast::<u32>().read_volatile().to_ne_bytes();
                from = from.add(WORD);
            }
        }
    }
    for byte in rest {
        // SAFETY: what is left of `to` is left of `from` too.
        unsafe {
            *byte = from.read_volatile();
            from = from.add(1);
        }
    }
}

/// Copies as much of `bytes` as fits into `cells`, and returns how much.
///
/// # Safety
/// Nobody else reaches `cells` during the call.
unsafe fn store(cells: &[Byte], bytes: &[u8]) -> u16 {
    let count = cells.len().min(bytes.len());
    #[cfg(not(loom))]
    // SAFETY: `cells` is at least `count` bytes long, and nobody else reaches it.
    unsafe {
        copy_in(base(cells), bytes.get(..count).unwrap_or_default());
    }
    #[cfg(loom)]
    for (cell, byte) in cells.iter().zip(bytes) {
        // SAFETY: the model checker itself watches for a concurrent access.
        cell.with_mut(|p| unsafe { *p = *byte });
    }
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// A packet on its way to the host: 0 to wMaxPacketSize bytes in a slot that nobody writes to.
///
/// Dropping it gives the slot back. A driver may read the bytes, by CPU or by DMA, as long as it
/// holds the packet.
pub struct TxPacket {
    /// The slot that holds the bytes, and may be reached as a whole through this pointer; a thin
    /// one, so that a packet is two words. Dangling when the packet is empty.
    slot: NonNull<Slot<[Byte; 0]>>,
    start: u16,
    end: u16,
}

// SAFETY: a packet is a shared reference to a slot, which is `Sync`.
unsafe impl Send for TxPacket {}
// SAFETY: as above.
unsafe impl Sync for TxPacket {}

impl TxPacket {
    /// A zero-length packet.
    pub const ZERO_LENGTH: TxPacket = TxPacket { slot: NonNull::dangling(), start: 0, end: 0 };

    /// Length in bytes.
    pub fn len(&self) -> u16 {
        self.end - self.start
    }

    /// Whether this is a zero-length packet.
    pub fn is_empty(&self) -> bool {
        self.end == self.start
    }

    fn cells(&self) -> &[Byte] {
        if self.is_empty() {
            return &[];
        }
        // SAFETY: the packet is not empty, so `lend` made the pointer from a slot and the range
        // lies within it.
        unsafe {
            let data: *const Byte = (&raw const (*self.slot.as_ptr()).data).cast();
            core::slice::from_raw_parts(data.add(usize::from(self.start)), usize::from(self.len()))
        }
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
            // SAFETY: the packet is not empty, so `lend` made the pointer from a slot, which lives
            // for ever.
            unsafe { self.slot.as_ref() }.lent.store(false, Ordering::Release);
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
    slot: &'static Slot<[Byte]>,
}

impl RxSlot {
    /// Copies a packet to the start of the slot, cut to the slot's size, and returns how many bytes
    /// that are.
    pub fn fill(&mut self, packet: &[u8]) -> u16 {
        // SAFETY: `lend_empty`'s caller promised that nobody else reaches the slot while `self`
        // lives.
        unsafe { store(&self.slot.data, packet) }
    }

    pub(super) fn is(&self, slot: &Slot<[Byte]>) -> bool {
        core::ptr::addr_eq(self.slot, slot)
    }
}

#[cfg(not(loom))]
impl core::ops::Deref for RxSlot {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `lend_empty`'s caller promised that nobody else reaches the slot while `self`
        // lives.
        unsafe { self.slot.bytes(0..u16::try_from(self.slot.data.len()).unwrap_or(u16::MAX)) }
    }
}

#[cfg(not(loom))]
impl core::ops::DerefMut for RxSlot {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `deref`, and `self` is borrowed exclusively.
        unsafe { self.slot.bytes_mut(0..u16::try_from(self.slot.data.len()).unwrap_or(u16::MAX)) }
    }
}

impl Drop for RxSlot {
    fn drop(&mut self) {
        self.slot.lent.store(false, Ordering::Release);
    }
}

impl fmt::Debug for RxSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RxSlot").field(&self.slot.data.len()).finish()
    }
}
