//! The control plane, step by step.
#![cfg(not(loom))]

use core::num::NonZeroU16;

use usbd_acm_class::{
    Break, BusControl, Control, ControlLineState, ControlShared, Event, LineCoding, SerialState,
};

/// More than any count of eight bits can tell apart; Miri is slow.
const MANY: u16 = if cfg!(miri) { 8 } else { 1024 };

const BOTH: ControlLineState = ControlLineState::all();

fn split() -> (BusControl<'static>, Control) {
    Box::leak(Box::new(ControlShared::new())).split()
}

fn events(control: &mut Control) -> Vec<Event> {
    std::iter::from_fn(|| control.next_event()).collect()
}

/// Sends what is due.
fn notification(bus: &mut BusControl<'_>) -> Option<SerialState> {
    let due = bus.due_notification()?;
    bus.notification_submitted(&due);
    let (interface, state) = SerialState::from_notification(&due.bytes(2))?;
    assert_eq!(interface, 2);
    Some(state)
}

fn coding(rate: u32) -> LineCoding {
    LineCoding { rate, ..LineCoding::DEFAULT }
}

fn timed(milliseconds: u16) -> Break {
    Break::For(NonZeroU16::new(milliseconds).expect("1 to 65 534"))
}

#[test]
fn halves_go_to_other_contexts() {
    fn sendable<T: Send>() {}
    sendable::<BusControl<'static>>();
    sendable::<Control>();
    const _: ControlShared = ControlShared::new();
}

/// A one-shot that is raised twice before the host heard of it is raised, by whomever.
#[test]
fn one_shots_of_others_merge_until_the_host_was_told() {
    let (mut bus, _control) = split();
    bus.configured(100);
    assert!(bus.add_one_shots(SerialState::OVERRUN));
    assert!(bus.add_one_shots(SerialState::OVERRUN | SerialState::FRAMING));
    assert_eq!(notification(&mut bus), Some(SerialState::OVERRUN | SerialState::FRAMING));
    assert!(!bus.add_one_shots(SerialState::PARITY), "one is in flight");
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), None);
    assert!(bus.add_one_shots(SerialState::PARITY));
    assert_eq!(notification(&mut bus), Some(SerialState::PARITY));
}

/// Of both lines: a session begins or ends by DTR alone.
#[test]
fn who_sets_the_lines_is_told_whether_dtr_changed() {
    let (mut bus, _control) = split();
    for (lines, changed) in [
        (ControlLineState::RTS, false),
        (BOTH, true),
        (ControlLineState::DTR, false),
        (BOTH, false),
        (ControlLineState::RTS, true),
        (ControlLineState::empty(), false),
    ] {
        assert_eq!(bus.set_control_lines(lines), changed, "{lines:?}");
    }
}

/// Enumeration, open and close of a terminal, unplugged.
#[test]
fn events_come_in_order() {
    let (mut bus, mut control) = split();
    assert_eq!(events(&mut control), []);
    bus.configured(100);
    bus.set_control_lines(BOTH);
    bus.set_session(true);
    bus.set_line_coding(coding(9600));
    let opened = [
        Event::Configured { milliamps: 100 },
        Event::Rts(true),
        Event::Dtr(true),
        Event::SessionStart,
        Event::LineCoding { old: LineCoding::DEFAULT, new: coding(9600) },
    ];
    assert_eq!(events(&mut control), opened);
    bus.suspended();
    bus.resumed();
    bus.set_control_lines(ControlLineState::empty());
    bus.set_session(false);
    bus.deconfigured();
    let closed = [
        Event::Suspended,
        Event::Resumed,
        Event::Rts(false),
        Event::Dtr(false),
        Event::SessionEnd,
        Event::Deconfigured,
    ];
    assert_eq!(events(&mut control), closed);
}

#[test]
fn what_does_not_change_is_no_event() {
    let (mut bus, mut control) = split();
    for _ in 0..2 {
        bus.configured(500);
        bus.set_control_lines(ControlLineState::RTS);
        bus.set_line_coding(LineCoding::DEFAULT);
        bus.send_break(Break::Off);
        bus.resumed();
        bus.set_session(false);
    }
    assert_eq!(events(&mut control), [Event::Configured { milliamps: 500 }, Event::Rts(true)]);
    for _ in 0..2 {
        bus.deconfigured();
    }
    assert_eq!(events(&mut control), [Event::Rts(false), Event::Deconfigured]);
}

