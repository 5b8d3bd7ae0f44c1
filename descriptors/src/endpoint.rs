//! Endpoint addresses, transfer types, and what a controller offers.

use core::fmt;
use core::num::NonZeroU8;

/// Bus speed a device runs at (USB 2.0 §7.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speed {
    /// 12 Mbit/s.
    Full,
    /// 480 Mbit/s.
    High,
}

impl Speed {
    /// wMaxPacketSize of a bulk endpoint, in bytes (USB 2.0 §5.8.3).
    pub const fn bulk_packet_size(self) -> u16 {
        match self {
            Speed::Full => 64,
            Speed::High => 512,
        }
    }
}

/// Direction of an endpoint, seen from the host (USB 2.0 §9.6.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Host to device.
    Out,
    /// Device to host.
    In,
}

/// Transfer type in bmAttributes D1..0 of an endpoint descriptor (USB 2.0 table 9-13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum TransferType {
    /// Bulk.
    Bulk = 2,
    /// Interrupt.
    Interrupt = 3,
}

/// Address of an endpoint other than EP0: number 1 to 15 and direction.
///
/// Kept as the number of its [`bit`](Self::bit), which is never 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EndpointAddress(NonZeroU8);

/// Set for IN.
const IN: u8 = 0x10;

impl EndpointAddress {
    /// Address from number (1 to 15) and direction; `None` for any other number.
    pub const fn new(number: u8, direction: Direction) -> Option<Self> {
        if number > 15 {
            return None;
        }
        match (NonZeroU8::new(number), direction) {
            (Some(number), Direction::Out) => Some(Self(number)),
            (Some(number), Direction::In) => Some(Self(number.saturating_add(IN))),
            (None, _) => None,
        }
    }

    /// Address from bEndpointAddress; `None` for EP0 and for set reserved bits D6..4.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if matches!(byte & 0x7F, 0 | 16..) {
            return None;
        }
        match NonZeroU8::new(byte & 0x0F | byte >> 3 & IN) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// bEndpointAddress as it stands in the descriptor.
    pub const fn to_byte(self) -> u8 {
        self.number() | (self.0.get() & IN) << 3
    }

    /// A bit for each address: 0 to 15 the OUT endpoints by number, 16 to 31 the IN endpoints.
    pub const fn bit(self) -> u32 {
        1 << self.bit_number()
    }

    /// The number of that bit, which is not 0.
    pub const fn bit_number(self) -> u8 {
        self.0.get()
    }

    /// Endpoint number, 1 to 15.
    pub const fn number(self) -> u8 {
        self.0.get() & 0x0F
    }

    /// Direction.
    pub const fn direction(self) -> Direction {
        if self.0.get() & IN == 0 { Direction::Out } else { Direction::In }
    }
}

impl fmt::Debug for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EndpointAddress").field(&self.to_byte()).finish()
    }
}

/// The endpoint numbers a controller offers beside EP0, one bit each (bit *n* = endpoint *n*).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndpointSet {
    /// Numbers usable as IN endpoints.
    pub in_numbers: u16,
    /// Numbers usable as OUT endpoints.
    pub out_numbers: u16,
    /// Whether one number can serve as IN and as OUT endpoint at the same time.
    pub shared_numbers: bool,
}

impl EndpointSet {
    /// Endpoints 1 to `count` in each direction, usable independently.
    pub const fn first(count: u8) -> Self {
        let numbers = if count >= 15 { 0xFFFE } else { (1u16 << (count + 1)) - 2 };
        Self { in_numbers: numbers, out_numbers: numbers, shared_numbers: true }
    }

    /// Whether all these endpoints, each its [`bit`](EndpointAddress::bit), can be open at a time.
    pub const fn holds(self, endpoints: u32) -> bool {
        let offered = (self.in_numbers as u32) << 16 | self.out_numbers as u32;
        // A number in either direction.
        let twice = endpoints >> 16 & endpoints;
        endpoints & !offered == 0 && (self.shared_numbers || twice == 0)
    }
}
