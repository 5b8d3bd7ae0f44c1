//! The application half.

#[cfg(any(feature = "async", loom))]
use core::task::{Context, Poll};

use super::{ControlShared, MILLIAMPS, break_of};
use crate::event::{Event, Kind, Signal, Signals};
use crate::sync::{AtomicU32, Ordering, OwnLoad};
use crate::{Break, ControlLineState, LineCoding, Link, Pace, SerialState};

/// The application half of [`ControlShared`].
pub struct Control {
    shared: &'static ControlShared,
}

/// What the application was told last. Nobody else looks at it; it lies with the rest of the state,
/// and its zeros are the state at power-on, so that a half is one pointer.
pub(super) struct Told {
    /// The first of [`LineCoding::to_words`].
    rate: AtomicU32,
    /// The second, and in the byte that is left the signals.
    format: AtomicU32,
    /// `break_start` of the break.
    break_start: AtomicU32,
}

impl Told {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self { rate: AtomicU32::new(0), format: AtomicU32::new(0), break_start: AtomicU32::new(0) }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self { rate: AtomicU32::new(0), format: AtomicU32::new(0), break_start: AtomicU32::new(0) }
    }

    fn signals(&self) -> Signals {
        let [_, _, _, signals] = self.format.load_own().to_le_bytes();
        Signals(signals)
    }

    fn set_signals(&self, Signals(signals): Signals) {
        self.set_format(self.format.load_own(), signals);
    }

    fn replace_line_coding(&self, new: LineCoding) -> LineCoding {
        let old = LineCoding::from_words((self.rate.load_own(), self.format.load_own()));
        let (rate, format) = new.to_words();
        self.rate.store(rate, Ordering::Relaxed);
        self.set_format(format, self.signals().0);
        old
    }

    fn set_format(&self, format: u32, signals: u8) {
        let [char_format, parity_type, data_bits, _] = format.to_le_bytes();
        let format = u32::from_le_bytes([char_format, parity_type, data_bits, signals]);
        self.format.store(format, Ordering::Relaxed);
    }
}

impl Control {
    /// The caller sees to it that there is one application half.
    pub(crate) fn new(shared: &'static ControlShared) -> Self {
        Self { shared }
    }

    /// The next event, oldest first.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            while let Some(kind) = self.shared.events.take() {
                let event = match kind.as_edge() {
                    Some((signal, on)) => self.edge(signal, on),
                    None => self.value_event(kind),
                };
                // There is none when the application was told already.
                if event.is_some() {
                    return event;
                }
            }
            let settled = self.shared.settled();
            // What led to these signals may have been queued since we looked.
            if self.shared.events.is_empty() {
                return self.merged_event(settled);
            }
        }
    }

    /// A signal that changed while an event of that kind was queued, and is not what that said.
    fn merged_event(&mut self, settled: Signals) -> Option<Event> {
        let told = self.shared.told.signals();
        // Where the bus side has yet to store `settled`, it lags behind an event that we have taken.
        let lagging = settled.0 ^ self.shared.signals().0;
        let settled = Signals(settled.0 & !lagging | told.0 & lagging);
        let signal = settled.difference(told)?;
        self.edge(signal, settled.contains(signal))
    }

    fn edge(&mut self, signal: Signal, on: bool) -> Option<Event> {
        let told = self.shared.told.signals();
        let is_new = told.contains(signal) != on;
        self.shared.told.set_signals(told.with(signal, on));
        if signal == Signal::BREAK && on {
            return self.break_event(is_new);
        }
        is_new.then(|| self.named(signal, on))
    }

    fn named(&self, signal: Signal, on: bool) -> Event {
        match (signal, on) {
            (Signal::DTR, on) => Event::Dtr(on),
            (Signal::RTS, on) => Event::Rts(on),
            (Signal::SUSPENDED, true) => Event::Suspended,
            (Signal::SUSPENDED, false) => Event::Resumed,
            (Signal::SESSION, true) => Event::SessionStart,
            (Signal::SESSION, false) => Event::SessionEnd,
            (Signal::CONFIGURED, true) => Event::Configured { milliamps: self.granted() },
            (Signal::CONFIGURED, false) => Event::Deconfigured,
            _ => Event::Break(Break::Off),
        }
    }

    /// A break that began, or one that replaced it.
    fn break_event(&mut self, is_new: bool) -> Option<Event> {
        let start = self.shared.break_start.load(Ordering::Acquire);
        let before = self.shared.told.break_start.load_own();
        self.shared.told.break_start.store(start, Ordering::Relaxed);
        (is_new || start != before).then(|| Event::Break(break_of(start)))
    }

    /// An event that is no edge of a signal.
    fn value_event(&mut self, kind: Kind) -> Option<Event> {
        match kind {
            Kind::HOST_READS => Some(Event::HostReads),
            Kind::TOUCH_1200 => Some(Event::Touch1200),
            _ => self.coding_event(),
        }
    }

    fn coding_event(&mut self) -> Option<Event> {
        let new = self.line_coding();
        let old = self.shared.told.replace_line_coding(new);
        (old != new).then_some(Event::LineCoding { old, new })
    }

    /// The next event, oldest first; without one, the task of `context` waits for it.
    #[cfg(any(feature = "async", loom))]
    pub fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        let shared = self.shared;
        shared.waker.poll(context, || self.next_event())
    }

    /// The line coding now.
    pub fn line_coding(&self) -> LineCoding {
        self.shared.load_line_coding()
    }

    /// DTR and RTS now.
    pub fn control_lines(&self) -> ControlLineState {
        self.shared.signals().control_lines()
    }

    /// The last SEND_BREAK, or [`Break::Off`].
    pub fn break_request(&self) -> Break {
        if self.shared.signals().contains(Signal::BREAK) {
            return break_of(self.shared.break_start.load(Ordering::Acquire));
        }
        Break::Off
    }

    /// Session and suspend.
    pub fn link(&self) -> &'static Link {
        &self.shared.link
    }

    /// Whether the host reads, and the time.
    pub fn pace(&self) -> &'static Pace {
        &self.shared.pace
    }

    /// 1200-baud touches since power-on, wrapping.
    pub fn touches(&self) -> u8 {
        self.shared.touches.load(Ordering::Relaxed)
    }

    /// What may be drawn from VBUS, in mA; an even number, and 0 when the device is not configured.
    pub fn milliamps(&self) -> u16 {
        if self.shared.signals().contains(Signal::CONFIGURED) { self.granted() } else { 0 }
    }

    fn granted(&self) -> u16 {
        u16::from(self.shared.milliamps.load(Ordering::Relaxed)) * MILLIAMPS
    }

    /// Sets the levels of the serial state; one-shots in `levels` are ignored.
    pub fn set_levels(&mut self, levels: SerialState) {
        self.shared.raised.set_levels(levels);
    }

    /// Raises one-shots of the serial state; levels in `one_shots` are ignored.
    pub fn raise(&mut self, one_shots: SerialState) {
        self.shared.raised.raise(one_shots);
    }
}
