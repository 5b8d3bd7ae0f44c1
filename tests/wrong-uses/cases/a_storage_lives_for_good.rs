//! The driver may hold slots of it for as long as it likes.

use usbd_acm::Storage;
use usbd_acm::descriptors::{Descriptors, EndpointSet, descriptors};
use usbd_acm_virtual::{FullSpeed, VirtualController};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(15),
    vendor_id: 0x1209,
    product_id: 0x0001,
};

fn main() {
    let mut storage = Storage::<1, 2, 64>::new();
    let _ = storage.split(VirtualController::<FullSpeed>::new(2).0, &DESCRIPTORS, ());
}
