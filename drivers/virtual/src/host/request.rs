//! SETUP packets of the requests that hosts make (USB 2.0 §9.4, PSTN 1.2 §6.3).

use usbd_acm::{EndpointAddress, SetupPacket};

pub(super) const STANDARD_OUT_DEVICE: u8 = 0x00;
pub(super) const STANDARD_OUT_INTERFACE: u8 = 0x01;
pub(super) const STANDARD_OUT_ENDPOINT: u8 = 0x02;
pub(super) const STANDARD_IN_DEVICE: u8 = 0x80;
const STANDARD_IN_INTERFACE: u8 = 0x81;
const STANDARD_IN_ENDPOINT: u8 = 0x82;
const CLASS_OUT_INTERFACE: u8 = 0x21;
const CLASS_IN_INTERFACE: u8 = 0xA1;

const GET_STATUS: u8 = 0;
pub(super) const CLEAR_FEATURE: u8 = 1;
const SET_FEATURE: u8 = 3;
pub(super) const SET_ADDRESS: u8 = 5;
pub(super) const GET_DESCRIPTOR: u8 = 6;
const GET_CONFIGURATION: u8 = 8;
pub(super) const SET_CONFIGURATION: u8 = 9;
const GET_INTERFACE: u8 = 10;
pub(super) const SET_INTERFACE: u8 = 11;

/// Descriptor type of the device descriptor (USB 2.0 table 9-5).
pub const DEVICE: u16 = 1;
/// Descriptor type of the configuration descriptor.
pub const CONFIGURATION: u16 = 2;
/// Descriptor type of string descriptors.
pub const STRING: u16 = 3;
/// Descriptor type of the device qualifier.
pub const DEVICE_QUALIFIER: u16 = 6;
/// Descriptor type of the other-speed configuration.
pub const OTHER_SPEED_CONFIGURATION: u16 = 7;
/// Descriptor type of the binary object store (USB 3.2 §9.6.2).
pub const BOS: u16 = 15;

/// Feature selector of an endpoint's halt (USB 2.0 table 9-6).
pub const ENDPOINT_HALT: u16 = 0;
/// Feature selector of remote wake-up.
pub const DEVICE_REMOTE_WAKEUP: u16 = 1;

const fn setup(request_type: u8, request: u8, value: u16, index: u16, length: u16) -> SetupPacket {
    SetupPacket { request_type, request, value, index, length }
}

/// GET_DESCRIPTOR of the device: `length` bytes of descriptor `index` of this type.
pub const fn get_descriptor(descriptor_type: u16, index: u8, length: u16) -> SetupPacket {
    setup(STANDARD_IN_DEVICE, GET_DESCRIPTOR, descriptor_type << 8 | index as u16, 0, length)
}

/// GET_DESCRIPTOR of a string; index 0 is the table of languages.
pub const fn get_string(index: u8, language: u16, length: u16) -> SetupPacket {
    SetupPacket { index: language, ..get_descriptor(STRING, index, length) }
}

/// SET_ADDRESS.
pub const fn set_address(address: u8) -> SetupPacket {
    setup(STANDARD_OUT_DEVICE, SET_ADDRESS, address as u16, 0, 0)
}

/// SET_CONFIGURATION; 0 deconfigures.
pub const fn set_configuration(value: u8) -> SetupPacket {
    setup(STANDARD_OUT_DEVICE, SET_CONFIGURATION, value as u16, 0, 0)
}

/// GET_CONFIGURATION.
pub const fn get_configuration() -> SetupPacket {
    setup(STANDARD_IN_DEVICE, GET_CONFIGURATION, 0, 0, 1)
}

/// SET_INTERFACE.
pub const fn set_interface(interface: u8, alternate: u8) -> SetupPacket {
    setup(STANDARD_OUT_INTERFACE, SET_INTERFACE, alternate as u16, interface as u16, 0)
}

/// GET_INTERFACE.
pub const fn get_interface(interface: u8) -> SetupPacket {
    setup(STANDARD_IN_INTERFACE, GET_INTERFACE, 0, interface as u16, 1)
}

/// GET_STATUS of the device.
pub const fn get_device_status() -> SetupPacket {
    setup(STANDARD_IN_DEVICE, GET_STATUS, 0, 0, 2)
}

/// GET_STATUS of an interface.
pub const fn get_interface_status(interface: u8) -> SetupPacket {
    setup(STANDARD_IN_INTERFACE, GET_STATUS, 0, interface as u16, 2)
}

/// GET_STATUS of an endpoint.
pub const fn get_endpoint_status(endpoint: EndpointAddress) -> SetupPacket {
    setup(STANDARD_IN_ENDPOINT, GET_STATUS, 0, endpoint.to_byte() as u16, 2)
}

/// SET_FEATURE of the device.
pub const fn set_device_feature(selector: u16) -> SetupPacket {
    setup(STANDARD_OUT_DEVICE, SET_FEATURE, selector, 0, 0)
}

/// CLEAR_FEATURE of the device.
pub const fn clear_device_feature(selector: u16) -> SetupPacket {
    setup(STANDARD_OUT_DEVICE, CLEAR_FEATURE, selector, 0, 0)
}

/// SET_FEATURE(ENDPOINT_HALT).
pub const fn set_halt(endpoint: EndpointAddress) -> SetupPacket {
    setup(STANDARD_OUT_ENDPOINT, SET_FEATURE, ENDPOINT_HALT, endpoint.to_byte() as u16, 0)
}

/// CLEAR_FEATURE(ENDPOINT_HALT).
pub const fn clear_halt(endpoint: EndpointAddress) -> SetupPacket {
    setup(STANDARD_OUT_ENDPOINT, CLEAR_FEATURE, ENDPOINT_HALT, endpoint.to_byte() as u16, 0)
}

/// SET_LINE_CODING, 7 bytes to follow (PSTN 1.2 §6.3.10).
pub const fn set_line_coding(interface: u8) -> SetupPacket {
    setup(CLASS_OUT_INTERFACE, 0x20, 0, interface as u16, 7)
}

/// GET_LINE_CODING (PSTN 1.2 §6.3.11).
pub const fn get_line_coding(interface: u8) -> SetupPacket {
    setup(CLASS_IN_INTERFACE, 0x21, 0, interface as u16, 7)
}

/// SET_CONTROL_LINE_STATE (PSTN 1.2 §6.3.12).
pub const fn set_control_line_state(interface: u8, dtr: bool, rts: bool) -> SetupPacket {
    let value = dtr as u16 | (rts as u16) << 1;
    setup(CLASS_OUT_INTERFACE, 0x22, value, interface as u16, 0)
}

/// SEND_BREAK for this many milliseconds; 0xFFFF until told otherwise, 0 to end it
/// (PSTN 1.2 §6.3.13).
pub const fn send_break(interface: u8, milliseconds: u16) -> SetupPacket {
    setup(CLASS_OUT_INTERFACE, 0x23, milliseconds, interface as u16, 0)
}
