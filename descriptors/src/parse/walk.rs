//! From one descriptor to the next.

use super::{ErrorKind, ParseError};
use crate::{EndpointAddress, TransferType};

/// Iterates over descriptors that lie one after the other. Ends after the first error: what
/// follows it cannot be found.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Walk<'a> {
    /// Walks over `bytes` from the first descriptor to the last.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0 }
    }

    /// Takes the bytes of the next descriptor: bLength of them, at least two.
    fn take(&mut self) -> Result<&'a [u8], ErrorKind> {
        let left = self.rest.len();
        let [length, descriptor_type, ..] = *self.rest else {
            return Err(ErrorKind::Truncated { length: 2, left });
        };
        if length < 2 {
            return Err(ErrorKind::TooShort { descriptor_type, length, least: 2 });
        }
        let length = usize::from(length);
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(ErrorKind::Truncated { length, left });
        };
        self.rest = rest;
        self.offset += length;
        Ok(bytes)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Item<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let offset = self.offset;
        let item = self.take().and_then(|bytes| {
            let descriptor = Descriptor::parse(bytes)?;
            Ok(Item { offset, bytes, descriptor })
        });
        Some(item.map_err(|kind| {
            self.rest = &[];
            ParseError::new(offset, kind)
        }))
    }
}

/// A descriptor, where it stands, and its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item<'a> {
    /// Offset in bytes.
    pub offset: usize,
    /// bLength bytes.
    pub bytes: &'a [u8],
    /// What they say.
    pub descriptor: Descriptor<'a>,
}

/// A descriptor that may occur in a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Descriptor<'a> {
    /// CONFIGURATION or OTHER_SPEED_CONFIGURATION.
    Configuration(ConfigurationHeader),
    /// INTERFACE_ASSOCIATION.
    Association(Association),
    /// INTERFACE.
    Interface(InterfaceHeader),
    /// CS_INTERFACE, read as CDC functional descriptor.
    Functional(Functional<'a>),
    /// ENDPOINT.
    Endpoint(Endpoint),
    /// Anything else.
    Unknown {
        /// bDescriptorType.
        descriptor_type: u8,
        /// The bytes after bDescriptorType.
        body: &'a [u8],
    },
}

impl<'a> Descriptor<'a> {
    /// Reads the bytes of one descriptor. Bytes beyond the fields of its type are left alone, as a
    /// later release of the specification may have put them there (USB 2.0 §9.5).
    fn parse(bytes: &'a [u8]) -> Result<Self, ErrorKind> {
        let [length, descriptor_type, ref body @ ..] = *bytes else {
            return Err(ErrorKind::Truncated { length: 2, left: bytes.len() });
        };
        let (parsed, least) = match descriptor_type {
            2 | 7 => (ConfigurationHeader::parse(descriptor_type, body), 9),
            4 => (InterfaceHeader::parse(body), 9),
            5 => (Endpoint::parse(body), 7),
            0x0B => (Association::parse(body), 8),
            0x24 => (Functional::parse(body), Functional::least_length(body)),
            _ => return Ok(Self::Unknown { descriptor_type, body }),
        };
        parsed.ok_or(ErrorKind::TooShort { descriptor_type, length, least })
    }
}

/// Class, subclass and protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Class {
    /// bDeviceClass, bFunctionClass or bInterfaceClass.
    pub class: u8,
    /// Its subclass.
    pub subclass: u8,
    /// Its protocol.
    pub protocol: u8,
}

/// A configuration without what follows it (USB 2.0 table 9-10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConfigurationHeader {
    /// Whether it is an OTHER_SPEED_CONFIGURATION.
    pub other_speed: bool,
    /// wTotalLength, in bytes.
    pub total_length: u16,
    /// bNumInterfaces.
    pub interfaces: u8,
    /// bConfigurationValue.
    pub value: u8,
    /// iConfiguration.
    pub string: u8,
    /// bmAttributes.
    pub attributes: u8,
    /// bMaxPower, in units of 2 mA.
    pub max_power: u8,
}

impl ConfigurationHeader {
    fn parse<'a>(descriptor_type: u8, body: &[u8]) -> Option<Descriptor<'a>> {
        let [low, high, interfaces, value, string, attributes, max_power, ..] = *body else {
            return None;
        };
        Some(Descriptor::Configuration(Self {
            other_speed: descriptor_type == 7,
            total_length: u16::from_le_bytes([low, high]),
            interfaces,
            value,
            string,
            attributes,
            max_power,
        }))
    }
}

