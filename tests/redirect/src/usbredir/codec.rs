//! Packets of the usbredir protocol. All numbers are little-endian, structures are packed.

use usbd_acm::SetupPacket;

/// Capabilities that this side offers, and no more: bulk streams would change the endpoint table,
/// and bulk receiving is for devices that talk unasked.
/// A guest without one of them is refused: the layout of packets depends on what both sides have.
pub const CAPABILITIES: u32 =
    CONNECT_DEVICE_VERSION | EP_INFO_MAX_PACKET_SIZE | WIDE_IDS | WIDE_BULK_LENGTH;
const CONNECT_DEVICE_VERSION: u32 = 1 << 1;
const EP_INFO_MAX_PACKET_SIZE: u32 = 1 << 4;
const WIDE_IDS: u32 = 1 << 5;
const WIDE_BULK_LENGTH: u32 = 1 << 6;

const VERSION_LENGTH: usize = 64;
const VERSION: &[u8] = b"usbd-acm redirect";
/// More than any guest asks for at once, and little enough to hold.
const LONGEST_PACKET: usize = 16 << 20;

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

/// What the guest sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// The first packet of a connection.
    Hello {
        /// Bits of its capabilities, the first 32.
        capabilities: u32,
    },
    /// Bus reset.
    Reset,
    /// SET_CONFIGURATION with this value.
    SetConfiguration(u8),
    /// GET_CONFIGURATION.
    GetConfiguration,
    /// SET_INTERFACE.
    SetAlternate {
        /// bInterfaceNumber.
        interface: u8,
        /// bAlternateSetting.
        alternate: u8,
    },
    /// GET_INTERFACE of this interface.
    GetAlternate(u8),
    /// Poll this interrupt IN endpoint from now on.
    StartInterrupt(u8),
    /// Poll this interrupt IN endpoint no longer.
    StopInterrupt(u8),
    /// Give the request with the id of this packet up.
    Cancel,
    /// The guest does not want the device.
    Reject,
    /// A control transfer on EP0 that has no packet of its own.
    Control {
        /// The endpoint byte, as it is to be echoed.
        endpoint: u8,
        /// The SETUP packet.
        setup: SetupPacket,
        /// OUT data stage.
        data: Vec<u8>,
    },
    /// A bulk transfer.
    Bulk {
        /// bEndpointAddress.
        endpoint: u8,
        /// Bytes asked for or sent.
        length: u32,
        /// OUT data.
        data: Vec<u8>,
    },
    /// An interrupt OUT packet.
    InterruptOut {
        /// bEndpointAddress.
        endpoint: u8,
        /// The packet.
        data: Vec<u8>,
    },
    /// A packet that needs nothing done: filters, acknowledgements, isochronous streams, and types
    /// that later versions may have.
    Other(u32),
}

/// The peer broke the protocol; the connection cannot go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// Something else came where the hello belongs.
    NoHello,
    /// The guest lacks one of [`CAPABILITIES`].
    OldGuest,
    /// A length that is too long for any packet.
    TooLong,
    /// A packet shorter than its own header.
    Truncated,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Malformed::NoHello => "the first packet is not a usbredir hello",
            Malformed::OldGuest => "a guest without 64-bit ids or another needed capability",
            Malformed::TooLong => "a packet longer than 16 MiB",
            Malformed::Truncated => "a packet shorter than its header",
        })
    }
}

impl std::error::Error for Malformed {}

/// Cuts the byte stream from the guest into packets.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Whether the guest's hello came: ids have 64 bits from then on.
    greeted: bool,
}

impl Decoder {
    /// Takes bytes in, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole packet with its id, or `None` until more bytes came.
    pub fn next_request(&mut self) -> Result<Option<(u64, Request)>, Malformed> {
        let mut fields = Fields(&self.buffer);
        let Ok(header) = Header::parse(&mut fields, self.greeted) else { return Ok(None) };
        if !self.greeted && header.kind != kind::HELLO {
            return Err(Malformed::NoHello);
        }
        if header.length > LONGEST_PACKET {
            return Err(Malformed::TooLong);
        }
        let Some(body) = fields.0.get(..header.length) else { return Ok(None) };
        let request = parse_body(header.kind, Fields(body))?;
        let rest = fields.0.len() - header.length;
        self.buffer.drain(..self.buffer.len() - rest);
        self.greeted = true;
        Ok(Some((header.id, request)))
    }
}

