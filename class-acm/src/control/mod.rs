//! The control plane of a port: what EP0 and the notification endpoint share with the application.
//!
//! [`ControlShared`] lies in a `static` and is split into its halves once. [`BusControl`] belongs
//! to the context that polls the device, [`Control`] to the application; [`ControlReader`]s may be
//! copied anywhere. No half waits for another, from whatever context it runs in: all they share is
//! atomics, each stored by one half alone, and a queue that cannot overflow.
//!
//! # Events
//!
//! An event is queued as its kind, and each kind is queued once at most: the queue holds all kinds,
//! so it cannot overflow, and an application that never looks costs nothing. A change whose kind is
//! still queued merges with it. What is queued are edges; what a signal is now is stored apart, and
//! an application that came to the end of the queue is told of every signal that is not what it
//! was last told. So the last event of a kind always says what is true, however late it is read.

mod application;
mod bus;

pub use application::{Control, ControlReader};
pub use bus::BusControl;

use crate::LineCoding;
use crate::event::{KINDS, Signals};
use crate::line_coding_latch::LineCodingLatch;
use crate::serial_state_sender::SerialStateLatch;
use crate::sync::{AtomicU8, AtomicU16, AtomicU32, Ordering, const_fn};

/// A place for each kind, and the one that is always empty. A power of two is quicker.
const QUEUE_SIZE: usize = (KINDS + 1).next_power_of_two();

type KindQueue = heapless::spsc::Queue<u8, QUEUE_SIZE>;

/// The control plane of a port, before it is split.
pub struct ControlShared {
    state: State,
    queue: KindQueue,
}

/// What both halves reach.
struct State {
    // Stored by the bus side:
    line_coding: LineCodingLatch,
    /// wValue of the last SEND_BREAK that was not [`Break::Off`](crate::Break::Off), and in the
    /// upper half how many there were.
    break_request: AtomicU32,
    milliamps: AtomicU16,
    signals: AtomicU8,

    // Stored by the application:
    /// A bit for each kind, toggled when one was taken from the queue. The bus side toggles its own
    /// when it queues one; where the two are equal, the kind is not in the queue.
    dequeued: AtomicU16,

    // Stored by both, each its own byte:
    serial_state: SerialStateLatch,
}

impl ControlShared {
    const_fn! {
        /// Line coding [`LineCoding::DEFAULT`]; DTR and RTS are off, and so is everything else.
        pub const fn new() -> Self {
            Self {
                state: State {
                    line_coding: LineCodingLatch::new(LineCoding::DEFAULT),
                    break_request: AtomicU32::new(0),
                    milliamps: AtomicU16::new(0),
                    signals: AtomicU8::new(0),
                    dequeued: AtomicU16::new(0),
                    serial_state: SerialStateLatch::new(),
                },
                queue: KindQueue::new(),
            }
        }
    }

    /// The bus half and the application half.
    pub fn split(&mut self) -> (BusControl<'_>, Control<'_>) {
        let state = &self.state;
        let (producer, consumer) = self.queue.split();
        (BusControl::new(state, producer), Control::new(state, consumer))
    }
}

impl Default for ControlShared {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn signals(&self) -> Signals {
        Signals::from_bits_retain(self.signals.load(Ordering::Acquire))
    }
}
