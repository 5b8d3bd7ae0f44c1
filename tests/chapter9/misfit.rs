//! Descriptors that were made for another controller: endpoints that it does not have, and high speed
//! that only one of the two has.

use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{EndpointSet, Speed, Storage};
use usbd_acm_tests::model::Answer;
use usbd_acm_tests::{HIGH_SPEED, ONE_PORT, TokenHost};
use usbd_acm_virtual::host::request;
use usbd_acm_virtual::{DevicePort, Variant, VirtualController, VirtualHighSpeed};

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

/// USB 2.0 §9.6.2: a device that cannot run at high speed has no other speed, and STALLs what asks for
/// it. Whether it can is the controller's to say.
#[test]
fn a_full_speed_controller_has_no_other_speed() {
    let (controller, wire) = <VirtualController>::new(2);
    let mut host = TokenHost::<_>::new(controller, wire, &HIGH_SPEED, ());
    for kind in [request::DEVICE_QUALIFIER, request::OTHER_SPEED_CONFIGURATION] {
        let answer = host.control(request::get_descriptor(kind, 0, 255));
        assert_eq!(answer, Answer::Stall, "descriptor type {kind}");
    }
    let answer = host.control(request::get_descriptor(request::CONFIGURATION, 0, 255));
    assert_eq!(answer, Answer::Data(HIGH_SPEED.configuration(Speed::Full).to_vec()));
}

/// At high speed a host would be told of packets of 64 bytes, and be sent such of 512
/// (USB 2.0 §5.8.3).
#[test]
fn full_speed_descriptors_stay_off_a_bus_at_high_speed() {
    for (descriptors, fits) in [(&ONE_PORT, false), (&HIGH_SPEED, true)] {
        let (controller, mut wire) = VirtualHighSpeed::new(2);
        let storage = Box::leak(Box::new(Storage::<1, 2, 512>::new()));
        let (mut device, _) = storage.split(controller, descriptors, ());
        device.connect();
        wire.set_vbus(true);
        assert_eq!(wire.attached(), fits);
        assert_eq!(device.lacks_high_speed(), !fits);
    }
}
