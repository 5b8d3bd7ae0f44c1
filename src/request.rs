//! The requests that there are, and what each asks of state, wValue, wIndex and wLength.
//!
//! One table for the standard requests (USB 2.0 table 9-3) and those of ACM (PSTN 1.2 table 13): direction,
//! type, recipient and request are one code in it (I6). What is not in it is STALLed (I8).

use usbd_acm_class::SetupPacket;
use usbd_acm_descriptors::{ACM_CAPABILITIES, AcmCapabilities};

use crate::device::State;

// bRequest (USB 2.0 table 9-4).
pub(crate) const CLEAR_FEATURE: u8 = 1;
pub(crate) const SET_FEATURE: u8 = 3;
pub(crate) const SET_ADDRESS: u8 = 5;
pub(crate) const SET_CONFIGURATION: u8 = 9;

// Feature selectors (USB 2.0 table 9-6). ENDPOINT_HALT is 0.
pub(crate) const DEVICE_REMOTE_WAKEUP: u16 = 1;
pub(crate) const TEST_MODE: u16 = 2;

// wValue of GET_DESCRIPTOR: descriptor type (USB 2.0 table 9-5) and index 0.
pub(crate) const CONFIGURATION: u16 = 0x0200;
pub(crate) const DEVICE_QUALIFIER: u16 = 0x0600;
pub(crate) const OTHER_SPEED_CONFIGURATION: u16 = 0x0700;

/// bmRequestType of the standard requests to the device that have no data (USB 2.0 table 9-2).
pub(crate) const OUT_DEVICE: u8 = 0x00;
const IN_DEVICE: u8 = 0x80;
const OUT_INTERFACE: u8 = 0x01;
const IN_INTERFACE: u8 = 0x81;
const OUT_ENDPOINT: u8 = 0x02;
const IN_ENDPOINT: u8 = 0x82;
/// The same of class requests, to an interface.
const OUT_CLASS: u8 = 0x21;
const IN_CLASS: u8 = 0xA1;

/// What a request is about. Numbers and no enum, as a row packs them.
pub(crate) mod action {
    pub(crate) const DEVICE_STATUS: u8 = 0;
    pub(crate) const DEVICE_FEATURE: u8 = 1;
    pub(crate) const SET_ADDRESS: u8 = 2;
    pub(crate) const DESCRIPTOR: u8 = 3;
    pub(crate) const CONFIGURATION: u8 = 4;
    pub(crate) const SET_CONFIGURATION: u8 = 5;
    pub(crate) const INTERFACE_STATUS: u8 = 6;
    pub(crate) const INTERFACE: u8 = 7;
    pub(crate) const SET_INTERFACE: u8 = 8;
    pub(crate) const ENDPOINT_STATUS: u8 = 9;
    pub(crate) const CLEAR_HALT: u8 = 10;
    pub(crate) const HALT: u8 = 11;
    pub(crate) const LINE_CODING: u8 = 12;
    pub(crate) const CONTROL_LINE_STATE: u8 = 13;
    pub(crate) const SEND_BREAK: u8 = 14;
}

/// What wIndex is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    /// 0.
    Zero,
    /// Whatever the request says.
    Any,
    /// An interface.
    Interface,
    /// An endpoint, or EP0.
    Endpoint,
}

/// A request: four bytes.
pub(crate) struct Row {
    /// bmRequestType and bRequest.
    code: u16,
    /// wValue is this at most; [`ANY`] is no bound.
    max: u8,
    /// One of [`action`], and above it what wIndex is, and the least state.
    rest: u8,
}

/// wValue does not count, or not only its size.
const ANY: u8 = 0xFF;

const fn row(kind: u8, request: u8, max: u8, least: State, index: Index, action: u8) -> Row {
    let code = u16::from_le_bytes([kind, request]);
    Row { code, max, rest: action | (index as u8) << 4 | (least as u8) << 6 }
}

/// In the order of how often hosts ask.
#[rustfmt::skip]
static REQUESTS: [Row; 17] = {
    use Index::{Any, Endpoint, Interface, Zero};
    use State::{Address, Configured, Default};

    const {
        assert!(ACM_CAPABILITIES.contains(AcmCapabilities::LINE_CODING));
        assert!(ACM_CAPABILITIES.contains(AcmCapabilities::SEND_BREAK));
    };
    [
        row(IN_DEVICE, 6, ANY, Default, Any, action::DESCRIPTOR),
        row(OUT_CLASS, 0x22, ANY, Configured, Interface, action::CONTROL_LINE_STATE),
        row(OUT_CLASS, 0x20, ANY, Configured, Interface, action::LINE_CODING),
        row(IN_CLASS, 0x21, ANY, Configured, Interface, action::LINE_CODING),
        row(OUT_CLASS, 0x23, ANY, Configured, Interface, action::SEND_BREAK),
        row(OUT_DEVICE, SET_ADDRESS, 127, Default, Zero, action::SET_ADDRESS),
        row(OUT_DEVICE, SET_CONFIGURATION, 1, Address, Zero, action::SET_CONFIGURATION),
        row(OUT_DEVICE, CLEAR_FEATURE, 1, Address, Zero, action::DEVICE_FEATURE),
        row(OUT_DEVICE, SET_FEATURE, 1, Address, Zero, action::DEVICE_FEATURE),
        row(IN_DEVICE, 0, ANY, Default, Zero, action::DEVICE_STATUS),
        row(IN_DEVICE, 8, ANY, Default, Zero, action::CONFIGURATION),
        row(IN_INTERFACE, 0, ANY, Configured, Interface, action::INTERFACE_STATUS),
        row(IN_INTERFACE, 10, ANY, Configured, Interface, action::INTERFACE),
        row(OUT_INTERFACE, 11, 0, Configured, Interface, action::SET_INTERFACE),
        row(IN_ENDPOINT, 0, ANY, Default, Endpoint, action::ENDPOINT_STATUS),
        row(OUT_ENDPOINT, CLEAR_FEATURE, 0, Address, Endpoint, action::CLEAR_HALT),
        row(OUT_ENDPOINT, SET_FEATURE, 0, Address, Endpoint, action::HALT),
    ]
};

impl Row {
    /// The row of a request. `None` is to be STALLed.
    pub(crate) fn find(setup: &SetupPacket) -> Option<&'static Self> {
        let code = u16::from_le_bytes([setup.request_type, setup.request]);
        REQUESTS.iter().find(|row| row.code == code)
    }

    pub(crate) fn action(&self) -> u8 {
        self.rest & 0x0F
    }

    pub(crate) fn index(&self) -> Index {
        match self.rest >> 4 & 3 {
            0 => Index::Zero,
            1 => Index::Any,
            2 => Index::Interface,
            _ => Index::Endpoint,
        }
    }

    /// Whether the request is one of this state, and wValue and wLength fit it.
    pub(crate) fn fits(&self, setup: &SetupPacket, state: State) -> bool {
        // Towards the device, wLength is that of the data: a line coding is all there is.
        let length = if self.action() == action::LINE_CODING { 7 } else { 0 };
        let is_in = setup.request_type & IN_DEVICE != 0;
        (is_in || setup.length == length)
            && (self.max == ANY || setup.value <= self.max.into())
            && state as u8 >= self.rest >> 6
    }
}
