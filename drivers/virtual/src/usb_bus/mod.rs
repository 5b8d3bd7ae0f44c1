//! A driver for the crate `usb-device` without a chip, feature `usb-device`.
//!
//! It shares no code with the [`VirtualController`](crate::VirtualController), nor with any bridge,
//! and behaves as the drivers that exist: one packet for each endpoint and direction, news that
//! coalesce to one bit for each endpoint, endpoints that are there whether or not the device is
//! configured, and an EP0 that knows no stages.

mod chip;
mod ep0;

use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress, EndpointType};
use usb_device::{Result, UsbDirection, UsbError};

use crate::shared::Shared;
use crate::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};
use chip::{Buffer, Chip, Lines};
use usbd_acm::Speed;

/// In what drivers differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Manners {
    /// `set_stalled(false)` sets the data toggle to DATA0. Most drivers leave it as it is.
    pub unstall_resets_toggle: bool,
    /// Ending a halt drops the packet of an IN endpoint, as stm32-usbd does.
    pub unstall_drops_packet: bool,
    /// Endpoints are counted up, whatever addresses are asked for, as by nrf-usbd.
    pub counts_endpoints: bool,
    /// Hardware takes the address by itself, and no status stage IN is told, as by nrf-usbd.
    pub keeps_status_stages: bool,
}

impl Manners {
    /// As good as it gets.
    pub const GOOD: Self = Self {
        unstall_resets_toggle: true,
        unstall_drops_packet: false,
        counts_endpoints: false,
        keeps_status_stages: false,
    };
}

/// A `UsbBus` in memory. It lives beside its [`BusWire`], maybe in another thread.
pub struct VirtualUsbBus {
    chip: Shared<Chip>,
}

impl VirtualUsbBus {
    /// A bus, and the other end of its wire. VBUS is off.
    pub fn new(manners: Manners) -> (Self, BusWire) {
        let chip = Shared::new(Chip::new(manners));
        (Self { chip: chip.clone() }, BusWire { chip })
    }

    /// Signals remote wake-up, as stm32-usbd and rp2040-hal can.
    pub fn remote_wakeup(&self) {
        self.chip.borrow_mut().wakeup = true;
    }

    /// Drops the packet armed on an IN endpoint, which `UsbBus` has no method for.
    pub fn abort(&self, address: u8) -> bool {
        let mut chip = self.chip.borrow_mut();
        let Some(Some(buffer)) = chip.ins.get_mut(usize::from(address & 0x0F)) else {
            return false;
        };
        buffer.packet = None;
        buffer.complete = false;
        true
    }
}

fn place(address: EndpointAddress, chip: &mut Chip) -> Option<&mut Option<Buffer>> {
    match address.direction() {
        UsbDirection::In => chip.ins.get_mut(address.index()),
        UsbDirection::Out => chip.outs.get_mut(address.index()),
    }
}

fn buffer(address: EndpointAddress, chip: &mut Chip) -> Result<&mut Buffer> {
    place(address, chip).and_then(Option::as_mut).ok_or(UsbError::InvalidEndpoint)
}

impl UsbBus for VirtualUsbBus {
    fn alloc_ep(
        &mut self,
        direction: UsbDirection,
        wanted: Option<EndpointAddress>,
        endpoint_type: EndpointType,
        max_packet_size: u16,
        _interval: u8,
    ) -> Result<EndpointAddress> {
        let chip = &mut *self.chip.borrow_mut();
        if endpoint_type == EndpointType::Control {
            return wanted.ok_or(UsbError::Unsupported);
        }
        let counts = chip.manners.counts_endpoints;
        let candidates = (1..16).map(|number| EndpointAddress::from_parts(number, direction));
        let wanted = wanted.filter(|_| !counts);
        let free = |address: &EndpointAddress| matches!(place(*address, chip), Some(None));
        let address = candidates
            .filter(|address| wanted.is_none_or(|wanted| wanted == *address))
            .find(free)
            .ok_or(UsbError::EndpointOverflow)?;
        if let Some(place) = place(address, chip) {
            *place = Some(Buffer::new(max_packet_size.into()));
        }
        Ok(address)
    }

    fn enable(&mut self) {
        self.chip.borrow_mut().enabled = true;
    }

    fn reset(&self) {
        self.chip.borrow_mut().reset_endpoints();
    }

    fn set_device_address(&self, address: u8) {
        let mut chip = self.chip.borrow_mut();
        if !chip.manners.keeps_status_stages {
            chip.address = address;
        }
    }

    fn write(&self, address: EndpointAddress, packet: &[u8]) -> Result<usize> {
        let chip = &mut *self.chip.borrow_mut();
        if address.index() == 0 {
            return chip.ep0.write(packet).then_some(packet.len()).ok_or(UsbError::WouldBlock);
        }
        let buffer = buffer(address, chip)?;
        if packet.len() > buffer.max_packet_size {
            return Err(UsbError::BufferOverflow);
        }
        if buffer.packet.is_some() {
            return Err(UsbError::WouldBlock);
        }
        buffer.packet = Some(packet.into());
        Ok(packet.len())
    }

