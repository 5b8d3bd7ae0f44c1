//! What a port is to the host: the numbers and capabilities of CDC 1.2 and PSTN 1.2.

/// bConfigurationValue of the only configuration.
pub const CONFIGURATION_VALUE: u8 = 1;

/// bMaxPacketSize0, in bytes (USB 2.0 §5.5.3: 64 is the only size at high speed).
pub const EP0_PACKET_SIZE: u8 = 64;

/// wMaxPacketSize of a notification endpoint, in bytes: a SERIAL_STATE is 10 bytes long and so
/// always one packet (PSTN 1.2 §6.5.4).
pub const NOTIFICATION_PACKET_SIZE: u16 = 16;

/// How often the host asks a notification endpoint, in milliseconds. A power of two: at high speed
/// nothing else can be expressed (USB 2.0 table 9-13), at full speed hosts round down to one.
pub const NOTIFICATION_INTERVAL_MS: u8 = 16;

/// What every port does beyond moving bytes, as its ACM functional descriptor says. The class
/// decides by this const which requests it answers, so the two cannot differ.
pub const ACM_CAPABILITIES: AcmCapabilities =
    AcmCapabilities::LINE_CODING.union(AcmCapabilities::SEND_BREAK);

/// bmCapabilities of the ACM functional descriptor (PSTN 1.2 §5.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AcmCapabilities(u8);

impl AcmCapabilities {
    /// D1: SET_LINE_CODING, GET_LINE_CODING, SET_CONTROL_LINE_STATE and the notification
    /// SERIAL_STATE.
    pub const LINE_CODING: Self = Self(0x02);
    /// D2: SEND_BREAK.
    pub const SEND_BREAK: Self = Self(0x04);

    /// The capabilities of both.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every capability of `other` is among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// bmCapabilities as it stands in the descriptor.
    pub const fn to_byte(self) -> u8 {
        self.0
    }
}

/// bInterfaceNumber of the communication interface of a port (0 for the first): class requests
/// and notifications carry it in wIndex.
pub const fn communication_interface(port: u8) -> u8 {
    2 * port
}

/// bInterfaceNumber of the data interface of a port (0 for the first).
pub const fn data_interface(port: u8) -> u8 {
    2 * port + 1
}
