//! The control plane under every interleaving of its two halves that the memory model allows.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p usbd-acm-class --release --test loom_control`
#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use usbd_acm_class::{
    Break, BusControl, Control, ControlLineState, ControlShared, Event, LineCoding, SerialState,
};

fn split() -> (BusControl<'static>, Control) {
    Box::leak(Box::new(ControlShared::new())).split()
}

/// Line codings that differ in every byte.
fn coding(number: u8) -> LineCoding {
    LineCoding::from_bytes([number; 7])
}

fn events(control: &mut Control) -> Vec<Event> {
    std::iter::from_fn(|| control.next_event()).collect()
}

#[test]
fn loom_line_coding_is_never_torn_and_never_goes_back() {
    loom::model(|| {
        let (mut bus, control) = split();
        let host = thread::spawn(move || {
            bus.set_line_coding(coding(1));
            bus.set_line_coding(coding(2));
        });
        let order = [LineCoding::DEFAULT, coding(1), coding(2)];
        let read = || {
            let coding = control.line_coding();
            order.iter().position(|&whole| whole == coding).expect("a whole line coding")
        };
        let (first, second) = (read(), read());
        assert!(first <= second);
        host.join().unwrap();
        assert_eq!(control.line_coding(), coding(2));
    });
}

#[test]
fn loom_line_coding_events_end_with_the_last_one() {
    loom::model(|| {
        let (mut bus, mut control) = split();
        let host = thread::spawn(move || {
            bus.set_line_coding(coding(1));
            bus.set_line_coding(coding(2));
        });
        let mut told: Vec<_> = control.next_event().into_iter().collect();
        host.join().unwrap();
        told.extend(events(&mut control));
        let mut last = LineCoding::DEFAULT;
        for event in told {
            let Event::LineCoding { old, new } = event else { panic!("{event:?}") };
            assert!(old == last && new != old);
            last = new;
        }
        assert_eq!(last, coding(2));
    });
}

/// `looks` while the host changes DTR `changes` times, and once after that.
fn told_of_dtr(changes: usize, looks: usize) {
    let (mut bus, mut control) = split();
    let host = thread::spawn(move || {
        for lines in [ControlLineState::DTR, ControlLineState::empty()].iter().cycle().take(changes)
        {
            bus.set_control_lines(*lines);
        }
    });
    let mut told: Vec<_> = (0..looks).filter_map(|_| control.next_event()).collect();
    host.join().unwrap();
    told.extend(events(&mut control));
    let edges = [true, false].iter().cycle().take(changes);
    assert_eq!(told, edges.map(|on| Event::Dtr(*on)).collect::<Vec<_>>());
}

#[test]
fn loom_every_edge_of_dtr_is_told_once() {
    loom::model(|| told_of_dtr(1, 2));
    loom::model(|| told_of_dtr(2, 2));
    loom::model(|| told_of_dtr(3, 1));
}

#[test]
fn loom_edges_of_two_lines_keep_their_order() {
    loom::model(|| {
        let (mut bus, mut control) = split();
        let host = thread::spawn(move || {
            bus.set_control_lines(ControlLineState::RTS);
            bus.set_control_lines(ControlLineState::DTR);
        });
        let mut told: Vec<_> = control.next_event().into_iter().collect();
        host.join().unwrap();
        told.extend(events(&mut control));
        assert_eq!(told, [Event::Rts(true), Event::Rts(false), Event::Dtr(true)]);
    });
}

#[test]
fn loom_getters_are_not_behind_events() {
    loom::model(|| {
        let (mut bus, mut control) = split();
        let host = thread::spawn(move || {
            bus.set_control_lines(ControlLineState::DTR);
            bus.send_break(Break::On);
        });
        for _ in 0..2 {
            match control.next_event() {
                Some(Event::Dtr(_)) => assert_eq!(control.control_lines(), ControlLineState::DTR),
                Some(event) => assert_eq!(event, Event::Break(control.break_request())),
                None => {}
            }
        }
        host.join().unwrap();
    });
}

#[test]
fn loom_no_break_is_lost_or_told_twice() {
    loom::model(|| {
        let (mut bus, mut control) = split();
        let (first, second) = (Break::from_value(10), Break::from_value(20));
        let host = thread::spawn(move || {
            bus.send_break(first);
            bus.send_break(second);
        });
        let mut told: Vec<_> = control.next_event().into_iter().collect();
        host.join().unwrap();
        told.extend(events(&mut control));
        let both = [Event::Break(first), Event::Break(second)];
        assert!(told == both || told == [Event::Break(second)], "{told:?}");
    });
}

#[test]
fn loom_configured_is_told_with_its_milliamps() {
    loom::model(|| {
        let (mut bus, mut control) = split();
        let host = thread::spawn(move || bus.configured(100));
        let mut told: Vec<_> = control.next_event().into_iter().collect();
        host.join().unwrap();
        told.extend(events(&mut control));
        assert_eq!(told, [Event::Configured { milliamps: 100 }]);
    });
}

/// Makes, sends and acknowledges what is due.
fn notified(bus: &mut BusControl<'_>) -> Option<SerialState> {
    let due = bus.due_notification()?;
    bus.notification_submitted(&due);
    bus.notification_acknowledged();
    SerialState::from_notification(&due.bytes(0)).map(|(_, state)| state)
}

fn reports(bus: &mut BusControl<'_>, signal: SerialState) -> bool {
    notified(bus).is_some_and(|state| state.contains(signal))
}

#[test]
fn loom_every_raise_is_reported_after_it_and_once() {
    loom::model(|| {
        let (mut bus, mut control) = split();
        let reported = Arc::new(AtomicBool::new(false));
        let seen = reported.clone();
        let application = thread::spawn(move || {
            control.raise(SerialState::OVERRUN);
            let between = seen.load(Ordering::Acquire);
            control.set_levels(SerialState::LEVELS);
            control.raise(SerialState::OVERRUN);
            between
        });
        let mut count = 0;
        for _ in 0..2 {
            if reports(&mut bus, SerialState::OVERRUN) {
                count += 1;
                reported.store(true, Ordering::Release);
            }
        }
        let between = application.join().unwrap();
        count += u32::from(reports(&mut bus, SerialState::OVERRUN));
        assert!((1..=2).contains(&count));
        assert!(!between || count == 2, "a raise after a report was not reported");
        assert!(!reports(&mut bus, SerialState::OVERRUN));
    });
}

#[test]
fn loom_the_last_level_is_reported() {
    loom::model(|| {
        let (mut bus, mut control) = split();
        let application = thread::spawn(move || {
            control.set_levels(SerialState::LEVELS);
            control.raise(SerialState::RING_SIGNAL);
            control.set_levels(SerialState::empty());
        });
        let mut known = reports(&mut bus, SerialState::RX_CARRIER);
        application.join().unwrap();
        if let Some(state) = notified(&mut bus) {
            known = state.contains(SerialState::RX_CARRIER);
        }
        assert!(!known);
    });
}
