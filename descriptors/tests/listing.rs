//! The listing shows every field, what is not known, and what is wrong.

use usbd_acm_descriptors::parse::Listing;
use usbd_acm_descriptors::{Descriptors, EndpointSet, Power, Speed, descriptors};

static ONE_PORT: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(2),
    vendor_id: 0x1209,
    product_id: 0x0001,
    product: "USB serial",
    remote_wakeup: true,
};

static HIGH_SPEED: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(2),
    vendor_id: 0x1209,
    power: Power::SelfPowered { milliamps: 0 },
    high_speed: true,
};

#[test]
fn device_and_configuration() {
    let device = Listing(ONE_PORT.device());
    let configuration = Listing(ONE_PORT.configuration(Speed::Full));
    assert_eq!(format!("{device}{configuration}"), include_str!("listing.txt"));
}

#[test]
fn what_only_a_high_speed_device_has() {
    let text = Listing(HIGH_SPEED.device_qualifier().expect("high speed")).to_string();
    assert!(text.starts_with("Device Qualifier (for other device speed):\n"), "{text}");
    let other = HIGH_SPEED.other_speed_configuration(Speed::Full).expect("high speed");
    let text = Listing(other).to_string();
    assert!(text.starts_with("  Other Speed Configuration Descriptor:\n"), "{text}");
    assert!(text.contains("Self Powered") && !text.contains("Bus Powered"), "{text}");
    assert_eq!(text.matches("0x0200  512 bytes").count(), 2, "{text}");
}

#[test]
fn what_is_not_known_or_wrong() {
    let text = Listing(&[3, 0x99, 0xAA, 9, 5, 0x81, 2, 64, 0, 0, 7, 8, 4, 4, 0, 0]).to_string();
    assert!(text.starts_with("      ** UNRECOGNIZED:  03 99 aa\n"), "{text}");
    assert!(text.contains("** beyond the fields:  07 08\n"), "{text}");
    let error = "error at byte 12: bLength 4, but descriptors of type 0x04 have 9\n";
    assert!(text.ends_with(error), "{text}");
}
