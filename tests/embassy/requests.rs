//! The class requests: each is answered or STALLed, and the device lives on.

use usbd_acm::SetupPacket;
use usbd_acm_embassy::{Break, ControlLineState, Event, LineCoding, PortControl, SerialState};
use usbd_acm_virtual::host::{Conduct, TransferError, request};

use crate::rig::{LINE_CODING, Options, Parts, Rig, start};
use crate::{Shared, shared};

/// A device whose events are written down.
fn recording(options: Options) -> (Rig, Shared<Vec<Vec<Event>>>) {
    let events = shared(vec![Vec::new(); options.ports]);
    let seen = events.clone();
    let rig = start::<2>(options, |Parts { executor, ports, .. }| {
        for (number, port) in ports.into_iter().enumerate() {
            let (mut control, seen) = (port.control, seen.clone());
            executor.spawn(async move {
                loop {
                    let event = control.event().await;
                    seen.borrow_mut()[number].push(event);
                }
            });
        }
    });
    (rig, events)
}

fn taken(events: &Shared<Vec<Vec<Event>>>, port: usize) -> Vec<Event> {
    std::mem::take(&mut events.borrow_mut()[port])
}

#[test]
fn embassy_requests_become_events() {
    let (mut rig, events) = recording(Options::default());
    rig.enumerate();
    assert_eq!(taken(&events, 0), [Event::Configured { milliamps: 100 }, Event::SessionStart]);
    let host = &mut rig.host;

    host.control_out(request::set_line_coding(0), &LINE_CODING).unwrap();
    assert_eq!(host.control_in(request::get_line_coding(0)).unwrap(), LINE_CODING);
    let [old, new] = [LineCoding::DEFAULT, LineCoding::from_bytes(LINE_CODING)];
    assert_eq!(taken(&events, 0), [Event::LineCoding { old, new }]);

    host.control_out(request::set_control_line_state(0, true, true), &[]).unwrap();
    assert_eq!(taken(&events, 0), [Event::Rts(true), Event::Dtr(true)]);
    host.control_out(request::send_break(0, 0xFFFF), &[]).unwrap();
    host.control_out(request::send_break(0, 0), &[]).unwrap();
    host.control_out(request::send_break(0, 300), &[]).unwrap();
    let for_300_ms = Break::For(300.try_into().unwrap());
    let breaks = [Break::On, Break::Off, for_300_ms].map(Event::Break);
    assert_eq!(taken(&events, 0), breaks);
}

#[test]
fn embassy_get_line_coding_of_any_length() {
    let (mut rig, _) = recording(Options::default());
    rig.enumerate();
    for length in 1..=64 {
        let setup = SetupPacket { length, ..request::get_line_coding(0) };
        let reply = rig.host.control_in(setup).unwrap();
        let default = LineCoding::DEFAULT.to_bytes();
        assert_eq!(reply, default[..default.len().min(length.into())], "{length}");
    }
}

#[test]
fn embassy_malformed_requests_are_stalled() {
    let (mut rig, events) = recording(Options::default());
    rig.enumerate();
    events.borrow_mut()[0].clear();
    let [set, get] = [request::set_line_coding(0), request::get_line_coding(0)];
    let [lines, send_break] =
        [request::set_control_line_state(0, true, true), request::send_break(0, 1)];
    let encapsulated = SetupPacket { request: 0, length: 4, ..set };
    let malformed = [
        SetupPacket { length: 6, ..set },
        SetupPacket { length: 8, ..set },
        SetupPacket { length: 64, ..set },
        SetupPacket { length: 0, ..set },
        SetupPacket { index: 1, ..set },
        SetupPacket { index: 2, ..set },
        SetupPacket { index: 0x100, ..set },
        SetupPacket { request_type: 0x20, ..set },
        SetupPacket { request_type: 0x22, ..set },
        SetupPacket { request_type: 0x41, ..set },
        SetupPacket { index: 1, ..get },
        SetupPacket { request_type: 0xA0, ..get },
        SetupPacket { request_type: 0x21, ..get },
        SetupPacket { length: 1, ..lines },
        SetupPacket { index: 1, ..lines },
        SetupPacket { length: 2, ..send_break },
        encapsulated,
        SetupPacket { request: 2, length: 2, ..set },
        SetupPacket { request: 1, ..get },
        SetupPacket { request: 0x24, length: 0, ..set },
    ];
    for setup in malformed {
        let data = vec![1; usize::from(setup.length)];
        let outcome = rig.host.control(setup, &data, Conduct::Regular);
        assert_eq!(outcome, Err(TransferError::Stall), "{setup:?}");
        assert_eq!(rig.host.control_in(get).unwrap(), LineCoding::DEFAULT.to_bytes(), "{setup:?}");
    }
    assert_eq!(taken(&events, 0), []);
}

