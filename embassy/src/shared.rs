//! What the parts of the class tell each other beside what is in the class's core.

use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use usbd_acm::WakerCell;

/// Words with one writer each, and a waker.
pub(crate) struct Shared {
    /// The task that owns the device waits for somebody to ask for remote wake-up.
    pub(crate) wakeup: WakerCell,
    /// The handler: configurations and their ends, wrapping; odd while the device is configured.
    configuration: AtomicU8,
    /// The handler: DEVICE_REMOTE_WAKEUP is set (USB 2.0 §9.4.9).
    remote_wakeup: AtomicBool,
    /// The handler: how often the bus was suspended, wrapping.
    suspends: AtomicU8,
    /// The writer: confirmations asked for, wrapping.
    asked: AtomicU8,
    /// The runner: the last of them that was given.
    confirmed: AtomicU8,
}

impl Shared {
    pub(crate) const fn new() -> Self {
        Self {
            wakeup: WakerCell::new(),
            configuration: AtomicU8::new(0),
            remote_wakeup: AtomicBool::new(false),
            suspends: AtomicU8::new(0),
            asked: AtomicU8::new(0),
            confirmed: AtomicU8::new(0),
        }
    }

    /// The number of the configuration; `None` without one.
    pub(crate) fn configuration(&self) -> Option<u8> {
        let number = self.configuration.load(Ordering::Acquire);
        (number & 1 == 1).then_some(number)
    }

    /// The device was configured, or is no more. Handler.
    pub(crate) fn next_configuration(&self) {
        let number = self.configuration.load(Ordering::Relaxed).wrapping_add(1);
        self.configuration.store(number, Ordering::Release);
    }

    /// Whether the host allows remote wake-up.
    pub(crate) fn remote_wakeup(&self) -> bool {
        self.remote_wakeup.load(Ordering::Relaxed)
    }

    /// Handler.
    pub(crate) fn set_remote_wakeup(&self, allowed: bool) {
        self.remote_wakeup.store(allowed, Ordering::Relaxed);
    }

    /// The number of the last suspend.
    pub(crate) fn suspends(&self) -> u8 {
        self.suspends.load(Ordering::Relaxed)
    }

    /// The bus was suspended. Handler.
    pub(crate) fn next_suspend(&self) {
        self.suspends.store(self.suspends().wrapping_add(1), Ordering::Relaxed);
    }

    /// The number of a new confirmation, which the runner is to be woken for: that the host has what
    /// was written so far. Writer.
    pub(crate) fn ask(&self) -> u8 {
        let number = self.asked.load(Ordering::Relaxed).wrapping_add(1);
        self.asked.store(number, Ordering::Release);
        number
    }

    /// The confirmation that was asked for last, if it was not given. Runner.
    pub(crate) fn asked(&self) -> Option<u8> {
        let number = self.asked.load(Ordering::Acquire);
        (number != self.confirmed.load(Ordering::Relaxed)).then_some(number)
    }

    /// Runner.
    pub(crate) fn confirm(&self, number: u8) {
        self.confirmed.store(number, Ordering::Release);
    }

    /// Whether this confirmation was given. Writer.
    pub(crate) fn is_confirmed(&self, number: u8) -> bool {
        self.confirmed.load(Ordering::Acquire) == number
    }
}

/// Waits until `look` has a result. Whoever changes that wakes `waker`.
pub(crate) fn until<R>(
    waker: &WakerCell,
    mut look: impl FnMut() -> Option<R>,
) -> impl Future<Output = R> {
    poll_fn(move |context| waker.poll(context, &mut look))
}
