//! Standard requests: their codes.

/// bmRequestType D7, which with bRequest makes the codes below: the data goes to the host.
const IN: u8 = 0x80;

// bRequest (USB 2.0 table 9-4), of which all are below 0x80, and the direction that it has.
pub(crate) const GET_STATUS: u8 = IN;
pub(crate) const CLEAR_FEATURE: u8 = 1;
pub(crate) const SET_FEATURE: u8 = 3;
pub(crate) const SET_ADDRESS: u8 = 5;
pub(crate) const GET_DESCRIPTOR: u8 = 6 | IN;
pub(crate) const GET_CONFIGURATION: u8 = 8 | IN;
pub(crate) const SET_CONFIGURATION: u8 = 9;
pub(crate) const GET_INTERFACE: u8 = 10 | IN;
pub(crate) const SET_INTERFACE: u8 = 11;

// Feature selectors (USB 2.0 table 9-6).
pub(crate) const ENDPOINT_HALT: u16 = 0;
pub(crate) const DEVICE_REMOTE_WAKEUP: u16 = 1;
pub(crate) const TEST_MODE: u16 = 2;

// wValue of GET_DESCRIPTOR: descriptor type (USB 2.0 table 9-5) and index 0.
pub(crate) const DEVICE: u16 = 0x0100;
pub(crate) const CONFIGURATION: u16 = 0x0200;
pub(crate) const DEVICE_QUALIFIER: u16 = 0x0600;
pub(crate) const OTHER_SPEED_CONFIGURATION: u16 = 0x0700;
/// Descriptor type alone, for there are several.
pub(crate) const STRING: u8 = 3;

/// bmRequestType of the standard requests to the device that have no data (USB 2.0 table 9-2).
#[cfg(feature = "usb-device")]
pub(crate) const OUT_DEVICE: u8 = 0x00;