#[test]
fn deconfigured_drops_lines_and_break_and_keeps_the_line_coding() {
    let (mut bus, mut control) = split();
    bus.configured(100);
    bus.set_control_lines(BOTH);
    bus.set_line_coding(coding(300));
    bus.send_break(Break::On);
    bus.suspended();
    assert_eq!(control.control_lines(), BOTH);
    assert_eq!(control.break_request(), Break::On);
    assert_eq!(control.milliamps(), 100);
    events(&mut control);

    bus.deconfigured();
    assert_eq!(control.control_lines(), ControlLineState::empty());
    assert_eq!(control.break_request(), Break::Off);
    assert_eq!(control.milliamps(), 0);
    assert_eq!((bus.line_coding(), control.line_coding()), (coding(300), coding(300)));
    let told =
        [Event::Rts(false), Event::Dtr(false), Event::Break(Break::Off), Event::Deconfigured];
    assert_eq!(events(&mut control), told);
}

#[test]
fn a_new_break_replaces_the_old_one_even_if_it_is_the_same() {
    let (mut bus, mut control) = split();
    for request in [timed(250), timed(250), timed(0xFFFE), Break::On, Break::Off] {
        bus.send_break(request);
        assert_eq!(control.break_request(), request);
        assert_eq!(events(&mut control), [Event::Break(request)]);
    }
    bus.send_break(Break::Off);
    assert_eq!(events(&mut control), []);
}

/// A terminal was opened and closed again and again while nobody looked.
#[test]
fn an_application_that_never_looks_is_told_each_kind_and_the_truth() {
    let (mut bus, mut control) = split();
    for number in 1..=MANY {
        bus.set_control_lines(ControlLineState::DTR);
        bus.set_line_coding(coding(number.into()));
        bus.send_break(timed(number));
        bus.send_break(Break::Off);
        bus.set_control_lines(ControlLineState::empty());
    }
    bus.set_control_lines(ControlLineState::DTR);
    let told = [
        Event::Dtr(true),
        Event::LineCoding { old: LineCoding::DEFAULT, new: coding(MANY.into()) },
        Event::Break(timed(MANY)),
        Event::Break(Break::Off),
        Event::Dtr(false),
        Event::Dtr(true),
    ];
    assert_eq!(events(&mut control), told);
}

#[test]
fn a_line_coding_that_came_back_is_no_event() {
    let (mut bus, mut control) = split();
    bus.set_line_coding(coding(1));
    bus.set_line_coding(LineCoding::DEFAULT);
    assert_eq!(events(&mut control), []);
    bus.set_line_coding(coding(2));
    let told = Event::LineCoding { old: LineCoding::DEFAULT, new: coding(2) };
    assert_eq!(events(&mut control), [told]);
}

#[test]
fn pstn_6_5_4_level_is_notified_on_change_alone() {
    let (mut bus, mut control) = split();
    assert_eq!(notification(&mut bus), None);
    control.set_levels(SerialState::LEVELS);
    assert_eq!(notification(&mut bus), Some(SerialState::LEVELS));
    bus.notification_acknowledged();
    control.set_levels(SerialState::LEVELS);
    assert_eq!(notification(&mut bus), None);
    control.set_levels(SerialState::TX_CARRIER | SerialState::OVERRUN);
    assert_eq!(notification(&mut bus), Some(SerialState::TX_CARRIER));
    bus.notification_acknowledged();
    control.set_levels(SerialState::empty());
    assert_eq!(notification(&mut bus), Some(SerialState::empty()));
}

#[test]
fn pstn_6_5_4_irregular_signals_are_cleared_when_acknowledged() {
    let (mut bus, mut control) = split();
    control.set_levels(SerialState::LEVELS);
    control.raise(SerialState::OVERRUN | SerialState::RX_CARRIER);
    assert_eq!(notification(&mut bus), Some(SerialState::LEVELS | SerialState::OVERRUN));
    // In flight: the next one waits, and what happens meanwhile merges into it.
    control.raise(SerialState::OVERRUN);
    control.raise(SerialState::RING_SIGNAL);
    control.raise(SerialState::RING_SIGNAL);
    assert_eq!(notification(&mut bus), None);
    bus.notification_acknowledged();
    let merged = SerialState::LEVELS | SerialState::OVERRUN | SerialState::RING_SIGNAL;
    assert_eq!(notification(&mut bus), Some(merged));
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), None);
}

