//! TD 9.1 to 9.5, 9.8, 9.10 and 9.19: what the descriptors say.

use usbd_acm::State::{Address, Configured, Default};
use usbd_acm::{Speed, TransferType};
use usbd_acm_tests::{Subject, each_device_in};
use usbd_acm_virtual::host::request::{self, get_descriptor, get_string};
use usbd_acm_virtual::host::request::{
    BOS, CONFIGURATION, DEVICE, DEVICE_QUALIFIER, OTHER_SPEED_CONFIGURATION, STRING,
};

use super::parsed::{cut, interfaces};

fn configuration(subject: &mut Subject) -> Vec<u8> {
    subject.read(get_descriptor(CONFIGURATION, 0, 4096))
}

fn check_device_descriptor(subject: &mut Subject) {
    let device = subject.read(get_descriptor(DEVICE, 0, 18));
    assert_eq!(device, subject.golden.device);
    let [length, kind, _, usb_major, class, subclass, protocol, packet_size, ..] = device[..]
    else {
        panic!("{} bytes", device.len());
    };
    assert_eq!((length, kind, usb_major), (18, 1, 2));
    assert!(class != 0 || (subclass, protocol) == (0, 0));
    // USB 2.0 §5.5.3.
    match subject.host.speed() {
        Speed::Full => assert!([8, 16, 32, 64].contains(&packet_size)),
        Speed::High => assert_eq!(packet_size, 64),
    }
    assert_ne!(device[17], 0, "bNumConfigurations");
    for index in &device[14..17] {
        let text = subject.read(get_string(*index, 0x0409, 255));
        assert_eq!((usize::from(text[0]), text[1]), (text.len(), 3));
    }
}

#[test]
fn td_9_1_device_descriptor_default() {
    each_device_in(&[Default], check_device_descriptor);
}

#[test]
fn td_9_1_device_descriptor_addressed() {
    each_device_in(&[Address], check_device_descriptor);
}

#[test]
fn td_9_1_device_descriptor_configured() {
    each_device_in(&[Configured], check_device_descriptor);
}

fn check_configuration_descriptor(subject: &mut Subject) {
    let whole = configuration(subject);
    assert_eq!(whole, subject.golden.configuration);
    assert_eq!((whole[0], whole[1]), (9, CONFIGURATION.to_le_bytes()[0]));
    assert_eq!(usize::from(u16::from_le_bytes([whole[2], whole[3]])), whole.len());
    for length in [1, 2, 8, 9, 10, 63, 64, 65, 74, 75, 76, 255, 4096, 65535] {
        let read = subject.read(get_descriptor(CONFIGURATION, 0, length));
        assert_eq!(read, whole[..whole.len().min(usize::from(length))], "wLength {length}");
    }
    assert_eq!(usize::from(whole[4]), interfaces(&whole).len(), "bNumInterfaces");
    assert_ne!(whole[5], 0, "bConfigurationValue");
    assert_eq!(whole[7] & 0x9F, 0x80, "reserved bits of bmAttributes");
    assert!(whole[8] <= 250, "bMaxPower above 500 mA");
    for part in cut(&whole) {
        assert!([2, 4, 5, 0x0B, 0x24].contains(&part[1]), "descriptor type {}", part[1]);
    }
}

#[test]
fn td_9_2_configuration_descriptor_default() {
    each_device_in(&[Default], check_configuration_descriptor);
}

#[test]
fn td_9_2_configuration_descriptor_addressed() {
    each_device_in(&[Address], check_configuration_descriptor);
}

#[test]
fn td_9_2_configuration_descriptor_configured() {
    each_device_in(&[Configured], check_configuration_descriptor);
}

#[test]
fn td_9_2_invalid_configuration_index() {
    each_device_in(&[Default, Address, Configured], |subject| {
        for index in 1..=255 {
            subject.refuses(get_descriptor(CONFIGURATION, index, 9));
        }
    });
}

#[test]
fn td_9_2_get_status_is_supported() {
    each_device_in(&[Address, Configured], |subject| {
        assert_eq!(subject.read(request::get_device_status()), [0, 0]);
    });
}

#[test]
fn td_9_3_interface_association() {
    each_device_in(&[Address, Configured], |subject| {
        let configuration = configuration(subject);
        let parts = cut(&configuration);
        let numbers: Vec<u8> =
            interfaces(&configuration).iter().map(|interface| interface.descriptor[2]).collect();
        let mut covered = Vec::new();
        for (association, next) in parts.iter().zip(&parts[1..]).filter(|(part, _)| part[1] == 11) {
            let &[8, _, first, count, ref class @ .., _] = *association else { panic!("length") };
            covered.extend(first..first + count);
            // The function has the class of its first interface, which follows.
            assert_eq!((next[1], next[2], &next[5..8]), (4, first, class));
        }
        assert_eq!(covered, numbers, "every interface is in one association, in order");
    });
}

