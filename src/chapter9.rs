//! Chapter 9: what the device answers to standard requests, per state (USB 2.0 §9.4).
//!
//! Where the specification leaves a behaviour open, the choice is STALL, unless a comment says
//! otherwise.

use usbd_acm_class::{Recipient, RequestKind, SetupPacket};
use usbd_acm_descriptors::CONFIGURATION_VALUE;

use crate::control::{Outcome, Stage};
use crate::device::State;
use crate::request::{
    CLEAR_FEATURE, CONFIGURATION, DEVICE, DEVICE_QUALIFIER, DEVICE_REMOTE_WAKEUP, ENDPOINT_HALT,
    GET_CONFIGURATION, GET_DESCRIPTOR, GET_INTERFACE, GET_STATUS, OTHER_SPEED_CONFIGURATION,
    SET_ADDRESS, SET_CONFIGURATION, SET_FEATURE, SET_INTERFACE, STRING, TEST_MODE,
};
use crate::{Controller, Device, EndpointAddress, Hooks, Speed, TestMode};

/// The words that are replied, by value; of the first ones also the first byte alone.
static WORDS: [[u8; 2]; 4] = [[0, 0], [1, 0], [2, 0], [3, 0]];

/// A status of two bits as the two bytes on the wire.
fn word(value: u8) -> &'static [u8] {
    &WORDS[usize::from(value & 3)]
}