    fn read(&self, address: EndpointAddress, to: &mut [u8]) -> Result<usize> {
        let chip = &mut *self.chip.borrow_mut();
        let packet = match address.index() {
            0 => chip.ep0.read(),
            _ => buffer(address, chip)?.packet.take(),
        };
        let packet = packet.ok_or(UsbError::WouldBlock)?;
        to.get_mut(..packet.len()).ok_or(UsbError::BufferOverflow)?.copy_from_slice(&packet);
        Ok(packet.len())
    }

    fn set_stalled(&self, address: EndpointAddress, stalled: bool) {
        let chip = &mut *self.chip.borrow_mut();
        match (address.index(), address.is_in()) {
            (0, true) => chip.ep0.stalled_in = stalled,
            (0, false) => chip.ep0.stalled_out = stalled,
            (_, is_in) => {
                let manners = chip.manners;
                if let Ok(buffer) = buffer(address, chip) {
                    buffer.set_stalled(stalled, is_in, manners);
                }
            }
        }
    }

    fn is_stalled(&self, address: EndpointAddress) -> bool {
        let chip = &mut *self.chip.borrow_mut();
        match (address.index(), address.is_in()) {
            (0, true) => chip.ep0.stalled_in,
            (0, false) => chip.ep0.stalled_out,
            _ => buffer(address, chip).is_ok_and(|buffer| buffer.stalled),
        }
    }

    fn suspend(&self) {}

    fn resume(&self) {}

    fn poll(&self) -> PollResult {
        let chip = &mut *self.chip.borrow_mut();
        let Lines { reset, suspend, resume } = &mut chip.lines;
        if core::mem::take(reset) {
            return PollResult::Reset;
        }
        // Whichever came last is how the bus is now.
        if core::mem::take(suspend) {
            return PollResult::Suspend;
        }
        if core::mem::take(resume) {
            return PollResult::Resume;
        }
        data(chip)
    }
}

/// What happened since the last poll, one bit for each endpoint.
fn data(chip: &mut Chip) -> PollResult {
    let mut ep_in_complete = u16::from(core::mem::take(&mut chip.ep0.in_complete));
    let mut ep_out = u16::from(chip.ep0.has_out());
    let ep_setup = u16::from(chip.ep0.setup.is_some());
    for (number, buffer) in (0u16..).zip(&mut chip.ins) {
        let complete = buffer.as_mut().is_some_and(|buffer| core::mem::take(&mut buffer.complete));
        ep_in_complete |= u16::from(complete) << number;
    }
    for (number, buffer) in (0u16..).zip(&chip.outs) {
        let unread = buffer.as_ref().is_some_and(|buffer| buffer.packet.is_some());
        ep_out |= u16::from(unread) << number;
    }
    match ep_in_complete | ep_out | ep_setup {
        0 => PollResult::None,
        _ => PollResult::Data { ep_out, ep_in_complete, ep_setup },
    }
}

/// The host's end of a [`VirtualUsbBus`]. Clones are the same wire.
#[derive(Clone)]
pub struct BusWire {
    chip: Shared<Chip>,
}

impl BusWire {
    /// The interrupt line: whether there is something to poll. It stays asserted while an OUT packet
    /// is not read.
    pub fn interrupt(&self) -> bool {
        self.chip.borrow().interrupt()
    }
}

impl DevicePort for BusWire {
    fn set_vbus(&mut self, present: bool) {
        self.chip.borrow_mut().set_vbus(present);
    }

    fn attached(&self) -> bool {
        self.chip.borrow().attached()
    }

    fn bus_reset(&mut self, _speed: Speed) -> Speed {
        let mut chip = self.chip.borrow_mut();
        if chip.attached() {
            chip.bus_reset();
        }
        Speed::Full
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        let mut chip = self.chip.borrow_mut();
        if !chip.answers(address) || endpoint != 0 {
            return Handshake::NoResponse;
        }
        chip.ep0.setup_token(data);
        Handshake::Ack
    }

    fn in_token(&mut self, address: u8, number: u8, ack: bool) -> InResponse {
        let mut chip = self.chip.borrow_mut();
        if !chip.answers(address) {
            return InResponse::NoResponse;
        }
        chip.in_token(number, ack)
    }

    fn out_token(&mut self, address: u8, number: u8, pid: Pid, data: &[u8]) -> Handshake {
        let mut chip = self.chip.borrow_mut();
        if !chip.answers(address) || (number == 0 && data.len() > 64) {
            return Handshake::NoResponse;
        }
        chip.out_token(number, pid, data)
    }

    /// There is none at full speed.
    fn ping(&mut self, _address: u8, _number: u8) -> Handshake {
        Handshake::NoResponse
    }

    fn sof(&mut self, _frame: u16) {}

    fn set_suspended(&mut self, suspended: bool) {
        let mut chip = self.chip.borrow_mut();
        if chip.attached() {
            chip.set_suspended(suspended);
        }
    }

    fn wakeup_signalled(&self) -> bool {
        self.chip.borrow().wakeup_signalled()
    }

    fn run(&mut self, duration: Nanoseconds) {
        self.chip.borrow_mut().run(duration);
    }
}
