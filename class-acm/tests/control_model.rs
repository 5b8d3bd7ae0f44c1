//! Bus and application in any order, against a model that says what each must be told.
//!
//! Not for Miri, which takes minutes: there is nothing unsafe here, and `control.rs` is for it.
#![cfg(not(any(loom, miri)))]

use std::collections::VecDeque;

use proptest::prelude::*;
use usbd_acm_class::{
    Break, BusControl, Control, ControlLineState, ControlShared, Event, LineCoding, SerialState,
};

fn split() -> (BusControl<'static>, Control) {
    Box::leak(Box::new(ControlShared::new())).split()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Configure(u16),
    Deconfigure,
    Suspend,
    Resume,
    StartSession,
    EndSession,
    Lines(u8),
    LineCoding(u32),
    Break(u16),
    /// The application takes so many events.
    Take(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0u16..250).prop_map(|units| Step::Configure(2 * units)),
        1 => Just(Step::Deconfigure),
        2 => Just(Step::Suspend),
        2 => Just(Step::Resume),
        2 => Just(Step::StartSession),
        2 => Just(Step::EndSession),
        6 => (0u8..4).prop_map(Step::Lines),
        4 => (0u32..3).prop_map(Step::LineCoding),
        4 => prop::sample::select(vec![0, 1, 2, 0xFFFE, 0xFFFF]).prop_map(Step::Break),
        8 => (1u8..5).prop_map(Step::Take),
    ]
}

/// What is queued: a change of one thing into one direction, each at most once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Dtr(bool),
    Rts(bool),
    Configured(bool),
    Suspended(bool),
    Session(bool),
    Break(bool),
    LineCoding,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Levels {
    dtr: bool,
    rts: bool,
    configured: bool,
    suspended: bool,
    session: bool,
    breaking: bool,
}

#[derive(Default)]
struct Model {
    queue: VecDeque<Change>,
    now: Levels,
    told: Levels,
    line_coding: LineCoding,
    told_line_coding: LineCoding,
    milliamps: u16,
    last_break: u16,
}

impl Levels {
    fn level(&mut self, change: Change) -> Option<(&mut bool, bool)> {
        Some(match change {
            Change::Dtr(on) => (&mut self.dtr, on),
            Change::Rts(on) => (&mut self.rts, on),
            Change::Configured(on) => (&mut self.configured, on),
            Change::Suspended(on) => (&mut self.suspended, on),
            Change::Session(on) => (&mut self.session, on),
            Change::Break(on) => (&mut self.breaking, on),
            Change::LineCoding => return None,
        })
    }
}

impl Model {
    fn queue(&mut self, change: Change) {
        if !self.queue.contains(&change) {
            self.queue.push_back(change);
        }
    }

    fn change(&mut self, change: Change) {
        let Some((level, on)) = self.now.level(change) else { return };
        if *level != on {
            *level = on;
            self.queue(change);
        }
    }

    fn bus(&mut self, step: Step) {
        match step {
            Step::Configure(milliamps) => {
                self.milliamps = milliamps;
                self.change(Change::Configured(true));
            }
            Step::Deconfigure => {
                self.bus(Step::Lines(0));
                self.change(Change::Break(false));
                self.change(Change::Configured(false));
            }
            Step::Suspend => self.change(Change::Suspended(true)),
            Step::Resume => self.change(Change::Suspended(false)),
            Step::StartSession => self.change(Change::Session(true)),
            Step::EndSession => self.change(Change::Session(false)),
            Step::Lines(lines) => {
                self.change(Change::Rts(lines & 2 != 0));
                self.change(Change::Dtr(lines & 1 != 0));
            }
            Step::LineCoding(rate) => {
                let old = self.line_coding;
                self.line_coding.rate = rate;
                if self.line_coding != old {
                    self.queue(Change::LineCoding);
                }
            }
            Step::Break(0) => self.change(Change::Break(false)),
            Step::Break(value) => {
                self.last_break = value;
                self.now.breaking = true;
                self.queue(Change::Break(true));
            }
            Step::Take(_) => unreachable!("not a step of the bus"),
        }
    }

