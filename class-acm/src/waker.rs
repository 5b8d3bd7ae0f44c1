//! How the bus side wakes a task that waits for a half of a port.

#[cfg(any(feature = "async", loom))]
use core::task::{Context, Poll, Waker};

#[cfg(any(feature = "async", loom))]
use crate::sync::CriticalCell;

/// The waker of the task that waits for something, if one does.
///
/// Replacing it takes a critical section of a few instructions, in which no code of the executor
/// runs. Without the feature `async` there is no waker, and [`wake`](Self::wake) does nothing.
pub struct WakerCell {
    #[cfg(any(feature = "async", loom))]
    waker: CriticalCell<Option<Waker>>,
}

impl WakerCell {
    /// Nobody waits.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self {
            #[cfg(feature = "async")]
            waker: CriticalCell::new(None),
        }
    }

    /// Nobody waits.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self { waker: CriticalCell::new(None) }
    }

    /// Wakes the task that waits, if one does. What it waits for was stored before, and is seen by a
    /// task that registers after this.
    #[inline]
    pub fn wake(&self) {
        #[cfg(any(feature = "async", loom))]
        if let Some(waker) = self.waker.replace(None) {
            waker.wake();
        }
    }
}

#[cfg(any(feature = "async", loom))]
impl WakerCell {
    /// Has the next [`wake`](Self::wake) wake this task, and no other. What the task waits for is to
    /// be looked at after this.
    pub fn register(&self, waker: &Waker) {
        // Cloned and dropped outside the critical section: it stays a swap of two words.
        drop(self.waker.replace(Some(waker.clone())));
    }

    /// What `look` finds; while that is nothing, the task of `context` waits. It looks again after
    /// registering, so that no wake-up is lost between the two.
    pub fn poll<T>(
        &self,
        context: &mut Context<'_>,
        mut look: impl FnMut() -> Option<T>,
    ) -> Poll<T> {
        if let Some(found) = look() {
            return Poll::Ready(found);
        }
        self.register(context.waker());
        look().map_or(Poll::Pending, Poll::Ready)
    }
}
