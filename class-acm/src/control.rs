//! The ACM state of a port, shared by its halves without locks.
//!
//! Every word has one writer. The bus side never waits for the application, nor the application for
//! the bus side, from whatever contexts they run in.

use core::marker::PhantomData;

use crate::event::{Event, EventQueue, Kind, SWITCHES};
use crate::serial_state::NOTIFICATION_LENGTH;
use crate::sync::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, Ordering, fence};
use crate::{Break, ControlLineState, LineCoding, SerialState};

/// Number of one-shot bits in the serial state, from bit 2 on.
const ONE_SHOTS: usize = 5;

/// A line coding as two words.
struct CodingWords {
    rate: AtomicU32,
    format: AtomicU32,
}

impl CodingWords {
    fn load(&self) -> LineCoding {
        let words = (self.rate.load(Ordering::Relaxed), self.format.load(Ordering::Relaxed));
        LineCoding::from_words(words)
    }
}

/// The ACM state of a port.
pub struct ControlShared {
    /// Bus side: number of codings set, wrapping; its low bit says which of `codings` is valid.
    coding_number: AtomicU16,
    codings: [CodingWords; 2],
    /// Bus side: how often each switch was thrown, wrapping; it is on when that is odd.
    switches: [AtomicU8; SWITCHES],
    /// Bus side: wValue of the last SEND_BREAK.
    break_now: AtomicU16,
    /// Bus side: wValue of the last SEND_BREAK that began a break.
    break_start: AtomicU16,
    /// Bus side: how many breaks were begun, wrapping.
    breaks: AtomicU8,
    /// Bus side: mA that the host granted.
    milliamps: AtomicU16,
    events: EventQueue,
    /// Application: levels of the [`SerialState`].
    levels: AtomicU8,
    /// Application: how often each one-shot was raised, wrapping.
    raised: [AtomicU8; ONE_SHOTS],
    notified: Notified,
}

/// What the bus side has notified; nobody else looks at it.
struct Notified {
    /// Counts of `raised`.
    raised: [AtomicU8; ONE_SHOTS],
    /// Levels.
    levels: AtomicU8,
    in_flight: AtomicBool,
}

impl ControlShared {
    /// The state after power-on.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        let (rate, format) = LineCoding::DEFAULT.to_words();
        Self {
            coding_number: AtomicU16::new(0),
            codings: [
                CodingWords { rate: AtomicU32::new(rate), format: AtomicU32::new(format) },
                CodingWords { rate: AtomicU32::new(rate), format: AtomicU32::new(format) },
            ],
            switches: [const { AtomicU8::new(0) }; SWITCHES],
            break_now: AtomicU16::new(0),
            break_start: AtomicU16::new(0),
            breaks: AtomicU8::new(0),
            milliamps: AtomicU16::new(0),
            events: EventQueue::new(),
            levels: AtomicU8::new(0),
            raised: [const { AtomicU8::new(0) }; ONE_SHOTS],
            notified: Notified {
                raised: [const { AtomicU8::new(0) }; ONE_SHOTS],
                levels: AtomicU8::new(0),
                in_flight: AtomicBool::new(false),
            },
        }
    }

    /// The state after power-on.
    #[cfg(loom)]
    pub fn new() -> Self {
        let (rate, format) = LineCoding::DEFAULT.to_words();
        let words = |_| CodingWords { rate: AtomicU32::new(rate), format: AtomicU32::new(format) };
        Self {
            coding_number: AtomicU16::new(0),
            codings: core::array::from_fn(words),
            switches: core::array::from_fn(|_| AtomicU8::new(0)),
            break_now: AtomicU16::new(0),
            break_start: AtomicU16::new(0),
            breaks: AtomicU8::new(0),
            milliamps: AtomicU16::new(0),
            events: EventQueue::new(),
            levels: AtomicU8::new(0),
            raised: core::array::from_fn(|_| AtomicU8::new(0)),
            notified: Notified {
                raised: core::array::from_fn(|_| AtomicU8::new(0)),
                levels: AtomicU8::new(0),
                in_flight: AtomicBool::new(false),
            },
        }
    }

    /// The bus half and the application half.
    pub fn split(&'static mut self) -> (BusControl<'static>, Control) {
        (BusControl::new(self), Control::new(self))
    }

    fn coding_words(&self, number: u16) -> &CodingWords {
        let [even, odd] = &self.codings;
        if number & 1 == 0 { even } else { odd }
    }

    /// The line coding. A reader that was interrupted by two new codings reads again; one that
    /// interrupts the bus side finds the coding before, whole.
    fn line_coding(&self) -> LineCoding {
        loop {
            let number = self.coding_number.load(Ordering::Acquire);
            let words = self.coding_words(number);
            let coding = words.load();
            fence(Ordering::Acquire);
            // The next coding goes to the other words; only the one after it overwrites ours, and
            // the next one's number is stored before that.
            if self.coding_number.load(Ordering::Relaxed) == number {
                return coding;
            }
        }
    }

    fn switch(&self, kind: Kind) -> &AtomicU8 {
        // The kinds that are no switches never come here.
        &self.switches[kind as usize % SWITCHES]
    }

    fn is_on(&self, kind: Kind) -> bool {
        self.switch(kind).load(Ordering::Relaxed) & 1 == 1
    }

    fn lines(&self) -> ControlLineState {
        let mut lines = ControlLineState::empty();
        lines.set(ControlLineState::DTR, self.is_on(Kind::Dtr));
        lines.set(ControlLineState::RTS, self.is_on(Kind::Rts));
        lines
    }
}

