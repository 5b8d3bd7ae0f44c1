//! Prints the descriptors of a device with one port.
//!
//! `cargo run -p usbd-acm-descriptors --features std --example list`

use usbd_acm_descriptors::parse::Listing;
use usbd_acm_descriptors::{Descriptors, EndpointSet, Speed, descriptors};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(2),
    vendor_id: 0x1209,
    product_id: 0x0001,
    product: "USB serial",
    remote_wakeup: true,
};

fn main() {
    print!("{}", Listing(DESCRIPTORS.device()));
    print!("{}", Listing(DESCRIPTORS.configuration(Speed::Full)));
}
