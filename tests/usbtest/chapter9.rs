//! Cases 9 and 10: what `usbtest` asks any device.

use usbd_acm::SetupPacket;
use usbd_acm::State::Configured;
use usbd_acm_tests::{Subject, each_device_in};
use usbd_acm_virtual::host::TransferError;
use usbd_acm_virtual::host::request::{
    self, BOS, CONFIGURATION, DEVICE, DEVICE_QUALIFIER, get_descriptor, get_string,
};

const STALL: Result<Vec<u8>, TransferError> = Err(TransferError::Stall);

/// `is_good_config`: lengths, types and reserved bits of all that is in a configuration.
fn is_good_config(configuration: &[u8], asked: usize) {
    let total = usize::from(u16::from_le_bytes([configuration[2], configuration[3]]));
    assert_eq!((configuration[0], configuration[1]), (9, 2));
    assert_eq!(configuration.len(), total.min(asked));
    assert_eq!(configuration[7] & 0x80, 0x80, "must be set");
    assert_eq!(configuration[7] & 0x1F, 0, "reserved");
    let mut rest = &configuration[9..];
    while let [length, kind, ..] = *rest {
        match kind {
            4 => assert!(length >= 9, "interface"),
            5 => assert!(length >= 7, "endpoint"),
            _ => assert!(length >= 2),
        }
        if usize::from(length) > rest.len() {
            assert!(asked < total, "cut by the host, not by the device");
            break;
        }
        rest = &rest[usize::from(length)..];
    }
}

fn config(subject: &mut Subject, asked: u16) {
    let configuration = subject.read(get_descriptor(CONFIGURATION, 0, asked));
    is_good_config(&configuration, usize::from(asked));
}

#[test]
fn usbtest_09_chapter_9_subset() {
    each_device_in(&[Configured], |subject| {
        for _ in 0..20 {
            for interface in 0..2 * subject.golden.ports {
                subject.accepts(request::set_interface(interface, 0));
                assert_eq!(subject.read(request::get_interface(interface)), [0]);
            }
            let value = subject.golden.configuration[5];
            assert_eq!(subject.read(request::get_configuration()), [value]);
            let device = subject.read(get_descriptor(DEVICE, 0, 18));
            assert_eq!(device.len(), 18);
            assert!(u16::from_le_bytes([device[2], device[3]]) < 0x0210, "no BOS is due");
            config(subject, 4096);
            match subject.host.control_in(get_descriptor(DEVICE_QUALIFIER, 0, 10)) {
                Ok(qualifier) => assert_eq!((qualifier.len(), qualifier[1]), (10, 6)),
                Err(error) => assert_eq!(error, TransferError::Stall),
            }
            assert_eq!(subject.read(request::get_device_status()).len(), 2);
            for interface in 0..2 * subject.golden.ports {
                assert_eq!(subject.read(request::get_interface_status(interface)).len(), 2);
            }
        }
    });
}

/// The 16 control messages of `test_ctrl_queue`, of which each is in flight with the others.
fn sub_case(subject: &mut Subject, number: usize) {
    let read = |subject: &mut Subject, setup| subject.host.control_in(setup);
    let packet_size = u16::from(subject.golden.device[7]);
    let of_ep0 = |request_type, request, length| SetupPacket {
        request_type,
        request,
        value: 0,
        index: 0,
        length,
    };
    match number {
        0 => assert_eq!(subject.read(get_descriptor(DEVICE, 0, 18)).len(), 18),
        1 => config(subject, 9),
        2 => assert_eq!(subject.read(request::get_interface(0)), [0]),
        3 => assert_eq!(subject.read(request::get_interface_status(0)), [0, 0]),
        4 => assert_eq!(subject.read(request::get_device_status()).len(), 2),
        5 => {
            let qualifier = read(subject, get_descriptor(DEVICE_QUALIFIER, 0, 10));
            assert_eq!(qualifier.is_ok(), subject.golden.qualifier.is_some());
        }
        6 => config(subject, 9 + 9),
        7 => assert_eq!(read(subject, get_descriptor(4, 0, 9)), STALL, "interface descriptor"),
        8 => assert_eq!(subject.out(of_ep0(2, 1, 0)), Ok(()), "CLEAR_HALT of EP0"),
        9 => assert_eq!(subject.read(of_ep0(0x82, 0, 2)), [0, 0], "GET_STATUS of EP0"),
        10 => config(subject, 1024),
        11 => assert_eq!(read(subject, get_descriptor(5, 0, 7)), STALL, "endpoint descriptor"),
        12 => assert_eq!(subject.read(get_string(0, 0, 4)), [4, 3, 9, 4]),
        13 => config(subject, 1024 - packet_size),
        14 => assert_eq!(subject.read(get_descriptor(DEVICE, 0, packet_size)).len(), 18),
        _ => assert_eq!(read(subject, get_descriptor(BOS, 0, 12)), STALL, "bcdUSB below 0x0201"),
    }
}

#[test]
fn usbtest_10_control_queue() {
    each_device_in(&[Configured], |subject| {
        for round in 0..50 {
            for number in 0..16 {
                sub_case(subject, (number + round) % 16);
            }
        }
        // Every order of two, with two STALLs in a row among them.
        for (first, second) in (0..16).flat_map(|first| (0..16).map(move |n| (first, n))) {
            sub_case(subject, first);
            sub_case(subject, second);
        }
        assert_eq!(subject.read(request::get_configuration()), [1]);
    });
}
