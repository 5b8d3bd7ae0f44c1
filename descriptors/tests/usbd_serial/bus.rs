//! A bus without endpoints but the control pipe, for reading the descriptors of a usb-device.

use std::sync::Mutex;

use usb_device::bus::{PollResult, UsbBus};
use usb_device::class::UsbClass;
use usb_device::device::UsbDevice;
use usb_device::endpoint::{EndpointAddress, EndpointType};
use usb_device::{Result, UsbDirection, UsbError};

/// What the host has sent, and what the device has answered.
#[derive(Default)]
struct ControlPipe {
    reset_seen: bool,
    setup: Option<[u8; 8]>,
    in_packet: Option<Vec<u8>>,
    in_complete: bool,
    status_out: bool,
    stalled: bool,
}

#[derive(Default)]
pub struct AnyBus {
    pipe: Mutex<ControlPipe>,
    allocated: [u8; 2],
}

/// GET_DESCRIPTOR with the longest wLength; empty when the device STALLs.
pub fn get_descriptor(
    device: &mut UsbDevice<'_, AnyBus>,
    class: &mut impl UsbClass<AnyBus>,
    descriptor_type: u8,
    index: u8,
    language: u16,
) -> Vec<u8> {
    let [low, high] = language.to_le_bytes();
    let setup = [0x80, 6, index, descriptor_type, low, high, 0xFF, 0xFF];
    device.bus().start(setup);
    let mut data = vec![];
    // The SETUP, one turn for each packet of 64, and the first reset.
    for _ in 0..16 {
        device.poll(&mut [class]);
        let Some(packet) = device.bus().take_in_packet() else { continue };
        data.extend_from_slice(&packet);
        if packet.len() < 64 {
            break;
        }
    }
    device.bus().finish();
    device.poll(&mut [class]);
    device.poll(&mut [class]);
    data
}

impl AnyBus {
    fn start(&self, setup: [u8; 8]) {
        let mut pipe = self.pipe.lock().unwrap();
        *pipe =
            ControlPipe { reset_seen: pipe.reset_seen, setup: Some(setup), ..Default::default() };
    }

    fn take_in_packet(&self) -> Option<Vec<u8>> {
        let mut pipe = self.pipe.lock().unwrap();
        let packet = pipe.in_packet.take()?;
        pipe.in_complete = true;
        Some(packet)
    }

    fn finish(&self) {
        let mut pipe = self.pipe.lock().unwrap();
        pipe.status_out = !pipe.stalled;
    }
}

impl UsbBus for AnyBus {
    fn alloc_ep(
        &mut self,
        direction: UsbDirection,
        address: Option<EndpointAddress>,
        _: EndpointType,
        _: u16,
        _: u8,
    ) -> Result<EndpointAddress> {
        if let Some(address) = address {
            return Ok(address);
        }
        let last = &mut self.allocated[usize::from(direction == UsbDirection::In)];
        *last += 1;
        Ok(EndpointAddress::from_parts(usize::from(*last), direction))
    }

    fn write(&self, address: EndpointAddress, packet: &[u8]) -> Result<usize> {
        let mut pipe = self.pipe.lock().unwrap();
        if address.index() != 0 || pipe.in_packet.is_some() {
            return Err(UsbError::WouldBlock);
        }
        pipe.in_packet = Some(packet.to_vec());
        Ok(packet.len())
    }

    fn read(&self, address: EndpointAddress, buffer: &mut [u8]) -> Result<usize> {
        let mut pipe = self.pipe.lock().unwrap();
        if address.index() != 0 {
            return Err(UsbError::WouldBlock);
        }
        if let Some(setup) = pipe.setup.take() {
            buffer[..8].copy_from_slice(&setup);
            return Ok(8);
        }
        match std::mem::take(&mut pipe.status_out) {
            true => Ok(0),
            false => Err(UsbError::WouldBlock),
        }
    }

    fn poll(&self) -> PollResult {
        let mut pipe = self.pipe.lock().unwrap();
        if !std::mem::replace(&mut pipe.reset_seen, true) {
            return PollResult::Reset;
        }
        let ep_in_complete = u16::from(std::mem::take(&mut pipe.in_complete));
        let ep_setup = u16::from(pipe.setup.is_some());
        let ep_out = u16::from(pipe.status_out);
        match ep_in_complete | ep_setup | ep_out {
            0 => PollResult::None,
            _ => PollResult::Data { ep_out, ep_in_complete, ep_setup },
        }
    }

    fn set_stalled(&self, address: EndpointAddress, stalled: bool) {
        if address.index() == 0 {
            self.pipe.lock().unwrap().stalled = stalled;
        }
    }

    fn is_stalled(&self, address: EndpointAddress) -> bool {
        address.index() == 0 && self.pipe.lock().unwrap().stalled
    }

    fn enable(&mut self) {}
    fn reset(&self) {}
    fn set_device_address(&self, _: u8) {}
    fn suspend(&self) {}
    fn resume(&self) {}
}
