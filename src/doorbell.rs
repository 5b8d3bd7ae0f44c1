//! How the application side wakes the bus side.

use core::sync::atomic::{AtomicBool, Ordering};

/// Wakes the bus side from the application side.
#[derive(Clone, Copy)]
pub(crate) struct Doorbell {
    pub(crate) work: &'static AtomicBool,
    pub(crate) pend: fn(),
}

impl Doorbell {
    pub(crate) fn ring(self) {
        // Release: what was written before is seen by the poll that takes the flag.
        self.work.store(true, Ordering::Release);
        (self.pend)();
    }
}
