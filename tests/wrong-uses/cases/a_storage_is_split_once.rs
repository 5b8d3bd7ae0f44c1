//! Two devices on one storage would share its slots.

use usbd_acm::Storage;
use usbd_acm::descriptors::{Descriptors, EndpointSet, descriptors};
use usbd_acm_virtual::{FullSpeed, VirtualController};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(15),
    vendor_id: 0x1209,
    product_id: 0x0001,
};

fn main() {
    let storage: &'static mut Storage = Box::leak(Box::new(Storage::new()));
    let first = storage.split(VirtualController::<FullSpeed>::new(2).0, &DESCRIPTORS, ());
    let second = storage.split(VirtualController::<FullSpeed>::new(2).0, &DESCRIPTORS, ());
    drop((first, second));
}
