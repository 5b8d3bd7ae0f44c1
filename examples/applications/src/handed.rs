//! What main hands to an interrupt handler, for good.

use core::cell::UnsafeCell;

/// A place for what an interrupt handler owns: filled by main before the interrupt is enabled, and
/// used by the handler alone from then on. So nothing needs a critical section.
pub struct Handed<T>(UnsafeCell<Option<T>>);

// SAFETY: `put` and `get` are never called at the same time, as their callers promise, and the value
// goes from one context to another.
unsafe impl<T: Send> Sync for Handed<T> {}

impl<T> Handed<T> {
    /// An empty place.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    /// Fills the place.
    ///
    /// # Safety
    /// The interrupt whose handler calls [`get`](Self::get) is not enabled yet.
    pub unsafe fn put(&self, value: T) {
        // SAFETY: nobody else is at it, by the promise.
        unsafe { *self.0.get() = Some(value) };
    }

    /// What was put.
    ///
    /// # Safety
    /// It is called in one interrupt handler alone, once in each run of it.
    #[expect(clippy::mut_from_ref, reason = "the cell is the interior mutability")]
    pub unsafe fn get(&self) -> Option<&mut T> {
        // SAFETY: the handler does not interrupt itself, and nobody else comes here.
        unsafe { (*self.0.get()).as_mut() }
    }
}

impl<T> Default for Handed<T> {
    fn default() -> Self {
        Self::new()
    }
}
