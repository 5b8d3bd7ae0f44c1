//! Standard requests as typed values: what does not parse here is stalled.
//!
//! Direction, type, recipient, request and indices are validated together (I6, I7), before anything
//! looks at the state of the device.

use usbd_acm_class::SetupPacket;

use crate::EndpointAddress;

/// An endpoint named by wIndex.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndpointIndex {
    /// The default control pipe, 0x00 or 0x80.
    Zero,
    Other(EndpointAddress),
}

/// Who a GET_STATUS is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StatusOf {
    Device,
    Interface(u8),
    Endpoint(EndpointIndex),
}

/// A feature selector together with its recipient (USB 2.0 table 9-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Feature {
    EndpointHalt(EndpointIndex),
    DeviceRemoteWakeup,
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

/// The standard requests that this stack knows (USB 2.0 §9.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StandardRequest {
    GetStatus(StatusOf),
    ClearFeature(Feature),
    SetFeature(Feature),
    SetAddress(u8),
    GetDescriptor(DescriptorRequest),
    GetConfiguration,
    SetConfiguration(u8),
    GetInterface(u8),
    SetInterface { interface: u8, alternate: u8 },
}

const OUT_DEVICE: u8 = 0x00;
const OUT_INTERFACE: u8 = 0x01;
const OUT_ENDPOINT: u8 = 0x02;
const IN_DEVICE: u8 = 0x80;
const IN_INTERFACE: u8 = 0x81;
const IN_ENDPOINT: u8 = 0x82;

impl StandardRequest {
    pub(crate) fn parse(setup: &SetupPacket) -> Option<Self> {
        let SetupPacket { request_type, request, value, index, length } = *setup;
        // No standard request of ours has OUT data, so a data stage towards us fits none of them.
        if request_type & 0x80 == 0 && length != 0 {
            return None;
        }
        let [low, high] = value.to_le_bytes();
        match (request_type, request) {
            (IN_DEVICE, 0) if index == 0 => Some(Self::GetStatus(StatusOf::Device)),
            (IN_INTERFACE, 0) => Some(Self::GetStatus(StatusOf::Interface(byte(index)?))),
            (IN_ENDPOINT, 0) => Some(Self::GetStatus(StatusOf::Endpoint(endpoint(index)?))),
            (OUT_DEVICE | OUT_ENDPOINT, 1) => {
                feature(request_type, value, index).map(Self::ClearFeature)
            }
            (OUT_DEVICE | OUT_ENDPOINT, 3) => {
                feature(request_type, value, index).map(Self::SetFeature)
            }
            (OUT_DEVICE, 5) if value <= 127 && index == 0 => Some(Self::SetAddress(low)),
            (IN_DEVICE, 6) => descriptor(high, low, index).map(Self::GetDescriptor),
            (IN_DEVICE, 8) if index == 0 => Some(Self::GetConfiguration),
            (OUT_DEVICE, 9) if high == 0 && index == 0 => Some(Self::SetConfiguration(low)),
            (IN_INTERFACE, 10) => Some(Self::GetInterface(byte(index)?)),
            (OUT_INTERFACE, 11) if high == 0 => {
                Some(Self::SetInterface { interface: byte(index)?, alternate: low })
            }
            _ => None,
        }
    }
}

fn feature(request_type: u8, selector: u16, index: u16) -> Option<Feature> {
    match (request_type, selector) {
        (OUT_ENDPOINT, 0) => Some(Feature::EndpointHalt(endpoint(index)?)),
        (OUT_DEVICE, 1) if index == 0 => Some(Feature::DeviceRemoteWakeup),
        _ => None,
    }
}

fn descriptor(descriptor_type: u8, index: u8, language: u16) -> Option<DescriptorRequest> {
    match (descriptor_type, index) {
        (1, 0) => Some(DescriptorRequest::Device),
        (2, 0) => Some(DescriptorRequest::Configuration),
        (3, _) => Some(DescriptorRequest::String { index, language }),
        (6, 0) => Some(DescriptorRequest::DeviceQualifier),
        (7, 0) => Some(DescriptorRequest::OtherSpeedConfiguration),
        _ => None,
    }
}

/// The low byte of wIndex; reserved bits that are set name nothing (USB 2.0 §9.3.4).
fn byte(index: u16) -> Option<u8> {
    u8::try_from(index).ok()
}

fn endpoint(index: u16) -> Option<EndpointIndex> {
    match byte(index)? {
        0x00 | 0x80 => Some(EndpointIndex::Zero),
        other => EndpointAddress::from_byte(other).map(EndpointIndex::Other),
    }
}
