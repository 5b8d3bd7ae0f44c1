//! The fields of `descriptors!` mean what they mean where it is called: no name within the macro takes
//! their place.

use usbd_acm_descriptors::{Descriptors, EndpointSet, descriptors};

const ENDPOINTS: EndpointSet = EndpointSet::first(4);
const PORTS: usize = 2;
const PRODUCT: &str = "Two ports";
const LENGTH: u16 = 0x1209;
const PARTS: u16 = 0x0042;
const HIGH_SPEED: bool = false;

const fn configuration() -> &'static str {
    "Example"
}

static DESCRIPTORS: Descriptors<2> = descriptors! {
    endpoints: ENDPOINTS,
    ports: PORTS,
    vendor_id: LENGTH,
    product_id: PARTS,
    manufacturer: configuration(),
    product: PRODUCT,
    high_speed: HIGH_SPEED,
};

#[test]
fn the_names_of_the_caller_are_the_callers() {
    let device = DESCRIPTORS.device();
    assert_eq!(device[8..12], [0x09, 0x12, 0x42, 0x00]);
    let text = |index| DESCRIPTORS.string(index, 0x0409).map(|string| string[2..].to_vec());
    let utf16 = |text: &str| Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    assert_eq!(text(device[14]), utf16("Example"));
    assert_eq!(text(device[15]), utf16(PRODUCT));
    assert_eq!(DESCRIPTORS.ports().len(), PORTS);
    assert_eq!(DESCRIPTORS.device_qualifier(), None);
}
