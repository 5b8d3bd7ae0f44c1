//! The control plane, step by step.
#![cfg(not(loom))]

use usbd_acm_class::{
    Break, BreakDuration, BusControl, Control, ControlLineState, ControlReader, ControlShared,
    Event, InterfaceNumber, LineCoding, SerialState, SerialStateNotification,
};

const INTERFACE: InterfaceNumber = InterfaceNumber::communication(1);
const BOTH: ControlLineState = ControlLineState::all();

fn events(control: &mut Control<'_>) -> Vec<Event> {
    std::iter::from_fn(|| control.next_event()).collect()
}

fn notification(bus: &mut BusControl<'_>) -> Option<SerialState> {
    let bytes = bus.poll_notification(INTERFACE)?;
    let notification = SerialStateNotification::from_bytes(bytes).expect("a SERIAL_STATE");
    assert_eq!(notification.interface, INTERFACE);
    Some(notification.state)
}

fn coding(dte_rate: u32) -> LineCoding {
    LineCoding { dte_rate, ..LineCoding::DEFAULT }
}

fn timed(milliseconds: u16) -> Break {
    Break::For(BreakDuration::from_milliseconds(milliseconds).expect("1 to 65 534"))
}

#[test]
fn halves_go_to_other_contexts() {
    fn sendable<T: Send>() {}
    fn shareable<T: Sync + Copy>() {}
    sendable::<BusControl<'static>>();
    sendable::<Control<'static>>();
    sendable::<ControlReader<'static>>();
    shareable::<ControlReader<'static>>();
    const _: ControlShared = ControlShared::new();
}

/// Enumeration, open and close of a terminal, unplugged.
#[test]
fn events_come_in_order() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    assert_eq!(events(&mut control), []);
    bus.reset();
    bus.configured(100);
    bus.set_control_lines(BOTH);
    bus.session_started();
    bus.set_line_coding(coding(9600));
    let opened = [
        Event::Configured { milliamps: 100 },
        Event::Dtr(true),
        Event::Rts(true),
        Event::SessionStart,
        Event::LineCoding { old: LineCoding::DEFAULT, new: coding(9600) },
    ];
    assert_eq!(events(&mut control), opened);
    bus.suspended();
    bus.resumed();
    bus.set_control_lines(ControlLineState::empty());
    bus.session_ended();
    bus.reset();
    let closed = [
        Event::Suspended,
        Event::Resumed,
        Event::Dtr(false),
        Event::Rts(false),
        Event::SessionEnd,
        Event::Deconfigured,
    ];
    assert_eq!(events(&mut control), closed);
}

#[test]
fn what_does_not_change_is_no_event() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    for _ in 0..2 {
        bus.configured(500);
        bus.set_control_lines(ControlLineState::RTS);
        bus.set_line_coding(LineCoding::DEFAULT);
        bus.send_break(Break::Off);
        bus.resumed();
        bus.session_ended();
    }
    assert_eq!(events(&mut control), [Event::Configured { milliamps: 500 }, Event::Rts(true)]);
    for _ in 0..2 {
        bus.reset();
    }
    assert_eq!(events(&mut control), [Event::Rts(false), Event::Deconfigured]);
}

#[test]
fn reset_drops_lines_and_break_and_keeps_the_line_coding() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    let reader = control.reader();
    bus.configured(100);
    bus.session_started();
    bus.set_control_lines(BOTH);
    bus.set_line_coding(coding(300));
    bus.send_break(Break::UntilCleared);
    bus.suspended();
    assert_eq!(reader.control_lines(), BOTH);
    assert_eq!(reader.pending_break(), Break::UntilCleared);
    assert!(reader.is_configured() && reader.is_suspended() && reader.is_in_session());
    events(&mut control);

    bus.reset();
    assert_eq!(reader.control_lines(), ControlLineState::empty());
    assert_eq!(bus.control_lines(), ControlLineState::empty());
    assert_eq!(reader.pending_break(), Break::Off);
    assert!(!reader.is_configured() && !reader.is_suspended() && !reader.is_in_session());
    assert_eq!((bus.line_coding(), reader.line_coding()), (coding(300), coding(300)));
    let told = [
        Event::Resumed,
        Event::SessionEnd,
        Event::Dtr(false),
        Event::Rts(false),
        Event::Break(Break::Off),
        Event::Deconfigured,
    ];
    assert_eq!(events(&mut control), told);
}

#[test]
fn a_new_break_replaces_the_old_one_even_if_it_is_the_same() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    for request in [timed(250), timed(250), timed(0xFFFE), Break::UntilCleared, Break::Off] {
        bus.send_break(request);
        assert_eq!(control.reader().pending_break(), request);
        assert_eq!(events(&mut control), [Event::Break(request)]);
    }
    bus.send_break(Break::Off);
    assert_eq!(events(&mut control), []);
}

