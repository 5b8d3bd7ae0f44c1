//! Messages of USB/IP. All numbers are big-endian.

use usbd_acm::{SetupPacket, Speed};

use crate::configuration::InterfaceInfo;

const VERSION: u16 = 0x0111;
/// More than Linux asks for at once, and little enough to hold.
const LONGEST_TRANSFER: u32 = 16 << 20;
const URB_HEADER: usize = 48;
const OP_HEADER: usize = 8;
const BUS_ID_LENGTH: usize = 32;

/// Flags of a URB that matter here (linux/usb.h).
pub const SHORT_NOT_OK: u32 = 1;
/// A transfer of whole packets ends on an empty one.
pub const ZERO_PACKET: u32 = 0x40;

/// What the client sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// OP_REQ_DEVLIST.
    DeviceList,
    /// OP_REQ_IMPORT with the bus id asked for.
    Import(String),
    /// USBIP_CMD_SUBMIT.
    Submit(Submit),
    /// USBIP_CMD_UNLINK of the URB with this sequence number.
    Unlink {
        /// Sequence number of the unlink itself.
        sequence: u32,
        /// Sequence number of the URB.
        target: u32,
    },
}

/// A URB.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submit {
    /// Sequence number.
    pub sequence: u32,
    /// bEndpointAddress; 0x00 and 0x80 are EP0.
    pub endpoint: u8,
    /// [`SHORT_NOT_OK`], [`ZERO_PACKET`], and others that change nothing.
    pub flags: u32,
    /// Bytes asked for or sent.
    pub length: u32,
    /// SETUP packet, for EP0.
    pub setup: SetupPacket,
    /// OUT data.
    pub data: Vec<u8>,
}

/// The peer broke the protocol; the connection cannot go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// An operation or command that does not exist, or not in this phase.
    Unknown(u32),
    /// A length that is negative or too long.
    Length,
    /// An isochronous URB: our devices have no such endpoint.
    Isochronous,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Malformed::Unknown(code) => write!(f, "unknown command {code:#x}"),
            Malformed::Length => f.write_str("an impossible transfer length"),
            Malformed::Isochronous => f.write_str("an isochronous transfer"),
        }
    }
}

impl std::error::Error for Malformed {}

/// Cuts the byte stream from the client into messages.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Whether the device was imported: URBs follow.
    imported: bool,
}

impl Decoder {
    /// Takes bytes in, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// From now on the client sends URBs.
    pub fn set_imported(&mut self) {
        self.imported = true;
    }

    /// The next whole message, or `None` until more bytes came.
    pub fn next_request(&mut self) -> Result<Option<Request>, Malformed> {
        let parsed = if self.imported { self.urb()? } else { self.operation()? };
        let Some((request, length)) = parsed else { return Ok(None) };
        self.buffer.drain(..length);
        Ok(Some(request))
    }

    fn operation(&self) -> Result<Option<(Request, usize)>, Malformed> {
        let &[_, _, high, low, _, _, _, _, ref rest @ ..] = self.buffer.as_slice() else {
            return Ok(None);
        };
        match u16::from_be_bytes([high, low]) {
            0x8005 => Ok(Some((Request::DeviceList, OP_HEADER))),
            0x8003 => Ok(rest.get(..BUS_ID_LENGTH).map(|name| {
                let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                let name = String::from_utf8_lossy(name).into_owned();
                (Request::Import(name), OP_HEADER + BUS_ID_LENGTH)
            })),
            code => Err(Malformed::Unknown(code.into())),
        }
    }

    fn urb(&self) -> Result<Option<(Request, usize)>, Malformed> {
        let Some(header) = self.buffer.first_chunk::<URB_HEADER>() else { return Ok(None) };
        let word = |index: usize| {
            let bytes = header.get(4 * index..).and_then(|rest| rest.first_chunk());
            bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
        };
        let sequence = word(1);
        match word(0) {
            1 => self.submit(sequence, [word(3), word(4)], [word(5), word(6), word(8)]),
            2 => Ok(Some((Request::Unlink { sequence, target: word(5) }, URB_HEADER))),
            code => Err(Malformed::Unknown(code)),
        }
    }

