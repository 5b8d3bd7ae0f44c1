//! Control requests, and the other calls of `UsbDevice`.
//!
//! `UsbDevice` shows every request to the classes before it answers itself. What is for our interfaces
//! and endpoints goes to the same code that answers for a [`Device`](crate::Device), with the numbers
//! that they would have in a device of their own.

use usb_device::bus::UsbBus;
use usb_device::class::{ControlIn, ControlOut, UsbClass};
use usb_device::control::{Recipient, Request, RequestType};
use usb_device::descriptor::DescriptorWriter;
use usb_device::endpoint::EndpointAddress;
use usb_device::{Result, UsbDirection};

use super::AcmClass;
use super::descriptors::write_port;
use super::endpoints::Line;
use crate::control::Outcome;
use crate::request::{CLEAR_FEATURE, OUT_DEVICE, SET_ADDRESS, SET_CONFIGURATION, SET_FEATURE};
use crate::usb_device::BeyondUsbBus;
use crate::{Hooks, SetupPacket, State};

/// The eight bytes that `usb-device` parsed. Reserved recipients, which it does not tell apart, stay
/// reserved.
fn setup_packet(request: &Request) -> SetupPacket {
    let direction = match request.direction {
        UsbDirection::In => 0x80,
        UsbDirection::Out => 0x00,
    };
    SetupPacket {
        request_type: direction | (request.request_type as u8) << 5 | request.recipient as u8,
        request: request.request,
        value: request.value,
        index: request.index,
        length: request.length,
    }
}

/// Whether `UsbDevice` keeps a record of it, and so has to accept it itself.
fn concerns_usb_device(setup: &SetupPacket) -> bool {
    setup.request_type == OUT_DEVICE
        && matches!(setup.request, SET_CONFIGURATION | SET_FEATURE | CLEAR_FEATURE)
}

impl<B, H, X, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    AcmClass<'_, B, H, X, PORTS, SLOTS, SIZE>
where
    B: UsbBus,
    H: Hooks,
    X: BeyondUsbBus<B>,
{
    /// The request in our numbers; `None` if it is not for us.
    fn ours(&self, request: &Request) -> Option<SetupPacket> {
        let setup = setup_packet(request);
        if self.owns_device {
            return Some(setup);
        }
        let index = match (request.request_type, request.recipient) {
            (RequestType::Standard, Recipient::Device) => {
                // Our state follows from these two.
                let moves_state = matches!(setup.request, SET_ADDRESS | SET_CONFIGURATION);
                (setup.request_type == OUT_DEVICE && moves_state).then_some(setup.index)
            }
            (RequestType::Standard | RequestType::Class, Recipient::Interface) => {
                let first = u16::from(self.device.controller.handles.first_interface());
                let index = setup.index.checked_sub(first)?;
                (usize::from(index) < 2 * PORTS).then_some(index)
            }
            (RequestType::Standard, Recipient::Endpoint) => self.our_endpoint(setup.index),
            _ => None,
        }?;
        Some(SetupPacket { index, ..setup })
    }

    /// An endpoint of ours, EP0, or none that there can be: `UsbDevice` would cut off the reserved
    /// bits, and halt EP0.
    fn our_endpoint(&self, index: u16) -> Option<u16> {
        let is_no_address = index & !0x8F != 0;
        if is_no_address || index & 0x0F == 0 {
            return Some(index);
        }
        let [address, _] = index.to_le_bytes();
        let nominal = self.device.controller.handles.nominal(address)?;
        Some(nominal.to_byte().into())
    }

    fn accept_out(
        &mut self,
        transfer: ControlOut<'_, '_, '_, B>,
        setup: &SetupPacket,
    ) -> Result<()> {
        match self.device.answer(setup) {
            Some(Outcome::Done) if concerns_usb_device(setup) => Ok(()),
            Some(Outcome::Done) => transfer.accept(),
            // USB 2.0 §9.4.6: no error in the default state. `UsbDevice` knows no address 0, and so
            // cannot go back there.
            Some(Outcome::Address(0)) if self.device.state == State::Default => transfer.accept(),
            Some(Outcome::Address(0)) => transfer.reject(),
            Some(Outcome::Address(_)) => {
                self.device.state = State::Address;
                Ok(())
            }
            Some(Outcome::SetLineCoding { port }) => {
                let coding = match *transfer.data() {
                    [a, b, c, d, e, f, g] => Some([a, b, c, d, e, f, g, 0]),
                    _ => None,
                };
                match coding.is_some_and(|coding| self.device.set_line_coding(port, coding)) {
                    true => transfer.accept(),
                    false => transfer.reject(),
                }
            }
            Some(Outcome::Data(_) | Outcome::Words(..)) | None => transfer.reject(),
        }
    }

    fn accept_in(&mut self, transfer: ControlIn<'_, '_, '_, B>, setup: &SetupPacket) -> Result<()> {
        match self.device.answer(setup) {
            Some(Outcome::Data(reply)) => self.replies.descriptor(transfer, reply),
            Some(Outcome::Words((low, high), length)) => {
                let words = [low.to_le_bytes(), high.to_le_bytes()];
                let bytes = words.as_flattened();
                self.replies.bytes(transfer, bytes.get(..length).unwrap_or(bytes))
            }
            _ => transfer.reject(),
        }
    }
}

impl<B, H, X, const PORTS: usize, const SLOTS: usize, const SIZE: usize> UsbClass<B>
    for AcmClass<'_, B, H, X, PORTS, SLOTS, SIZE>
where
    B: UsbBus,
    H: Hooks,
    X: BeyondUsbBus<B>,
{
    fn get_configuration_descriptors(&self, writer: &mut DescriptorWriter<'_>) -> Result<()> {
        let mut ports = self.device.controller.handles.ports.iter().flatten();
        ports.try_for_each(|port| write_port(writer, port))
    }

    fn reset(&mut self) {
        self.device.controller.line = Some(Line::Reset);
        self.device.poll();
    }

    fn poll(&mut self) {
        self.replies.polled();
        if !core::mem::take(&mut self.asked) {
            // The poll after the one with the request: its status stage is over, as far as a class
            // can tell.
            self.device.touch();
        }
        self.device.poll();
    }

    fn control_out(&mut self, transfer: ControlOut<'_, '_, '_, B>) {
        self.replies.happened();
        self.asked = true;
        if let Some(setup) = self.ours(transfer.request()) {
            // Data that came with it was first, and is told after it. A session that ends has its
            // last packets.
            self.device.controller.pipes.look();
            self.device.poll();
            // An error of the control pipe: the host finds no answer, and tries again.
            let _ = self.accept_out(transfer, &setup);
            self.device.pump();
        }
    }

    fn control_in(&mut self, transfer: ControlIn<'_, '_, '_, B>) {
        self.replies.happened();
        if let Some(setup) = self.ours(transfer.request()) {
            let _ = self.accept_in(transfer, &setup);
        }
    }

    fn endpoint_out(&mut self, address: EndpointAddress) {
        if self.device.controller.happened(address) {
            self.replies.happened();
        }
    }

    fn endpoint_in_complete(&mut self, address: EndpointAddress) {
        if self.device.controller.happened(address) {
            self.replies.happened();
        }
    }
}
