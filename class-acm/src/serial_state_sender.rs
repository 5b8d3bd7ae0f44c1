//! When a SERIAL_STATE is due, and what is in it (PSTN 1.2 §6.5.4).

use crate::SerialState;
use crate::sync::{AtomicU8, Ordering, const_fn};

/// Serial state between the application, which says what happens on the line, and the bus side,
/// which tells the host. Each byte has one writer.
pub(crate) struct SerialStateLatch {
    /// Stored by the application: level bits as they are; one-shot bits toggled at a raise.
    raised: AtomicU8,
    /// Stored by the bus side: one-shot bits of `raised` as it last took them. Where the two
    /// differ, the bus side has something to take.
    taken: AtomicU8,
}

impl SerialStateLatch {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self { raised: AtomicU8::new(0), taken: AtomicU8::new(0) }
        }
    }

    /// Application side.
    pub(crate) fn set_level(&self, level: SerialState, mask: SerialState) {
        let mask = mask & SerialState::LEVEL;
        let others = self.raised() - mask;
        self.raised.store((others | (level & mask)).bits(), Ordering::Release);
    }

    /// Application side. A raise before the bus side took the last one merges with it.
    pub(crate) fn raise(&self, one_shots: SerialState) {
        let raised = self.raised();
        // A stale `taken` shows more to take than there is, and the raise is not written down. Then
        // the bus side is taking the bit right now, and sends it after this call began.
        let to_take = raised ^ SerialState::from_bits_retain(self.taken.load(Ordering::Acquire));
        let toggle = (one_shots & SerialState::ONE_SHOT) - to_take;
        self.raised.store((raised ^ toggle).bits(), Ordering::Release);
    }

    fn raised(&self) -> SerialState {
        SerialState::from_bits_retain(self.raised.load(Ordering::Acquire))
    }

    /// Bus side: level now, and one-shots raised since the last call.
    fn take(&self) -> (SerialState, SerialState) {
        let raised = self.raised();
        let taken = SerialState::from_bits_retain(self.taken.load(Ordering::Relaxed));
        let one_shots = (raised ^ taken) & SerialState::ONE_SHOT;
        self.taken.store((raised & SerialState::ONE_SHOT).bits(), Ordering::Release);
        (raised & SerialState::LEVEL, one_shots)
    }
}

/// Decides when the host is told. One notification is in flight at a time; what happens meanwhile
/// merges into the next.
pub(crate) struct SerialStateSender {
    /// One-shots that no acknowledged notification has carried.
    due: SerialState,
    /// Level bits the host knows.
    known: SerialState,
    in_flight: Option<SerialState>,
}

impl SerialStateSender {
    pub(crate) const fn new() -> Self {
        Self { due: SerialState::empty(), known: SerialState::empty(), in_flight: None }
    }

    /// The state to send now, if one is due and none is in flight.
    pub(crate) fn poll(&mut self, latch: &SerialStateLatch) -> Option<SerialState> {
        if self.in_flight.is_some() {
            return None;
        }
        let (level, one_shots) = latch.take();
        self.due |= one_shots;
        if self.due.is_empty() && level == self.known {
            return None;
        }
        self.in_flight = Some(self.due | level);
        self.in_flight
    }

    /// The host has it: irregular signals go back to zero, and consistent ones are not sent again
    /// until they change.
    pub(crate) fn acknowledged(&mut self) {
        let Some(sent) = self.in_flight.take() else { return };
        self.due -= sent;
        self.known = sent & SerialState::LEVEL;
    }

    /// The host did not get it: all of it is due again.
    pub(crate) fn aborted(&mut self) {
        self.in_flight = None;
    }

    /// A new host driver, which knows nothing: level bits are due unless they are zero. One-shots
    /// from before are not for it.
    pub(crate) fn reset(&mut self, latch: &SerialStateLatch) {
        latch.take();
        *self = Self::new();
    }
}