#[test]
fn td_9_4_interface_descriptor() {
    each_device_in(&[Address, Configured], |subject| {
        let configuration = configuration(subject);
        for (number, interface) in (0..).zip(interfaces(&configuration)) {
            let &[length, _, found, alternate, endpoints, class, ..] = interface.descriptor else {
                panic!("short interface descriptor");
            };
            assert_eq!((length, found, alternate), (9, number, 0));
            assert_eq!(usize::from(endpoints), interface.endpoints.len(), "bNumEndpoints");
            assert_eq!(class, if number % 2 == 0 { 2 } else { 0x0A });
        }
    });
}

#[test]
fn td_9_4_alternate_settings() {
    each_device_in(&[Configured], |subject| {
        for interface in 0..2 * subject.golden.ports {
            assert_eq!(subject.read(request::get_interface(interface)), [0], "at the start");
            subject.accepts(request::set_interface(interface, 0));
            assert_eq!(subject.read(request::get_interface(interface)), [0]);
            (1..=255).for_each(|other| subject.refuses(request::set_interface(interface, other)));
            assert_eq!(subject.read(request::get_interface(interface)), [0]);
        }
    });
}

#[test]
fn td_9_5_endpoint_descriptor() {
    each_device_in(&[Address, Configured], |subject| {
        let configuration = configuration(subject);
        let mut addresses = Vec::new();
        for interface in interfaces(&configuration) {
            for endpoint in interface.endpoints {
                check_endpoint(endpoint, subject.host.speed());
                addresses.push(endpoint[2]);
            }
        }
        let before = addresses.len();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), before, "an address is used once");
    });
}

fn check_endpoint(endpoint: &[u8], speed: Speed) {
    let &[7, 5, address, attributes, low, high, interval] = endpoint else {
        panic!("{endpoint:?}");
    };
    assert!(address & 0x70 == 0 && address & 0x0F != 0, "bEndpointAddress {address:#x}");
    let size = u16::from_le_bytes([low, high]);
    // USB 2.0 table 9-13, §5.7.3 and §5.8.3.
    match (attributes, speed) {
        (2, Speed::Full) => assert!([8, 16, 32, 64].contains(&size) && interval == 0),
        (2, Speed::High) => assert_eq!((size, interval), (512, 0)),
        (3, Speed::Full) => assert!(size <= 64 && interval >= 1),
        (3, Speed::High) => assert!(size <= 1024 && (1..=16).contains(&interval)),
        _ => panic!("bmAttributes {attributes:#x} is no {:?}", TransferType::Bulk),
    }
}

#[test]
fn td_9_8_string_descriptors() {
    each_device_in(&[Default, Address, Configured], |subject| {
        let languages = subject.read(get_string(0, 0, 255));
        assert_eq!(languages, [4, 3, 0x09, 0x04]);
        for (index, text) in (1..).zip(subject.golden.strings) {
            let descriptor = subject.read(get_string(index, 0x0409, 255));
            assert_eq!((usize::from(descriptor[0]), descriptor[1]), (descriptor.len(), 3));
            assert!(descriptor.len().is_multiple_of(2));
            let units: Vec<u16> = descriptor[2..]
                .chunks(2)
                .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
                .collect();
            assert_eq!(String::from_utf16_lossy(&units), text);
        }
        (4..=255).for_each(|index| subject.refuses(get_string(index, 0x0409, 255)));
        for language in [0, 0x0407, 0x0809, 0x0909, 0xFFFF] {
            subject.refuses(get_string(1, language, 255));
        }
    });
}

#[test]
fn td_9_10_bad_descriptor() {
    each_device_in(&[Default, Address, Configured], |subject| {
        subject.refuses(get_descriptor(0x42, 0, 18));
        for kind in (0..=255).filter(|kind| ![1, 2, 3, 6, 7].contains(kind)) {
            subject.refuses(get_descriptor(kind, 0, 18));
        }
        for (kind, index) in [(DEVICE, 1), (CONFIGURATION, 1), (STRING, 4), (BOS, 0)] {
            subject.refuses(get_descriptor(kind, index, 18));
        }
    });
}

#[test]
fn td_9_19_device_qualifier_and_other_speed() {
    each_device_in(&[Default, Address, Configured], |subject| {
        let qualifier = get_descriptor(DEVICE_QUALIFIER, 0, 10);
        let other_speed = get_descriptor(OTHER_SPEED_CONFIGURATION, 0, 4096);
        match (subject.golden.qualifier, subject.golden.other_speed) {
            (Some(expected_qualifier), Some(expected_other_speed)) => {
                assert_eq!(subject.read(qualifier), expected_qualifier);
                assert_eq!(subject.read(other_speed), expected_other_speed);
            }
            // A full-speed-only device must STALL, and stay alive.
            _ => {
                subject.refuses(qualifier);
                subject.refuses(other_speed);
            }
        }
    });
}

#[test]
fn td_9_21_no_lpm_is_promised() {
    each_device_in(&[Default, Address, Configured], |subject| {
        let device = subject.read(get_descriptor(DEVICE, 0, 18));
        let release = u16::from_le_bytes([device[2], device[3]]);
        // From 0x0201 on there must be a BOS, from 0x0210 on LPM.
        assert_eq!(release, 0x0200);
        subject.refuses(get_descriptor(BOS, 0, 5));
    });
}
