//! Packets to the guest.

use usbd_acm::SetupPacket;

use super::kind;
use super::request::{CAPABILITIES, VERSION_LENGTH};

const VERSION: &[u8] = b"usbd-acm redirect";

/// Status of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Status {
    /// Done.
    Success = 0,
    /// Ended by a cancel, a reset, or the device's departure.
    Cancelled = 1,
    /// The request makes no sense.
    Invalid = 2,
    /// The device did not answer.
    IoError = 3,
    /// The device answered STALL.
    Stall = 4,
    /// The device answered NAK for too long.
    Timeout = 5,
    /// The device sent more than asked for.
    Babble = 6,
}

/// What the guest has to know to plug the device in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeviceConnect {
    /// Whether the device runs at high speed.
    pub high_speed: bool,
    /// bDeviceClass, bDeviceSubClass, bDeviceProtocol.
    pub class: [u8; 3],
    /// idVendor.
    pub vendor: u16,
    /// idProduct.
    pub product: u16,
    /// bcdDevice.
    pub version: u16,
}

/// Interfaces of the active configuration: number and class triple.
pub type InterfaceTable = Vec<(u8, [u8; 3])>;

/// One row of [`EndpointTable`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndpointRow {
    /// Transfer type as in bmAttributes; 255 where there is no endpoint.
    pub kind: u8,
    /// bInterval, not 0 for an interrupt endpoint.
    pub interval: u8,
    /// bInterfaceNumber.
    pub interface: u8,
    /// wMaxPacketSize, in bytes.
    pub max_packet_size: u16,
}

/// Endpoints 0 to 15 OUT, then IN.
pub type EndpointTable = [EndpointRow; 32];

/// What the usb-host sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The first packet of a connection.
    Hello,
    /// Plug.
    DeviceConnect(DeviceConnect),
    /// Unplug.
    DeviceDisconnect,
    /// Must precede a connect, and the answer to a change of configuration.
    InterfaceInfo(InterfaceTable),
    /// As [`Reply::InterfaceInfo`].
    EndpointInfo(Box<EndpointTable>),
    /// Answer to SET_CONFIGURATION and GET_CONFIGURATION.
    ConfigurationStatus(Status, u8),
    /// Answer to SET_INTERFACE and GET_INTERFACE: interface, alternate setting.
    AlternateStatus(Status, u8, u8),
    /// Answer to start and stop; also unasked, when polling ended by itself.
    InterruptStatus(Status, u8),
    /// Answer to a control transfer: endpoint, request as it came, bytes moved, IN data.
    Control(u8, SetupPacket, Status, u16, Vec<u8>),
    /// Answer to a bulk transfer: endpoint, bytes moved, IN data.
    Bulk(u8, Status, u32, Vec<u8>),
    /// An interrupt packet that came in.
    InterruptIn(u8, Vec<u8>),
    /// Answer to an interrupt OUT packet: endpoint, bytes moved.
    InterruptOut(u8, Status, u16),
}

impl Reply {
    /// Appends the packet to `output`.
    pub fn encode(&self, id: u64, output: &mut Vec<u8>) {
        let (kind, body) = self.body();
        output.extend_from_slice(&kind.to_le_bytes());
        // Bodies are at most `LONGEST_PACKET`, as no request asks for more.
        output.extend_from_slice(&(body.len() as u32).to_le_bytes());
        match self {
            // The hello goes out before it is known whether the guest has 64-bit ids.
            Reply::Hello => output.extend_from_slice(&[0; 4]),
            _ => output.extend_from_slice(&id.to_le_bytes()),
        }
        output.extend_from_slice(&body);
    }

    fn body(&self) -> (u32, Vec<u8>) {
        match self {
            Reply::Hello => (kind::HELLO, hello()),
            Reply::DeviceConnect(device) => (kind::DEVICE_CONNECT, device_connect(device)),
            Reply::DeviceDisconnect => (kind::DEVICE_DISCONNECT, Vec::new()),
            Reply::InterfaceInfo(table) => (kind::INTERFACE_INFO, interface_info(table)),
            Reply::EndpointInfo(table) => (kind::EP_INFO, endpoint_info(table)),
            &Reply::ConfigurationStatus(status, value) => {
                (kind::CONFIGURATION_STATUS, vec![status as u8, value])
            }
            &Reply::AlternateStatus(status, interface, alternate) => {
                (kind::ALTERNATE_STATUS, vec![status as u8, interface, alternate])
            }
            &Reply::InterruptStatus(status, endpoint) => {
                (kind::INTERRUPT_STATUS, vec![status as u8, endpoint])
            }
            Reply::Control(endpoint, setup, status, length, data) => {
                (kind::CONTROL, control(*endpoint, setup, *status, *length, data))
            }
            Reply::Bulk(endpoint, status, length, data) => {
                let [low0, low1, high0, high1] = length.to_le_bytes();
                let mut body = vec![*endpoint, *status as u8, low0, low1, 0, 0, 0, 0, high0, high1];
                body.extend_from_slice(data);
                (kind::BULK, body)
            }
            Reply::InterruptIn(endpoint, data) => {
                let [low, high, ..] = data.len().to_le_bytes();
                let mut body = vec![*endpoint, Status::Success as u8, low, high];
                body.extend_from_slice(data);
                (kind::INTERRUPT, body)
            }
            &Reply::InterruptOut(endpoint, status, length) => {
                let [low, high] = length.to_le_bytes();
                (kind::INTERRUPT, vec![endpoint, status as u8, low, high])
            }
        }
    }
}

fn hello() -> Vec<u8> {
    let mut body = VERSION.to_vec();
    body.resize(VERSION_LENGTH, 0);
    body.extend_from_slice(&CAPABILITIES.to_le_bytes());
    body
}

fn device_connect(device: &DeviceConnect) -> Vec<u8> {
    let mut body = vec![if device.high_speed { 2 } else { 1 }];
    body.extend_from_slice(&device.class);
    for field in [device.vendor, device.product, device.version] {
        body.extend_from_slice(&field.to_le_bytes());
    }
    body
}

fn interface_info(table: &InterfaceTable) -> Vec<u8> {
    let rows: Vec<_> = table.iter().take(32).collect();
    let mut body = vec![0; 4 + 4 * 32];
    if let Some(count) = body.first_mut() {
        *count = u8::try_from(rows.len()).unwrap_or(32);
    }
    for (row, &&(number, [class, subclass, protocol])) in rows.iter().enumerate() {
        for (column, byte) in [number, class, subclass, protocol].into_iter().enumerate() {
            if let Some(cell) = body.get_mut(4 + 32 * column + row) {
                *cell = byte;
            }
        }
    }
    body
}

fn endpoint_info(table: &EndpointTable) -> Vec<u8> {
    let mut body: Vec<u8> = table.iter().map(|row| row.kind).collect();
    body.extend(table.iter().map(|row| row.interval));
    body.extend(table.iter().map(|row| row.interface));
    body.extend(table.iter().flat_map(|row| row.max_packet_size.to_le_bytes()));
    body
}

fn control(endpoint: u8, setup: &SetupPacket, status: Status, length: u16, data: &[u8]) -> Vec<u8> {
    let mut body = vec![endpoint, setup.request, setup.request_type, status as u8];
    for field in [setup.value, setup.index, length] {
        body.extend_from_slice(&field.to_le_bytes());
    }
    body.extend_from_slice(data);
    body
}
