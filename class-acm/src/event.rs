//! What changed on the bus side, told to the application in order.

use crate::{Break, ControlLineState, LineCoding};

/// A change that the host or the bus made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The host selected the configuration.
    Configured {
        /// What the device may draw from the bus from now on.
        milliamps: u16,
    },
    /// The configuration is no longer selected: reset, SET_CONFIGURATION(0), or unplugged.
    Deconfigured,
    /// The bus is suspended: draw suspend current only.
    Suspended,
    /// The bus is no longer suspended.
    Resumed,
    /// A session began: bytes written and read from now on belong to it.
    SessionStart,
    /// The session ended; its bytes are gone.
    SessionEnd,
    /// DTR changed.
    Dtr(bool),
    /// RTS changed.
    Rts(bool),
    /// The host set another line coding.
    LineCoding {
        /// The line coding of the last such event, or the one at power-on.
        old: LineCoding,
        /// The line coding now.
        new: LineCoding,
    },
    /// The host asked for a break or for the end of one, or went away during one.
    Break(Break),
}

/// Kinds of event, as they are queued. Each is in the queue once at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind(u8);

/// How many kinds there are.
pub(crate) const KINDS: usize = 2 * Signals::COUNT as usize + 1;

impl Kind {
    pub(crate) const LINE_CODING: Self = Self(2 * Signals::COUNT);

    /// `signal` became `on`. `signal` is one bit.
    pub(crate) const fn edge(signal: Signals, on: bool) -> Self {
        Self(2 * signal.bits().trailing_zeros().to_le_bytes()[0] + on as u8)
    }

    /// The signal that changed, and what it is now; `None` for the line coding.
    pub(crate) const fn as_edge(self) -> Option<(Signals, bool)> {
        if self.0 >= 2 * Signals::COUNT {
            return None;
        }
        Some((Signals::from_bits_truncate(1 << (self.0 >> 1)), self.0 & 1 == 1))
    }

    /// The kind that was queued as this byte.
    pub(crate) const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte to queue.
    pub(crate) const fn to_byte(self) -> u8 {
        self.0
    }

    /// One bit for each kind.
    pub(crate) const fn mask(self) -> u16 {
        1 << (self.0 & 0x0F)
    }
}

bitflags::bitflags! {
    /// What is either on or off, as the bus side knows it.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(crate) struct Signals: u8 {
        const DTR = ControlLineState::DTR.bits();
        const RTS = ControlLineState::RTS.bits();
        const CONFIGURED = 1 << 2;
        const SUSPENDED = 1 << 3;
        const SESSION = 1 << 4;
        const BREAK = 1 << 5;
    }
}

impl Signals {
    const COUNT: u8 = 6;

    /// DTR and RTS, which lie where they do in wValue.
    pub(crate) const fn control_lines(self) -> ControlLineState {
        ControlLineState::from_bits_truncate(self.bits())
    }
}