#[test]
fn embassy_a_short_line_coding_is_stalled_and_changes_nothing() {
    let (mut rig, _) = recording(Options::default());
    rig.enumerate();
    let outcome = rig.host.control_out(request::set_line_coding(0), &[1; 3]);
    assert_eq!(outcome, Err(TransferError::Stall));
    let coding = rig.host.control_in(request::get_line_coding(0)).unwrap();
    assert_eq!(coding, LineCoding::DEFAULT.to_bytes());
}

#[test]
fn embassy_no_interface_before_the_device_is_configured() {
    let (mut rig, events) = recording(Options::default());
    rig.host.plug().unwrap();
    rig.host.reset().unwrap();
    for setup in [request::get_line_coding(0), request::set_control_line_state(0, true, true)] {
        let outcome = rig.host.control(setup, &[], Conduct::Regular);
        assert_eq!(outcome, Err(TransferError::Stall), "{setup:?}");
    }
    assert_eq!(taken(&events, 0), []);
}

#[test]
fn embassy_the_board_may_refuse_a_line_coding() {
    let mut options = Options::default();
    options.config.accepts = |coding| coding.rate <= 1_000_000;
    let (mut rig, _) = recording(options);
    rig.enumerate();
    let mut fast = LINE_CODING;
    fast[2] = 0xFF;
    let outcome = rig.host.control_out(request::set_line_coding(0), &fast);
    assert_eq!(outcome, Err(TransferError::Stall));
    rig.host.control_out(request::set_line_coding(0), &LINE_CODING).unwrap();
    assert_eq!(rig.host.control_in(request::get_line_coding(0)).unwrap(), LINE_CODING);
}

#[test]
fn embassy_two_ports_are_told_apart() {
    let (mut rig, events) = recording(Options { ports: 2, ..Options::default() });
    rig.enumerate();
    events.borrow_mut().iter_mut().for_each(Vec::clear);
    rig.host.control_out(request::set_control_line_state(2, true, false), &[]).unwrap();
    assert_eq!(taken(&events, 0), []);
    assert_eq!(taken(&events, 1), [Event::Dtr(true)]);
    rig.host.control_out(request::set_line_coding(0), &LINE_CODING).unwrap();
    let second = rig.host.control_in(request::get_line_coding(2)).unwrap();
    assert_eq!(second, LineCoding::DEFAULT.to_bytes());
}

/// A device whose control half is the test's.
fn controlled(options: Options) -> (Rig, PortControl) {
    let mut control = None;
    let rig = start::<2>(options, |mut parts| control = Some(parts.port().control));
    (rig, control.unwrap())
}

#[test]
fn embassy_serial_state_is_notified() {
    let (mut rig, mut control) = controlled(Options::default());
    let mut port = rig.open();
    control.set_carrier(true);
    rig.host.run(100_000_000);
    let state = port.notification(&mut rig.host).unwrap().expect("a notification");
    assert!(state.carrier() && state.data_set_ready(), "{state:?}");
    assert_eq!(state.interface, 0);

    control.raise(SerialState::RING_SIGNAL);
    control.raise(SerialState::BREAK);
    rig.host.run(100_000_000);
    control.raise(SerialState::RING_SIGNAL);
    rig.host.run(100_000_000);
    while port.notification(&mut rig.host).unwrap().is_some() {}
    let counters = port.counters();
    assert_eq!((counters.rings, counters.breaks, counters.carrier), (2, 1, 1), "{counters:?}");
    assert_eq!(port.dropped_notifications(), 0);
}

#[test]
fn embassy_levels_are_notified_to_every_configuration() {
    let (mut rig, mut control) = controlled(Options::default());
    control.set_carrier(true);
    for _ in 0..3 {
        let mut port = rig.open();
        rig.host.run(100_000_000);
        let state = port.notification(&mut rig.host).unwrap().expect("a notification");
        assert!(state.carrier());
        assert_eq!(port.notification(&mut rig.host), Ok(None));
    }
    assert_eq!(control.control_lines(), ControlLineState::all());
}