/// The bus half of [`ControlShared`].
pub struct BusControl<'a> {
    shared: &'static ControlShared,
    borrow: PhantomData<&'a mut ()>,
}

/// A notification that is due, and what it tells.
pub struct DueNotification {
    state: SerialState,
    raised: [u8; ONE_SHOTS],
}

impl DueNotification {
    /// The bytes on the wire, from this communication interface.
    pub fn bytes(&self, interface: u8) -> [u8; NOTIFICATION_LENGTH] {
        self.state.notification(interface)
    }
}

impl BusControl<'_> {
    /// The caller sees to it that there is one bus half at a time.
    pub(crate) fn new(shared: &'static ControlShared) -> Self {
        Self { shared, borrow: PhantomData }
    }

    /// The line coding, to be reported to the host.
    pub fn line_coding(&self) -> LineCoding {
        // Nobody else writes it.
        let number = self.shared.coding_number.load(Ordering::Relaxed);
        self.shared.coding_words(number).load()
    }

    /// Takes a line coding over.
    pub fn set_line_coding(&mut self, coding: LineCoding) {
        let number = self.shared.coding_number.load(Ordering::Relaxed).wrapping_add(1);
        let words = self.shared.coding_words(number);
        let (rate, format) = coding.to_words();
        // Pairs with the Acquire fence in `line_coding`: who reads one of these words also sees the
        // number that was stored before them.
        fence(Ordering::Release);
        words.rate.store(rate, Ordering::Relaxed);
        words.format.store(format, Ordering::Relaxed);
        self.shared.coding_number.store(number, Ordering::Release);
        self.shared.events.post(Kind::LineCoding);
    }

    /// Sets the control lines and returns whether DTR changed.
    pub fn set_control_lines(&mut self, lines: ControlLineState) -> bool {
        self.set(Kind::Rts, lines.contains(ControlLineState::RTS));
        self.set(Kind::Dtr, lines.contains(ControlLineState::DTR))
    }

    /// Takes a SEND_BREAK over. Ending a break that was not begun is no change.
    pub fn send_break(&mut self, request: Break) {
        let value = request.to_value();
        let before = self.shared.break_now.load(Ordering::Relaxed);
        self.shared.break_now.store(value, Ordering::Relaxed);
        if request != Break::Off {
            self.shared.break_start.store(value, Ordering::Relaxed);
            let breaks = self.shared.breaks.load(Ordering::Relaxed).wrapping_add(1);
            self.shared.breaks.store(breaks, Ordering::Release);
        }
        if value != 0 || before != 0 {
            self.shared.events.post(Kind::Break);
        }
    }

    /// Throws a switch, unless it is there already.
    fn set(&mut self, kind: Kind, on: bool) -> bool {
        let switch = self.shared.switch(kind);
        let count = switch.load(Ordering::Relaxed);
        if (count & 1 == 1) == on {
            return false;
        }
        switch.store(count.wrapping_add(1), Ordering::Relaxed);
        self.shared.events.post(kind);
        true
    }

    /// The device was configured. The host has seen no level yet, and hears of no one-shot that
    /// was raised before.
    pub fn configured(&mut self, milliamps: u16) {
        self.remember(&self.raised(), 0);
        self.shared.notified.in_flight.store(false, Ordering::Relaxed);
        self.shared.milliamps.store(milliamps, Ordering::Relaxed);
        self.set(Kind::Configuration, true);
    }

    /// The configuration is gone: the terminal went with it, so the lines drop and a break ends.
    /// The line coding stays, for the specification is silent and the user's choice is worth more
    /// than our default.
    pub fn deconfigured(&mut self) {
        self.set_control_lines(ControlLineState::empty());
        self.send_break(Break::Off);
        self.set(Kind::Configuration, false);
    }

    /// A session began.
    pub fn session_started(&mut self) {
        self.set(Kind::Session, true);
    }

    /// The session ended.
    pub fn session_ended(&mut self) {
        self.set(Kind::Session, false);
    }

    /// The bus was suspended.
    pub fn suspended(&mut self) {
        self.set(Kind::Suspend, true);
    }

    /// The bus was resumed.
    pub fn resumed(&mut self) {
        self.set(Kind::Suspend, false);
    }

    /// The SERIAL_STATE that is due: a level changed, or a one-shot was raised, since the last one,
    /// which the host has acknowledged.
    pub fn due_notification(&self) -> Option<DueNotification> {
        let notified = &self.shared.notified;
        let levels = self.shared.levels.load(Ordering::Acquire);
        let mut bits = levels;
        let raised = self.raised();
        for (bit, (raised, notified)) in (2u8..).zip(raised.iter().zip(&notified.raised)) {
            bits |= u8::from(*raised != notified.load(Ordering::Relaxed)) << bit;
        }
        let nothing_new = bits == notified.levels.load(Ordering::Relaxed);
        if nothing_new || notified.in_flight.load(Ordering::Relaxed) {
            return None;
        }
        Some(DueNotification { state: SerialState::from_bits_truncate(bits), raised })
    }

    /// The notification is on its way. What it told is over, and what is raised from now on is
    /// told by the next.
    pub fn notification_submitted(&mut self, due: &DueNotification) {
        self.remember(&due.raised, due.state.intersection(SerialState::LEVELS).bits());
        self.shared.notified.in_flight.store(true, Ordering::Relaxed);
    }

    /// The host acknowledged the notification.
    pub fn notification_acknowledged(&mut self) {
        self.shared.notified.in_flight.store(false, Ordering::Relaxed);
    }

    fn remember(&self, raised: &[u8; ONE_SHOTS], levels: u8) {
        for (notified, raised) in self.shared.notified.raised.iter().zip(raised) {
            notified.store(*raised, Ordering::Relaxed);
        }
        self.shared.notified.levels.store(levels, Ordering::Relaxed);
    }

    fn raised(&self) -> [u8; ONE_SHOTS] {
        self.shared.raised.each_ref().map(|count| count.load(Ordering::Relaxed))
    }
}

