//! The parser reads back what was made, refuses what is wrong, and survives everything.

use proptest::prelude::*;
use usbd_acm_descriptors::parse::{
    Configuration, Descriptor, Device, DeviceQualifier, ErrorKind, Functional, Listing, ParseError,
    Walk, parse_languages, parse_string,
};
use usbd_acm_descriptors::{
    Descriptors, EndpointSet, Speed, communication_interface, data_interface, descriptors,
};

macro_rules! of_ports {
    ($ports:literal) => {{
        static DESCRIPTORS: Descriptors<$ports> = descriptors! {
            endpoints: EndpointSet::first(15),
            ports: $ports,
            vendor_id: 0x1209,
            product_id: 0x0001,
            manufacturer: "Example",
            product: "µ😀",
            high_speed: true,
        };
        &DESCRIPTORS
    }};
}

fn reads_back<const PORTS: usize>(descriptors: &Descriptors<PORTS>) {
    for speed in [Speed::Full, Speed::High] {
        let other = if speed == Speed::Full { Speed::High } else { Speed::Full };
        let current = descriptors.configuration(speed);
        let other = descriptors.other_speed_configuration(other).expect("a high-speed set");
        for (bytes, is_other) in [(current, false), (other, true)] {
            let configuration = Configuration::parse(bytes).expect("legal");
            assert_eq!(configuration.check_speed(speed), Ok(()));
            assert_eq!(configuration.header.other_speed, is_other);
            assert_eq!(usize::from(configuration.header.total_length), 9 + 66 * PORTS);
            assert_eq!(configuration.associations.len(), PORTS);
            assert_eq!(configuration.unknown, [] as [&[u8]; 0]);
            ports_read_back(descriptors, &configuration);
        }
    }
}

fn ports_read_back<const PORTS: usize>(
    descriptors: &Descriptors<PORTS>,
    configuration: &Configuration<'_>,
) {
    let expected: Vec<_> = (0u8..)
        .zip(descriptors.ports())
        .map(|(i, port)| (communication_interface(i), data_interface(i), *port))
        .collect();
    assert_eq!(configuration.serial_ports(), expected);
    for (i, (_, association)) in (0u8..).zip(&configuration.associations) {
        assert_eq!(association.first_interface, communication_interface(i));
        assert_eq!(association.interfaces, 2);
    }
    for interface in &configuration.interfaces {
        assert_eq!(interface.unknown, [] as [&[u8]; 0]);
        let functional: Vec<_> = interface.functional.iter().map(|(_, f)| *f).collect();
        let number = interface.header.number;
        if number % 2 == 1 {
            assert_eq!(functional, []);
            continue;
        }
        let expected = [
            Functional::Header { release: 0x0120 },
            Functional::CallManagement { capabilities: 0, data_interface: number + 1 },
            Functional::Acm { capabilities: 0x06 },
            Functional::Union { control: number, subordinate: &[number + 1] },
        ];
        assert_eq!(functional, expected);
    }
}

#[test]
fn every_number_of_ports_at_both_speeds() {
    reads_back(of_ports!(1));
    reads_back(of_ports!(2));
    reads_back(of_ports!(3));
    reads_back(of_ports!(4));
    reads_back(of_ports!(5));
    reads_back(of_ports!(6));
    reads_back(of_ports!(7));
}

#[test]
fn the_walk_loses_no_byte() {
    let bytes = of_ports!(3).configuration(Speed::High);
    let items: Vec<_> = Walk::new(bytes).map(|item| item.expect("legal")).collect();
    assert_eq!(items.iter().flat_map(|item| item.bytes).copied().collect::<Vec<_>>(), bytes);
    assert!(items.iter().all(|item| bytes[item.offset..].starts_with(item.bytes)));
    assert_eq!(items.len(), 1 + 3 * 10);
}

#[test]
fn device_and_qualifier() {
    let device = Device::parse(of_ports!(1).device()).expect("legal");
    assert_eq!((device.usb_release, device.vendor_id, device.product_id), (0x0200, 0x1209, 1));
    assert_eq!((device.manufacturer, device.product, device.serial_number), (1, 2, 0));
    assert_eq!((device.device_release, device.configurations), (0x0100, 1));
    let qualifier = of_ports!(1).device_qualifier().expect("a high-speed set");
    let qualifier = DeviceQualifier::parse(qualifier).expect("legal");
    assert_eq!((qualifier.usb_release, qualifier.class), (device.usb_release, device.class));
    assert_eq!((qualifier.ep0_packet_size, qualifier.configurations), (64, 1));

    let mut wrong = [0; 18];
    wrong.copy_from_slice(of_ports!(1).device());
    wrong[7] = 63;
    assert_eq!(Device::parse(&wrong).unwrap_err().kind, ErrorKind::Ep0PacketSize(63));
    wrong[0] = 17;
    let too_short = ErrorKind::TooShort { descriptor_type: 1, length: 17, least: 18 };
    assert_eq!(Device::parse(&wrong).unwrap_err().kind, too_short);
    wrong[0] = 18;
    let truncated = ErrorKind::Truncated { length: 18, left: 17 };
    assert_eq!(Device::parse(&wrong[..17]).unwrap_err().kind, truncated);
    let unexpected = ErrorKind::UnexpectedType { found: 1 };
    assert_eq!(DeviceQualifier::parse(&wrong).unwrap_err().kind, unexpected);
}

