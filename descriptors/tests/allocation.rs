//! Endpoints are taken from what the controller offers, each once, whenever there are enough.

use std::collections::HashSet;

use proptest::prelude::*;
use usbd_acm_descriptors::{
    Direction, EndpointAddress, EndpointSet, PortEndpoints, allocate_endpoints,
    try_allocate_endpoints,
};

fn addresses(ports: &[PortEndpoints]) -> Vec<EndpointAddress> {
    ports.iter().flat_map(|p| [p.notification, p.data_in, p.data_out]).collect()
}

/// Hall's condition for 2 IN and 1 OUT number a port.
fn enough(set: EndpointSet, ports: u32) -> bool {
    let (ins, outs) = (set.in_numbers & !1, set.out_numbers & !1);
    let one_by_one = ins.count_ones() >= 2 * ports && outs.count_ones() >= ports;
    one_by_one && (set.shared_numbers || (ins | outs).count_ones() >= 3 * ports)
}

fn check<const PORTS: usize>(set: EndpointSet) {
    let enough = enough(set, u32::try_from(PORTS).unwrap());
    let Some(ports) = try_allocate_endpoints::<PORTS>(set) else {
        assert!(!enough, "refused {set:?}");
        return;
    };
    assert!(enough, "{ports:?} from {set:?}");
    let addresses = addresses(&ports);
    for address in &addresses {
        let offered = match address.direction() {
            Direction::In => set.in_numbers,
            Direction::Out => set.out_numbers,
        };
        assert_ne!(offered & 1 << address.number(), 0, "{address:?} is not in {set:?}");
    }
    let distinct = if set.shared_numbers {
        addresses.iter().map(|a| a.to_byte()).collect::<HashSet<_>>()
    } else {
        addresses.iter().map(|a| a.number()).collect()
    };
    assert_eq!(distinct.len(), 3 * PORTS, "{addresses:?}");
    for port in ports {
        assert_eq!(port.notification.direction(), Direction::In);
        assert_eq!(port.data_in.direction(), Direction::In);
        assert_eq!(port.data_out.direction(), Direction::Out);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { ProptestConfig::default().cases },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_number_once_and_only_offered_ones(
        in_numbers: u16,
        out_numbers: u16,
        shared_numbers: bool,
    ) {
        let set = EndpointSet { in_numbers, out_numbers, shared_numbers };
        check::<1>(set);
        check::<2>(set);
        check::<3>(set);
        check::<4>(set);
        check::<5>(set);
    }
}

#[test]
fn every_number_there_is() {
    check::<7>(EndpointSet::first(15));
    check::<7>(EndpointSet::first(14));
    check::<7>(EndpointSet::first(13));
    let own = EndpointSet { shared_numbers: false, ..EndpointSet::first(15) };
    check::<5>(own);
    check::<6>(own);
}

#[test]
fn a_number_only_one_direction_can_use_is_taken_first() {
    // IN can have 1 to 3, OUT only 1: IN must leave it alone.
    let set = EndpointSet { in_numbers: 0b1110, out_numbers: 0b0010, shared_numbers: false };
    let [port] = allocate_endpoints(set);
    assert_eq!(port.data_out.to_byte(), 0x01);
    assert_eq!(port.data_in.to_byte(), 0x82);
    assert_eq!(port.notification.to_byte(), 0x83);
}

#[test]
fn a_set_holds_what_it_offers() {
    let bits = |addresses: &[u8]| {
        let bit = |byte: &u8| EndpointAddress::from_byte(*byte).expect("an endpoint").bit();
        addresses.iter().map(bit).fold(0, |all, bit| all | bit)
    };
    let shared = EndpointSet { in_numbers: 0b110, out_numbers: 0b010, shared_numbers: true };
    let unshared = EndpointSet { shared_numbers: false, ..shared };
    let cases: [(&[u8], bool, bool); 6] = [
        (&[], true, true),
        (&[0x81, 0x82], true, true),
        (&[0x82, 0x01], true, true),
        (&[0x81, 0x01], true, false),
        (&[0x83], false, false),
        (&[0x02], false, false),
    ];
    for (addresses, in_shared, in_unshared) in cases {
        assert_eq!(shared.holds(bits(addresses)), in_shared, "{addresses:02X?}");
        assert_eq!(unshared.holds(bits(addresses)), in_unshared, "{addresses:02X?}");
    }
}