/// The application half of [`ControlShared`].
pub struct Control {
    shared: &'static ControlShared,
    /// The line coding reported last.
    reported: LineCoding,
    /// Counts of `switches` that were reported.
    switches: [u8; SWITCHES],
    /// Count of `breaks` that was reported.
    breaks: u8,
    /// A break whose end was not reported yet.
    breaking: bool,
    /// A switch that went away and came back, or a break that ended: half of it is reported.
    second_half: Option<Kind>,
}

impl Control {
    /// The caller sees to it that there is one application half.
    pub(crate) fn new(shared: &'static ControlShared) -> Self {
        Self {
            shared,
            reported: LineCoding::DEFAULT,
            switches: [0; SWITCHES],
            breaks: 0,
            breaking: false,
            second_half: None,
        }
    }

    /// The next event, oldest first.
    pub fn next_event(&mut self) -> Option<Event> {
        if let Some(kind) = self.second_half.take() {
            return Some(self.second_event(kind));
        }
        loop {
            let kind = self.shared.events.take()?;
            let event = match kind {
                Kind::LineCoding => self.coding_event(),
                Kind::Break => self.break_event(),
                switch => self.switch_event(switch),
            };
            // What changed after a kind was taken and before its value was read is known already.
            if event.is_some() {
                return event;
            }
        }
    }

