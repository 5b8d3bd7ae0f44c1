//! 3.1: which request is answered in which state.

use usbd_acm::SetupPacket;
use usbd_acm::State::{Address, Configured, Default};
use usbd_acm_tests::{Subject, each_device_in};
use usbd_acm_virtual::host::request;

const ALL: [usbd_acm::State; 3] = [Default, Address, Configured];

fn setup(request_type: u8, request: u8, value: u16, index: u16, length: u16) -> SetupPacket {
    SetupPacket { request_type, request, value, index, length }
}

fn is_configured(subject: &mut Subject) -> bool {
    subject.read(request::get_configuration()) == [1]
}

#[test]
fn wire_3_1_get_descriptor() {
    each_device_in(&ALL, |subject| {
        let golden = subject.golden;
        assert_eq!(subject.read(request::get_descriptor(request::DEVICE, 0, 255)), golden.device);
        let configuration = request::get_descriptor(request::CONFIGURATION, 0, 4096);
        assert_eq!(subject.read(configuration), golden.configuration);
        // Interface and endpoint descriptors are not directly readable; there is no BOS.
        for kind in [4, 5, 0x0B, 0x24, request::BOS] {
            subject.refuses(request::get_descriptor(kind, 0, 18));
        }
        for kind in [request::DEVICE, request::CONFIGURATION, 6, 7] {
            (1..=255).for_each(|i| subject.refuses(request::get_descriptor(kind, i, 18)));
        }
        // GET_DESCRIPTOR has the device as recipient.
        subject.refuses(setup(0x81, 6, 0x0100, 0, 18));
        subject.refuses(setup(0x82, 6, 0x0100, 0x81, 18));
    });
}

#[test]
fn wire_3_1_set_descriptor() {
    each_device_in(&ALL, |subject| {
        for (value, index) in [(0x0100, 0), (0x0200, 0), (0x0301, 0x0409)] {
            subject.refuses(setup(0x00, 7, value, index, 0));
            let data = subject.host.control_out(setup(0x00, 7, value, index, 18), &[1; 18]);
            assert!(data.is_err());
            subject.is_alive();
        }
    });
}

#[test]
fn wire_3_1_get_configuration() {
    each_device_in(&[Default, Address], |subject| {
        assert_eq!(subject.read(request::get_configuration()), [0]);
    });
    each_device_in(&[Configured], |subject| {
        let value = subject.golden.configuration[5];
        assert_eq!(subject.read(request::get_configuration()), [value]);
    });
}

#[test]
fn wire_3_1_set_configuration() {
    each_device_in(&[Default], |subject| {
        [0, 1, 2].into_iter().for_each(|v| subject.refuses(request::set_configuration(v)));
    });
    each_device_in(&[Address, Configured], |subject| {
        let before = is_configured(subject);
        // The upper byte is reserved: STALL rather than masked.
        for value in [2, 255, 0x0100, 0x0101, 0xFF01] {
            subject.refuses(setup(0, 9, value, 0, 0));
            assert_eq!(is_configured(subject), before, "wValue {value:#06x}");
        }
        for (index, length) in [(1, 0), (0, 1), (0x0100, 0)] {
            subject.refuses(setup(0, 9, 1, index, length));
        }
        for (value, configured) in [(1, true), (0, false), (0, false), (1, true)] {
            subject.accepts(request::set_configuration(value));
            assert_eq!(is_configured(subject), configured);
        }
    });
}

#[test]
fn wire_3_1_get_interface() {
    each_device_in(&[Default, Address], |subject| {
        (0..4).for_each(|interface| subject.refuses(request::get_interface(interface)));
    });
    each_device_in(&[Configured], |subject| {
        let present = 2 * subject.golden.ports;
        for interface in 0..present {
            assert_eq!(subject.read(request::get_interface(interface)), [0]);
            // Free: wLength other than 1 is answered with what there is.
            assert_eq!(subject.read(setup(0x81, 10, 0, u16::from(interface), 64)), [0]);
        }
        for interface in present..=255 {
            subject.refuses(request::get_interface(interface));
        }
        subject.refuses(setup(0x81, 10, 0, 0x0100, 1));
    });
}

#[test]
fn wire_3_1_set_interface() {
    each_device_in(&[Default, Address], |subject| {
        subject.refuses(request::set_interface(0, 0));
        subject.refuses(request::set_interface(1, 0));
    });
    each_device_in(&[Configured], |subject| {
        let present = 2 * subject.golden.ports;
        for interface in 0..present {
            subject.accepts(request::set_interface(interface, 0));
            subject.refuses(request::set_interface(interface, 1));
            subject.refuses(setup(1, 11, 0x0100, u16::from(interface), 0));
        }
        (present..=255).for_each(|other| subject.refuses(request::set_interface(other, 0)));
        subject.refuses(setup(1, 11, 0, 0x0100, 0));
    });
}

#[test]
fn wire_3_1_get_status_device() {
    each_device_in(&ALL, |subject| {
        assert_eq!(subject.read(request::get_device_status()), [0, 0]);
        subject.refuses(setup(0x80, 0, 0, 1, 2));
    });
    each_device_in(&[Address, Configured], |subject| {
        subject.accepts(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP));
        assert_eq!(subject.read(request::get_device_status()), [2, 0]);
    });
}

#[test]
fn wire_3_1_get_status_interface() {
    each_device_in(&[Default, Address], |subject| {
        subject.refuses(request::get_interface_status(0));
        subject.refuses(request::get_interface_status(1));
    });
    each_device_in(&[Configured], |subject| {
        let present = 2 * subject.golden.ports;
        for interface in 0..present {
            assert_eq!(subject.read(request::get_interface_status(interface)), [0, 0]);
        }
        (present..=255).for_each(|other| subject.refuses(request::get_interface_status(other)));
        subject.refuses(setup(0x81, 0, 0, 0x0100, 2));
    });
}

