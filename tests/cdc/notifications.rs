//! SERIAL_STATE (3.4; PSTN 1.2 §6.5.4).

use usbd_acm::class::SerialState;
use usbd_acm_tests::model::Answer;
use usbd_acm_tests::{Rig, TokenHost, full_speed};
use usbd_acm_virtual::host::request::{set_configuration, set_halt};
use usbd_acm_virtual::host::{AcmPort, linux};
use usbd_acm_virtual::{DevicePort, InResponse};

const ENDPOINT: u8 = 2;

/// The bitmap of the next notification, acknowledged or not.
fn token(host: &mut TokenHost, ack: bool) -> Option<u16> {
    host.poll();
    let response = host.wire.in_token(host.address, ENDPOINT, ack);
    host.poll();
    match response {
        InResponse::Data { bytes, .. } => {
            let (head, bitmap) = bytes.split_at(8);
            assert_eq!(head, [0xA1, 0x20, 0, 0, 0, 0, 2, 0]);
            Some(u16::from_le_bytes(bitmap.try_into().expect("wLength is 2")))
        }
        InResponse::Nak => None,
        other => panic!("{other:?}"),
    }
}

fn next(host: &mut TokenHost) -> Option<u16> {
    token(host, true)
}

/// What is told until there is nothing more, or until it is too much.
fn told(host: &mut TokenHost) -> Vec<u16> {
    std::iter::from_fn(|| next(host)).take(10).collect()
}

fn raise(host: &mut TokenHost, one_shots: SerialState) {
    host.ports[0].control.raise(one_shots);
}

fn levels(host: &mut TokenHost, levels: SerialState) {
    host.ports[0].control.set_levels(levels);
}

const DCD: SerialState = SerialState::RX_CARRIER;
const DSR: SerialState = SerialState::TX_CARRIER;

