//! Every bmRequestType and bRequest.

use usbd_acm::{Controller, SetupPacket, State};
use usbd_acm_tests::figures;

use crate::walk::{Condition, Walk, high_speed, one_port, two_ports, two_ports_on_bus};

const VALUES: [u16; 5] = [0, 1, 0x0100, 0x0302, 0xFFFF];
const INDICES: [u16; 5] = [0, 1, 2, 0x0409, 0xFFFF];
const LENGTHS: [u16; 5] = [0, 1, 2, 7, 0xFFFF];

/// wValue, wIndex and wLength that make the request right, where there is such a request.
pub fn right((request_type, request): (u8, u8)) -> (u16, u16, u16) {
    match (request_type, request) {
        (0x80, 0) | (0x81, 0) => (0, 0, 2),
        (0x82, 0) => (0, 0x81, 2),
        (0x00, 1) | (0x00, 3) => (1, 0, 0),
        (0x02, 1) | (0x02, 3) => (0, 0x81, 0),
        (0x80, 6) => (0x0200, 0, 4096),
        (0x00, 7) => (0x0200, 0, 9),
        (0x00, 5) => (17, 0, 0),
        (0x80, 8) | (0x81, 10) => (0, 0, 1),
        (0x00, 9) => (1, 0, 0),
        (0x82, 12) => (0, 0x81, 2),
        (0x21, 0x20) | (0xA1, 0x21) => (0, 0, 7),
        (0x21, 0x22) => (3, 0, 0),
        (0x21, 0x23) => (250, 0, 0),
        _ => (0, 0, 0),
    }
}

/// The right request, and each field of it wrong in several ways.
pub fn one_field_off(key: (u8, u8), mut check: impl FnMut(SetupPacket)) {
    let (value, index, length) = right(key);
    let (request_type, request) = key;
    let setup = SetupPacket { request_type, request, value, index, length };
    check(setup);
    for value in VALUES.into_iter().chain([setup.value + 1]).filter(|new| *new != value) {
        check(SetupPacket { value, ..setup });
    }
    for index in INDICES.into_iter().chain([setup.index + 1]).filter(|new| *new != index) {
        check(SetupPacket { index, ..setup });
    }
    for length in LENGTHS.into_iter().chain([setup.length + 1]).filter(|new| *new != length) {
        check(SetupPacket { length, ..setup });
    }
}

fn every_request<C: Controller, const PORTS: usize, const SIZE: usize>(
    name: &str,
    mut walk: Walk<C, PORTS, SIZE>,
) {
    for request in 0..=255 {
        for request_type in 0..=255 {
            one_field_off((request_type, request), |setup| walk.check(setup));
        }
        walk.enumerate();
    }
    let cases = walk.finish();
    let name = name.to_lowercase().replace(' ', "-");
    figures::record(&format!("exhaustive-requests-{name}"), &[("cases", cases)]);
    assert!(cases > 65_536 * 12);
}

#[test]
fn exhaustive_requests_in_default() {
    every_request("Default", one_port(Condition::In(State::Default)));
}

#[test]
fn exhaustive_requests_in_address() {
    every_request("Address", one_port(Condition::In(State::Address)));
}

#[test]
fn exhaustive_requests_in_configured() {
    every_request("Configured", one_port(Condition::In(State::Configured)));
}

#[test]
fn exhaustive_requests_after_suspend() {
    every_request("suspended and resumed", one_port(Condition::Resumed));
}

#[test]
fn exhaustive_requests_to_two_ports() {
    every_request("two ports", two_ports(Condition::In(State::Configured)));
}

#[test]
fn exhaustive_requests_at_high_speed() {
    every_request("high speed", high_speed(Condition::In(State::Configured)));
}

#[test]
fn exhaustive_requests_by_way_of_usb_device() {
    let walk = two_ports_on_bus(Condition::In(State::Configured));
    every_request("two ports, on a driver of usb-device", walk);
}

/// Not only alive: a host can start from the beginning with it, after each.
#[test]
fn exhaustive_requests_with_an_enumeration_after_each() {
    for condition in Condition::ALL {
        let mut walk = one_port(condition);
        for key in 0..=u16::MAX {
            let [request_type, request] = key.to_be_bytes();
            let (value, index, length) = right((request_type, request));
            walk.check(SetupPacket { request_type, request, value, index, length });
            walk.enumerate();
        }
        assert_eq!(walk.finish(), 65_536);
    }
}