#[test]
fn wire_3_1_get_status_endpoint() {
    each_device_in(&ALL, |subject| {
        let configured = is_configured(subject);
        for index in 0..=0x1FF {
            let is_present = match u8::try_from(index) {
                Ok(0x00 | 0x80) => true,
                Ok(byte) => configured && subject.golden.endpoints.contains(&byte),
                // Reserved bits are not masked.
                Err(_) => false,
            };
            let status = setup(0x82, 0, 0, index, 2);
            match is_present {
                true => assert_eq!(subject.read(status), [0, 0], "{index:#x}"),
                false => subject.refuses(status),
            }
        }
    });
}

#[test]
fn wire_3_1_clear_feature() {
    each_device_in(&[Default], |subject| {
        subject.refuses(setup(0, 1, request::DEVICE_REMOTE_WAKEUP, 0, 0));
        subject.refuses(setup(2, 1, request::ENDPOINT_HALT, 0, 0));
    });
    each_device_in(&[Address, Configured], |subject| {
        let configured = is_configured(subject);
        subject.accepts(setup(0, 1, request::DEVICE_REMOTE_WAKEUP, 0, 0));
        // On the default pipe it is accepted, and does nothing.
        subject.accepts(setup(2, 1, request::ENDPOINT_HALT, 0x00, 0));
        subject.accepts(setup(2, 1, request::ENDPOINT_HALT, 0x80, 0));
        for endpoint in subject.golden.endpoints {
            let clear = setup(2, 1, request::ENDPOINT_HALT, u16::from(*endpoint), 0);
            match configured {
                true => subject.accepts(clear),
                false => subject.refuses(clear),
            }
        }
        // TEST_MODE cannot be cleared; interfaces have no feature; wLength is 0.
        subject.refuses(setup(0, 1, 2, 0, 0));
        subject.refuses(setup(1, 1, 0, 0, 0));
        subject.refuses(setup(0, 1, request::DEVICE_REMOTE_WAKEUP, 0, 1));
    });
}

#[test]
fn wire_3_1_set_feature() {
    each_device_in(&[Default], |subject| {
        subject.refuses(setup(0, 3, request::DEVICE_REMOTE_WAKEUP, 0, 0));
    });
    each_device_in(&ALL, |subject| {
        // Halt is "neither required nor recommended" for the default pipe.
        subject.refuses(setup(2, 3, request::ENDPOINT_HALT, 0x00, 0));
        subject.refuses(setup(2, 3, request::ENDPOINT_HALT, 0x80, 0));
        assert_eq!(subject.read(setup(0x82, 0, 0, 0, 2)), [0, 0]);
        subject.refuses(setup(1, 3, 0, 0, 0));
    });
    each_device_in(&[Address, Configured], |subject| {
        let configured = is_configured(subject);
        subject.accepts(setup(0, 3, request::DEVICE_REMOTE_WAKEUP, 0, 0));
        for endpoint in subject.golden.endpoints {
            let halt = setup(2, 3, request::ENDPOINT_HALT, u16::from(*endpoint), 0);
            match configured {
                true => subject.accepts(halt),
                false => subject.refuses(halt),
            }
        }
    });
}

#[test]
fn wire_3_1_set_feature_test_mode() {
    each_device_in(&ALL, |subject| {
        for test_selector in 0..=255u16 {
            if !(subject.golden.test_modes && (1..=4).contains(&test_selector)) {
                subject.refuses(setup(0, 3, 2, test_selector << 8, 0));
            }
        }
        // Reserved bits of wIndex, a data stage, other recipients, another request, another feature.
        subject.refuses(setup(0, 3, 2, 0x0101, 0));
        subject.refuses_any(setup(0, 3, 2, 0x0100, 1));
        subject.refuses(setup(1, 3, 2, 0x0100, 0));
        subject.refuses(setup(2, 3, 2, 0x0100, 0));
        subject.refuses(setup(0, 1, 2, 0x0100, 0));
        subject.refuses(setup(0, 3, 3, 0x0100, 0));
    });
}

#[test]
fn wire_3_1_synch_frame() {
    each_device_in(&ALL, |subject| {
        for endpoint in [0x00, 0x01, 0x81, 0x82] {
            subject.refuses(setup(0x82, 12, 0, endpoint, 2));
        }
    });
}

#[test]
fn wire_3_1_what_does_not_exist() {
    each_device_in(&ALL, |subject| {
        // Reserved type, reserved recipients, vendor requests.
        for request_type in [0x60, 0xE0, 0x03, 0x83, 0x04, 0x9F, 0x40, 0xC0, 0x41, 0xC2] {
            for request in [0, 1, 5, 6, 8, 9, 0x20, 0x21] {
                let (value, length) = (1, u16::from(request_type >> 7) * 2);
                subject.refuses(setup(request_type, request, value, 0, length));
            }
        }
        // Unknown standard requests.
        for request in (13..=255).chain([2, 4]) {
            subject.refuses(setup(0x00, request, 0, 0, 0));
            subject.refuses(setup(0x80, request, 0, 0, 1));
        }
        // Wrong direction, also where there is no data stage.
        for length in [0, 1, 18] {
            for request in [0, 6, 8, 10] {
                subject.refuses(setup(request.min(1), request, 0x0100, 0, length));
            }
            for request in [1, 3, 5, 9, 11] {
                subject.refuses(setup(0x80, request, 1, 0, length));
            }
        }
    });
}
