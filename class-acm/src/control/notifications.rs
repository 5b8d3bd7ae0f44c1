//! When a SERIAL_STATE is due, and what is in it (PSTN 1.2 §6.5.4).

use crate::SerialState;
use crate::sync::{AtomicU8, Ordering, OwnLoad};

/// Serial state from the application. The two words are all that is told: nothing else is read by who
/// sees them, and so they order nothing.
pub(super) struct Raised {
    /// Application: levels as they are, one-shots flipped when raised.
    state: AtomicU8,
    /// Bus side: one-shots of `state` when it last took them. Those that differ are to be taken.
    taken: AtomicU8,
}

impl Raised {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self { state: AtomicU8::new(0), taken: AtomicU8::new(0) }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self { state: AtomicU8::new(0), taken: AtomicU8::new(0) }
    }

    /// Application side.
    pub(super) fn set_levels(&self, levels: SerialState) {
        let one_shots = SerialState::from_bits_retain(self.state.load_own()) - SerialState::LEVELS;
        let state = one_shots | levels.intersection(SerialState::LEVELS);
        self.state.store(state.bits(), Ordering::Relaxed);
    }

    /// Application side. What the bus side has not taken yet merges.
    pub(super) fn raise(&self, one_shots: SerialState) {
        let state = self.state.load_own();
        // A stale `taken` shows a bit that the bus side is taking right now, for a notification
        // that it makes after that: the raise is in it.
        let not_taken = SerialState::from_bits_retain(state ^ self.taken.load(Ordering::Relaxed));
        let flipped = one_shots.intersection(SerialState::ONE_SHOTS) - not_taken;
        self.state.store(state ^ flipped.bits(), Ordering::Relaxed);
    }

    /// Bus side: levels now, and one-shots raised since the last call.
    fn take(&self) -> SerialState {
        let state = self.state.load(Ordering::Relaxed);
        let levels = SerialState::from_bits_retain(state) & SerialState::LEVELS;
        let raised = SerialState::from_bits_retain(state ^ self.taken.load_own());
        self.taken.store(state, Ordering::Relaxed);
        levels | (raised & SerialState::ONE_SHOTS)
    }
}

/// What the host was notified of. Nobody but the bus side looks at it.
pub(super) struct Notified {
    /// The last notification that was due and not acknowledged: with [`IN_FLIGHT`] it is on its way, and
    /// before that its one-shots are still to be told.
    due: AtomicU8,
    /// Levels of the last notification that was acknowledged.
    levels: AtomicU8,
}

/// Bit 7 of a notification, which is reserved.
const IN_FLIGHT: u8 = 0x80;

impl Notified {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self { due: AtomicU8::new(0), levels: AtomicU8::new(0) }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self { due: AtomicU8::new(0), levels: AtomicU8::new(0) }
    }

    /// The state to notify, if it is due and none is in flight.
    pub(super) fn due(&self, raised: &Raised) -> Option<SerialState> {
        let due = self.due.load_own();
        if due & IN_FLIGHT != 0 {
            return None;
        }
        let one_shots = SerialState::from_bits_retain(due) & SerialState::ONE_SHOTS;
        let state = raised.take() | one_shots;
        self.due.store(state.bits(), Ordering::Relaxed);
        (state.bits() != self.levels.load_own()).then_some(state)
    }

    /// One-shots from another source than [`Raised`], unless a notification is in flight: its
    /// acknowledgement ends all that is due.
    pub(super) fn add(&self, one_shots: SerialState) -> bool {
        let due = self.due.load_own();
        let idle = due & IN_FLIGHT == 0;
        if idle {
            self.due.store(due | one_shots.bits(), Ordering::Relaxed);
        }
        idle
    }

    /// What is due is on its way.
    pub(super) fn submitted(&self) {
        self.due.store(self.due.load_own() | IN_FLIGHT, Ordering::Relaxed);
    }

    /// Irregular signals go back to zero, and consistent ones are not sent again until they change.
    pub(super) fn acknowledged(&self) {
        let told = self.due.load_own();
        if told & IN_FLIGHT == 0 {
            return;
        }
        // Nothing was taken while it was in flight: it carried all that was due.
        self.due.store(0, Ordering::Relaxed);
        self.levels.store(told & SerialState::LEVELS.bits(), Ordering::Relaxed);
    }

    /// A new host driver: it has seen no level yet, and hears of no one-shot from before.
    pub(super) fn reset(&self, raised: &Raised) {
        raised.take();
        self.due.store(0, Ordering::Relaxed);
        self.levels.store(0, Ordering::Relaxed);
    }
}
