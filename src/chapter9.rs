//! Chapter 9: what the device answers to standard requests, per state (USB 2.0 §9.4).
//!
//! Where the specification leaves a behaviour open, the choice is STALL, unless a comment says
//! otherwise.

use usbd_acm_class::{RequestKind, SetupPacket};
use usbd_acm_descriptors::{CONFIGURATION_VALUE, PortEndpoints};

use crate::control::Outcome;
use crate::device::State;
use crate::request::{
    CLEAR_FEATURE, DEVICE_REMOTE_WAKEUP, DescriptorRequest, ENDPOINT_HALT, EndpointIndex,
    GET_CONFIGURATION, GET_DESCRIPTOR, GET_INTERFACE, GET_STATUS, IN_DEVICE, IN_ENDPOINT,
    IN_INTERFACE, OUT_DEVICE, OUT_ENDPOINT, OUT_INTERFACE, SET_ADDRESS, SET_CONFIGURATION,
    SET_FEATURE, SET_INTERFACE,
};
use crate::{Controller, Device, EndpointAddress, Hooks};

/// wValue of SET_CONFIGURATION for the one configuration.
const CONFIGURATION: u16 = CONFIGURATION_VALUE as u16;

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// The one outcome of a SETUP packet.
    pub(crate) fn answer(&mut self, setup: &SetupPacket) -> Outcome {
        match setup.kind() {
            Some(RequestKind::Standard) => self.standard(setup).unwrap_or(Outcome::Stall),
            Some(RequestKind::Class) => self.class(setup),
            _ => Outcome::Stall,
        }
    }

    /// `None` is a STALL: direction, type, recipient and request are matched as one (I6), and what
    /// wValue and wIndex name is there or not (I7).
    fn standard(&mut self, setup: &SetupPacket) -> Option<Outcome> {
        let SetupPacket { request_type, request, value, index, length } = *setup;
        // No standard request of ours has OUT data, so a data stage towards us fits none of them.
        if request_type & 0x80 == 0 && length != 0 {
            return None;
        }
        match (request_type, request) {
            (IN_DEVICE, GET_DESCRIPTOR) => {
                let request = DescriptorRequest::parse(value, index)?;
                self.descriptor(request).map(Outcome::Descriptor)
            }
            (IN_DEVICE, GET_STATUS) if index == 0 => Some(Outcome::word(self.device_status())),
            (IN_INTERFACE, GET_STATUS) => self.interface(index).map(|_| Outcome::word(0)),
            (IN_ENDPOINT, GET_STATUS) => {
                self.endpoint(index).map(|endpoint| Outcome::word(self.endpoint_status(endpoint)))
            }
            (OUT_DEVICE, SET_FEATURE | CLEAR_FEATURE)
                if (value, index) == (DEVICE_REMOTE_WAKEUP, 0) =>
            {
                self.set_remote_wakeup(request == SET_FEATURE)
            }
            (OUT_ENDPOINT, SET_FEATURE | CLEAR_FEATURE) if value == ENDPOINT_HALT => {
                let endpoint = self.endpoint(index)?;
                self.set_halt(endpoint, request == SET_FEATURE)
            }
            (OUT_DEVICE, SET_ADDRESS) if index == 0 => self.set_address(value),
            (IN_DEVICE, GET_CONFIGURATION) if index == 0 => Some(Outcome::byte(match self.state {
                State::Configured => CONFIGURATION_VALUE,
                _ => 0,
            })),
            (OUT_DEVICE, SET_CONFIGURATION) if index == 0 => self.set_configuration(value),
            (IN_INTERFACE, GET_INTERFACE) => self.interface(index).map(|_| Outcome::byte(0)),
            // No interface has an alternate setting but 0.
            (OUT_INTERFACE, SET_INTERFACE) if value == 0 => {
                // USB 2.0 §9.4.5: as SET_CONFIGURATION, for the endpoints of one interface.
                let interface = self.interface(index)?;
                self.unhalt_interface(interface);
                Some(Outcome::Ack)
            }
            _ => None,
        }
    }

    fn descriptor(&self, request: DescriptorRequest) -> Option<&'static [u8]> {
        match request {
            DescriptorRequest::Device => Some(self.descriptors.device()),
            DescriptorRequest::Configuration => Some(self.descriptors.configuration(self.speed)),
            DescriptorRequest::String { index, language } => {
                self.descriptors.string(index, language)
            }
            // USB 2.0 §9.6.2: a full-speed-only device has no qualifier and answers with STALL.
            DescriptorRequest::DeviceQualifier if C::HIGH_SPEED => {
                self.descriptors.device_qualifier()
            }
            DescriptorRequest::OtherSpeedConfiguration if C::HIGH_SPEED => {
                self.descriptors.other_speed_configuration(self.speed)
            }
            _ => None,
        }
    }

    fn endpoint_status(&self, endpoint: EndpointIndex) -> u8 {
        match endpoint {
            EndpointIndex::Zero => 0,
            EndpointIndex::Other(address) => u8::from(self.is_halted(address)),
        }
    }

    fn device_status(&self) -> u8 {
        let self_powered = self.descriptors.attributes().self_powered;
        u8::from(self_powered) | u8::from(self.remote_wakeup) << 1
    }

    fn set_halt(&mut self, endpoint: EndpointIndex, halted: bool) -> Option<Outcome> {
        match (endpoint, halted) {
            // USB 2.0 §9.4.5: Halt is neither required nor recommended for the default pipe.
            (EndpointIndex::Zero, true) => return None,
            (EndpointIndex::Zero, false) if self.state == State::Default => return None,
            (EndpointIndex::Zero, false) => {}
            (EndpointIndex::Other(address), true) => self.halt(address),
            (EndpointIndex::Other(address), false) => self.unhalt(address),
        }
        Some(Outcome::Ack)
    }

    /// A feature that bmAttributes does not offer cannot be set nor cleared.
    fn set_remote_wakeup(&mut self, enabled: bool) -> Option<Outcome> {
        if self.state == State::Default || !self.descriptors.attributes().remote_wakeup {
            return None;
        }
        self.remote_wakeup = enabled;
        Some(Outcome::Ack)
    }

    fn set_address(&self, value: u16) -> Option<Outcome> {
        let address = u8::try_from(value).ok().filter(|address| *address <= 127)?;
        (self.state != State::Configured).then_some(Outcome::Address(address))
    }

    fn set_configuration(&mut self, value: u16) -> Option<Outcome> {
        match (self.state, value) {
            (State::Default, _) => return None,
            (_, 0) => self.deconfigure(),
            (_, CONFIGURATION) => self.configure(),
            _ => return None,
        }
        Some(Outcome::Ack)
    }

    /// The interface that wIndex names, where the configured device has it: two a port.
    fn interface(&self, index: u16) -> Option<usize> {
        let interface = usize::from(index);
        (self.state == State::Configured && interface < 2 * PORTS).then_some(interface)
    }

    /// The endpoint that wIndex names: 0 in either direction, or one of the configured device.
    fn endpoint(&self, index: u16) -> Option<EndpointIndex> {
        let endpoint = EndpointIndex::parse(index)?;
        match endpoint {
            EndpointIndex::Other(address) if !self.has_endpoint(address) => None,
            _ => Some(endpoint),
        }
    }

    /// Whether the configured device has this endpoint.
    fn has_endpoint(&self, address: EndpointAddress) -> bool {
        let is_of = |port: &PortEndpoints| {
            address == port.notification || address == port.data_in || address == port.data_out
        };
        self.state == State::Configured && self.descriptors.ports().iter().any(is_of)
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
