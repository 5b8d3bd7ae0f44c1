//! Events: what the host changed, in order, for the application.
//!
//! Each kind of event is queued once at most, so the queue cannot overflow, and an application that
//! looks rarely sees every kind that changed: the newest value, after its opposite where the value
//! went away and came back in between.

use crate::sync::{AtomicU8, Ordering, fence};
use crate::{Break, LineCoding};

/// A change on the host's side of a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// The host configured the device, which may draw this many mA from VBUS.
    Configured {
        /// bMaxPower, in mA.
        milliamps: u16,
    },
    /// The configuration is gone: by request, bus reset or unplugging.
    Deconfigured,
    /// DTR changed to this.
    Dtr(bool),
    /// RTS changed to this.
    Rts(bool),
    /// The line coding changed.
    LineCoding {
        /// What was reported before.
        old: LineCoding,
        /// What it is now.
        new: LineCoding,
    },
    /// A break was requested, or its end.
    Break(Break),
    /// The bus is suspended.
    Suspended,
    /// The bus is resumed.
    Resumed,
    /// A session began.
    SessionStart,
    /// The session ended.
    SessionEnd,
}

/// What is queued: the kind; its value is read when it is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Configured or not.
    Configuration,
    Dtr,
    Rts,
    /// Suspended or not.
    Suspend,
    /// In a session or not.
    Session,
    LineCoding,
    Break,
}

/// The kinds that are either on or off come first.
pub(crate) const SWITCHES: usize = 5;

impl Kind {
    const ALL: [Self; 7] = [
        Self::Configuration,
        Self::Dtr,
        Self::Rts,
        Self::Suspend,
        Self::Session,
        Self::LineCoding,
        Self::Break,
    ];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Room for every kind once; a power of two.
const CAPACITY: usize = 8;
const _: () = assert!(CAPACITY >= Kind::ALL.len() && CAPACITY.is_power_of_two());

/// Queue of kinds from the bus side to the application, by loads and stores only.
///
/// A kind is pending while its bits in `posted` and `taken` differ; each word has one writer.
pub(crate) struct EventQueue {
    ring: [AtomicU8; CAPACITY],
    /// Bus side: kinds queued, wrapping.
    tail: AtomicU8,
    /// Application: kinds taken, wrapping.
    head: AtomicU8,
    /// Bus side: flipped when the kind is queued.
    posted: AtomicU8,
    /// Application: flipped when the kind is taken.
    taken: AtomicU8,
}

impl EventQueue {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            ring: [const { AtomicU8::new(0) }; CAPACITY],
            tail: AtomicU8::new(0),
            head: AtomicU8::new(0),
            posted: AtomicU8::new(0),
            taken: AtomicU8::new(0),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self {
            ring: core::array::from_fn(|_| AtomicU8::new(0)),
            tail: AtomicU8::new(0),
            head: AtomicU8::new(0),
            posted: AtomicU8::new(0),
            taken: AtomicU8::new(0),
        }
    }

    /// Bus side. The value of the event was stored before.
    pub(crate) fn post(&self, kind: Kind) {
        // Pairs with the fence in `take`: either we see that the application has taken this kind,
        // or it reads the value that we stored before this.
        fence(Ordering::SeqCst);
        let posted = self.posted.load(Ordering::Relaxed);
        if (posted ^ self.taken.load(Ordering::Relaxed)) & kind.bit() != 0 {
            return;
        }
        self.posted.store(posted ^ kind.bit(), Ordering::Relaxed);
        let tail = self.tail.load(Ordering::Relaxed);
        self.place(tail).store(kind as u8, Ordering::Relaxed);
        self.tail.store(tail.wrapping_add(1), Ordering::Release);
    }

    /// Application. The value of the event is to be read after this.
    pub(crate) fn take(&self) -> Option<Kind> {
        let head = self.head.load(Ordering::Relaxed);
        if head == self.tail.load(Ordering::Acquire) {
            return None;
        }
        let code = self.place(head).load(Ordering::Relaxed);
        let kind = Kind::ALL.get(usize::from(code)).copied()?;
        self.head.store(head.wrapping_add(1), Ordering::Relaxed);
        let taken = self.taken.load(Ordering::Relaxed);
        self.taken.store(taken ^ kind.bit(), Ordering::Release);
        fence(Ordering::SeqCst);
        Some(kind)
    }

    fn place(&self, number: u8) -> &AtomicU8 {
        &self.ring[usize::from(number) % CAPACITY]
    }
}
