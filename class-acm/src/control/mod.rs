//! The ACM state of a port, shared by its halves without locks.
//!
//! Every word has one writer. The bus side never waits for the application, nor the application for
//! the bus side, from whatever contexts they run in. All of it is zero at power-on, so a port costs
//! RAM but no flash.

mod application;
mod bus;
mod coding;
mod notifications;

pub use application::Control;
use application::Told;
pub use bus::{BusControl, DueNotification};

use crate::event::{EventQueue, Signals};
use crate::sync::{AtomicU8, AtomicU16, AtomicU32, Ordering};
use crate::{Break, Link, Pace, WakerCell};
use coding::Words;
use notifications::{Notified, Raised};

/// The ACM state of a port.
#[repr(C)]
pub struct ControlShared {
    pub(crate) link: Link,
    /// Bus side.
    signals: AtomicU8,
    /// Bus side: `signals` whose events are queued, or merged with queued ones.
    settled: AtomicU8,
    /// Bus side: what the host granted, in [`MILLIAMPS`].
    milliamps: AtomicU8,
    /// Bus side: 1200-baud touches, wrapping.
    touches: AtomicU8,
    /// Application.
    raised: Raised,
    /// Bus side.
    notified: Notified,
    events: EventQueue,
    /// Bus side: line codings set, wrapping.
    line_codings: AtomicU16,
    /// Bus side: wValue of the last SEND_BREAK that began a break, and in the upper half how many
    /// there were, wrapping.
    break_start: AtomicU32,
    /// Bus side: the line coding now and the one before, in turns.
    line_coding: [Words; 2],
    /// Application.
    told: Told,
    pub(crate) pace: Pace,
    /// Woken by the bus side: the task that waits for an event.
    waker: WakerCell,
}

impl ControlShared {
    /// The state after power-on.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self {
            link: Link::new(),
            line_codings: AtomicU16::new(0),
            line_coding: [Words::new(), Words::new()],
            break_start: AtomicU32::new(0),
            milliamps: AtomicU8::new(0),
            signals: AtomicU8::new(0),
            touches: AtomicU8::new(0),
            settled: AtomicU8::new(0),
            events: EventQueue::new(),
            raised: Raised::new(),
            notified: Notified::new(),
            told: Told::new(),
            pace: Pace::new(),
            waker: WakerCell::new(),
        }
    }

    /// The state after power-on.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self {
            link: Link::new(),
            line_codings: AtomicU16::new(0),
            line_coding: [Words::new(), Words::new()],
            break_start: AtomicU32::new(0),
            milliamps: AtomicU8::new(0),
            signals: AtomicU8::new(0),
            touches: AtomicU8::new(0),
            settled: AtomicU8::new(0),
            events: EventQueue::new(),
            raised: Raised::new(),
            notified: Notified::new(),
            told: Told::new(),
            pace: Pace::new(),
            waker: WakerCell::new(),
        }
    }

    /// The bus half and the application half.
    pub fn split(&'static mut self) -> (BusControl<'static>, Control) {
        (BusControl::new(self), Control::new(self))
    }

    fn signals(&self) -> Signals {
        Signals(self.signals.load(Ordering::Acquire))
    }

    fn settled(&self) -> Signals {
        Signals(self.settled.load(Ordering::Acquire))
    }
}

/// mA as bMaxPower counts them (USB 2.0 table 9-10).
const MILLIAMPS: u16 = 2;

/// The request in the lower half of `break_start`.
fn break_of(break_start: u32) -> Break {
    let [low, high, ..] = break_start.to_le_bytes();
    Break::from_value(u16::from_le_bytes([low, high]))
}
