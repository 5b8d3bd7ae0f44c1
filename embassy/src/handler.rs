//! What embassy-usb tells of the control pipe.

use embassy_usb::Handler;
use embassy_usb::control::{InResponse, OutResponse, Recipient, Request, RequestType};
use embassy_usb::types::StringIndex;
use usbd_acm::SetupPacket;
use usbd_acm::class;
use usbd_acm::descriptors::Direction;

use crate::bus::Bus;

/// Answers the class requests of one port, and follows the state of the device.
pub(crate) struct AcmHandler<const SLOTS: usize, const SIZE: usize> {
    pub(crate) bus: &'static Bus<SLOTS, SIZE>,
    /// Number of the communication interface.
    pub(crate) interface: u8,
    /// Name of the function, and its index.
    pub(crate) name: Option<(StringIndex, &'static str)>,
    /// The last line coding that was asked for.
    pub(crate) reply: [u8; 7],
}

impl<const SLOTS: usize, const SIZE: usize> AcmHandler<SLOTS, SIZE> {
    /// Whether a request is for our communication interface.
    fn is_ours(&self, request: &Request) -> bool {
        request.request_type == RequestType::Class
            && request.recipient == Recipient::Interface
            && request.index == u16::from(self.interface)
    }

    /// The request, if it is one of a port. No interface exists before the device is configured.
    fn parse(&self, request: &Request, direction: Direction) -> Option<class::Request> {
        self.bus.shared.configuration()?;
        let setup = SetupPacket {
            request_type: match direction {
                Direction::Out => 0x21,
                Direction::In => 0xA1,
            },
            request: request.request,
            value: request.value,
            // To the class it is the first port, wherever embassy-usb put its interface.
            index: 0,
            length: request.length,
        };
        class::Request::parse(&setup).map(|(_, request)| request)
    }
}

impl<const SLOTS: usize, const SIZE: usize> Handler for AcmHandler<SLOTS, SIZE> {
    fn enabled(&mut self, enabled: bool) {
        if !enabled {
            self.reset();
        }
    }

    fn reset(&mut self) {
        // A reset also ends a suspend, and embassy-usb does not say so.
        self.bus.set_suspended(false);
        self.bus.deconfigure();
        // USB 2.0 §9.4.5: reset disables remote wake-up.
        self.bus.shared.set_remote_wakeup(false);
    }

    fn configured(&mut self, configured: bool) {
        match configured {
            true => self.bus.configure(),
            false => self.bus.deconfigure(),
        }
    }

    fn suspended(&mut self, suspended: bool) {
        self.bus.set_suspended(suspended);
    }

    fn remote_wakeup_enabled(&mut self, enabled: bool) {
        self.bus.shared.set_remote_wakeup(enabled);
    }

    fn control_out(&mut self, request: Request, data: &[u8]) -> Option<OutResponse> {
        if !self.is_ours(&request) {
            return None;
        }
        let accepted = self
            .parse(&request, Direction::Out)
            .is_some_and(|request| self.bus.accept(request, data));
        Some(if accepted { OutResponse::Accepted } else { OutResponse::Rejected })
    }

    fn control_in<'a>(&'a mut self, request: Request, _: &'a mut [u8]) -> Option<InResponse<'a>> {
        if !self.is_ours(&request) {
            return None;
        }
        // embassy-usb 0.6 never ends an IN transfer of no bytes: better refused than left hanging.
        let is_answered = request.length > 0
            && self.parse(&request, Direction::In) == Some(class::Request::GetLineCoding);
        if !is_answered {
            return Some(InResponse::Rejected);
        }
        self.reply = self.bus.line_coding().to_bytes();
        Some(InResponse::Accepted(&self.reply))
    }

    fn get_string(&mut self, index: StringIndex, _: u16) -> Option<&str> {
        self.name.and_then(|(number, name)| (number == index).then_some(name))
    }
}