    fn take(&mut self) -> Option<Event> {
        while let Some(change) = self.queue.pop_front() {
            if let Some((level, on)) = self.told.level(change) {
                // Told already, at the end of the queue.
                if *level == on && change != Change::Break(true) {
                    continue;
                }
                return Some(self.tell(change));
            }
            let (old, new) = (self.told_line_coding, self.line_coding);
            if old != new {
                self.told_line_coding = new;
                return Some(Event::LineCoding { old, new });
            }
        }
        let Levels { dtr, rts, configured, suspended, session, breaking } = self.now;
        let (now, told) = (self.now, self.told);
        let change = match () {
            () if now.dtr != told.dtr => Change::Dtr(dtr),
            () if now.rts != told.rts => Change::Rts(rts),
            () if now.configured != told.configured => Change::Configured(configured),
            () if now.suspended != told.suspended => Change::Suspended(suspended),
            () if now.session != told.session => Change::Session(session),
            () if now.breaking != told.breaking => Change::Break(breaking),
            () => return None,
        };
        Some(self.tell(change))
    }

    fn tell(&mut self, change: Change) -> Event {
        if let Some((level, on)) = self.told.level(change) {
            *level = on;
        }
        match change {
            Change::Dtr(on) => Event::Dtr(on),
            Change::Rts(on) => Event::Rts(on),
            Change::Configured(true) => Event::Configured { milliamps: self.milliamps },
            Change::Configured(false) => Event::Deconfigured,
            Change::Suspended(true) => Event::Suspended,
            Change::Suspended(false) => Event::Resumed,
            Change::Session(true) => Event::SessionStart,
            Change::Session(false) => Event::SessionEnd,
            Change::Break(true) => Event::Break(Break::from_value(self.last_break)),
            Change::Break(false) => Event::Break(Break::Off),
            Change::LineCoding => unreachable!("taken before"),
        }
    }
}

fn apply(bus: &mut BusControl<'_>, step: Step) {
    match step {
        Step::Configure(milliamps) => bus.configured(milliamps),
        Step::Deconfigure => bus.deconfigured(),
        Step::Suspend => bus.suspended(),
        Step::Resume => bus.resumed(),
        Step::StartSession => bus.set_session(true),
        Step::EndSession => bus.set_session(false),
        Step::Lines(lines) => {
            bus.set_control_lines(ControlLineState::from_bits_retain(lines));
        }
        Step::LineCoding(rate) => {
            bus.set_line_coding(LineCoding { rate, ..LineCoding::DEFAULT });
        }
        Step::Break(value) => bus.send_break(Break::from_value(value)),
        Step::Take(_) => unreachable!("not a step of the bus"),
    }
}

