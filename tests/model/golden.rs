//! The descriptors of the devices under test, written out by hand.

/// What a device is made of.
#[derive(Debug)]
pub struct Golden {
    /// Number of serial ports.
    pub ports: u8,
    /// Device descriptor.
    pub device: &'static [u8],
    /// Configuration descriptor at the speed the device runs at.
    pub configuration: &'static [u8],
    /// Device qualifier of a device that can run at high speed.
    pub qualifier: Option<&'static [u8]>,
    /// Other-speed configuration of a device that can run at high speed.
    pub other_speed: Option<&'static [u8]>,
    /// Texts of string descriptors 1 to 3.
    pub strings: [&'static str; 3],
    /// bEndpointAddress of every endpoint: notification, data OUT, data IN of each port.
    pub endpoints: &'static [u8],
    /// Whether bmAttributes D5 is set.
    pub remote_wakeup: bool,
    /// Whether it runs at high speed, and so has test modes.
    pub test_modes: bool,
}

impl Golden {
    /// The string descriptor that wValue names.
    pub fn string(&self, value: u16) -> Vec<u8> {
        let index = usize::from(value.to_le_bytes()[0]);
        let units: Vec<u8> =
            self.strings[index - 1].encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u8::try_from(2 + units.len()).expect("a string fits into its descriptor");
        [vec![length, 3], units].concat()
    }

    /// bEndpointAddress of the endpoints of an interface.
    pub fn endpoints_of(&self, interface: u8) -> &'static [u8] {
        let first = usize::from(interface / 2) * 3;
        match interface % 2 {
            0 => &self.endpoints[first..=first],
            _ => &self.endpoints[first + 1..first + 3],
        }
    }
}

const DEVICE: &[u8] =
    &[18, 1, 0x00, 0x02, 0xEF, 2, 1, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 1, 2, 3, 1];
const QUALIFIER: &[u8] = &[10, 6, 0x00, 0x02, 0xEF, 2, 1, 64, 1, 0];
const STRINGS: [&str; 3] = ["usbd-acm", "Device under test", "0123456789ABCDEF"];

/// bMaxPacketSize and bInterval of a speed: data low, data high, interval.
#[rustfmt::skip]
const fn one_port(descriptor_type: u8, [low, high, interval]: [u8; 3]) -> [u8; 75] {
    [
        9, descriptor_type, 75, 0, 2, 1, 0, 0xA0, 50, // configuration
        8, 0x0B, 0, 2, 2, 2, 0, 0, // interface association
        9, 4, 0, 0, 1, 2, 2, 0, 0, // communication interface
        5, 0x24, 0x00, 0x20, 0x01, // header
        5, 0x24, 0x01, 0x00, 1, // call management
        4, 0x24, 0x02, 0x06, // ACM
        5, 0x24, 0x06, 0, 1, // union
        7, 5, 0x82, 3, 16, 0, interval, // notification
        9, 4, 1, 0, 2, 0x0A, 0, 0, 0, // data interface
        7, 5, 0x01, 2, low, high, 0, // data OUT
        7, 5, 0x81, 2, low, high, 0, // data IN
    ]
}

/// 64 bytes, 16 frames.
const AT_FULL: [u8; 3] = [64, 0, 16];
/// 512 bytes, 2^7 microframes.
const AT_HIGH: [u8; 3] = [0, 2, 8];

/// A full-speed device with one port.
pub static FULL_SPEED: Golden = Golden {
    ports: 1,
    device: DEVICE,
    configuration: &one_port(2, AT_FULL),
    qualifier: None,
    other_speed: None,
    strings: STRINGS,
    endpoints: &[0x82, 0x01, 0x81],
    remote_wakeup: true,
    test_modes: false,
};

/// A high-speed device at high speed.
pub static HIGH_SPEED: Golden = Golden {
    configuration: &one_port(2, AT_HIGH),
    qualifier: Some(QUALIFIER),
    other_speed: Some(&one_port(7, AT_FULL)),
    test_modes: true,
    ..FULL_SPEED
};

/// The same at full speed.
pub static HIGH_SPEED_AT_FULL: Golden = Golden {
    configuration: &one_port(2, AT_FULL),
    qualifier: Some(QUALIFIER),
    other_speed: Some(&one_port(7, AT_HIGH)),
    ..FULL_SPEED
};

/// A full-speed device with two ports.
#[rustfmt::skip]
pub static TWO_PORTS: Golden = Golden {
    ports: 2,
    configuration: &[
        9, 2, 141, 0, 4, 1, 0, 0xA0, 50, // configuration
        8, 0x0B, 0, 2, 2, 2, 0, 0, // interface association
        9, 4, 0, 0, 1, 2, 2, 0, 0, // communication interface
        5, 0x24, 0x00, 0x20, 0x01, // header
        5, 0x24, 0x01, 0x00, 1, // call management
        4, 0x24, 0x02, 0x06, // ACM
        5, 0x24, 0x06, 0, 1, // union
        7, 5, 0x82, 3, 16, 0, 16, // notification
        9, 4, 1, 0, 2, 0x0A, 0, 0, 0, // data interface
        7, 5, 0x01, 2, 64, 0, 0, // data OUT
        7, 5, 0x81, 2, 64, 0, 0, // data IN
        8, 0x0B, 2, 2, 2, 2, 0, 0, // interface association
        9, 4, 2, 0, 1, 2, 2, 0, 0, // communication interface
        5, 0x24, 0x00, 0x20, 0x01, // header
        5, 0x24, 0x01, 0x00, 3, // call management
        4, 0x24, 0x02, 0x06, // ACM
        5, 0x24, 0x06, 2, 3, // union
        7, 5, 0x84, 3, 16, 0, 16, // notification
        9, 4, 3, 0, 2, 0x0A, 0, 0, 0, // data interface
        7, 5, 0x02, 2, 64, 0, 0, // data OUT
        7, 5, 0x83, 2, 64, 0, 0, // data IN
    ],
    endpoints: &[0x82, 0x01, 0x81, 0x84, 0x02, 0x83],
    ..FULL_SPEED
};