/// A terminal was opened and closed again and again while nobody looked.
#[test]
fn an_application_that_never_looks_is_told_each_kind_and_the_truth() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    for number in 1..=1000 {
        bus.set_control_lines(ControlLineState::DTR);
        bus.set_line_coding(coding(number.into()));
        bus.send_break(timed(number));
        bus.send_break(Break::Off);
        bus.set_control_lines(ControlLineState::empty());
    }
    bus.set_control_lines(ControlLineState::DTR);
    let told = [
        Event::Dtr(true),
        Event::LineCoding { old: LineCoding::DEFAULT, new: coding(1000) },
        Event::Break(timed(1000)),
        Event::Break(Break::Off),
        Event::Dtr(false),
        Event::Dtr(true),
    ];
    assert_eq!(events(&mut control), told);
}

#[test]
fn a_line_coding_that_came_back_is_no_event() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    bus.set_line_coding(coding(1));
    bus.set_line_coding(LineCoding::DEFAULT);
    assert_eq!(events(&mut control), []);
    bus.set_line_coding(coding(2));
    let told = Event::LineCoding { old: LineCoding::DEFAULT, new: coding(2) };
    assert_eq!(events(&mut control), [told]);
}

#[test]
fn pstn_6_5_4_level_is_notified_on_change_alone() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    assert_eq!(notification(&mut bus), None);
    control.set_carrier(true);
    assert_eq!(notification(&mut bus), Some(SerialState::CARRIER));
    bus.notification_acknowledged();
    control.set_level(SerialState::CARRIER);
    assert_eq!(notification(&mut bus), None);
    control.set_level(SerialState::TX_CARRIER | SerialState::OVERRUN);
    assert_eq!(notification(&mut bus), Some(SerialState::TX_CARRIER));
    bus.notification_acknowledged();
    control.set_carrier(false);
    assert_eq!(notification(&mut bus), Some(SerialState::empty()));
}

#[test]
fn pstn_6_5_4_irregular_signals_are_cleared_when_acknowledged() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    control.set_carrier(true);
    control.raise(SerialState::OVERRUN | SerialState::RX_CARRIER);
    assert_eq!(notification(&mut bus), Some(SerialState::CARRIER | SerialState::OVERRUN));
    // In flight: the next one waits, and what happens meanwhile merges into it.
    control.raise(SerialState::OVERRUN);
    control.raise(SerialState::RING_SIGNAL);
    control.raise(SerialState::RING_SIGNAL);
    assert_eq!(notification(&mut bus), None);
    bus.notification_acknowledged();
    let merged = SerialState::CARRIER | SerialState::OVERRUN | SerialState::RING_SIGNAL;
    assert_eq!(notification(&mut bus), Some(merged));
    // Taken back unsent: not acknowledged, so not cleared.
    bus.notification_aborted();
    control.raise(SerialState::PARITY);
    assert_eq!(notification(&mut bus), Some(merged | SerialState::PARITY));
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), None);
}

#[test]
fn pstn_6_5_4_nothing_is_dropped_in_suspend() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    bus.configured(100);
    bus.suspended();
    control.raise(SerialState::RING_SIGNAL);
    control.set_carrier(true);
    bus.resumed();
    assert_eq!(notification(&mut bus), Some(SerialState::CARRIER | SerialState::RING_SIGNAL));
}

#[test]
fn set_configuration_sends_level_bits_that_are_not_zero() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    control.set_carrier(true);
    control.raise(SerialState::OVERRUN);
    bus.configured(100);
    assert_eq!(notification(&mut bus), Some(SerialState::CARRIER), "and no one-shot from before");
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), None);

    control.raise(SerialState::OVERRUN);
    assert_eq!(notification(&mut bus), Some(SerialState::CARRIER | SerialState::OVERRUN));
    bus.reset();
    bus.configured(100);
    assert_eq!(notification(&mut bus), Some(SerialState::CARRIER));
    bus.notification_acknowledged();

    control.set_carrier(false);
    bus.configured(100);
    assert_eq!(notification(&mut bus), None, "zero is what a new host assumes");
}

/// An acknowledgement without a notification in flight, as a late driver may report it after a
/// reset, changes nothing.
#[test]
fn a_late_acknowledgement_is_ignored() {
    let mut shared = ControlShared::new();
    let (mut bus, mut control) = shared.split();
    control.raise(SerialState::BREAK);
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), Some(SerialState::BREAK));
    bus.notification_acknowledged();
    bus.notification_acknowledged();
    assert_eq!(notification(&mut bus), None);
}