fn getters_agree(bus: &BusControl<'_>, control: &Control, model: &Model) {
    let lines = control.control_lines();
    assert_eq!(lines.contains(ControlLineState::DTR), model.now.dtr);
    assert_eq!(lines.contains(ControlLineState::RTS), model.now.rts);
    assert_eq!(control.milliamps(), if model.now.configured { model.milliamps } else { 0 });
    let request = if model.now.breaking { model.last_break } else { 0 };
    assert_eq!(control.break_request().to_value(), request);
    assert_eq!(control.line_coding(), model.line_coding);
    assert_eq!(bus.line_coding(), model.line_coding);
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn events_are_those_of_the_model(steps in prop::collection::vec(step(), 0..80)) {
        let (mut bus, mut control) = split();
        let mut model = Model::default();
        for step in steps {
            if let Step::Take(count) = step {
                for _ in 0..count {
                    prop_assert_eq!(control.next_event(), model.take());
                }
            } else {
                apply(&mut bus, step);
                model.bus(step);
            }
            getters_agree(&bus, &control, &model);
        }
        while let Some(event) = model.take() {
            prop_assert_eq!(control.next_event(), Some(event));
        }
        prop_assert_eq!(control.next_event(), None);
        prop_assert_eq!(model.told, model.now);
        prop_assert_eq!(model.told_line_coding, model.line_coding);
    }

    /// An application that looks after every change is told exactly what changed.
    #[test]
    fn nothing_merges_for_an_application_that_keeps_up(
        rates in prop::collection::vec((0u32..4, 0u8..4, 0u16..4), 0..40),
    ) {
        let (mut bus, mut control) = split();
        let (mut dtr, mut rts, mut old, mut breaking) =
            (false, false, LineCoding::DEFAULT, false);
        for (rate, lines, value) in rates {
            let new = LineCoding { rate, ..LineCoding::DEFAULT };
            bus.set_line_coding(new);
            bus.set_control_lines(ControlLineState::from_bits_retain(lines));
            bus.send_break(Break::from_value(value));
            let mut expected = vec![];
            if new != old {
                expected.push(Event::LineCoding { old, new });
            }
            if rts != (lines & 2 != 0) {
                expected.push(Event::Rts(!rts));
            }
            if dtr != (lines & 1 != 0) {
                expected.push(Event::Dtr(!dtr));
            }
            if breaking || value != 0 {
                expected.push(Event::Break(Break::from_value(value)));
            }
            let told: Vec<_> = std::iter::from_fn(|| control.next_event()).collect();
            prop_assert_eq!(told, expected);
            (dtr, rts, old, breaking) = (lines & 1 != 0, lines & 2 != 0, new, value != 0);
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum SerialStep {
    Level(u8),
    Raise(u8),
    Poll,
    /// The controller was full.
    Refuse,
    Acknowledge,
    Configure,
}

fn serial_step() -> impl Strategy<Value = SerialStep> {
    prop_oneof![
        4 => (0u8..4).prop_map(SerialStep::Level),
        6 => (0u8..128).prop_map(SerialStep::Raise),
        8 => Just(SerialStep::Poll),
        4 => Just(SerialStep::Acknowledge),
        2 => Just(SerialStep::Refuse),
        1 => Just(SerialStep::Configure),
    ]
}

/// Numbers each raise, to say of each when it was reported.
#[derive(Default)]
struct SerialModel {
    level: u8,
    known: u8,
    /// Raises that no acknowledged notification carried: signal, and whether one in flight does.
    raises: Vec<(u8, bool)>,
    in_flight: Option<u8>,
}

impl SerialModel {
    fn poll(&mut self) -> Option<u8> {
        if self.in_flight.is_some() || (self.raises.is_empty() && self.level == self.known) {
            return None;
        }
        let mut state = self.level;
        for (signal, carried) in &mut self.raises {
            state |= *signal;
            *carried = true;
        }
        self.in_flight = Some(state);
        self.in_flight
    }

    fn acknowledge(&mut self) {
        if let Some(sent) = self.in_flight.take() {
            self.known = sent & 3;
            self.raises.retain(|(_, carried)| !carried);
        }
    }

    fn refuse(&mut self) -> Option<u8> {
        let before = self.in_flight;
        let state = self.poll();
        if before.is_none() {
            self.in_flight = None;
            self.raises.iter_mut().for_each(|(_, carried)| *carried = false);
        }
        state
    }
}

fn due(bus: &mut BusControl<'_>, accepted: bool) -> Option<u8> {
    let due = bus.due_notification()?;
    if accepted {
        bus.notification_submitted(&due);
    }
    SerialState::from_notification(&due.bytes(0)).map(|(_, state)| state.bits())
}

proptest! {
    #![proptest_config(config())]

    /// Every raise is in one acknowledged notification that was made after it, and in no other.
    #[test]
    fn every_raise_is_reported_once(steps in prop::collection::vec(serial_step(), 0..80)) {
        let (mut bus, mut control) = split();
        let mut model = SerialModel::default();
        for step in steps {
            match step {
                SerialStep::Level(bits) => {
                    control.set_levels(SerialState::from_bits_retain(bits));
                    model.level = bits;
                }
                SerialStep::Raise(bits) => {
                    control.raise(SerialState::from_bits_retain(bits));
                    let signals = (2..7).map(|bit| bits & 1 << bit).filter(|&signal| signal != 0);
                    model.raises.extend(signals.map(|signal| (signal, false)));
                }
                SerialStep::Poll => prop_assert_eq!(due(&mut bus, true), model.poll()),
                SerialStep::Acknowledge => {
                    bus.notification_acknowledged();
                    model.acknowledge();
                }
                SerialStep::Refuse => prop_assert_eq!(due(&mut bus, false), model.refuse()),
                SerialStep::Configure => {
                    bus.configured(100);
                    model = SerialModel { level: model.level, ..SerialModel::default() };
                }
            }
        }
        bus.notification_acknowledged();
        model.acknowledge();
        prop_assert_eq!(due(&mut bus, true), model.poll());
        bus.notification_acknowledged();
        prop_assert_eq!(due(&mut bus, true), None);
    }
}
