//! Chapter 9: what the device answers to standard requests, per state (USB 2.0 §9.4).
//!
//! Where the specification leaves a behaviour open, the choice is STALL, unless a comment says
//! otherwise.

use usbd_acm_class::{RequestKind, SetupPacket};
use usbd_acm_descriptors::PortEndpoints;

use crate::control::Outcome;
use crate::device::State;
use crate::request::{DescriptorRequest, EndpointIndex, Feature, StandardRequest, StatusOf};
use crate::{Controller, Device, EndpointAddress, Hooks};

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// The one outcome of a SETUP packet.
    pub(crate) fn answer(&mut self, setup: &SetupPacket) -> Outcome {
        match setup.kind() {
            Some(RequestKind::Standard) => match StandardRequest::parse(setup) {
                Some(request) => self.standard(request),
                None => Outcome::Stall,
            },
            Some(RequestKind::Class) => self.class(setup),
            _ => Outcome::Stall,
        }
    }

    fn standard(&mut self, request: StandardRequest) -> Outcome {
        match request {
            StandardRequest::GetDescriptor(request) => self.get_descriptor(request),
            StandardRequest::GetStatus(of) => self.get_status(of),
            StandardRequest::SetFeature(feature) => self.set_feature(feature),
            StandardRequest::ClearFeature(feature) => self.clear_feature(feature),
            StandardRequest::SetAddress(address) => match self.state {
                State::Configured => Outcome::Stall,
                _ => Outcome::Address(address),
            },
            StandardRequest::GetConfiguration => match self.state {
                State::Configured => Outcome::byte(usbd_acm_descriptors::CONFIGURATION_VALUE),
                _ => Outcome::byte(0),
            },
            StandardRequest::SetConfiguration(value) => self.set_configuration(value),
            StandardRequest::GetInterface(interface) => match self.has_interface(interface) {
                true => Outcome::byte(0),
                false => Outcome::Stall,
            },
            StandardRequest::SetInterface { interface, alternate: 0 } => {
                // USB 2.0 §9.4.5: as SET_CONFIGURATION, for the endpoints of one interface.
                let present = self.has_interface(interface);
                if present {
                    self.unhalt_interface(usize::from(interface));
                }
                Outcome::ack_if(present)
            }
            StandardRequest::SetInterface { .. } => Outcome::Stall,
        }
    }

    fn get_descriptor(&self, request: DescriptorRequest) -> Outcome {
        let descriptor = match request {
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
        };
        descriptor.map_or(Outcome::Stall, Outcome::Descriptor)
    }

    fn get_status(&self, of: StatusOf) -> Outcome {
        match of {
            StatusOf::Device => Outcome::word(self.device_status()),
            StatusOf::Interface(interface) if self.has_interface(interface) => Outcome::word(0),
            StatusOf::Endpoint(EndpointIndex::Zero) => Outcome::word(0),
            StatusOf::Endpoint(EndpointIndex::Other(address)) if self.has_endpoint(address) => {
                Outcome::word(u8::from(self.is_halted(address)))
            }
            _ => Outcome::Stall,
        }
    }

    fn device_status(&self) -> u8 {
        let self_powered = self.descriptors.attributes().self_powered;
        u8::from(self_powered) | u8::from(self.remote_wakeup) << 1
    }

    fn set_feature(&mut self, feature: Feature) -> Outcome {
        match feature {
            Feature::DeviceRemoteWakeup => self.set_remote_wakeup(true),
            Feature::EndpointHalt(EndpointIndex::Other(address)) if self.has_endpoint(address) => {
                self.halt(address);
                Outcome::Ack
            }
            // USB 2.0 §9.4.5: Halt is neither required nor recommended for the default pipe.
            Feature::EndpointHalt(_) => Outcome::Stall,
        }
    }

    fn clear_feature(&mut self, feature: Feature) -> Outcome {
        match feature {
            Feature::DeviceRemoteWakeup => self.set_remote_wakeup(false),
            Feature::EndpointHalt(EndpointIndex::Zero) => {
                Outcome::ack_if(self.state != State::Default)
            }
            Feature::EndpointHalt(EndpointIndex::Other(address)) => {
                let present = self.has_endpoint(address);
                if present {
                    self.unhalt(address);
                }
                Outcome::ack_if(present)
            }
        }
    }

    /// A feature that bmAttributes does not offer cannot be set nor cleared.
    fn set_remote_wakeup(&mut self, enabled: bool) -> Outcome {
        let possible = self.state != State::Default && self.descriptors.attributes().remote_wakeup;
        if possible {
            self.remote_wakeup = enabled;
        }
        Outcome::ack_if(possible)
    }

    fn set_configuration(&mut self, value: u8) -> Outcome {
        match (self.state, value) {
            (State::Default, _) => return Outcome::Stall,
            (_, 0) => self.deconfigure(),
            (_, usbd_acm_descriptors::CONFIGURATION_VALUE) => self.configure(),
            _ => return Outcome::Stall,
        }
        Outcome::Ack
    }

    /// Whether the configured device has this interface: two a port.
    fn has_interface(&self, interface: u8) -> bool {
        self.state == State::Configured && usize::from(interface) < 2 * PORTS
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