#[test]
fn strings() {
    let string = |index| of_ports!(1).string(index, 0x0409).expect("given");
    assert_eq!(parse_languages(string(0)), Ok(vec![0x0409]));
    assert_eq!(parse_string(string(1)).as_deref(), Ok("Example"));
    assert_eq!(parse_string(string(2)).as_deref(), Ok("µ😀"));
    let kind = |bytes| parse_string(bytes).map_err(|error| error.kind);
    assert_eq!(kind(&[3, 3, 0x41]), Err(ErrorKind::OddLength(3)));
    assert_eq!(kind(&[4, 3, 0x00, 0xD8]), Err(ErrorKind::NotUtf16));
    assert_eq!(kind(&[4, 1, 0x41, 0]), Err(ErrorKind::UnexpectedType { found: 1 }));
    assert_eq!(kind(&[]), Err(ErrorKind::Truncated { length: 2, left: 0 }));
}

/// The configuration of one port with `bytes` written over it at `offset`.
fn altered(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut all = of_ports!(1).configuration(Speed::Full).to_vec();
    all[offset..offset + bytes.len()].copy_from_slice(bytes);
    all
}

#[test]
fn each_wrong_field_is_named() {
    use ErrorKind::*;
    // Where a byte is written, what, and what is found wrong with the descriptor at which byte.
    #[rustfmt::skip]
    let table: &[(usize, &[u8], usize, ErrorKind)] = &[
        (1, &[1], 0, UnexpectedType { found: 1 }),
        (2, &[76], 0, TotalLength { stated: 76, found: 75 }),
        (4, &[3], 0, InterfaceCount { stated: 3, found: 2 }),
        (5, &[0], 0, ConfigurationValue),
        (7, &[0x00], 0, Attributes(0x00)),
        (7, &[0x81], 0, Attributes(0x81)),
        (8, &[251], 0, MaxPower(251)),
        (9, &[0], 9, TooShort { descriptor_type: 0x0B, length: 0, least: 2 }),
        (9, &[7], 9, TooShort { descriptor_type: 0x0B, length: 7, least: 8 }),
        (11, &[1], 9, NoSuchInterface(2)),
        (12, &[3], 9, NoSuchInterface(2)),
        (18, &[2], 17, UnexpectedType { found: 2 }),
        (19, &[1], 17, InterfaceOrder { number: 1, alternate: 0 }),
        (20, &[1], 0, InterfaceCount { stated: 2, found: 1 }),
        (21, &[2], 17, EndpointCount { stated: 2, found: 1 }),
        (35, &[2], 31, NoSuchInterface(2)),
        (43, &[2], 40, NoSuchInterface(2)),
        (44, &[0], 40, InterfaceClaimedTwice(0)),
        (47, &[0x80], 45, EndpointAddress(0x80)),
        (47, &[0xF2], 45, EndpointAddress(0xF2)),
        (48, &[0x07], 45, Attributes(0x07)),
        (50, &[0x20], 45, PacketSize(0x2010)),
        (70, &[0x01], 68, EndpointTwice(0x01)),
        (68, &[8], 68, Truncated { length: 8, left: 7 }),
    ];
    for &(offset, bytes, at, kind) in table {
        let found = Configuration::parse(&altered(offset, bytes)).map(|_| ());
        assert_eq!(found, Err(ParseError { offset: at, kind }), "{bytes:?} at {offset}");
    }
}

#[test]
fn functional_descriptors_that_are_too_short() {
    // A union without a subordinate interface, an ACM without capabilities.
    let union = Walk::new(&[4, 0x24, 0x06, 0]).next();
    let too_short = ErrorKind::TooShort { descriptor_type: 0x24, length: 4, least: 5 };
    assert_eq!(union, Some(Err(ParseError { offset: 0, kind: too_short })));
    let acm = Walk::new(&[3, 0x24, 0x02]).next();
    let too_short = ErrorKind::TooShort { descriptor_type: 0x24, length: 3, least: 4 };
    assert_eq!(acm, Some(Err(ParseError { offset: 0, kind: too_short })));
}

