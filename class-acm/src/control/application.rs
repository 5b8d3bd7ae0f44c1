//! The half of the application.

use heapless::spsc::Consumer;

use super::State;
use crate::event::{Event, Kind, Signals};
use crate::sync::{Ordering, fence};
use crate::{Break, ControlLineState, LineCoding, SerialState};

/// Application half of a port's control plane: events, and the serial state.
pub struct Control<'a> {
    state: &'a State,
    queue: Consumer<'a, u8>,
    told: Told,
}

/// What the application knows from events.
struct Told {
    line_coding: LineCoding,
    /// [`State::break_request`] of the last break.
    break_request: u32,
    signals: Signals,
}

impl<'a> Control<'a> {
    pub(super) fn new(state: &'a State, queue: Consumer<'a, u8>) -> Self {
        let told =
            Told { line_coding: LineCoding::DEFAULT, break_request: 0, signals: Signals::empty() };
        Self { state, queue, told }
    }

    /// What changed next, in the order in which it changed. `None` when the application was told
    /// everything.
    pub fn next_event(&mut self) -> Option<Event> {
        while let Some(kind) = self.queue.dequeue().map(Kind::from_byte) {
            let dequeued = self.state.dequeued.load(Ordering::Relaxed) ^ kind.mask();
            self.state.dequeued.store(dequeued, Ordering::Release);
            // Pairs with the fence in `BusControl::post`.
            fence(Ordering::SeqCst);
            let event = match kind.as_edge() {
                Some((signal, on)) => self.told.edge(self.state, signal, on),
                None => self.told.line_coding(self.state),
            };
            // There is none when the application was told already, at the end of the queue before.
            if event.is_some() {
                return event;
            }
        }
        self.told.rest(self.state)
    }

    /// The getters, for other parts of the application.
    pub fn reader(&self) -> ControlReader<'a> {
        ControlReader { state: self.state }
    }

    /// Both level bits of the serial state; a difference to what the host knows is notified.
    pub fn set_level(&mut self, level: SerialState) {
        self.state.serial_state.set_level(level, SerialState::LEVEL);
    }

    /// bRxCarrier and bTxCarrier together: what hosts show as DCD and DSR. When DCD falls, hosts
    /// hang up the terminal.
    pub fn set_carrier(&mut self, carrier: bool) {
        self.set_level(if carrier { SerialState::CARRIER } else { SerialState::empty() });
    }

    /// Irregular signals that just occurred; each is notified once. Level bits are ignored.
    pub fn raise(&mut self, one_shots: SerialState) {
        self.state.serial_state.raise(one_shots);
    }
}

impl Told {
    fn edge(&mut self, state: &State, signal: Signals, on: bool) -> Option<Event> {
        if signal == Signals::BREAK && on {
            return self.break_started(state);
        }
        if self.signals.contains(signal) == on {
            return None;
        }
        self.signals.set(signal, on);
        Some(match (signal, on) {
            (Signals::DTR, _) => Event::Dtr(on),
            (Signals::RTS, _) => Event::Rts(on),
            (Signals::SUSPENDED, true) => Event::Suspended,
            (Signals::SUSPENDED, false) => Event::Resumed,
            (Signals::SESSION, true) => Event::SessionStart,
            (Signals::SESSION, false) => Event::SessionEnd,
            (Signals::CONFIGURED, true) => {
                Event::Configured { milliamps: state.milliamps.load(Ordering::Relaxed) }
            }
            (Signals::CONFIGURED, false) => Event::Deconfigured,
            _ => Event::Break(Break::Off),
        })
    }

    fn break_started(&mut self, state: &State) -> Option<Event> {
        let request = state.break_request.load(Ordering::Acquire);
        if request == self.break_request && self.signals.contains(Signals::BREAK) {
            return None;
        }
        self.break_request = request;
        self.signals.insert(Signals::BREAK);
        Some(Event::Break(break_of(request)))
    }

    fn line_coding(&mut self, state: &State) -> Option<Event> {
        let new = state.line_coding.load();
        let old = core::mem::replace(&mut self.line_coding, new);
        (new != old).then_some(Event::LineCoding { old, new })
    }

    /// A signal that is not what the application was told last: it changed while an event of its
    /// kind was queued.
    fn rest(&mut self, state: &State) -> Option<Event> {
        let signals = state.signals();
        let signal = (signals ^ self.signals).iter().next()?;
        self.edge(state, signal, signals.contains(signal))
    }
}

/// Getters of a port's control plane, from any context.
#[derive(Clone, Copy)]
pub struct ControlReader<'a> {
    state: &'a State,
}

impl ControlReader<'_> {
    /// The line coding now.
    pub fn line_coding(&self) -> LineCoding {
        self.state.line_coding.load()
    }

    /// DTR and RTS now.
    pub fn control_lines(&self) -> ControlLineState {
        self.state.signals().control_lines()
    }

    /// The break the host asked for last and did not end. It does not run out by itself: there is
    /// no clock here.
    pub fn pending_break(&self) -> Break {
        if self.state.signals().contains(Signals::BREAK) {
            return break_of(self.state.break_request.load(Ordering::Acquire));
        }
        Break::Off
    }

    /// Whether the host selected the configuration.
    pub fn is_configured(&self) -> bool {
        self.state.signals().contains(Signals::CONFIGURED)
    }

    /// Whether the bus is suspended.
    pub fn is_suspended(&self) -> bool {
        self.state.signals().contains(Signals::SUSPENDED)
    }

    /// Whether there is a session.
    pub fn is_in_session(&self) -> bool {
        self.state.signals().contains(Signals::SESSION)
    }
}

fn break_of(request: u32) -> Break {
    let [low, high, ..] = request.to_le_bytes();
    Break::from_value(u16::from_le_bytes([low, high]))
}
