//! EP0 of a `UsbBus`, which knows no stages, as the stack's control pipe, which tells them.
//!
//! The calls come in the order in which `UsbDevice` makes them, for that is what drivers were
//! written for: SETUP is read and the OUT side unstalled; data and status IN are writes to 0x80,
//! status OUT is a read of nothing; STALL is set in both directions.

use usb_device::bus::UsbBus;
use usb_device::endpoint::EndpointAddress;

use crate::descriptors::EP0_PACKET_SIZE;
use crate::{Event, SetupPacket};

const BUFFER: usize = EP0_PACKET_SIZE as usize;

/// What the stack armed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing, or the bus has not said yet what came of it.
    Idle,
    DataIn,
    DataOut,
    /// With the address to take after it.
    StatusIn(Option<u8>),
    StatusOut,
}

/// EP0.
pub(super) struct Control {
    stage: Stage,
    /// A packet on its way in either direction: never both.
    buffer: [u8; BUFFER],
    length: usize,
    /// The packet in `buffer` is for IN, and the bus had no room for it yet.
    unsent: bool,
    /// What the bus said of EP0 and was not looked at yet.
    pending: Pending,
}

/// Bit 0 of the three words of a `PollResult`.
#[derive(Clone, Copy, Default)]
pub(super) struct Pending {
    pub(super) setup: bool,
    pub(super) in_complete: bool,
    pub(super) out: bool,
}

fn ep0_out() -> EndpointAddress {
    EndpointAddress::from(0x00)
}

fn ep0_in() -> EndpointAddress {
    EndpointAddress::from(0x80)
}

impl Control {
    pub(super) const NEW: Self = Self {
        stage: Stage::Idle,
        buffer: [0; BUFFER],
        length: 0,
        unsent: false,
        pending: Pending { setup: false, in_complete: false, out: false },
    };

    /// The bus was reset.
    pub(super) fn reset(&mut self) {
        // Not the buffer: without a stage nothing is in it.
        self.stage = Stage::Idle;
        self.length = 0;
        self.unsent = false;
        self.pending = Pending::default();
    }

    /// What the bus says of EP0.
    pub(super) fn happened(&mut self, bits: Pending) {
        self.pending.setup |= bits.setup;
        self.pending.in_complete |= bits.in_complete;
        self.pending.out |= bits.out;
    }

    /// What came of it.
    pub(super) fn next_event<B: UsbBus>(&mut self, bus: &B) -> Option<Event> {
        if self.unsent {
            self.write(bus);
        }
        if core::mem::take(&mut self.pending.in_complete) {
            let event = self.in_complete(bus);
            if event.is_some() {
                return event;
            }
        }
        if self.pending.setup && matches!(self.stage, Stage::StatusIn(Some(_))) {
            // nrf-usbd, whose hardware takes the address by itself, tells of no status stage.
            self.stage = Stage::Idle;
            return Some(Event::Ep0Status);
        }
        if core::mem::take(&mut self.pending.setup) {
            return self.setup(bus);
        }
        if core::mem::take(&mut self.pending.out) {
            return self.out(bus);
        }
        None
    }

    /// A SETUP packet ends the transfer before it.
    fn setup<B: UsbBus>(&mut self, bus: &B) -> Option<Event> {
        let mut bytes = [0; 8];
        if bus.read(ep0_out(), &mut bytes) != Ok(bytes.len()) {
            return None;
        }
        bus.set_stalled(ep0_out(), false);
        self.stage = Stage::Idle;
        self.unsent = false;
        self.pending = Pending::default();
        Some(Event::Setup(SetupPacket::from_bytes(bytes)))
    }

    fn in_complete<B: UsbBus>(&mut self, bus: &B) -> Option<Event> {
        match self.stage {
            // With a new SETUP it is too late for the next packet.
            Stage::DataIn if !self.pending.setup => {
                self.stage = Stage::Idle;
                Some(Event::Ep0Sent)
            }
            Stage::StatusIn(address) => {
                self.stage = Stage::Idle;
                if let (Some(address), false) = (address, B::QUIRK_SET_ADDRESS_BEFORE_STATUS) {
                    bus.set_device_address(address);
                }
                Some(Event::Ep0Status)
            }
            _ => None,
        }
    }

    fn out<B: UsbBus>(&mut self, bus: &B) -> Option<Event> {
        // What may be unsent in the buffer is over with an OUT packet.
        let length = bus.read(ep0_out(), &mut self.buffer).ok()?;
        match (self.stage, length) {
            (Stage::DataOut, _) => {
                self.length = length;
                self.stage = Stage::Idle;
                Some(Event::Ep0Received)
            }
            // The host may end a transfer early.
            (Stage::DataIn | Stage::StatusOut, 0) => {
                self.stage = Stage::Idle;
                self.unsent = false;
                Some(Event::Ep0Status)
            }
            (Stage::DataIn | Stage::StatusOut, _) => {
                self.stall(bus);
                None
            }
            _ => None,
        }
    }
}

/// Calls of the stack. Those that answer an older SETUP than the newest come too late.
impl Control {
    pub(super) fn send<B: UsbBus>(&mut self, packet: &[u8], bus: &B) {
        if self.pending.setup {
            return;
        }
        self.length = packet.len().min(BUFFER);
        for (to, from) in self.buffer.iter_mut().zip(packet) {
            *to = *from;
        }
        self.stage = Stage::DataIn;
        self.write(bus);
    }

    pub(super) fn receive(&mut self) {
        if !self.pending.setup {
            self.stage = Stage::DataOut;
        }
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> usize {
        let packet = self.buffer.get(..self.length).unwrap_or_default();
        for (to, from) in buffer.iter_mut().zip(packet) {
            *to = *from;
        }
        self.length
    }

    pub(super) fn status_in<B: UsbBus>(&mut self, address: Option<u8>, bus: &B) {
        if self.pending.setup {
            return;
        }
        if let (Some(address), true) = (address, B::QUIRK_SET_ADDRESS_BEFORE_STATUS) {
            bus.set_device_address(address);
        }
        self.length = 0;
        self.stage = Stage::StatusIn(address);
        self.write(bus);
    }

    pub(super) fn status_out<B: UsbBus>(&mut self, bus: &B) {
        if self.pending.setup {
            return;
        }
        bus.set_stalled(ep0_out(), false);
        self.stage = Stage::StatusOut;
    }

    pub(super) fn stall<B: UsbBus>(&mut self, bus: &B) {
        if self.pending.setup {
            return;
        }
        self.stage = Stage::Idle;
        self.unsent = false;
        bus.set_stalled(ep0_out(), true);
        bus.set_stalled(ep0_in(), true);
    }

    /// Where the last packet of a transfer that was given up is still in the hardware, this one has
    /// to wait for it.
    fn write<B: UsbBus>(&mut self, bus: &B) {
        let packet = self.buffer.get(..self.length).unwrap_or_default();
        self.unsent = bus.write(ep0_in(), packet).is_err();
    }
}