#[test]
fn packet_sizes_and_intervals_of_the_other_speed_are_wrong() {
    let check = |bytes: &[u8], speed| {
        Configuration::parse(bytes).expect("legal").check_speed(speed).map_err(|error| error.kind)
    };
    let full = of_ports!(1).configuration(Speed::Full);
    let high = of_ports!(1).configuration(Speed::High);
    assert_eq!(check(full, Speed::High), Err(ErrorKind::PacketSize(64)));
    assert_eq!(check(high, Speed::Full), Err(ErrorKind::PacketSize(512)));
    assert_eq!(check(&altered(49, &[65]), Speed::Full), Err(ErrorKind::PacketSize(65)));
    assert_eq!(check(&altered(51, &[0]), Speed::Full), Err(ErrorKind::Interval(0)));
}

#[test]
fn what_is_not_known_is_carried() {
    let mut bytes = of_ports!(1).configuration(Speed::Full).to_vec();
    bytes.splice(9..9, [3, 0x99, 0xAA]);
    bytes.extend([4, 0x24, 0x77, 1, 2, 0x41]);
    bytes[2] += 9;
    let configuration = Configuration::parse(&bytes).expect("legal");
    assert_eq!(configuration.unknown, [[3, 0x99, 0xAA]]);
    let data = configuration.interfaces.last().expect("the data interface");
    assert_eq!(data.functional, [(78, Functional::Other(&[0x77, 1]))]);
    assert_eq!(data.unknown, [[2, 0x41]]);
}

#[test]
fn a_longer_descriptor_is_read_as_far_as_it_is_known() {
    // USB 2.0 §9.5. Audio puts nine bytes into an endpoint descriptor.
    let item = Walk::new(&[9, 5, 0x81, 2, 64, 0, 0, 7, 7]).next();
    let item = item.expect("one").expect("legal");
    let Descriptor::Endpoint(endpoint) = item.descriptor else { panic!("{item:?}") };
    assert_eq!((endpoint.address, endpoint.max_packet_size), (0x81, 64));
    assert_eq!(item.bytes.len(), 9);
}

#[test]
fn a_second_setting_of_an_interface() {
    // The data interface without endpoints first, as devices with a bandwidth to give back do.
    let mut bytes = of_ports!(1).configuration(Speed::Full).to_vec();
    bytes.splice(52..52, [9, 4, 1, 0, 0, 0x0A, 0, 0, 0]);
    bytes[2] += 9;
    bytes[64] = 1;
    assert_eq!(Configuration::parse(&bytes).expect("legal").interfaces.len(), 3);
    bytes[64] = 2;
    let kind = ErrorKind::InterfaceOrder { number: 1, alternate: 2 };
    assert_eq!(Configuration::parse(&bytes).unwrap_err(), ParseError { offset: 61, kind });
}

#[test]
fn an_endpoint_before_any_interface() {
    let bytes = [9, 2, 16, 0, 0, 1, 0, 0x80, 0, 7, 5, 0x81, 2, 64, 0, 0];
    let kind = ErrorKind::EndpointWithoutInterface;
    assert_eq!(Configuration::parse(&bytes).unwrap_err(), ParseError { offset: 9, kind });
}

fn read_everything(bytes: &[u8]) {
    let taken: usize = Walk::new(bytes).flatten().map(|item| item.bytes.len()).sum();
    assert!(taken <= bytes.len());
    assert!(Walk::new(bytes).filter(Result::is_err).count() <= 1);
    let text = Listing(bytes).to_string();
    assert_eq!(text.is_empty(), bytes.is_empty());
    if let Ok(configuration) = Configuration::parse(bytes) {
        let _ = (configuration.check_speed(Speed::Full), configuration.check_speed(Speed::High));
        let _ = configuration.serial_ports();
    }
    if let Err(error) = Configuration::parse(bytes) {
        assert!(error.offset <= bytes.len(), "{error}");
    }
    let _ = (Device::parse(bytes).is_ok(), DeviceQualifier::parse(bytes).is_ok());
    let _ = (parse_string(bytes).is_ok(), parse_languages(bytes).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { ProptestConfig::default().cases },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
    }

    #[test]
    fn descriptors_of_any_content(
        descriptors in prop::collection::vec(
            (prop::sample::select(vec![1u8, 2, 3, 4, 5, 6, 7, 0x0B, 0x24]),
             prop::collection::vec(0u8..12, 0..12)),
            0..12,
        )
    ) {
        let mut bytes = vec![];
        for (descriptor_type, body) in descriptors {
            bytes.push(u8::try_from(body.len() + 2).unwrap());
            bytes.push(descriptor_type);
            bytes.extend(body);
        }
        read_everything(&bytes);
    }

    #[test]
    fn a_legal_configuration_with_some_bytes_changed(
        changes in prop::collection::vec((0usize..141, any::<u8>()), 0..4),
        length in 0usize..=141,
    ) {
        let mut bytes = of_ports!(2).configuration(Speed::High).to_vec();
        for (offset, byte) in changes {
            bytes[offset] = byte;
        }
        read_everything(&bytes);
        read_everything(&bytes[..length]);
    }
}