/// The controller was full: what was due is due still, and so is what was raised meanwhile.
#[test]
fn what_was_not_submitted_is_still_due() {
    let (mut bus, mut control) = split();
    control.raise(SerialState::PARITY);
    assert!(bus.due_notification().is_some());
    control.raise(SerialState::PARITY | SerialState::FRAMING);
    let both = SerialState::PARITY | SerialState::FRAMING;
    assert_eq!(notification(&mut bus), Some(both));
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), None);
}

/// A raise between the making of a notification and its sending is not in it, so it is in the next.
#[test]
fn a_raise_while_a_notification_is_submitted_is_in_the_next() {
    let (mut bus, mut control) = split();
    control.raise(SerialState::PARITY);
    let due = bus.due_notification().expect("raised");
    control.raise(SerialState::PARITY);
    bus.notification_submitted(&due);
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), Some(SerialState::PARITY));
}

/// However often it was raised before the host was told.
#[test]
fn every_number_of_raises_is_notified() {
    let (mut bus, mut control) = split();
    for raises in 1..=MANY {
        for _ in 0..raises {
            control.raise(SerialState::OVERRUN);
        }
        assert_eq!(notification(&mut bus), Some(SerialState::OVERRUN), "{raises} raises");
        bus.notification_acknowledged();
        assert_eq!(notification(&mut bus), None);
    }
}

/// However often it was opened and closed before the application looked.
#[test]
fn every_number_of_changes_is_told() {
    for changes in 1..=MANY {
        let (mut bus, mut control) = split();
        let mut lines = ControlLineState::empty();
        for _ in 0..changes {
            lines.toggle(ControlLineState::DTR);
            bus.set_control_lines(lines);
            bus.send_break(timed(1));
        }
        let told = events(&mut control);
        assert_eq!(told[0], Event::Dtr(true), "{changes} changes");
        assert!(told.contains(&Event::Break(timed(1))), "{changes} changes");
        assert_eq!(told.contains(&Event::Dtr(false)), changes > 1, "{changes} changes");
        let now = lines.contains(ControlLineState::DTR);
        let last = told.iter().rfind(|event| matches!(event, Event::Dtr(_)));
        assert_eq!(last, Some(&Event::Dtr(now)), "{changes} changes");
    }
}

/// The reset circuit of an ESP is driven by the order of DTR and RTS.
#[test]
fn edges_of_two_lines_keep_their_order() {
    let (mut bus, mut control) = split();
    for lines in [ControlLineState::RTS, BOTH, ControlLineState::DTR, ControlLineState::empty()] {
        bus.set_control_lines(lines);
    }
    let told = [Event::Rts(true), Event::Dtr(true), Event::Rts(false), Event::Dtr(false)];
    assert_eq!(events(&mut control), told);
}

#[test]
fn pstn_6_5_4_nothing_is_dropped_in_suspend() {
    let (mut bus, mut control) = split();
    bus.configured(100);
    bus.suspended();
    control.raise(SerialState::RING_SIGNAL);
    control.set_levels(SerialState::LEVELS);
    bus.resumed();
    assert_eq!(notification(&mut bus), Some(SerialState::LEVELS | SerialState::RING_SIGNAL));
}

#[test]
fn set_configuration_sends_level_bits_that_are_not_zero() {
    let (mut bus, mut control) = split();
    control.set_levels(SerialState::LEVELS);
    control.raise(SerialState::OVERRUN);
    bus.configured(100);
    assert_eq!(notification(&mut bus), Some(SerialState::LEVELS), "and no one-shot from before");
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), None);

    control.raise(SerialState::OVERRUN);
    assert_eq!(notification(&mut bus), Some(SerialState::LEVELS | SerialState::OVERRUN));
    bus.deconfigured();
    bus.configured(100);
    assert_eq!(notification(&mut bus), Some(SerialState::LEVELS));
    bus.notification_acknowledged();

    control.set_levels(SerialState::empty());
    bus.configured(100);
    assert_eq!(notification(&mut bus), None, "zero is what a new host assumes");
}

/// An acknowledgement without a notification in flight, as a late driver may report it after a
/// reset, changes nothing.
#[test]
fn a_late_acknowledgement_is_ignored() {
    let (mut bus, mut control) = split();
    control.raise(SerialState::BREAK);
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), Some(SerialState::BREAK));
    bus.notification_acknowledged();
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), None);
}