#[test]
fn cdc_3_4_every_bitmap() {
    let mut host = TokenHost::configured();
    for bits in 0..=0x7F {
        let state = SerialState::from_bits_truncate(bits);
        levels(&mut host, SerialState::empty());
        assert!(told(&mut host).len() <= 1);
        levels(&mut host, state);
        raise(&mut host, state);
        assert_eq!(next(&mut host), (bits != 0).then_some(u16::from(bits)), "{state:?}");
        assert_eq!(next(&mut host), None, "{state:?}");
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_3_4_levels_are_told_when_they_change() {
    let mut host = TokenHost::configured();
    assert_eq!(next(&mut host), None);
    for (state, told) in [(DCD, 1), (DCD | DSR, 3), (DSR, 2), (SerialState::empty(), 0)] {
        levels(&mut host, state);
        assert_eq!(next(&mut host), Some(told));
        levels(&mut host, state);
        assert_eq!(next(&mut host), None, "no change");
    }
}

#[test]
fn cdc_3_4_one_shots_are_told_once_with_the_levels() {
    let mut host = TokenHost::configured();
    levels(&mut host, DCD);
    assert_eq!(next(&mut host), Some(1));
    for bit in 2..=6 {
        for _ in 0..3 {
            raise(&mut host, SerialState::from_bits_truncate(1 << bit));
            assert_eq!(next(&mut host), Some(1 | 1 << bit));
            assert_eq!(next(&mut host), None);
        }
    }
}

#[test]
fn cdc_3_4_levels_and_one_shots_do_not_mix() {
    let mut host = TokenHost::configured();
    levels(&mut host, SerialState::ONE_SHOTS);
    assert_eq!(next(&mut host), None);
    raise(&mut host, SerialState::LEVELS);
    assert_eq!(next(&mut host), None);
}

#[test]
fn cdc_3_4_one_shots_last_until_they_are_acknowledged() {
    let mut host = TokenHost::configured();
    raise(&mut host, SerialState::BREAK);
    for _ in 0..3 {
        assert_eq!(token(&mut host, false), Some(4), "the host's ACK was lost");
    }
    assert_eq!(next(&mut host), Some(4));
    assert_eq!(next(&mut host), None);
}

#[test]
fn cdc_3_4_what_happens_in_flight_is_merged_into_the_next() {
    let mut host = TokenHost::configured();
    raise(&mut host, SerialState::BREAK);
    assert_eq!(token(&mut host, false), Some(4));
    // Another break, two kinds of errors, and a level.
    for one_shot in [SerialState::BREAK, SerialState::PARITY, SerialState::FRAMING] {
        raise(&mut host, one_shot);
    }
    levels(&mut host, DSR);
    assert_eq!(next(&mut host), Some(4));
    assert_eq!(next(&mut host), Some(0x04 | 0x10 | 0x20 | 0x02));
    assert_eq!(next(&mut host), None);
}

#[test]
fn cdc_3_4_levels_that_came_back_in_flight_are_no_change() {
    let mut host = TokenHost::configured();
    levels(&mut host, DCD);
    assert_eq!(token(&mut host, false), Some(1));
    levels(&mut host, SerialState::empty());
    levels(&mut host, DCD);
    assert_eq!(next(&mut host), Some(1));
    assert_eq!(next(&mut host), None);
}

#[test]
fn cdc_3_4_levels_are_told_once_after_configuration() {
    let mut host = TokenHost::full_speed();
    levels(&mut host, DCD | DSR);
    for round in 0..3 {
        host.reset();
        host.configure();
        assert_eq!(next(&mut host), Some(3), "round {round}");
        assert_eq!(next(&mut host), None);
        for value in [0, 1] {
            assert_eq!(host.control(set_configuration(value)), Answer::Ack);
        }
        assert_eq!(next(&mut host), Some(3), "configured again");
        // Configured as it is, nothing is new.
        assert_eq!(host.control(set_configuration(1)), Answer::Ack);
        assert_eq!(next(&mut host), None);
    }
    levels(&mut host, SerialState::empty());
    host.reset();
    host.configure();
    assert_eq!(next(&mut host), None, "zero is what a host expects");
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_3_4_one_shots_of_a_past_configuration_are_not_told() {
    let mut host = TokenHost::configured();
    raise(&mut host, SerialState::OVERRUN);
    assert_eq!(token(&mut host, false), Some(0x40));
    host.reset();
    raise(&mut host, SerialState::RING_SIGNAL);
    host.configure();
    assert_eq!(next(&mut host), None);
    raise(&mut host, SerialState::FRAMING);
    assert_eq!(next(&mut host), Some(0x10));
}

#[test]
fn cdc_3_4_nothing_is_lost_over_suspend() {
    let mut host = TokenHost::configured();
    raise(&mut host, SerialState::BREAK);
    host.poll();
    // One notification is armed; the bus sleeps before the host asks for it.
    host.wire.set_suspended(true);
    host.poll();
    for one_shot in [SerialState::RING_SIGNAL, SerialState::OVERRUN] {
        raise(&mut host, one_shot);
        host.poll();
    }
    levels(&mut host, DCD);
    host.poll();
    host.wire.set_suspended(false);
    assert_eq!(next(&mut host), Some(0x04));
    assert_eq!(next(&mut host), Some(0x08 | 0x40 | 0x01));
    assert_eq!(next(&mut host), None);
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_3_4_nothing_is_lost_while_halted() {
    let mut host = TokenHost::configured();
    let endpoint = usbd_acm::EndpointAddress::from_byte(0x80 | ENDPOINT).expect("endpoint 2 IN");
    assert_eq!(host.control(set_halt(endpoint)), Answer::Ack);
    raise(&mut host, SerialState::BREAK);
    levels(&mut host, DCD);
    host.poll();
    assert_eq!(host.wire.in_token(host.address, ENDPOINT, true), InResponse::Stall);
    let clear = usbd_acm_virtual::host::request::clear_halt(endpoint);
    assert_eq!(host.control(clear), Answer::Ack);
    let told = told(&mut host);
    assert_eq!(told.iter().fold(0, |all, bits| all | bits), 5, "{told:?}");
    assert_eq!(told.iter().filter(|bits| **bits & 4 != 0).count(), 1, "{told:?}");
}

#[test]
fn cdc_3_4_what_the_counters_of_linux_show() {
    let mut rig: Rig = full_speed();
    rig.host.plug().unwrap();
    let device = linux::enumerate(&mut rig.host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut rig.host, &mut port, [0, 0xC2, 1, 0, 0, 0, 8]).unwrap();
    for round in 0..10 {
        rig.firmware.borrow_mut().ports[0].control.set_carrier(round % 2 == 0);
        rig.firmware.borrow_mut().ports[0].control.raise(SerialState::BREAK | SerialState::PARITY);
        rig.host.run(40_000_000);
        // Every one that came; a device that talks on and on shows in the counters.
        for _ in 0..4 {
            let _ = port.notification(&mut rig.host).unwrap();
        }
    }
    let counters = port.counters();
    assert_eq!((counters.carrier, counters.data_set_ready), (10, 10));
    assert_eq!((counters.breaks, counters.parity_errors), (10, 10));
    assert_eq!((counters.rings, counters.framing_errors, counters.overruns), (0, 0, 0));
    assert_eq!(port.dropped_notifications(), 0);
    assert!(!port.serial_state().carrier());
    assert_eq!(rig.violations(), []);
}
