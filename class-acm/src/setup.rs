//! The SETUP packet: eight bytes that open every control transfer (USB 2.0 §9.3).

use usbd_acm_descriptors::Direction;

/// Type in bmRequestType D6..5 (USB 2.0 table 9-2). The reserved type 3 parses to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequestKind {
    /// Chapter 9.
    Standard,
    /// A device class: CDC for us.
    Class,
    /// Vendor specific.
    Vendor,
}

/// Recipient in bmRequestType D4..0. Reserved values parse to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recipient {
    /// The device as a whole.
    Device,
    /// One interface, named by wIndex.
    Interface,
    /// One endpoint, named by wIndex.
    Endpoint,
    /// Something else.
    Other,
}

/// The fields of a SETUP packet, as they came. Nothing is validated here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SetupPacket {
    /// bmRequestType.
    pub request_type: u8,
    /// bRequest.
    pub request: u8,
    /// wValue.
    pub value: u16,
    /// wIndex.
    pub index: u16,
    /// wLength, in bytes.
    pub length: u16,
}

impl SetupPacket {
    /// Fields of the eight bytes, little-endian on the wire.
    pub const fn from_bytes(b: [u8; 8]) -> Self {
        Self {
            request_type: b[0],
            request: b[1],
            value: u16::from_le_bytes([b[2], b[3]]),
            index: u16::from_le_bytes([b[4], b[5]]),
            length: u16::from_le_bytes([b[6], b[7]]),
        }
    }

    /// The eight bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 8] {
        let (v, i, l) =
            (self.value.to_le_bytes(), self.index.to_le_bytes(), self.length.to_le_bytes());
        [self.request_type, self.request, v[0], v[1], i[0], i[1], l[0], l[1]]
    }

    /// Direction of the data stage, bmRequestType D7. Without a data stage (wLength 0) the bit
    /// carries no meaning (USB 2.0 §9.3.1).
    pub const fn direction(self) -> Direction {
        if self.request_type & 0x80 == 0 { Direction::Out } else { Direction::In }
    }

    /// Type of the request; `None` for the reserved type.
    pub const fn kind(self) -> Option<RequestKind> {
        match self.request_type >> 5 & 3 {
            0 => Some(RequestKind::Standard),
            1 => Some(RequestKind::Class),
            2 => Some(RequestKind::Vendor),
            _ => None,
        }
    }

    /// Recipient of the request; `None` for a reserved value.
    pub const fn recipient(self) -> Option<Recipient> {
        match self.request_type & 0x1F {
            0 => Some(Recipient::Device),
            1 => Some(Recipient::Interface),
            2 => Some(Recipient::Endpoint),
            3 => Some(Recipient::Other),
            _ => None,
        }
    }
}
