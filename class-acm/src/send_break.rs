//! Break towards the line, as SEND_BREAK asks for it (PSTN 1.2 §6.3.13).

use core::num::NonZeroU16;

/// What the host wants of the break signal. A new request replaces the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Break {
    /// No break, or the end of one.
    Off,
    /// A break of this many milliseconds, 1 to 65 534.
    For(NonZeroU16),
    /// A break until [`Off`](Self::Off) is requested.
    On,
}

impl Break {
    /// The request that wValue of SEND_BREAK stands for.
    pub const fn from_value(value: u16) -> Self {
        match NonZeroU16::new(value) {
            None => Self::Off,
            Some(NonZeroU16::MAX) => Self::On,
            Some(milliseconds) => Self::For(milliseconds),
        }
    }

    /// wValue of SEND_BREAK.
    pub const fn to_value(self) -> u16 {
        match self {
            Self::Off => 0,
            Self::For(milliseconds) => milliseconds.get(),
            Self::On => u16::MAX,
        }
    }
}
