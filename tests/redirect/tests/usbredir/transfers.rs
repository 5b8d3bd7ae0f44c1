//! Control and bulk transfers.

use usbd_acm::Speed;

use crate::guest::{Guest, INVALID, STALL, SUCCESS, TIMEOUT, bulk, control, kind};
use crate::model::{BULK_IN, BULK_OUT};

#[test]
fn control_transfers_carry_their_data_stage() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::CONTROL, 2, &control([0x80, 6, 0, 1, 0, 0, 64, 0], &[]));
    let answer = guest.answer();
    assert_eq!(answer.body[..4], [0x80, 6, 0x80, SUCCESS]);
    assert_eq!(answer.body[8..10], [18, 0]);
    assert_eq!(answer.body.len(), 10 + 18);
    let coding = [0x80, 0x25, 0, 0, 0, 2, 7];
    guest.send(kind::CONTROL, 3, &control([0x21, 0x20, 0, 0, 0, 0, 7, 0], &coding));
    let answer = guest.answer();
    assert_eq!((answer.body[3], &answer.body[8..]), (SUCCESS, &[7, 0][..]));
    guest.send(kind::CONTROL, 4, &control([0xA1, 0x21, 0, 0, 0, 0, 7, 0], &[]));
    assert_eq!(guest.answer().body[10..], coding);
    guest.no_violations();
}

#[test]
fn a_refused_request_is_a_stall_and_a_blocked_one_times_out() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::CONTROL, 2, &control([0xC0, 1, 0, 0, 0, 0, 64, 0], &[]));
    assert_eq!(guest.answer().body[3], STALL);
    guest.panel.borrow_mut().control_blocked = true;
    guest.send(kind::CONTROL, 3, &control([0x80, 6, 0, 1, 0, 0, 64, 0], &[]));
    assert_eq!(guest.answer().body[3], TIMEOUT);
}

#[test]
fn a_guest_cannot_take_the_address_away() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::CONTROL, 2, &control([0, 5, 9, 0, 0, 0, 0, 0], &[]));
    assert_eq!(guest.answer().body[3], INVALID);
    guest.send(kind::GET_CONFIGURATION, 3, &[]);
    assert_eq!(guest.answer().body, [SUCCESS, 1]);
}

#[test]
fn bulk_out_is_cut_into_packets() {
    for (speed, sizes) in [(Speed::Full, vec![64, 64, 22]), (Speed::High, vec![150])] {
        let mut guest = Guest::configured(speed);
        guest.send(kind::BULK, 2, &bulk(BULK_OUT, 150, &[7; 150]));
        guest.run();
        let answer = guest.answer();
        assert_eq!((answer.id, answer.body), (2, bulk(BULK_OUT, 150, &[])));
        let received = &guest.panel.borrow().received;
        assert_eq!(received.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
    }
}

#[test]
fn an_empty_bulk_out_is_an_empty_packet() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::BULK, 2, &bulk(BULK_OUT, 64, &[7; 64]));
    guest.send(kind::BULK, 3, &bulk(BULK_OUT, 0, &[]));
    guest.run();
    assert_eq!(guest.take().len(), 2);
    assert_eq!(guest.panel.borrow().received, [vec![7; 64], vec![]]);
}

#[test]
fn bulk_in_ends_on_a_short_packet_or_when_full() {
    let mut guest = Guest::configured(Speed::Full);
    let queue = [vec![1; 64], vec![2; 64], vec![3; 10], vec![4; 64], vec![], vec![5; 64]];
    guest.panel.borrow_mut().queued.extend(queue);
    for id in 2..6 {
        guest.send(kind::BULK, id, &bulk(BULK_IN, 128, &[]));
    }
    guest.run();
    let lengths: Vec<_> = guest.take().iter().map(|p| (p.id, p.body.len() - 10)).collect();
    // The last one is not full and the device has no more: no answer yet.
    assert_eq!(lengths, [(2, 128), (3, 10), (4, 64)]);
    guest.panel.borrow_mut().queued.push_back(vec![6]);
    guest.run();
    assert_eq!(guest.answer().body[10..], [&[5; 64][..], &[6]].concat());
    guest.no_violations();
}

#[test]
fn nak_is_no_answer_yet() {
    let mut guest = Guest::configured(Speed::High);
    guest.panel.borrow_mut().out_blocked = true;
    guest.send(kind::BULK, 2, &bulk(BULK_OUT, 3, &[1, 2, 3]));
    guest.send(kind::BULK, 3, &bulk(BULK_IN, 512, &[]));
    guest.run();
    assert_eq!(guest.take(), []);
    guest.panel.borrow_mut().out_blocked = false;
    guest.run();
    let ids: Vec<_> = guest.take().iter().map(|p| p.id).collect();
    assert_eq!(ids, [2, 3]);
    guest.no_violations();
}

#[test]
fn a_halted_endpoint_is_a_stall() {
    let mut guest = Guest::configured(Speed::Full);
    guest.panel.borrow_mut().halted = true;
    guest.send(kind::BULK, 2, &bulk(BULK_OUT, 3, &[1, 2, 3]));
    guest.send(kind::BULK, 3, &bulk(BULK_IN, 64, &[]));
    guest.run();
    let statuses: Vec<_> = guest.take().iter().map(|p| p.body[1]).collect();
    assert_eq!(statuses, [STALL, STALL]);
}
