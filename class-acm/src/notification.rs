//! The SERIAL_STATE notification (PSTN 1.2 §6.5.4, CDC 1.2 §6.3).

use crate::{InterfaceNumber, SerialState};

/// Bytes of a SERIAL_STATE notification.
pub const SERIAL_STATE_LENGTH: usize = 10;

/// bmRequestType: device to host, class, interface.
const REQUEST_TYPE: u8 = 0xA1;
/// bNotification: SERIAL_STATE.
const SERIAL_STATE: u8 = 0x20;

/// A SERIAL_STATE notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SerialStateNotification {
    /// Communication interface of the port, in wIndex.
    pub interface: InterfaceNumber,
    /// UART state bitmap.
    pub state: SerialState,
}

impl SerialStateNotification {
    /// The ten bytes on the wire.
    pub const fn to_bytes(self) -> [u8; SERIAL_STATE_LENGTH] {
        let Self { interface, state } = self;
        [REQUEST_TYPE, SERIAL_STATE, 0, 0, interface.to_byte(), 0, 2, 0, state.bits(), 0]
    }

    /// The notification in ten bytes; `None` when they are something else. Reserved bits of the
    /// bitmap are ignored.
    pub const fn from_bytes(bytes: [u8; SERIAL_STATE_LENGTH]) -> Option<Self> {
        let [REQUEST_TYPE, SERIAL_STATE, 0, 0, interface, 0, 2, 0, state, _] = bytes else {
            return None;
        };
        let interface = InterfaceNumber::from_byte(interface);
        Some(Self { interface, state: SerialState::from_bits_truncate(state) })
    }
}
