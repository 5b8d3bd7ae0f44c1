//! Standard requests: their codes, and what wValue and wIndex name as types (I7).

use crate::EndpointAddress;

// bmRequestType of the standard requests (USB 2.0 table 9-2).
pub(crate) const OUT_DEVICE: u8 = 0x00;
pub(crate) const OUT_INTERFACE: u8 = 0x01;
pub(crate) const OUT_ENDPOINT: u8 = 0x02;
pub(crate) const IN_DEVICE: u8 = 0x80;
pub(crate) const IN_INTERFACE: u8 = 0x81;
pub(crate) const IN_ENDPOINT: u8 = 0x82;

// bRequest (USB 2.0 table 9-4).
pub(crate) const GET_STATUS: u8 = 0;
pub(crate) const CLEAR_FEATURE: u8 = 1;
pub(crate) const SET_FEATURE: u8 = 3;
pub(crate) const SET_ADDRESS: u8 = 5;
pub(crate) const GET_DESCRIPTOR: u8 = 6;
pub(crate) const GET_CONFIGURATION: u8 = 8;
pub(crate) const SET_CONFIGURATION: u8 = 9;
pub(crate) const GET_INTERFACE: u8 = 10;
pub(crate) const SET_INTERFACE: u8 = 11;

// Feature selectors (USB 2.0 table 9-6).
pub(crate) const ENDPOINT_HALT: u16 = 0;
pub(crate) const DEVICE_REMOTE_WAKEUP: u16 = 1;

/// An endpoint named by wIndex.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndpointIndex {
    /// The default control pipe, 0x00 or 0x80.
    Zero,
    Other(EndpointAddress),
}

impl EndpointIndex {
    /// Reserved bits that are set name nothing (USB 2.0 §9.3.4).
    pub(crate) fn parse(index: u16) -> Option<Self> {
        match u8::try_from(index).ok()? {
            0x00 | 0x80 => Some(Self::Zero),
            other => EndpointAddress::from_byte(other).map(Self::Other),
        }
    }
}

/// A GET_DESCRIPTOR, by descriptor type (USB 2.0 table 9-5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DescriptorRequest {
    Device,
    Configuration,
    String { index: u8, language: u16 },
    DeviceQualifier,
    OtherSpeedConfiguration,
}

impl DescriptorRequest {
    pub(crate) fn parse(value: u16, language: u16) -> Option<Self> {
        // Descriptor type in the high byte, index in the low one: only strings have more than one.
        let [index, descriptor_type] = value.to_le_bytes();
        match value {
            0x0100 => Some(Self::Device),
            0x0200 => Some(Self::Configuration),
            0x0600 => Some(Self::DeviceQualifier),
            0x0700 => Some(Self::OtherSpeedConfiguration),
            _ if descriptor_type == 3 => Some(Self::String { index, language }),
            _ => None,
        }
    }
}
