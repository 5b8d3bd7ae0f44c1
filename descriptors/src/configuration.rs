//! The configuration: 9 bytes, and 66 for each port, 8 of them for its interface association.

use crate::bytes::Bytes;
use crate::{
    ACM_CAPABILITIES, CONFIGURATION_VALUE, EndpointAddress, NOTIFICATION_INTERVAL_MS,
    NOTIFICATION_PACKET_SIZE, PortEndpoints, Product, Speed, TransferType, communication_interface,
    data_interface,
};

/// Which of the two descriptors with the layout of a configuration (USB 2.0 §9.6.3, §9.6.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ConfigurationKind {
    /// CONFIGURATION: at the speed the device runs at.
    Current = 2,
    /// OTHER_SPEED_CONFIGURATION: at the speed the device does not run at.
    OtherSpeed = 7,
}

const INTERFACE: u8 = 4;
const ENDPOINT: u8 = 5;
const INTERFACE_ASSOCIATION: u8 = 0x0B;
const CS_INTERFACE: u8 = 0x24;

/// Class, subclass and protocol of the communication interface: ACM without AT commands
/// (CDC 1.2 §4.2 to §4.4).
pub const COMMUNICATION_ACM: [u8; 3] = [0x02, 0x02, 0x00];
/// Class, subclass and protocol of the data interface (CDC 1.2 §4.5 to §4.7).
pub const CDC_DATA: [u8; 3] = [0x0A, 0x00, 0x00];
/// bcdCDC.
const CDC_RELEASE: [u8; 2] = 0x0120u16.to_le_bytes();

const CONFIGURATION_LENGTH: usize = 9;
const ASSOCIATION_LENGTH: usize = 8;
const FUNCTIONAL_LENGTH: usize = 5 + 5 + 4 + 5;
const PORT_LENGTH: usize = 9 + FUNCTIONAL_LENGTH + 7 + 9 + 7 + 7;

/// wTotalLength of the configuration of a product, in bytes.
pub const fn configuration_length(product: &Product) -> usize {
    let association = if product.interface_association { ASSOCIATION_LENGTH } else { 0 };
    CONFIGURATION_LENGTH + (association + PORT_LENGTH) * product.ports
}

/// The whole configuration of a product at `speed`, with the endpoints of its ports from
/// [`allocate_endpoints`](crate::allocate_endpoints) and `LEN` from [`configuration_length`].
///
/// # Panics
/// When the product is not legal, or `LEN` is another length: at compile time, where descriptors
/// are made.
pub const fn configuration<const PORTS: usize, const LEN: usize>(
    product: &Product,
    ports: &[PortEndpoints; PORTS],
    speed: Speed,
    kind: ConfigurationKind,
) -> [u8; LEN] {
    let mut out = Bytes::<LEN>::new();
    let [length_low, length_high, ..] = LEN.to_le_bytes();
    let [interfaces, ..] = (2 * PORTS).to_le_bytes();
    out.push(&[9, kind as u8, length_low, length_high, interfaces, CONFIGURATION_VALUE, 0]);
    out.push(&[product.attributes().to_byte(), product.max_power().to_byte()]);
    let mut port = 0;
    while (port as usize) < PORTS {
        if product.interface_association {
            push_association(&mut out, port);
        }
        push_port(&mut out, port, ports[port as usize], speed);
        port += 1;
    }
    out.finish()
}

const fn push_association<const LEN: usize>(out: &mut Bytes<LEN>, port: u8) {
    out.push(&[8, INTERFACE_ASSOCIATION, communication_interface(port), 2]);
    out.push(&COMMUNICATION_ACM);
    out.push(&[0]);
}

const fn push_port<const LEN: usize>(
    out: &mut Bytes<LEN>,
    port: u8,
    endpoints: PortEndpoints,
    speed: Speed,
) {
    push_interface(out, communication_interface(port), 1, COMMUNICATION_ACM);
    out.push(&functional_descriptors(communication_interface(port), data_interface(port)));
    push_notification(out, endpoints.notification, speed);
    push_interface(out, data_interface(port), 2, CDC_DATA);
    push_bulk(out, endpoints.data_out, speed);
    push_bulk(out, endpoints.data_in, speed);
}

const fn push_interface<const LEN: usize>(
    out: &mut Bytes<LEN>,
    number: u8,
    endpoints: u8,
    class: [u8; 3],
) {
    out.push(&[9, INTERFACE, number, 0, endpoints]);
    out.push(&class);
    out.push(&[0]);
}

/// Header, call management, ACM and union functional descriptors of a port with these interfaces
/// (CDC 1.2 §5.2.3, PSTN 1.2 §5.3).
pub const fn functional_descriptors(communication: u8, data: u8) -> [u8; FUNCTIONAL_LENGTH] {
    let mut out = Bytes::new();
    out.push(&[5, CS_INTERFACE, 0x00]);
    out.push(&CDC_RELEASE);
    // PSTN 1.2 §5.3.1: the device does not handle calls.
    out.push(&[5, CS_INTERFACE, 0x01, 0x00, data]);
    out.push(&[4, CS_INTERFACE, 0x02, ACM_CAPABILITIES.to_byte()]);
    out.push(&[5, CS_INTERFACE, 0x06, communication, data]);
    out.finish()
}

const fn push_notification<const LEN: usize>(
    out: &mut Bytes<LEN>,
    address: EndpointAddress,
    speed: Speed,
) {
    let interval = notification_interval(speed);
    push_endpoint(out, address, TransferType::Interrupt, NOTIFICATION_PACKET_SIZE, interval);
}

const fn push_bulk<const LEN: usize>(out: &mut Bytes<LEN>, address: EndpointAddress, speed: Speed) {
    push_endpoint(out, address, TransferType::Bulk, speed.bulk_packet_size(), 0);
}

const fn push_endpoint<const LEN: usize>(
    out: &mut Bytes<LEN>,
    address: EndpointAddress,
    transfer_type: TransferType,
    packet_size: u16,
    interval: u8,
) {
    out.push(&[7, ENDPOINT, address.to_byte(), transfer_type as u8]);
    out.push(&packet_size.to_le_bytes());
    out.push(&[interval]);
}

/// bInterval of an interrupt endpoint (USB 2.0 table 9-13).
const fn notification_interval(speed: Speed) -> u8 {
    match speed {
        // Frames of 1 ms.
        Speed::Full => NOTIFICATION_INTERVAL_MS,
        // 2^(bInterval-1) microframes of 125 µs.
        Speed::High => {
            let microframes = NOTIFICATION_INTERVAL_MS as u16 * 8;
            let [exponent, ..] = microframes.ilog2().to_le_bytes();
            exponent + 1
        }
    }
}
