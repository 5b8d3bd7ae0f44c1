//! What an application tells the bus side, beside bytes.
#![cfg(not(loom))]

use usbd_acm_class::{PortStorage, Wake};

/// Whether of one port or of all: a bus side that does not look leaves somebody waiting.
#[test]
fn work_of_any_port_is_work_until_it_is_taken() {
    let ports = Box::leak(Box::new([const { PortStorage::<2, 64>::new() }; 2]));
    let (mut bus, applications) = PortStorage::split(ports);
    assert!(!bus.has_work());
    for ringing in [[true, false], [false, true], [true, true]] {
        for (application, rings) in applications.iter().zip(ringing) {
            if rings {
                application.control.link.ring();
            }
        }
        assert!(bus.has_work(), "{ringing:?}");
        for (index, rings) in ringing.into_iter().enumerate() {
            let link = bus.get_mut(index).expect("a port").link();
            assert_eq!(link.has_work(), rings);
            link.take_work();
            assert!(!link.has_work());
        }
        assert!(!bus.has_work());
    }
}

/// What was written before is discarded each time, and not where nothing changes.
#[test]
fn a_session_begins_and_ends_once() {
    let ports = Box::leak(Box::new([PortStorage::<2, 64>::new()]));
    let (mut bus, _applications) = PortStorage::split(ports);
    let mut half = bus.only();
    let mut discarded = 0;
    let mut seen = Vec::new();
    for _ in 0..2 {
        half.begin_session(|_| discarded += 1);
        half.begin_session(|_| discarded += 1);
        seen.push((half.link().own_session().is_open(), discarded));
        half.end_session(|_| discarded += 1);
        half.end_session(|_| discarded += 1);
        seen.push((half.link().own_session().is_open(), discarded));
    }
    assert_eq!(seen, [(true, 1), (false, 2), (true, 3), (false, 4)]);
}

/// By a write only where that counts; the stronger word is not taken back by the weaker.
#[test]
fn a_suspended_host_is_woken_by_who_may() {
    let ports = Box::leak(Box::new([PortStorage::<2, 64>::new()]));
    let (mut bus, [application]) = PortStorage::split(ports);
    let (bus, link) = (bus.only().link(), application.control.link);
    assert!(!link.ask_to_wake(Wake::Request), "it is awake");
    assert!(!bus.wants_wakeup(true));
    for (asked, by_write, by_request) in [
        (&[][..], false, false),
        (&[Wake::Write], true, false),
        (&[Wake::Request], true, true),
        (&[Wake::Request, Wake::Write], true, true),
        (&[Wake::Write, Wake::Request], true, true),
    ] {
        bus.set_suspended(true);
        assert!(asked.iter().all(|wake| link.ask_to_wake(*wake)));
        assert_eq!((bus.wants_wakeup(true), bus.wants_wakeup(false)), (by_write, by_request));
    }
}

/// Milliseconds count to 2047, and 0 is a time.
#[test]
fn nobody_knows_the_time_before_it_is_told() {
    let ports = Box::leak(Box::new([PortStorage::<2, 64>::new()]));
    let (mut bus, [application]) = PortStorage::split(ports);
    let (bus, application) = (bus.only().pace(), application.writer.pace());
    assert_eq!(application.time(), None);
    for flag in [false, true, false] {
        bus.set_watching(flag);
        bus.set_touch_due(!flag);
        for (told, time) in [(0, 0), (1, 1), (2047, 2047), (2047, 2047), (2048, 0), (0xFFFF, 2047)]
        {
            bus.set_time(told);
            assert_eq!(application.time(), Some(time));
            assert_eq!((bus.is_watching(), bus.is_touch_due()), (flag, !flag));
        }
    }
}
