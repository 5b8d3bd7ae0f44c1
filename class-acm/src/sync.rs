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
