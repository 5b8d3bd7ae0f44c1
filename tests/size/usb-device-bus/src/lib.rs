//! The stubbed controller as a `usb_device::bus::UsbBus`.
#![no_std]

use board::registers::{self, *};
use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress, EndpointType};
use usb_device::{Result, UsbDirection, UsbError};

/// The controller. It has no state of its own.
pub struct Bus;

impl UsbBus for Bus {
    #[inline(never)]
    #[unsafe(link_section = ".stub.alloc_ep")]
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
        registers::write(ALLOCATE, direction as u32);
        Ok(EndpointAddress::from(registers::read(ALLOCATE) as u8))
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.enable")]
    fn enable(&mut self) {}

    #[inline(never)]
    #[unsafe(link_section = ".stub.reset")]
    fn reset(&self) {
        for endpoint in 0..4 {
            registers::receive(endpoint);
        }
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.set_device_address")]
    fn set_device_address(&self, address: u8) {
        registers::write(ADDRESS, u32::from(address));
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.write")]
    fn write(&self, address: EndpointAddress, packet: &[u8]) -> Result<usize> {
        if registers::read(IN_FULL) & 1 << address.index() != 0 {
            return Err(UsbError::WouldBlock);
        }
        registers::send(address.index(), packet);
        Ok(packet.len())
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.read")]
    fn read(&self, address: EndpointAddress, buffer: &mut [u8]) -> Result<usize> {
        let endpoint = address.index();
        if endpoint == 0 && registers::read(SUMMARY) & TICK_SETUP != 0 {
            let Some(buffer) = buffer.first_chunk_mut() else {
                return Err(UsbError::BufferOverflow);
            };
            registers::setup(buffer);
            return Ok(8);
        }
        if registers::read(OUT_READY) & 1 << endpoint == 0 {
            return Err(UsbError::WouldBlock);
        }
        if registers::count(endpoint) > buffer.len() {
            return Err(UsbError::BufferOverflow);
        }
        let count = registers::copy(endpoint, buffer);
        registers::receive(endpoint);
        Ok(count)
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.set_stalled")]
    fn set_stalled(&self, address: EndpointAddress, stalled: bool) {
        registers::stall(address.into(), stalled);
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.is_stalled")]
    fn is_stalled(&self, address: EndpointAddress) -> bool {
        registers::is_stalled(address.into())
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.suspend")]
    fn suspend(&self) {}

    #[inline(never)]
    #[unsafe(link_section = ".stub.resume")]
    fn resume(&self) {}

    #[inline(never)]
    #[unsafe(link_section = ".stub.poll")]
    fn poll(&self) -> PollResult {
        let pending = registers::read(TICK) & TICK_CONTROLLER;
        if pending == 0 {
            return PollResult::None;
        }
        if pending & TICK_BUS != 0 {
            match registers::read(BUS) {
                1 => return PollResult::Reset,
                2 => return PollResult::Suspend,
                3 => return PollResult::Resume,
                _ => {}
            }
        }
        PollResult::Data {
            ep_out: registers::read(OUT_READY) as u16,
            ep_in_complete: registers::read(IN_DONE) as u16,
            ep_setup: u16::from(pending & TICK_SETUP != 0),
        }
    }
}