/// 0 or 1 as the byte on the wire.
fn byte(value: bool) -> &'static [u8] {
    word(value.into()).split_at(1).0
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// Answers a SETUP packet; where this returns `None`, it is to be STALLed.
    pub(crate) fn answer(&mut self, setup: &SetupPacket) -> Option<Outcome> {
        match setup.kind()? {
            RequestKind::Standard => self.standard(setup),
            RequestKind::Class => self.class(setup),
            RequestKind::Vendor => None,
        }
    }

    /// Direction, type, recipient and request are matched as one (I6): the type was by the caller,
    /// the recipient is here, and direction and request are by each of them as one code.
    fn standard(&mut self, setup: &SetupPacket) -> Option<Outcome> {
        let SetupPacket { request_type, request, value, index, length } = *setup;
        // No standard request of ours has OUT data, so a data stage towards us fits none of them.
        if request_type & 0x80 == 0 && length != 0 || request & 0x80 != 0 {
            return None;
        }
        let code = request | request_type & 0x80;
        let reply = match setup.recipient()? {
            Recipient::Device if code == SET_ADDRESS => return self.set_address(value, index),
            Recipient::Device => self.device_request(code, value, index)?,
            Recipient::Interface => self.interface_request(code, value, index)?,
            Recipient::Endpoint => self.endpoint_request(code, value, index)?,
            Recipient::Other => return None,
        };
        // A request without data has wLength 0, and so an empty reply acknowledges it.
        Some(Outcome::Data(reply))
    }

    fn device_request(&mut self, code: u8, value: u16, index: u16) -> Option<&'static [u8]> {
        if code == GET_DESCRIPTOR {
            return self.descriptor(value, index);
        }
        if C::TEST_MODES && code == SET_FEATURE && value == TEST_MODE {
            return self.set_test_mode(index);
        }
        if index != 0 {
            return None;
        }
        match code {
            GET_STATUS => return Some(word(self.device_status())),
            GET_CONFIGURATION => return Some(byte(self.state == State::Configured)),
            SET_FEATURE | CLEAR_FEATURE if value == DEVICE_REMOTE_WAKEUP => {
                self.set_remote_wakeup(code == SET_FEATURE)?;
            }
            SET_CONFIGURATION => self.set_configuration(value)?,
            _ => return None,
        }
        Some(&[])
    }

    fn interface_request(&mut self, code: u8, value: u16, index: u16) -> Option<&'static [u8]> {
        // The interfaces that the configured device has: two a port.
        if self.state != State::Configured || usize::from(index) >= 2 * PORTS {
            return None;
        }
        match code {
            GET_STATUS => Some(word(0)),
            GET_INTERFACE => Some(byte(false)),
            // No interface has an alternate setting but 0.
            SET_INTERFACE if value == 0 => {
                // USB 2.0 §9.4.5: as SET_CONFIGURATION, for the endpoints of one interface.
                self.unhalt_interface(index.into());
                Some(&[])
            }
            _ => None,
        }
    }

    fn endpoint_request(&mut self, code: u8, value: u16, index: u16) -> Option<&'static [u8]> {
        // Reserved bits that are set name nothing (USB 2.0 §9.3.4).
        let byte = u8::try_from(index).ok()?;
        let Some(address) = EndpointAddress::from_byte(byte) else {
            return self.ep0_request(code, value, byte);
        };
        if self.state != State::Configured || self.descriptors.endpoints() & address.bit() == 0 {
            return None;
        }
        match code {
            GET_STATUS => return Some(word((self.halted & address.bit() != 0).into())),
            SET_FEATURE if value == ENDPOINT_HALT => self.halt(address),
            CLEAR_FEATURE if value == ENDPOINT_HALT => self.unhalt(address),
            _ => return None,
        }
        Some(&[])
    }

    /// A request to EP0 as an endpoint, 0 in either direction.
    fn ep0_request(&self, code: u8, value: u16, byte: u8) -> Option<&'static [u8]> {
        match code {
            _ if byte & 0x7F != 0 => None,
            GET_STATUS => Some(word(0)),
            // USB 2.0 §9.4.5: Halt is neither required nor recommended for the default pipe, so that
            // it is never set.
            CLEAR_FEATURE if value == ENDPOINT_HALT && self.state != State::Default => Some(&[]),
            _ => None,
        }
    }

    /// Descriptor type in the high byte of wValue, index in the low one: only strings have more than
    /// one.
    fn descriptor(&self, value: u16, language: u16) -> Option<&'static [u8]> {
        let [index, descriptor_type] = value.to_le_bytes();
        match value {
            DEVICE => Some(self.descriptors.device()),
            CONFIGURATION if C::HIGH_SPEED => Some(self.descriptors.configuration(self.speed)),
            CONFIGURATION => Some(self.descriptors.configuration(Speed::Full)),
            _ if descriptor_type == STRING => self.descriptors.string(index, language),
            // USB 2.0 §9.6.2: a full-speed-only device has no qualifier and answers with STALL.
            DEVICE_QUALIFIER if C::HIGH_SPEED => self.descriptors.device_qualifier(),
            OTHER_SPEED_CONFIGURATION if C::HIGH_SPEED => {
                self.descriptors.other_speed_configuration(self.speed)
            }
            _ => None,
        }
    }

    fn device_status(&self) -> u8 {
        let self_powered = self.descriptors.attributes().self_powered;
        u8::from(self_powered) | u8::from(self.remote_wakeup) << 1
    }

    /// A feature that bmAttributes does not offer cannot be set nor cleared.
    fn set_remote_wakeup(&mut self, enabled: bool) -> Option<()> {
        if self.state == State::Default || !self.descriptors.attributes().remote_wakeup {
            return None;
        }
        self.remote_wakeup = enabled;
        Some(())
    }

    /// USB 2.0 §9.4.9: in any state, with the selector in the high byte of wIndex. Without a data stage
    /// the status stage follows, and nothing else comes between.
    fn set_test_mode(&mut self, index: u16) -> Option<&'static [u8]> {
        let [0, selector] = index.to_le_bytes() else { return None };
        // At full speed this is free: the modes are of the transceiver for high speed.
        if self.speed != Speed::High {
            return None;
        }
        self.stage = Stage::TestMode(TestMode::from_selector(selector)?);
        Some(&[])
    }

    fn set_address(&self, value: u16, index: u16) -> Option<Outcome> {
        let address = u8::try_from(value).ok()?;
        if index != 0 || address > 127 || self.state == State::Configured {
            return None;
        }
        Some(Outcome::Address(address))
    }

    fn set_configuration(&mut self, value: u16) -> Option<()> {
        if self.state == State::Default || value > CONFIGURATION_VALUE.into() {
            return None;
        }
        const { assert!(CONFIGURATION_VALUE == 1, "0 and this are all values there are") };
        match value {
            0 => self.deconfigure(),
            _ => self.configure(),
        }
        Some(())
    }

    /// Ends the halts of the endpoints of one interface and sets their toggles to DATA0.
    pub(crate) fn unhalt_interface(&mut self, interface: usize) {
        let Some(endpoints) = self.descriptors.ports().get(interface / 2) else { return };
        if interface.is_multiple_of(2) {
            return self.unhalt(endpoints.notification);
        }
        self.unhalt(endpoints.data_in);
        self.unhalt(endpoints.data_out);
    }
}