fn parse_body(kind: u32, mut body: Fields<'_>) -> Result<Request, Malformed> {
    Ok(match kind {
        kind::HELLO => {
            body.take(VERSION_LENGTH)?;
            // A guest of the first version has no such field.
            let capabilities = body.u32().unwrap_or(0);
            if capabilities & CAPABILITIES != CAPABILITIES {
                return Err(Malformed::OldGuest);
            }
            Request::Hello { capabilities }
        }
        kind::RESET => Request::Reset,
        kind::SET_CONFIGURATION => Request::SetConfiguration(body.u8()?),
        kind::GET_CONFIGURATION => Request::GetConfiguration,
        kind::SET_ALTERNATE => {
            Request::SetAlternate { interface: body.u8()?, alternate: body.u8()? }
        }
        kind::GET_ALTERNATE => Request::GetAlternate(body.u8()?),
        kind::START_INTERRUPT => Request::StartInterrupt(body.u8()?),
        kind::STOP_INTERRUPT => Request::StopInterrupt(body.u8()?),
        kind::CANCEL => Request::Cancel,
        kind::FILTER_REJECT => Request::Reject,
        kind::CONTROL => parse_control(body)?,
        kind::BULK => parse_bulk(body)?,
        kind::INTERRUPT => {
            let endpoint = body.u8()?;
            body.take(3)?;
            Request::InterruptOut { endpoint, data: body.0.to_vec() }
        }
        other => Request::Other(other),
    })
}

fn parse_bulk(mut body: Fields<'_>) -> Result<Request, Malformed> {
    let endpoint = body.u8()?;
    let _status = body.u8()?;
    let low = body.u16()?;
    let _stream = body.u32()?;
    let high = body.u16()?;
    let length = u32::from(high) << 16 | u32::from(low);
    Ok(Request::Bulk { endpoint, length, data: body.0.to_vec() })
}

fn parse_control(mut body: Fields<'_>) -> Result<Request, Malformed> {
    let endpoint = body.u8()?;
    let request = body.u8()?;
    let request_type = body.u8()?;
    let _status = body.u8()?;
    let (value, index, length) = (body.u16()?, body.u16()?, body.u16()?);
    let setup = SetupPacket { request_type, request, value, index, length };
    Ok(Request::Control { endpoint, setup, data: body.0.to_vec() })
}

struct Header {
    kind: u32,
    length: usize,
    id: u64,
}

impl Header {
    fn parse(fields: &mut Fields<'_>, wide: bool) -> Result<Self, Malformed> {
        let kind = fields.u32()?;
        let length = usize::try_from(fields.u32()?).map_err(|_| Malformed::TooLong)?;
        let id = if wide { fields.u64()? } else { fields.u32()?.into() };
        Ok(Self { kind, length, id })
    }
}

/// The rest of a packet.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed::Truncated)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }
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

/// Packet types.
mod kind {
    pub const HELLO: u32 = 0;
    pub const DEVICE_CONNECT: u32 = 1;
    pub const DEVICE_DISCONNECT: u32 = 2;
    pub const RESET: u32 = 3;
    pub const INTERFACE_INFO: u32 = 4;
    pub const EP_INFO: u32 = 5;
    pub const SET_CONFIGURATION: u32 = 6;
    pub const GET_CONFIGURATION: u32 = 7;
    pub const CONFIGURATION_STATUS: u32 = 8;
    pub const SET_ALTERNATE: u32 = 9;
    pub const GET_ALTERNATE: u32 = 10;
    pub const ALTERNATE_STATUS: u32 = 11;
    pub const START_INTERRUPT: u32 = 15;
    pub const STOP_INTERRUPT: u32 = 16;
    pub const INTERRUPT_STATUS: u32 = 17;
    pub const CANCEL: u32 = 21;
    pub const FILTER_REJECT: u32 = 22;
    pub const CONTROL: u32 = 100;
    pub const BULK: u32 = 101;
    pub const INTERRUPT: u32 = 103;
}
