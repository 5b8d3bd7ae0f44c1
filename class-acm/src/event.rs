//! Events: what the host changed, in order, for the application.
//!
//! What is queued is the kind of a change, and each kind once at most: the queue has room for all
//! of them, so it cannot overflow, and an application that never looks costs nothing. Rise and fall
//! of a signal are two kinds. A change whose kind is still queued merges with it. An application
//! that came to the end of the queue is told of every signal that is not what it was last told; so
//! the last event of a signal says what is true, however rarely the application looks.

use crate::sync::{AtomicU8, Ordering, OwnLoad, fence};
use crate::{Break, ControlLineState, LineCoding};

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
    /// The host reads: it acknowledged the first packet of the session. Told where the stack probes
    /// for it.
    HostReads,
    /// DTR fell at 1200 bit/s, and the host has the acknowledgement: the board is to start its
    /// bootloader. Told where the board asked for it.
    Touch1200,
}

/// Something that is either on or off: its bit in [`Signals`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Signal(u8);

impl Signal {
    // In the order in which the events of signals follow that change at once, the last first. DTR and RTS
    // lie where they do in wValue, at the other end.
    pub(crate) const SESSION: Self = Self(2);
    pub(crate) const SUSPENDED: Self = Self(3);
    pub(crate) const CONFIGURED: Self = Self(4);
    pub(crate) const BREAK: Self = Self(5);
    pub(crate) const DTR: Self = Self(6);
    pub(crate) const RTS: Self = Self(7);
}

/// All signals, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Signals(pub(crate) u8);

impl Signals {
    /// All whose truth ends with the configuration, when all of them are off.
    pub(crate) const OF_CONFIGURATION: Self =
        Self::LINES.with(Signal::BREAK, true).with(Signal::CONFIGURED, true);
    /// DTR and RTS.
    pub(crate) const LINES: Self = Self::of_lines(ControlLineState::all());

    pub(crate) const fn contains(self, Signal(bit): Signal) -> bool {
        self.0 >> bit & 1 == 1
    }

    #[must_use]
    pub(crate) const fn with(self, Signal(bit): Signal, on: bool) -> Self {
        Self(self.0 & !(1 << bit) | (on as u8) << bit)
    }

    /// The first signal that is not what it is in `others`.
    pub(crate) fn difference(self, others: Self) -> Option<Signal> {
        const ORDER: [Signal; 6] = [
            Signal::DTR,
            Signal::RTS,
            Signal::CONFIGURED,
            Signal::SUSPENDED,
            Signal::SESSION,
            Signal::BREAK,
        ];
        ORDER.into_iter().find(|&signal| self.contains(signal) != others.contains(signal))
    }

    pub(crate) const fn control_lines(self) -> ControlLineState {
        ControlLineState::from_bits_truncate(self.0 >> Signal::DTR.0)
    }

    pub(crate) const fn of_lines(lines: ControlLineState) -> Self {
        Self(lines.bits() << Signal::DTR.0)
    }
}

/// What is queued; the value is read when it is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind(u8);

impl Kind {
    pub(crate) const LINE_CODING: Self = Self(0);
    pub(crate) const HOST_READS: Self = Self(1);
    pub(crate) const TOUCH_1200: Self = Self(2);
    const LAST: Self = Self::edge(Signal::RTS, true);

    /// `signal` became `on`.
    pub(crate) const fn edge(Signal(bit): Signal, on: bool) -> Self {
        Self(2 * bit + on as u8)
    }

    /// Behind the edges of the last signal, as a word.
    pub(crate) const BEHIND_EDGES: u32 = 16;

    /// The same by the number of the falling edge; `on` is 0 or 1.
    pub(crate) const fn edge_of(falling: u32, on: u32) -> Self {
        let [kind, ..] = (falling + on).to_le_bytes();
        Self(kind)
    }

    /// The signal that changed, and what it became; `None` for what is no signal.
    pub(crate) const fn as_edge(self) -> Option<(Signal, bool)> {
        if self.0 < Self::edge(Signal::SESSION, false).0 {
            return None;
        }
        Some((Signal(self.0 / 2), self.0 & 1 == 1))
    }
}

/// Bits of a kind in the queue.
const BITS: u8 = 4;
/// The bits of one.
const KIND: u8 = 0x0F;
const _: () = {
    assert!(Kind::LAST.0 <= KIND, "there is a place for each kind once");
    assert!(
        Kind::TOUCH_1200.0 + 1 < Kind::edge(Signal::SESSION, false).0,
        "and one more: 3 is none"
    );
};

/// Queue of kinds from the bus side to the application, by loads and stores only.
pub(crate) struct EventQueue {
    /// Bus side: two kinds in each, the earlier one below.
    ring: [AtomicU8; 8],
    /// Bus side: bits of the kinds queued, wrapping.
    tail: AtomicU8,
    /// Application: bits of the kinds taken, wrapping.
    head: AtomicU8,
}

impl EventQueue {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            ring: [const { AtomicU8::new(0) }; 8],
            tail: AtomicU8::new(0),
            head: AtomicU8::new(0),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self {
            ring: core::array::from_fn(|_| AtomicU8::new(0)),
            tail: AtomicU8::new(0),
            head: AtomicU8::new(0),
        }
    }

    /// Bus side. The value of the event was stored before.
    pub(crate) fn post(&self, kind: Kind) {
        // Pairs with the fence in `take`: either we see that the application has taken this kind,
        // or it reads the value that we stored before this.
        fence(Ordering::SeqCst);
        let tail = self.tail.load_own();
        // Acquire: what was taken was read, and its place is free.
        let mut queued = self.head.load(Ordering::Acquire);
        while queued != tail {
            if (self.place(queued).load_own() >> shift(queued) ^ kind.0) & KIND == 0 {
                return;
            }
            queued = queued.wrapping_add(BITS);
        }
        // Above the earlier kind of the two; above the later one nothing is queued, as places are one
        // more than kinds.
        let below = if shift(tail) == 0 { 0 } else { self.place(tail).load_own() };
        self.place(tail).store(below | kind.0 << shift(tail), Ordering::Relaxed);
        self.tail.store(tail.wrapping_add(BITS), Ordering::Release);
    }

    /// Application.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.load_own() == self.tail.load(Ordering::Acquire)
    }

    /// Application. The value of the event is to be read after this.
    pub(crate) fn take(&self) -> Option<Kind> {
        let head = self.head.load_own();
        if head == self.tail.load(Ordering::Acquire) {
            return None;
        }
        let kind = Kind(self.place(head).load(Ordering::Relaxed) >> shift(head) & KIND);
        self.head.store(head.wrapping_add(BITS), Ordering::Release);
        fence(Ordering::SeqCst);
        Some(kind)
    }

    fn place(&self, bits: u8) -> &AtomicU8 {
        &self.ring[usize::from(bits / 8 % 8)]
    }
}

/// Where in its place a kind is.
fn shift(bits: u8) -> u8 {
    bits % 8
}
