//! Break as the host asks for it (PSTN 1.2 §6.3.13).

use core::num::NonZeroU16;

/// What SEND_BREAK asks for. A new request replaces the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Break {
    /// No break, or the end of one.
    Off,
    /// A break of so many milliseconds.
    For(BreakDuration),
    /// A break until the host sends [`Break::Off`].
    UntilCleared,
}

impl Break {
    /// Break of wValue: 0 ends it, 0xFFFF lasts until it is ended, anything between is a time.
    pub const fn from_value(value: u16) -> Self {
        match NonZeroU16::new(value) {
            None => Self::Off,
            Some(NonZeroU16::MAX) => Self::UntilCleared,
            Some(milliseconds) => Self::For(BreakDuration(milliseconds)),
        }
    }

    /// wValue that asks for this.
    pub const fn to_value(self) -> u16 {
        match self {
            Self::Off => 0,
            Self::For(duration) => duration.as_milliseconds(),
            Self::UntilCleared => u16::MAX,
        }
    }
}

/// Duration of a timed break: 1 to 65 534 ms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BreakDuration(NonZeroU16);

impl BreakDuration {
    /// Duration of so many milliseconds; `None` for 0 and 65 535.
    pub const fn from_milliseconds(milliseconds: u16) -> Option<Self> {
        match Break::from_value(milliseconds) {
            Break::For(duration) => Some(duration),
            Break::Off | Break::UntilCleared => None,
        }
    }

    /// The duration in milliseconds.
    pub const fn as_milliseconds(self) -> u16 {
        self.0.get()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for BreakDuration {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u16} ms", self.as_milliseconds());
    }
}
