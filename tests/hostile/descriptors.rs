//! The configuration space of the descriptor builder, at run time, and any bytes to the parser.

use usbd_acm::Speed;
use usbd_acm::descriptors::parse::{Configuration, Device, DeviceQualifier, Listing, parse_string};
use usbd_acm::descriptors::{
    ConfigurationKind, EndpointSet, PortEndpoints, Power, Product, configuration,
    configuration_length, device, device_qualifier, try_allocate_endpoints,
};

const TEXTS: [&str; 4] = ["", "Example", "µ😀", "0123456789ABCDEF0123456789ABCDEF"];

/// A product that the input describes: what is made of it reads back as it was meant. The rest of
/// the input is read as descriptors.
///
/// # Panics
/// When that does not hold.
pub fn descriptors(input: &[u8]) {
    let Some((&head, rest)) = input.split_first_chunk::<16>() else { return };
    survives(rest);
    let product = product(head);
    match (product.ports, product.interface_association) {
        (1, true) => made::<1, 75>(&product),
        (1, false) => made::<1, 67>(&product),
        (2, _) => made::<2, 141>(&product),
        (3, _) => made::<3, 207>(&product),
        _ => made::<4, 273>(&product),
    }
}

/// Every one of them is legal, but for endpoints that may not suffice.
fn product(bytes: [u8; 16]) -> Product {
    let word = |index: usize| u16::from_le_bytes([bytes[index], bytes[index + 1]]);
    let bcd = |value: u8| u16::from(value / 10 % 10) << 4 | u16::from(value % 10);
    let text = |value: u8| TEXTS[usize::from(value) % TEXTS.len()];
    let ports = 1 + usize::from(bytes[0] & 3);
    Product {
        endpoints: EndpointSet {
            in_numbers: word(1),
            out_numbers: word(3),
            shared_numbers: bytes[0] & 4 != 0,
        },
        ports,
        vendor_id: word(5).max(1),
        product_id: word(7),
        device_release: bcd(bytes[9]) << 8 | bcd(bytes[10]),
        manufacturer: text(bytes[11]),
        product: text(bytes[12]),
        serial_number: text(bytes[13]),
        power: match bytes[0] & 8 {
            0 => Power::Bus { milliamps: word(14) % 501 },
            _ => Power::SelfPowered { milliamps: word(14) % 101 },
        },
        remote_wakeup: bytes[0] & 16 != 0,
        interface_association: ports > 1 || bytes[0] & 32 != 0,
        high_speed: bytes[0] & 64 != 0,
    }
    .checked()
}

fn made<const PORTS: usize, const LENGTH: usize>(product: &Product) {
    assert_eq!(configuration_length(product), LENGTH);
    device_reads_back(product);
    let Some(ports) = try_allocate_endpoints::<PORTS>(product.endpoints) else { return };
    for speed in [Speed::Full, Speed::High] {
        for kind in [ConfigurationKind::Current, ConfigurationKind::OtherSpeed] {
            let bytes = configuration::<PORTS, LENGTH>(product, &ports, speed, kind);
            reads_back(product, &ports, &bytes, speed);
        }
    }
}

fn device_reads_back(product: &Product) {
    for at_run_time in [false, true] {
        let device = Device::parse(&device(product, at_run_time)).expect("a legal descriptor");
        assert_eq!((device.vendor_id, device.product_id), (product.vendor_id, product.product_id));
        assert_eq!(device.device_release, product.device_release);
        assert_eq!(device.ep0_packet_size, 64);
        assert_eq!(device.manufacturer != 0, !product.manufacturer.is_empty());
        assert_eq!(device.product != 0, !product.product.is_empty());
        assert_eq!(device.serial_number != 0, at_run_time || !product.serial_number.is_empty());
        let qualifier = DeviceQualifier::parse(&device_qualifier(product)).expect("legal");
        assert_eq!(format!("{:?}", qualifier.class), format!("{:?}", device.class));
    }
}

fn reads_back(product: &Product, ports: &[PortEndpoints], bytes: &[u8], speed: Speed) {
    let configuration = Configuration::parse(bytes).expect("a legal configuration");
    assert_eq!(configuration.check_speed(speed), Ok(()));
    assert_eq!(usize::from(configuration.header.total_length), bytes.len());
    assert_eq!(bytes[7], product.attributes().to_byte());
    assert_eq!(bytes[8], product.max_power().to_byte());
    let associations = if product.interface_association { ports.len() } else { 0 };
    assert_eq!(configuration.associations.len(), associations);
    let found = configuration.serial_ports();
    assert_eq!(found.iter().map(|(_, _, endpoints)| *endpoints).collect::<Vec<_>>(), ports);
    let interfaces: Vec<u8> =
        found.iter().flat_map(|(control, data, _)| [*control, *data]).collect();
    assert!((0..).zip(&interfaces).all(|(expected, interface): (u8, _)| expected == *interface));
}

/// The parser refuses what is wrong, and survives everything.
fn survives(bytes: &[u8]) {
    let _ = (Device::parse(bytes), DeviceQualifier::parse(bytes), parse_string(bytes));
    if let Ok(configuration) = Configuration::parse(bytes) {
        assert!(usize::from(configuration.header.total_length) <= bytes.len());
        let _ = configuration.check_speed(Speed::Full);
        let _ = configuration.serial_ports();
    }
    let _ = Listing(bytes).to_string();
}
