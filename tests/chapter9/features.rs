//! TD 9.11 to 9.13: features and configurations.

use usbd_acm::State::{Address, Configured, Default};
use usbd_acm::{EndpointAddress, SetupPacket};
use usbd_acm_tests::{each_device, each_device_in};
use usbd_acm_virtual::host::request::{self, DEVICE_REMOTE_WAKEUP};

const SET_FEATURE: u8 = 3;
const CLEAR_FEATURE: u8 = 1;

fn feature(recipient: u8, request: u8, selector: u16, index: u16) -> SetupPacket {
    SetupPacket { request_type: recipient, request, value: selector, index, length: 0 }
}

#[test]
fn td_9_11_bad_feature() {
    each_device_in(&[Default, Address, Configured], |subject| {
        let bulk_in = u16::from(subject.golden.endpoints[2]);
        for request in [SET_FEATURE, CLEAR_FEATURE] {
            for selector in [2, 3, 4, 48, 0xFF, 0x100, 0xFFFF] {
                // TEST_MODE (2) cannot be cleared, and needs a wIndex to be set.
                subject.refuses(feature(0, request, selector, 0));
                subject.refuses(feature(1, request, selector, 0));
                subject.refuses(feature(2, request, selector, bulk_in));
            }
            // The selectors exist, but not for these recipients.
            subject.refuses(feature(0, request, request::ENDPOINT_HALT, 0));
            subject.refuses(feature(2, request, DEVICE_REMOTE_WAKEUP, bulk_in));
            subject.refuses(feature(0, request, DEVICE_REMOTE_WAKEUP, 1));
        }
    });
}

#[test]
fn td_9_12_remote_wakeup_is_reported_as_set() {
    each_device_in(&[Address, Configured], |subject| {
        for _ in 0..2 {
            assert_eq!(subject.read(request::get_device_status()), [0, 0]);
            subject.accepts(request::set_device_feature(DEVICE_REMOTE_WAKEUP));
            assert_eq!(subject.read(request::get_device_status()), [2, 0]);
            subject.accepts(request::clear_device_feature(DEVICE_REMOTE_WAKEUP));
            // Command Verifier 1.2.102: bit 1 must be set to zero.
            assert_eq!(subject.read(request::get_device_status()), [0, 0]);
        }
    });
}

#[test]
fn td_9_13_set_configuration() {
    each_device_in(&[Address, Configured], |subject| {
        for (value, reported) in [(1, 1), (1, 1), (0, 0), (1, 1), (0, 0), (0, 0)] {
            subject.accepts(request::set_configuration(value));
            assert_eq!(subject.read(request::get_configuration()), [reported]);
        }
    });
}

#[test]
fn td_9_13_set_configuration_invalid() {
    each_device_in(&[Address, Configured], |subject| {
        let before = subject.read(request::get_configuration());
        for value in 2..=255 {
            subject.refuses(request::set_configuration(value));
        }
        assert_eq!(subject.read(request::get_configuration()), before);
    });
    each_device_in(&[Default], |subject| {
        subject.refuses(request::set_configuration(1));
        assert_eq!(subject.read(request::get_configuration()), [0]);
    });
}

#[test]
fn td_9_13_endpoints_are_there_only_when_configured() {
    each_device(|subject| {
        for value in [1, 0, 1] {
            let (_, ports) = subject.open();
            subject.accepts(request::set_configuration(value));
            for pipe in
                ports.iter().flat_map(|port| [port.function().data_in, port.function().data_out])
            {
                let status = request::get_endpoint_status(pipe.address);
                match value {
                    0 => subject.refuses(status),
                    _ => assert_eq!(subject.read(status), [0, 0]),
                }
            }
        }
        let unknown = EndpointAddress::from_byte(0x8F).expect("endpoint 15 IN");
        subject.refuses(request::get_endpoint_status(unknown));
    });
}
