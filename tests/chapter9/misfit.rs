//! Endpoints that the descriptors name and the controller does not have.

use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{EndpointSet, Storage};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_virtual::{DevicePort, Variant, VirtualController};

/// A controller with endpoints 1 and 2, and descriptors that were made for one with others.
struct FirstTwo;

impl Variant for FirstTwo {
    const ENDPOINTS: EndpointSet = EndpointSet::first(2);
}

static FOR_ANOTHER: Descriptors<1> = descriptors! {
    endpoints: EndpointSet { in_numbers: 0b1010, out_numbers: 0b0010, shared_numbers: true },
    vendor_id: 0x1209,
};

#[test]
fn descriptors_of_another_controller_stay_off_the_bus() {
    for (descriptors, fits) in [(&FOR_ANOTHER, false), (&ONE_PORT, true)] {
        let (controller, mut wire) = VirtualController::<FirstTwo>::new(2);
        let storage = Box::leak(Box::new(Storage::<1>::new()));
        let (mut device, _) = storage.split(controller, descriptors, ());
        assert_eq!(device.lacks_endpoints(), !fits);
        device.connect();
        wire.set_vbus(true);
        assert_eq!(wire.attached(), fits);
        device.poll();
        assert_eq!(wire.violations(), []);
    }
}