/// An interface association (USB 2.0 ECN "Interface Association Descriptors").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Association {
    /// bFirstInterface.
    pub first_interface: u8,
    /// bInterfaceCount.
    pub interfaces: u8,
    /// bFunctionClass, bFunctionSubClass, bFunctionProtocol.
    pub class: Class,
    /// iFunction.
    pub string: u8,
}

impl Association {
    fn parse<'a>(body: &[u8]) -> Option<Descriptor<'a>> {
        let [first_interface, interfaces, class, subclass, protocol, string, ..] = *body else {
            return None;
        };
        let class = Class { class, subclass, protocol };
        Some(Descriptor::Association(Self { first_interface, interfaces, class, string }))
    }
}

/// An interface without what follows it (USB 2.0 table 9-12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InterfaceHeader {
    /// bInterfaceNumber.
    pub number: u8,
    /// bAlternateSetting.
    pub alternate: u8,
    /// bNumEndpoints.
    pub endpoints: u8,
    /// bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol.
    pub class: Class,
    /// iInterface.
    pub string: u8,
}

impl InterfaceHeader {
    fn parse<'a>(body: &[u8]) -> Option<Descriptor<'a>> {
        let [number, alternate, endpoints, class, subclass, protocol, string, ..] = *body else {
            return None;
        };
        let class = Class { class, subclass, protocol };
        Some(Descriptor::Interface(Self { number, alternate, endpoints, class, string }))
    }
}

/// A functional descriptor of CDC (CDC 1.2 §5.2.3, PSTN 1.2 §5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Functional<'a> {
    /// Header.
    Header {
        /// bcdCDC.
        release: u16,
    },
    /// Call management.
    CallManagement {
        /// bmCapabilities.
        capabilities: u8,
        /// bDataInterface.
        data_interface: u8,
    },
    /// Abstract control management.
    Acm {
        /// bmCapabilities.
        capabilities: u8,
    },
    /// Union.
    Union {
        /// bControlInterface.
        control: u8,
        /// bSubordinateInterface0 and following.
        subordinate: &'a [u8],
    },
    /// Another subtype, or none at all.
    Other(&'a [u8]),
}

impl<'a> Functional<'a> {
    fn parse(body: &'a [u8]) -> Option<Descriptor<'a>> {
        let functional = match *body {
            [0x00, low, high, ..] => Self::Header { release: u16::from_le_bytes([low, high]) },
            [0x01, capabilities, data_interface, ..] => {
                Self::CallManagement { capabilities, data_interface }
            }
            [0x02, capabilities, ..] => Self::Acm { capabilities },
            [0x06, control, _, ..] => Self::Union { control, subordinate: &body[2..] },
            [0x00..=0x02 | 0x06, ..] => return None,
            _ => Self::Other(body),
        };
        Some(Descriptor::Functional(functional))
    }

    fn least_length(body: &[u8]) -> u8 {
        match body.first() {
            Some(0x00 | 0x01 | 0x06) => 5,
            Some(0x02) => 4,
            _ => 2,
        }
    }
}

/// An endpoint (USB 2.0 table 9-13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// bEndpointAddress.
    pub address: u8,
    /// bmAttributes.
    pub attributes: u8,
    /// wMaxPacketSize.
    pub max_packet_size: u16,
    /// bInterval.
    pub interval: u8,
}

impl Endpoint {
    fn parse<'a>(body: &[u8]) -> Option<Descriptor<'a>> {
        let [address, attributes, low, high, interval, ..] = *body else {
            return None;
        };
        let max_packet_size = u16::from_le_bytes([low, high]);
        Some(Descriptor::Endpoint(Self { address, attributes, max_packet_size, interval }))
    }

    /// The address; `None` for EP0 and for set reserved bits.
    pub const fn endpoint_address(&self) -> Option<EndpointAddress> {
        EndpointAddress::from_byte(self.address)
    }

    /// Bulk or interrupt; `None` for control and isochronous.
    pub const fn transfer_type(&self) -> Option<TransferType> {
        match self.attributes & 3 {
            2 => Some(TransferType::Bulk),
            3 => Some(TransferType::Interrupt),
            _ => None,
        }
    }
}
