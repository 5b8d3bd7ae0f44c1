//! What is wrong is refused, and the message says what to do. At compile time the same functions
//! make it a compile error: see `src/compile_fail.rs`.

use usbd_acm_descriptors::{
    EndpointSet, Power, Product, allocate_endpoints, string, string_length,
};

const RIGHT: Product =
    Product { endpoints: EndpointSet::first(2), vendor_id: 0x1209, ..Product::NEW };

#[test]
fn right() {
    let power = |power| Product { power, ..RIGHT }.checked().max_power().milliamps();
    assert_eq!(power(Power::Bus { milliamps: 500 }), 500);
    assert_eq!(power(Power::SelfPowered { milliamps: 100 }), 100);
    assert_eq!(Product { device_release: 0x9999, ..RIGHT }.checked().device_release, 0x9999);
    assert!(!Product { interface_association: false, ..RIGHT }.checked().interface_association);
}

#[test]
#[should_panic(expected = "set `vendor_id` to")]
fn no_vendor() {
    Product { vendor_id: 0, ..RIGHT }.checked();
}

#[test]
#[should_panic(expected = "`device_release` is BCD")]
fn release_in_hexadecimal() {
    Product { device_release: 0xA000, ..RIGHT }.checked();
}

/// In each of its four digits.
#[test]
fn any_digit_in_hexadecimal() {
    for device_release in [0x000A, 0x00A0, 0x0A00, 0xA000, 0x123F, 0x12F4, 0x1F34, 0xF234] {
        let wrong = Product { device_release, ..RIGHT };
        assert!(std::panic::catch_unwind(|| wrong.checked()).is_err(), "{device_release:#06x}");
    }
}

#[test]
#[should_panic(expected = "at most 500 mA: lower `milliamps`")]
fn more_than_the_bus_has() {
    Product { power: Power::Bus { milliamps: 501 }, ..RIGHT }.checked();
}

#[test]
#[should_panic(expected = "at most 100 mA from the bus: lower `milliamps`")]
fn more_than_a_self_powered_device_may_take() {
    Product { power: Power::SelfPowered { milliamps: 101 }, ..RIGHT }.checked();
}

#[test]
#[should_panic(expected = "leave `interface_association` on")]
fn ports_that_nothing_tells_apart() {
    Product { ports: 2, interface_association: false, ..RIGHT }.checked();
}

#[test]
#[should_panic(expected = "set `ports` to 1 or more")]
fn no_port() {
    allocate_endpoints::<0>(EndpointSet::first(2));
}

#[test]
#[should_panic(expected = "set `endpoints` to what it offers")]
fn no_endpoints() {
    // Endpoint 0 alone is the control pipe.
    let set = EndpointSet { in_numbers: 1, out_numbers: 1, shared_numbers: true };
    allocate_endpoints::<1>(set);
}

#[test]
#[should_panic(expected = "too few endpoints: each port takes 2 IN and 1 OUT")]
fn too_few_endpoints() {
    allocate_endpoints::<2>(EndpointSet::first(3));
}

#[test]
#[should_panic(expected = "too few endpoints: each port takes 2 IN and 1 OUT")]
fn too_few_numbers_of_its_own() {
    let set = EndpointSet { shared_numbers: false, ..EndpointSet::first(2) };
    allocate_endpoints::<1>(set);
}

const UNITS_126: &str = concat!(
    "😀0123456789012345678901234567890123456789012345678901234567890",
    "123456789012345678901234567890123456789012345678901234567890123",
);
const UNITS_127: &str = concat!(
    "😀0123456789012345678901234567890123456789012345678901234567890",
    "1234567890123456789012345678901234567890123456789012345678901234",
);

#[test]
fn longest_string() {
    let descriptor = string::<{ string_length(UNITS_126) }>(UNITS_126);
    assert_eq!((descriptor.len(), descriptor[0]), (254, 254));
}

#[test]
#[should_panic(expected = "at most 126 UTF-16 units: shorten it")]
fn string_too_long() {
    string::<{ string_length(UNITS_127) }>(UNITS_127);
}

#[test]
#[should_panic(expected = "the length parameter is not the length of the descriptor")]
fn wrong_length_parameter() {
    string::<9>("abc");
}
