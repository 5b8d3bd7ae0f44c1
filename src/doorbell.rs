//! How the application side wakes the bus side.

use core::sync::atomic::{AtomicBool, Ordering, fence};

/// Wakes the bus side from the application side.
#[derive(Clone, Copy)]
pub(crate) struct Doorbell {
    pub(crate) work: &'static AtomicBool,
    pub(crate) pend: fn(),
}

impl Doorbell {
    pub(crate) fn ring(self) {
        // Pairs with the fence in `Device::poll`: what was written before this is seen by the poll
        // that takes the flag, and also by one that clears it without having seen it.
        fence(Ordering::SeqCst);
        self.work.store(true, Ordering::Release);
        (self.pend)();
    }
}
