//! What interrupts transfers: halts, cancels, resets, configurations, unplugging; and notifications.

use usbd_acm::Speed;
use usbd_acm_redirect::served::Session as _;

use crate::guest::{CANCELLED, Guest, INVALID, SUCCESS, bulk, control, kind};
use crate::model::{BULK_IN, BULK_OUT, NOTIFY};

#[test]
fn toggles_start_over_with_halts_interfaces_and_configurations() {
    let mut guest = Guest::configured(Speed::Full);
    let resets: [(u32, Vec<u8>); 3] = [
        (kind::CONTROL, control([2, 1, 0, 0, BULK_OUT, 0, 0, 0], &[])),
        (kind::SET_ALTERNATE, vec![1, 0]),
        (kind::SET_CONFIGURATION, vec![1]),
    ];
    for (kind, body) in resets {
        guest.send(kind::BULK, 2, &bulk(BULK_OUT, 1, &[1]));
        guest.send(kind::BULK, 3, &bulk(BULK_IN, 64, &[]));
        guest.run();
        // CLEAR_FEATURE of the model resets both directions, as does the test.
        if kind == kind::CONTROL {
            guest.send(kind, 5, &control([2, 1, 0, 0, BULK_IN, 0, 0, 0], &[]));
        }
        guest.send(kind, 4, &body);
        guest.take();
    }
    guest.send(kind::BULK, 2, &bulk(BULK_OUT, 1, &[9]));
    guest.send(kind::BULK, 3, &bulk(BULK_IN, 64, &[]));
    guest.run();
    assert_eq!(guest.take().last().unwrap().body[10..], [9]);
    guest.no_violations();
}

#[test]
fn a_cancel_is_answered_once_by_the_request_it_cancels() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::BULK, 2, &bulk(BULK_IN, 64, &[]));
    guest.run();
    guest.send(kind::CANCEL, 2, &[]);
    let answer = guest.answer();
    assert_eq!((answer.kind, answer.id, answer.body[1]), (kind::BULK, 2, CANCELLED));
    guest.send(kind::CANCEL, 2, &[]);
    assert_eq!(guest.take(), []);
}

#[test]
fn a_reset_answers_what_is_under_way_and_gives_the_address_back() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::START_INTERRUPT, 5, &[NOTIFY]);
    guest.send(kind::BULK, 2, &bulk(BULK_IN, 64, &[]));
    guest.send(kind::BULK, 3, &bulk(BULK_IN, 64, &[]));
    guest.take();
    guest.send(kind::RESET, 0, &[]);
    let answers: Vec<_> = guest.take().iter().map(|p| (p.id, p.body[1])).collect();
    assert_eq!(answers, [(2, CANCELLED), (3, CANCELLED)]);
    guest.run();
    guest.send(kind::GET_CONFIGURATION, 6, &[]);
    assert_eq!(guest.answer().body, [SUCCESS, 0]);
    assert_eq!(guest.panel.borrow().resets, 2);
}

#[test]
fn notifications_come_between_start_and_stop_only() {
    let mut guest = Guest::configured(Speed::High);
    let notify = |guest: &Guest| guest.panel.borrow_mut().notifications.push_back(vec![0xA1, 0x20]);
    notify(&guest);
    guest.run();
    assert_eq!(guest.take(), []);
    guest.send(kind::START_INTERRUPT, 2, &[NOTIFY]);
    let answer = guest.answer();
    assert_eq!((answer.kind, answer.body), (kind::INTERRUPT_STATUS, vec![SUCCESS, NOTIFY]));
    guest.run();
    let answer = guest.answer();
    assert_eq!(answer.body, [NOTIFY, SUCCESS, 2, 0, 0xA1, 0x20]);
    assert_eq!(answer.kind, kind::INTERRUPT);
    guest.send(kind::STOP_INTERRUPT, 3, &[NOTIFY]);
    guest.take();
    notify(&guest);
    guest.run();
    assert_eq!(guest.take(), []);
    guest.send(kind::START_INTERRUPT, 4, &[BULK_IN]);
    assert_eq!(guest.answer().body, [INVALID, BULK_IN]);
}

#[test]
fn a_reset_does_not_stop_notifications_but_a_configuration_does() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::START_INTERRUPT, 2, &[NOTIFY]);
    guest.send(kind::RESET, 0, &[]);
    guest.run();
    // Configured behind the back of the session, so that polling goes on.
    guest.send(kind::CONTROL, 3, &control([0, 9, 1, 0, 0, 0, 0, 0], &[]));
    guest.take();
    guest.panel.borrow_mut().notifications.push_back(vec![1]);
    guest.run();
    assert_eq!(guest.answer().kind, kind::INTERRUPT);
    guest.send(kind::SET_CONFIGURATION, 4, &[1]);
    guest.panel.borrow_mut().notifications.push_back(vec![2]);
    guest.take();
    guest.run();
    assert_eq!(guest.take(), []);
}

#[test]
fn unplug_answers_everything_and_plug_starts_over() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::BULK, 2, &bulk(BULK_IN, 64, &[]));
    guest.session.unplug(&mut guest.bus);
    let kinds: Vec<_> = guest.take().iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [kind::BULK, kind::DEVICE_DISCONNECT]);
    guest.send(kind::CONTROL, 3, &control([0x80, 6, 0, 1, 0, 0, 64, 0], &[]));
    assert_ne!(guest.answer().body[3], SUCCESS);
    guest.session.plug(&mut guest.bus);
    assert_eq!(guest.take().last().unwrap().kind, kind::DEVICE_CONNECT);
    guest.send(kind::GET_CONFIGURATION, 6, &[]);
    assert_eq!(guest.answer().body, [SUCCESS, 0]);
}
