//! What can be wrong with descriptors.

use core::fmt;

/// What is wrong, and at which byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// Offset in bytes of the descriptor that is wrong, from the start of what was parsed.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: ErrorKind,
}

impl ParseError {
    pub(crate) const fn new(offset: usize, kind: ErrorKind) -> Self {
        Self { offset, kind }
    }
}

/// What is wrong with a descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// The bytes end before the descriptor does.
    Truncated {
        /// bLength; 2 where there is not even that.
        length: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// bLength is less than a descriptor of this type has.
    TooShort {
        /// bDescriptorType.
        descriptor_type: u8,
        /// bLength.
        length: u8,
        /// The least bLength of this type.
        least: u8,
    },
    /// Another descriptor type was to be here.
    UnexpectedType {
        /// bDescriptorType.
        found: u8,
    },
    /// wTotalLength is not the number of bytes.
    TotalLength {
        /// wTotalLength.
        stated: u16,
        /// Number of bytes.
        found: usize,
    },
    /// bNumInterfaces is not the number of interfaces.
    InterfaceCount {
        /// bNumInterfaces.
        stated: u8,
        /// Number of interfaces.
        found: usize,
    },
    /// bNumEndpoints is not the number of endpoint descriptors that follow.
    EndpointCount {
        /// bNumEndpoints.
        stated: u8,
        /// Number of endpoint descriptors.
        found: usize,
    },
    /// Interface numbers do not count up from 0, or alternate settings not from 0
    /// (USB 2.0 §9.6.5).
    InterfaceOrder {
        /// bInterfaceNumber.
        number: u8,
        /// bAlternateSetting.
        alternate: u8,
    },
    /// An endpoint descriptor comes before any interface.
    EndpointWithoutInterface,
    /// bEndpointAddress is EP0, or has reserved bits set.
    EndpointAddress(u8),
    /// Another interface, or the same setting, has an endpoint of this address.
    EndpointTwice(u8),
    /// wMaxPacketSize is not legal for the transfer type and speed, or has reserved bits set.
    PacketSize(u16),
    /// bInterval is not legal for the transfer type and speed.
    Interval(u8),
    /// bConfigurationValue is 0, which means not configured (USB 2.0 §9.4.7).
    ConfigurationValue,
    /// bmAttributes has reserved bits the wrong way round.
    Attributes(u8),
    /// bMaxPower is more than 500 mA.
    MaxPower(u8),
    /// The descriptor names an interface that does not exist.
    NoSuchInterface(u8),
    /// Two interface associations, or two unions, claim the interface.
    InterfaceClaimedTwice(u8),
    /// bMaxPacketSize0 is not 8, 16, 32 or 64.
    Ep0PacketSize(u8),
    /// A string, or a table of languages, of an odd number of bytes.
    OddLength(u8),
    /// A string that is not UTF-16.
    NotUtf16,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.kind)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { length, left } => {
                write!(f, "a descriptor of {length} bytes, but {left} are left")
            }
            Self::TooShort { descriptor_type, length, least } => write!(
                f,
                "bLength {length}, but descriptors of type {descriptor_type:#04x} have {least}"
            ),
            Self::UnexpectedType { found } => write!(f, "unexpected descriptor type {found:#04x}"),
            Self::TotalLength { stated, found } => {
                write!(f, "wTotalLength {stated}, but there are {found} bytes")
            }
            Self::InterfaceCount { stated, found } => {
                write!(f, "bNumInterfaces {stated}, but there are {found}")
            }
            Self::EndpointCount { stated, found } => {
                write!(f, "bNumEndpoints {stated}, but there are {found}")
            }
            Self::InterfaceOrder { number, alternate } => {
                write!(f, "interface {number} alternate setting {alternate} is out of order")
            }
            Self::EndpointWithoutInterface => write!(f, "an endpoint before any interface"),
            Self::EndpointAddress(address) => write!(f, "bEndpointAddress {address:#04x}"),
            Self::EndpointTwice(address) => write!(f, "endpoint {address:#04x} a second time"),
            Self::PacketSize(size) => write!(f, "wMaxPacketSize {size:#06x}"),
            Self::Interval(interval) => write!(f, "bInterval {interval}"),
            Self::ConfigurationValue => write!(f, "bConfigurationValue 0"),
            Self::Attributes(attributes) => write!(f, "bmAttributes {attributes:#04x}"),
            Self::MaxPower(units) => write!(f, "bMaxPower {} mA", u16::from(units) * 2),
            Self::NoSuchInterface(number) => write!(f, "names interface {number}: not there"),
            Self::InterfaceClaimedTwice(number) => {
                write!(f, "interface {number} belongs to another function already")
            }
            Self::Ep0PacketSize(size) => write!(f, "bMaxPacketSize0 {size}"),
            Self::OddLength(length) => write!(f, "bLength {length} is odd"),
            Self::NotUtf16 => write!(f, "not UTF-16"),
        }
    }
}

impl core::error::Error for ParseError {}
