//! Values with rules of their own, apart from any descriptor.

use usbd_acm_descriptors::{AcmCapabilities, Descriptors, EndpointSet, descriptors};

const LINE_CODING: AcmCapabilities = AcmCapabilities::LINE_CODING;
const SEND_BREAK: AcmCapabilities = AcmCapabilities::SEND_BREAK;

/// PSTN 1.2 §5.3.2: D1 line coding, D2 SEND_BREAK.
#[test]
fn capabilities_are_a_set() {
    let both = LINE_CODING.union(SEND_BREAK);
    assert_eq!(both.to_byte(), 0x06);
    assert_eq!(both.union(SEND_BREAK), both);
    for (set, part, is_part) in [
        (both, LINE_CODING, true),
        (both, both, true),
        (SEND_BREAK, LINE_CODING, false),
        (SEND_BREAK, both, false),
    ] {
        assert_eq!(set.contains(part), is_part, "{set:?} {part:?}");
    }
}

/// Bits 0 to 15 are the OUT endpoints by number, 16 to 31 the IN endpoints.
#[test]
fn endpoints_are_those_of_every_port() {
    static TWO_PORTS: Descriptors<2> =
        descriptors! { endpoints: EndpointSet::first(4), ports: 2, vendor_id: 0x1209 };
    let of_ports = TWO_PORTS.ports().iter().flat_map(|p| [p.notification, p.data_in, p.data_out]);
    let expected = of_ports.fold(0, |bits, address| {
        let number = u32::from(address.to_byte() & 0x0F);
        bits + (1 << (number + if address.to_byte() >= 0x80 { 16 } else { 0 }))
    });
    assert_eq!(TWO_PORTS.endpoints(), expected);
    assert_eq!(expected.count_ones(), 6);
}
