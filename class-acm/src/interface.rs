//! Interface numbers as types (I7).

use usbd_acm_descriptors::communication_interface;

/// bInterfaceNumber, 0 to 255.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InterfaceNumber(u8);

impl InterfaceNumber {
    /// The interface with this bInterfaceNumber.
    pub const fn from_byte(number: u8) -> Self {
        Self(number)
    }

    /// The interface wIndex names. `None` when D15..8 are not 0: they are reserved (USB 2.0 §9.3.4).
    pub const fn from_index(index: u16) -> Option<Self> {
        match index.to_le_bytes() {
            [number, 0] => Some(Self(number)),
            _ => None,
        }
    }

    /// The communication interface of a port (0 for the first) of a device that has nothing but
    /// ports. A device has fewer than 128 interfaces of either kind.
    pub const fn communication(port: u8) -> Self {
        Self(communication_interface(port & 0x7F))
    }

    /// Number of the port whose communication interface this is, 0 for the first; `None` for a
    /// data interface. Whether there is such a port is for the caller to say.
    pub const fn port(self) -> Option<u8> {
        if self.0 & 1 == 0 { Some(self.0 >> 1) } else { None }
    }

    /// bInterfaceNumber.
    pub const fn to_byte(self) -> u8 {
        self.0
    }
}
