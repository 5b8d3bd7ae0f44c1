//! Packets from the guest. All numbers are little-endian, structures are packed.

use usbd_acm::SetupPacket;

use super::kind;

/// Capabilities that this side offers, and no more: bulk streams would change the endpoint table,
/// and bulk receiving is for devices that talk unasked.
/// A guest without one of them is refused: the layout of packets depends on what both sides have.
pub const CAPABILITIES: u32 =
    CONNECT_DEVICE_VERSION | EP_INFO_MAX_PACKET_SIZE | WIDE_IDS | WIDE_BULK_LENGTH;
const CONNECT_DEVICE_VERSION: u32 = 1 << 1;
const EP_INFO_MAX_PACKET_SIZE: u32 = 1 << 4;
const WIDE_IDS: u32 = 1 << 5;
const WIDE_BULK_LENGTH: u32 = 1 << 6;

/// Length of the version text in a hello.
pub(super) const VERSION_LENGTH: usize = 64;
/// More than any guest asks for at once, and little enough to hold.
const LONGEST_PACKET: usize = 16 << 20;

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
