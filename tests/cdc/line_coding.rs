//! SET_LINE_CODING and GET_LINE_CODING (PSTN 1.2 §6.3.10 and §6.3.11).

use usbd_acm::class::{Event, LineCoding};
use usbd_acm::{Hooks, SetupPacket};
use usbd_acm_tests::model::{Answer, DEFAULT_LINE_CODING};
use usbd_acm_tests::{ONE_PORT, TokenHost};
use usbd_acm_virtual::VirtualController;
use usbd_acm_virtual::host::request::{get_line_coding, set_configuration, set_line_coding};

use super::events;

fn coding<H: Hooks>(host: &mut TokenHost<VirtualController, H>) -> Vec<u8> {
    match host.control(get_line_coding(0)) {
        Answer::Data(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn cdc_3_get_line_coding_of_any_length() {
    let mut host = TokenHost::configured();
    for length in (1..=64).chain([65, 255, 4096, 65535]) {
        let answer = host.control(SetupPacket { length, ..get_line_coding(0) });
        let expected = &DEFAULT_LINE_CODING[..usize::from(length.min(7))];
        assert_eq!(answer, Answer::Data(expected.into()), "wLength {length}");
        assert_eq!(host.packets.len(), 1, "a short packet ends it, or wLength");
    }
    let none = SetupPacket { length: 0, ..get_line_coding(0) };
    assert_eq!(host.control(none), Answer::Ack);
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_3_power_on_coding_is_sane() {
    let mut host = TokenHost::configured();
    let coding = LineCoding::from_bytes(coding(&mut host).try_into().unwrap());
    assert_eq!(coding.rate, 115_200);
    assert!(coding.stop_bits().is_ok() && coding.parity().is_ok() && coding.data_bits() == Ok(8));
}

#[test]
fn cdc_4_set_and_get_are_identical() {
    let mut host = TokenHost::configured();
    let mut codings = 0;
    for place in 0..7 {
        for value in 0..=255 {
            let mut bytes = [0x80, 0x25, 0, 0, 0, 0, 8];
            bytes[place] = value;
            assert_eq!(host.control_with(set_line_coding(0), &bytes), Answer::Ack, "{bytes:?}");
            assert_eq!(coding(&mut host), bytes);
            assert_eq!(host.ports[0].control.line_coding().to_bytes(), bytes, "stored raw");
            codings += 1;
        }
    }
    assert_eq!(codings, 7 * 256);
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_4_accessors_say_what_is_defined() {
    let mut host = TokenHost::configured();
    for value in 0..=255 {
        let bytes = [0, 0, 0, 0, value, value, value];
        host.control_with(set_line_coding(0), &bytes);
        let coding = host.ports[0].control.line_coding();
        assert_eq!(coding.stop_bits().is_ok(), value <= 2);
        assert_eq!(coding.parity().is_ok(), value <= 4);
        assert_eq!(coding.data_bits().is_ok(), [5, 6, 7, 8, 16].contains(&value));
    }
}

#[test]
fn cdc_4_changes_are_events() {
    let mut host = TokenHost::configured();
    events(&mut host, 0);
    let old = LineCoding::DEFAULT;
    let new = LineCoding { rate: 9600, ..old };
    host.control_with(set_line_coding(0), &new.to_bytes());
    assert_eq!(events(&mut host, 0), [Event::LineCoding { old, new }]);
    host.control_with(set_line_coding(0), &new.to_bytes());
    assert_eq!(events(&mut host, 0), [], "the same coding is no change");
    // An application that looks late sees the newest.
    let newest = LineCoding { rate: 1_000_000, ..old };
    for coding in [old, newest] {
        host.control_with(set_line_coding(0), &coding.to_bytes());
    }
    assert_eq!(events(&mut host, 0), [Event::LineCoding { old: new, new: newest }]);
}

#[test]
fn cdc_4_coding_outlives_configuration_and_reset() {
    let mut host = TokenHost::configured();
    let bytes = [1, 2, 3, 4, 5, 6, 7];
    host.control_with(set_line_coding(0), &bytes);
    for value in [0, 1] {
        host.control(set_configuration(value));
    }
    assert_eq!(coding(&mut host), bytes);
    host.reset();
    host.configure();
    assert_eq!(coding(&mut host), bytes);
}

/// A UART that can do 8 data bits only.
struct EightBits {
    asked: usize,
}

impl Hooks for EightBits {
    fn accepts(&mut self, port: usize, coding: &LineCoding) -> bool {
        assert_eq!(port, 0);
        self.asked += 1;
        coding.data_bits == 8
    }
}

#[test]
fn cdc_4_a_refused_coding_stalls_and_changes_nothing() {
    let (controller, wire) = VirtualController::new(2);
    let mut host = TokenHost::new(controller, wire, &ONE_PORT, EightBits { asked: 0 });
    host.configure();
    let (good, bad) = ([0x80, 0x25, 0, 0, 0, 0, 8], [0x80, 0x25, 0, 0, 0, 0, 7]);
    assert_eq!(host.control_with(set_line_coding(0), &bad), Answer::Stall);
    assert_eq!(coding(&mut host), DEFAULT_LINE_CODING);
    assert_eq!(host.control_with(set_line_coding(0), &good), Answer::Ack);
    assert_eq!(coding(&mut host), good);
    events(&mut host, 0);
    for _ in 0..3 {
        assert_eq!(host.control_with(set_line_coding(0), &bad), Answer::Stall);
        assert_eq!(coding(&mut host), good);
    }
    assert_eq!(events(&mut host, 0), [], "nothing happened");
    // A coding of another length is not even shown to the board.
    assert_eq!(host.control_with(set_line_coding(0), &good[..6]), Answer::Stall);
    assert_eq!(host.device.hooks().asked, 5);
    assert_eq!(host.violations(), []);
}