    fn submit(
        &self,
        sequence: u32,
        [direction, number]: [u32; 2],
        [flags, length, packets]: [u32; 3],
    ) -> Result<Option<(Request, usize)>, Malformed> {
        if length > LONGEST_TRANSFER {
            return Err(Malformed::Length);
        }
        // Bulk, interrupt and control have 0 or -1 here.
        if packets != 0 && packets != u32::MAX {
            return Err(Malformed::Isochronous);
        }
        let is_in = direction != 0;
        let data_length = if is_in { 0 } else { length as usize };
        let Some(data) = self.buffer.get(URB_HEADER..URB_HEADER + data_length) else {
            return Ok(None);
        };
        let [number, ..] = number.to_le_bytes();
        let setup = self.buffer.get(40..).and_then(|rest| rest.first_chunk::<8>());
        let submit = Submit {
            sequence,
            endpoint: number & 0x0F | if is_in { 0x80 } else { 0 },
            flags,
            length,
            setup: SetupPacket::from_bytes(setup.copied().unwrap_or_default()),
            data: data.to_vec(),
        };
        Ok(Some((Request::Submit(submit), URB_HEADER + data_length)))
    }
}

/// What a client learns of a device before it imports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceRecord {
    /// Bus id, as in `usbip attach -b`.
    pub bus_id: &'static str,
    /// Bus speed.
    pub speed: Speed,
    /// The device descriptor.
    pub descriptor: [u8; 18],
    /// bConfigurationValue.
    pub configuration: u8,
    /// The interfaces.
    pub interfaces: Vec<InterfaceInfo>,
}

/// What the server sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// OP_REP_DEVLIST; `None` when the device does not work.
    DeviceList(Option<DeviceRecord>),
    /// OP_REP_IMPORT; `None` when there is no such device.
    Import(Option<DeviceRecord>),
    /// USBIP_RET_SUBMIT: sequence number, 0 or a negative errno, bytes moved, IN data.
    Submit(u32, i32, u32, Vec<u8>),
    /// USBIP_RET_UNLINK: sequence number, 0 or a negative errno.
    Unlink(u32, i32),
}

impl Reply {
    /// Appends the message to `output`.
    pub fn encode(&self, output: &mut Vec<u8>) {
        match self {
            Reply::DeviceList(device) => {
                operation(0x0005, 0, output);
                output.extend_from_slice(&u32::from(device.is_some()).to_be_bytes());
                let Some(device) = device else { return };
                encode_record(device, output);
                for interface in &device.interfaces {
                    output.extend_from_slice(&interface.class);
                    output.push(0);
                }
            }
            Reply::Import(None) => operation(0x0003, 1, output),
            Reply::Import(Some(device)) => {
                operation(0x0003, 0, output);
                encode_record(device, output);
            }
            Reply::Submit(sequence, status, moved, data) => {
                let status = status.cast_unsigned();
                words(&[3, *sequence, 0, 0, 0, status, *moved, 0, 0, 0, 0, 0], output);
                output.extend_from_slice(data);
            }
            Reply::Unlink(sequence, status) => {
                let status = status.cast_unsigned();
                words(&[4, *sequence, 0, 0, 0, status, 0, 0, 0, 0, 0, 0], output);
            }
        }
    }
}

fn words(words: &[u32], output: &mut Vec<u8>) {
    output.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

fn operation(code: u16, status: u32, output: &mut Vec<u8>) {
    output.extend_from_slice(&VERSION.to_be_bytes());
    output.extend_from_slice(&code.to_be_bytes());
    output.extend_from_slice(&status.to_be_bytes());
}

fn encode_record(device: &DeviceRecord, output: &mut Vec<u8>) {
    fixed(&format!("/sys/devices/usbd-acm/{}", device.bus_id), 256, output);
    fixed(device.bus_id, BUS_ID_LENGTH, output);
    // enum usb_device_speed of Linux.
    let speed = if device.speed == Speed::High { 3 } else { 2 };
    words(&[1, 1, speed], output);
    let [_, _, _, _, class @ .., _, _, _, _, _, _, _, _, _, _, configurations] = device.descriptor;
    let [class, subclass, protocol] = class;
    let [.., v0, v1, p0, p1, d0, d1, _, _, _, _] = device.descriptor;
    output.extend_from_slice(&[v1, v0, p1, p0, d1, d0, class, subclass, protocol]);
    let interfaces = u8::try_from(device.interfaces.len()).unwrap_or(u8::MAX);
    output.extend_from_slice(&[device.configuration, configurations, interfaces]);
}

fn fixed(text: &str, length: usize, output: &mut Vec<u8>) {
    let end = output.len() + length;
    output.extend(text.bytes().take(length - 1));
    output.resize(end, 0);
}
