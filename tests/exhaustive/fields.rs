//! Every wValue, wIndex and wLength of the requests that mean something to somebody.

use usbd_acm::{Controller, SetupPacket, State};
use usbd_acm_tests::figures;
use usbd_acm_virtual::host::SplitMix64;

use crate::walk::{Condition, Walk, high_speed, one_port, two_ports};

/// Chapter 9 and PSTN: recipients and requests, in both directions.
fn known() -> impl Iterator<Item = (u8, u8)> {
    let standard = [0x00, 0x01, 0x02, 0x80, 0x81, 0x82].into_iter();
    let class = [0x21, 0xA1].into_iter();
    let standard = standard.flat_map(|kind| (0..=12).map(move |request| (kind, request)));
    standard.chain(class.flat_map(|kind| (0..=4).chain(0x1F..=0x24).map(move |r| (kind, r))))
}

const VALUES: [u16; 12] =
    [0, 1, 2, 127, 128, 0x0100, 0x0200, 0x0300, 0x0303, 0x0600, 0x0700, 0xFFFF];
const INDICES: [u16; 12] = [0, 1, 2, 3, 0x80, 0x81, 0x82, 0x83, 0x0100, 0x0181, 0x0409, 0xFFFF];
const LENGTHS: [u16; 9] = [0, 1, 2, 7, 8, 9, 64, 75, 0xFFFF];

/// Known requests with every combination of representative fields.
fn every_combination<C: Controller, const PORTS: usize, const SIZE: usize>(
    mut walk: Walk<C, PORTS, SIZE>,
) -> u64 {
    for (request_type, request) in known() {
        for value in VALUES {
            for index in INDICES {
                for length in LENGTHS {
                    walk.check(SetupPacket { request_type, request, value, index, length });
                }
            }
        }
        walk.enumerate();
    }
    walk.finish()
}

#[test]
fn exhaustive_combinations_of_fields() {
    let mut cases = 0;
    for condition in Condition::ALL {
        cases += every_combination(one_port(condition));
        cases += every_combination(two_ports(condition));
        cases += every_combination(high_speed(condition));
    }
    figures::record("exhaustive-combinations", &[("cases", cases)]);
    assert_eq!(cases, 4 * 3 * known().count() as u64 * 12 * 12 * 9);
}

/// Requests that are accepted somewhere, with fields that make them so.
const ACCEPTED: [SetupPacket; 17] = [
    setup(0x80, 0, 0, 0, 2),
    setup(0x81, 0, 0, 0, 2),
    setup(0x82, 0, 0, 0x81, 2),
    setup(0x00, 1, 1, 0, 0),
    setup(0x02, 1, 0, 0x81, 0),
    setup(0x00, 3, 1, 0, 0),
    setup(0x02, 3, 0, 0x81, 0),
    setup(0x00, 5, 17, 0, 0),
    setup(0x80, 6, 0x0302, 0x0409, 255),
    setup(0x80, 8, 0, 0, 1),
    setup(0x00, 9, 1, 0, 0),
    setup(0x81, 10, 0, 0, 1),
    setup(0x01, 11, 0, 0, 0),
    setup(0x21, 0x20, 0, 0, 7),
    setup(0xA1, 0x21, 0, 0, 7),
    setup(0x21, 0x22, 3, 0, 0),
    setup(0x21, 0x23, 250, 0, 0),
];

const fn setup(request_type: u8, request: u8, value: u16, index: u16, length: u16) -> SetupPacket {
    SetupPacket { request_type, request, value, index, length }
}

/// Accepted requests with each field running through all that it can be.
fn every_value(condition: Condition) {
    let mut walk = two_ports(condition);
    for setup in ACCEPTED {
        for field in 0..=u16::MAX {
            walk.check(SetupPacket { value: field, ..setup });
            walk.check(SetupPacket { index: field, ..setup });
            walk.check(SetupPacket { length: field, ..setup });
        }
        walk.enumerate();
    }
    let cases = walk.finish();
    let name = format!("{condition:?}").to_lowercase().replace(['(', ')'], "-");
    figures::record(&format!("exhaustive-values-{name}"), &[("cases", cases)]);
    assert_eq!(cases, 17 * 3 * 65_536);
}

#[test]
fn exhaustive_values_in_default() {
    every_value(Condition::In(State::Default));
}

#[test]
fn exhaustive_values_in_address() {
    every_value(Condition::In(State::Address));
}

#[test]
fn exhaustive_values_in_configured() {
    every_value(Condition::In(State::Configured));
}

/// One of a list.
fn pick<T: Copy>(random: &mut SplitMix64, list: &[T]) -> T {
    list[random.below(list.len())]
}

/// Requests in any order, resets and suspends between them; no state is restored.
fn random_walk<C: Controller, const PORTS: usize, const SIZE: usize>(
    mut walk: Walk<C, PORTS, SIZE>,
) -> u64 {
    let known: Vec<(u8, u8)> = known().collect();
    let mut random = SplitMix64::new(0x0201_0105);
    for _ in 0..300_000 {
        let setup = match random.next_u64() % 4 {
            0 => {
                let (request_type, request) = pick(&mut random, &known);
                let (value, index) = (pick(&mut random, &VALUES), pick(&mut random, &INDICES));
                setup(request_type, request, value, index, pick(&mut random, &LENGTHS))
            }
            1 => SetupPacket { index: pick(&mut random, &INDICES), ..pick(&mut random, &ACCEPTED) },
            _ => pick(&mut random, &ACCEPTED),
        };
        match random.next_u64() % 64 {
            0 => walk.reset(),
            1 => walk.suspend_and_resume(),
            _ => {}
        }
        walk.compare(setup);
    }
    walk.finish();
    300_000
}

#[test]
fn exhaustive_random_walk() {
    let anywhere = Condition::In(State::Default);
    let cases = random_walk(one_port(anywhere))
        + random_walk(two_ports(anywhere))
        + random_walk(high_speed(anywhere));
    figures::record("exhaustive-random-walk", &[("cases", cases)]);
}