    fn second_event(&mut self, kind: Kind) -> Event {
        if kind == Kind::Break {
            self.breaking = false;
            return Event::Break(Break::Off);
        }
        self.named(kind, self.switches[kind as usize % SWITCHES] & 1 == 1)
    }

    fn switch_event(&mut self, kind: Kind) -> Option<Event> {
        let count = self.shared.switch(kind).load(Ordering::Relaxed);
        let seen = core::mem::replace(&mut self.switches[kind as usize % SWITCHES], count);
        let (on, changes) = (count & 1 == 1, count.wrapping_sub(seen));
        if changes == 0 {
            return None;
        }
        if changes & 1 == 1 {
            return Some(self.named(kind, on));
        }
        self.second_half = Some(kind);
        Some(self.named(kind, !on))
    }

    fn named(&self, kind: Kind, on: bool) -> Event {
        match (kind, on) {
            (Kind::Dtr, on) => Event::Dtr(on),
            (Kind::Rts, on) => Event::Rts(on),
            (Kind::Suspend, true) => Event::Suspended,
            (Kind::Suspend, false) => Event::Resumed,
            (Kind::Session, true) => Event::SessionStart,
            (Kind::Session, false) => Event::SessionEnd,
            (_, true) => Event::Configured { milliamps: self.granted() },
            (_, false) => Event::Deconfigured,
        }
    }

    fn coding_event(&mut self) -> Option<Event> {
        let new = self.line_coding();
        let old = core::mem::replace(&mut self.reported, new);
        (old != new).then_some(Event::LineCoding { old, new })
    }

    fn break_event(&mut self) -> Option<Event> {
        let breaks = self.shared.breaks.load(Ordering::Acquire);
        let ended = self.shared.break_now.load(Ordering::Relaxed) == 0;
        if core::mem::replace(&mut self.breaks, breaks) == breaks {
            let ends = ended && core::mem::replace(&mut self.breaking, false);
            return ends.then_some(Event::Break(Break::Off));
        }
        self.breaking = true;
        self.second_half = ended.then_some(Kind::Break);
        let value = self.shared.break_start.load(Ordering::Relaxed);
        Some(Event::Break(Break::from_value(value)))
    }

    /// The line coding now.
    pub fn line_coding(&self) -> LineCoding {
        self.shared.line_coding()
    }

    /// DTR and RTS now.
    pub fn control_lines(&self) -> ControlLineState {
        self.shared.lines()
    }

    /// The last SEND_BREAK, or [`Break::Off`].
    pub fn break_request(&self) -> Break {
        Break::from_value(self.shared.break_now.load(Ordering::Relaxed))
    }

    /// What may be drawn from VBUS, in mA; 0 when the device is not configured.
    pub fn milliamps(&self) -> u16 {
        if self.shared.is_on(Kind::Configuration) { self.granted() } else { 0 }
    }

    fn granted(&self) -> u16 {
        self.shared.milliamps.load(Ordering::Relaxed)
    }

    /// Sets the levels of the serial state; one-shots in `levels` are ignored.
    pub fn set_levels(&mut self, levels: SerialState) {
        let levels = levels.intersection(SerialState::LEVELS);
        self.shared.levels.store(levels.bits(), Ordering::Release);
    }

    /// Raises one-shots of the serial state; levels in `one_shots` are ignored.
    pub fn raise(&mut self, one_shots: SerialState) {
        for (bit, count) in (2u8..).zip(&self.shared.raised) {
            if one_shots.bits() >> bit & 1 == 1 {
                count.store(count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
            }
        }
    }
}
