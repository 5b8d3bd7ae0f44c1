//! Chapter 9: what the device answers to standard requests, per state (USB 2.0 §9.4).
//!
//! Where the specification leaves a behaviour open, the choice is STALL, unless a comment says
//! otherwise.

use usbd_acm_class::SetupPacket;

use crate::control::{Outcome, Stage};
use crate::device::State;
use crate::request::{
    CLEAR_FEATURE, CONFIGURATION, DEVICE_QUALIFIER, DEVICE_REMOTE_WAKEUP, Index,
    OTHER_SPEED_CONFIGURATION, Row, SET_FEATURE, TEST_MODE, action,
};
use crate::{Controller, Device, EndpointAddress, Hooks, Speed, TestMode};

/// A reply of two bytes.
fn word(value: u32) -> Outcome {
    Outcome::Words((value, 0), 2)
}

/// A reply of one byte, 0 or 1.
fn byte(value: bool) -> Outcome {
    Outcome::Words((value.into(), 0), 1)
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// Answers a SETUP packet; where this returns `None`, it is to be STALLed.
    pub(crate) fn answer(&mut self, setup: &SetupPacket) -> Option<Outcome> {
        let SetupPacket { request, value, index, .. } = *setup;
        let row = Row::find(setup)?;
        let is_test = row.action() == action::DEVICE_FEATURE && value == TEST_MODE;
        if C::TEST_MODES && is_test && request == SET_FEATURE && setup.length == 0 {
            return self.set_test_mode(index);
        }
        if !row.fits(setup, self.state) {
            return None;
        }
        let last = match row.index() {
            Index::Zero => 0,
            // The interfaces that the configured device has: two a port.
            Index::Interface => 2 * PORTS - 1,
            Index::Any | Index::Endpoint => usize::MAX,
        };
        if usize::from(index) > last {
            return None;
        }
        let endpoint = match row.index() {
            Index::Endpoint => self.endpoint(index)?,
            _ => None,
        };
        self.act(row, setup, endpoint)
    }

    /// Does what a request asks for that fits its row. Without an `endpoint` it is about EP0, if about one.
    fn act(
        &mut self,
        row: &Row,
        setup: &SetupPacket,
        endpoint: Option<EndpointAddress>,
    ) -> Option<Outcome> {
        let SetupPacket { request, value, index, .. } = *setup;
        Some(match row.action() {
            action::DEVICE_STATUS => word(self.device_status()),
            action::DEVICE_FEATURE => {
                // The bit in which the two requests differ.
                let enabled = request & (SET_FEATURE ^ CLEAR_FEATURE) != 0;
                self.set_remote_wakeup(enabled, value)?
            }
            action::SET_ADDRESS => self.set_address(value)?,
            action::DESCRIPTOR => Outcome::Data(self.descriptor(value, index)?),
            action::CONFIGURATION => byte(self.state == State::Configured),
            action::SET_CONFIGURATION => self.set_configuration(value),
            action::INTERFACE_STATUS => word(0),
            // No interface has an alternate setting but 0.
            action::INTERFACE => byte(false),
            // USB 2.0 §9.4.5: as SET_CONFIGURATION, for the endpoints of one interface.
            action::SET_INTERFACE => {
                self.unhalt_interface(index.into());
                Outcome::Done
            }
            // USB 2.0 §9.4.5: Halt is neither required nor recommended for the default pipe, so that it is
            // never set: bit 0 is of no endpoint.
            action::ENDPOINT_STATUS => {
                word(self.halted >> endpoint.map_or(0, EndpointAddress::bit_number) & 1)
            }
            action::CLEAR_HALT => {
                if let Some(address) = endpoint {
                    self.unhalt(address);
                }
                Outcome::Done
            }
            action::HALT => {
                let address = endpoint?;
                self.halted |= address.bit();
                self.controller.halt(address);
                Outcome::Done
            }
            _ => self.class(row, setup)?,
        })
    }

    /// The endpoint that wIndex names: `Some(None)` is EP0, in either direction.
    fn endpoint(&self, index: u16) -> Option<Option<EndpointAddress>> {
        // Reserved bits that are set name nothing (USB 2.0 §9.3.4).
        let byte = u8::try_from(index).ok()?;
        if byte & 0x7F == 0 {
            return Some(None);
        }
        let address = EndpointAddress::from_byte(byte)?;
        let is_there = self.descriptors.endpoints() & address.bit() != 0;
        (self.state == State::Configured && is_there).then_some(Some(address))
    }

    /// Descriptor type in the high byte of wValue, index in the low one: only strings have more than
    /// one.
    fn descriptor(&self, value: u16, language: u16) -> Option<&'static [u8]> {
        if !C::HIGH_SPEED {
            // USB 2.0 §9.6.2: a full-speed-only device has no qualifier and answers with STALL.
            return self.descriptors.at_full_speed(value, language);
        }
        match value {
            CONFIGURATION => Some(self.descriptors.configuration(self.speed)),
            DEVICE_QUALIFIER => self.descriptors.device_qualifier(),
            OTHER_SPEED_CONFIGURATION => self.descriptors.other_speed_configuration(self.speed),
            _ => self.descriptors.at_full_speed(value, language),
        }
    }

    fn device_status(&self) -> u32 {
        let self_powered = self.descriptors.attributes().self_powered;
        u32::from(self_powered) | u32::from(self.remote_wakeup) << 1
    }

    /// A feature that bmAttributes does not offer cannot be set nor cleared.
    fn set_remote_wakeup(&mut self, enabled: bool, feature: u16) -> Option<Outcome> {
        if feature != DEVICE_REMOTE_WAKEUP || !self.descriptors.attributes().remote_wakeup {
            return None;
        }
        self.remote_wakeup = enabled;
        Some(Outcome::Done)
    }

    /// USB 2.0 §9.4.9: in any state, with the selector in the high byte of wIndex. Without a data stage
    /// the status stage follows, and nothing else comes between.
    fn set_test_mode(&mut self, index: u16) -> Option<Outcome> {
        let [0, selector] = index.to_le_bytes() else { return None };
        // At full speed this is free: the modes are of the transceiver for high speed.
        if self.speed != Speed::High {
            return None;
        }
        self.stage = Stage::TestMode(TestMode::from_selector(selector)?);
        Some(Outcome::Done)
    }

    fn set_address(&self, value: u16) -> Option<Outcome> {
        let [address, _] = value.to_le_bytes();
        (self.state != State::Configured).then_some(Outcome::Address(address))
    }

    fn set_configuration(&mut self, value: u16) -> Outcome {
        match value {
            0 => self.deconfigure(),
            // CONFIGURATION_VALUE, which is all there is.
            _ => self.configure(),
        }
        Outcome::Done
    }

    /// Ends the halts of the endpoints of one interface and sets their toggles to DATA0.
    pub(crate) fn unhalt_interface(&mut self, interface: usize) {
        // It is there, and a remainder needs no check for that.
        let Some(endpoints) = self.descriptors.ports().get(interface / 2 % PORTS) else { return };
        if interface.is_multiple_of(2) {
            return self.unhalt(endpoints.notification);
        }
        self.unhalt(endpoints.data_in);
        self.unhalt(endpoints.data_out);
    }
}
