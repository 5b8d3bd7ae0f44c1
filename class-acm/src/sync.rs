//! The atomics of the target, or of the model checker. Loads and stores only: Cortex-M0+ has no
//! read-modify-write.

#[cfg(not(loom))]
pub(crate) use core::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicUsize, Ordering, fence},
};
#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicUsize, Ordering, fence},
};

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
own_load!(AtomicBool => bool, AtomicU8 => u8, AtomicU16 => u16, AtomicU32 => u32, AtomicUsize => usize);
