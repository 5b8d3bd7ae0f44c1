//! The atomics of the target, or of the model checker. Loads and stores only: Cortex-M0+ has no
//! read-modify-write.

#[cfg(not(loom))]
pub(crate) use core::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, Ordering, fence},
};
#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, Ordering, fence},
};

/// Of a load before an Acquire fence, which pairs with it. ThreadSanitizer knows no fences: for it, the
/// load has the order itself.
#[allow(unexpected_cfgs, reason = "nobody but `cargo xtask soak` sets it")]
pub(crate) const BEFORE_FENCE: Ordering =
    if cfg!(thread_sanitizer) { Ordering::Acquire } else { Ordering::Relaxed };

/// The load of a word by the one context that stores it.
///
/// It needs no ordering. To the model checker (loom 0.7) it must not look like an access: of each
/// word it remembers the last access alone, so a writer that reads its word back and then stores it
/// would hide every load of the other side, and the interleavings with them. In return it checks
/// that nobody else stores the word.
pub(crate) trait OwnLoad<T> {
    fn load_own(&self) -> T;
}

macro_rules! own_load {
    ($($atomic:ty => $value:ty),*) => {$(
        impl OwnLoad<$value> for $atomic {
            #[cfg(not(loom))]
            #[inline]
            fn load_own(&self) -> $value {
                self.load(Ordering::Relaxed)
            }

            #[cfg(loom)]
            #[allow(unsafe_code)]
            fn load_own(&self) -> $value {
                // SAFETY: the model checker itself watches for a concurrent store.
                unsafe { self.unsync_load() }
            }
        }
    )*};
}
own_load!(AtomicBool => bool, AtomicU8 => u8, AtomicU16 => u16, AtomicU32 => u32);

/// A value that is swapped in a critical section, which is all that it can do.
#[cfg(all(feature = "async", not(loom)))]
pub(crate) struct CriticalCell<T>(critical_section::Mutex<core::cell::Cell<T>>);

#[cfg(all(feature = "async", not(loom)))]
impl<T> CriticalCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(critical_section::Mutex::new(core::cell::Cell::new(value)))
    }

    pub(crate) fn replace(&self, value: T) -> T {
        critical_section::with(|section| self.0.borrow(section).replace(value))
    }
}

/// The same to the model checker: a critical section excludes, and orders, as a lock does.
#[cfg(loom)]
pub(crate) struct CriticalCell<T>(loom::sync::Mutex<T>);

#[cfg(loom)]
impl<T> CriticalCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn replace(&self, value: T) -> T {
        match self.0.lock() {
            Ok(mut current) => core::mem::replace(&mut current, value),
            // Only a panic in `replace` could poison it.
            Err(_) => value,
        }
    }
}
