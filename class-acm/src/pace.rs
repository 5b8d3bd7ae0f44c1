//! What a board may want to know beyond the session: whether the host reads, and the time. Apart from
//! what every port uses, which short instructions reach.

use crate::sync::{AtomicU16, Ordering, OwnLoad};

/// Whether the host reads, as the bus side found out in this session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// It has not yet.
    NotYet,
    /// It does since this millisecond, 0 to 2047; bytes are held back for a while.
    Since(u16),
    /// It does.
    Yes,
}

impl Reading {
    const SINCE: u16 = 0x8000;
    const YES: u16 = 0xC000;

    fn from_word(word: u16) -> Self {
        match word {
            0 => Self::NotYet,
            Self::YES => Self::Yes,
            since => Self::Since(since & MILLISECONDS),
        }
    }

    fn to_word(self) -> u16 {
        match self {
            Self::NotYet => 0,
            Self::Since(frame) => Self::SINCE | frame & MILLISECONDS,
            Self::Yes => Self::YES,
        }
    }
}

/// Milliseconds are counted like frames: modulo 2048 (USB 2.0 §8.4.3).
const MILLISECONDS: u16 = 0x7FF;
/// A time was told.
const TOLD: u16 = 0x8000;
/// Of the bus side alone: the controller was asked to watch frames.
const WATCHING: u16 = 0x4000;
/// Of the bus side alone: DTR fell at 1200 bit/s, in the control transfer that is under way.
const TOUCH_DUE: u16 = 0x2000;

/// Milliseconds from one time to another, less than 2048.
pub const fn milliseconds_between(earlier: u16, later: u16) -> u16 {
    later.wrapping_sub(earlier) & MILLISECONDS
}

/// Whether the host reads, and the time, from the bus side to the application.
pub struct Pace {
    /// Stored by the bus side: [`Reading`].
    reading: AtomicU16,
    /// Stored by the bus side: milliseconds, with [`TOLD`] and flags of its own above.
    time: AtomicU16,
}

impl Pace {
    /// Nobody reads, and nobody knows the time.
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self { reading: AtomicU16::new(0), time: AtomicU16::new(0) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { reading: AtomicU16::new(0), time: AtomicU16::new(0) }
    }

    /// Whether the host has read in this session, as far as the bus side found out. Application
    /// side.
    pub fn is_read(&self) -> bool {
        self.reading.load(Ordering::Acquire) != 0
    }

    /// Whether the host reads. Bus side.
    pub fn reading(&self) -> Reading {
        Reading::from_word(self.reading.load_own())
    }

    /// Bus side.
    pub fn set_reading(&self, reading: Reading) {
        self.reading.store(reading.to_word(), Ordering::Release);
    }

    /// The time that the bus side told last, in milliseconds modulo 2048; `None` before it told
    /// any. Application side.
    pub fn time(&self) -> Option<u16> {
        let time = self.time.load(Ordering::Relaxed);
        (time & TOLD != 0).then_some(time & MILLISECONDS)
    }

    /// Tells the time, in milliseconds. Bus side.
    pub fn set_time(&self, milliseconds: u16) {
        let flags = self.time.load_own() & !MILLISECONDS;
        self.time.store(flags | TOLD | milliseconds & MILLISECONDS, Ordering::Relaxed);
    }

    /// Whether the controller was asked to watch frames. Bus side.
    pub fn is_watching(&self) -> bool {
        self.time.load_own() & WATCHING != 0
    }

    /// Bus side.
    pub fn set_watching(&self, watching: bool) {
        self.set_flag(WATCHING, watching);
    }

    /// Whether a touch is to be acted on after the status stage. Bus side.
    pub fn is_touch_due(&self) -> bool {
        self.time.load_own() & TOUCH_DUE != 0
    }

    /// Bus side.
    pub fn set_touch_due(&self, due: bool) {
        self.set_flag(TOUCH_DUE, due);
    }

    fn set_flag(&self, flag: u16, on: bool) {
        let others = self.time.load_own() & !flag;
        self.time.store(others | if on { flag } else { 0 }, Ordering::Relaxed);
    }
}
