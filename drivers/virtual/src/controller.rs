//! The stack's end: a [`Controller`] without a chip.

use core::marker::PhantomData;

use usbd_acm::{
    Controller, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, Speed, TestMode, TxPacket,
};

use crate::chip::{Chip, Silicon};
use crate::shared::Shared;
use crate::{Violation, VirtualWire};

/// What is fixed in a controller's silicon.
pub trait Variant {
    /// The endpoints beside EP0.
    const ENDPOINTS: EndpointSet = EndpointSet::first(15);
    /// Whether it can run at high speed.
    const HIGH_SPEED: bool = false;
    /// bMaxPacketSize0, in bytes.
    const EP0_PACKET_SIZE: u8 = 64;
}

/// A full-speed controller with 15 endpoints in each direction.
#[derive(Clone, Copy, Debug)]
pub struct FullSpeed;

impl Variant for FullSpeed {}

/// A high-speed controller with 15 endpoints in each direction.
#[derive(Clone, Copy, Debug)]
pub struct HighSpeed;

impl Variant for HighSpeed {
    const HIGH_SPEED: bool = true;
}

/// A controller in memory, exact to the contract of [`Controller`].
///
/// It lives beside its [`VirtualWire`], with the feature `std` maybe in another thread. Whatever the stack does against the contract
/// is on record there.
pub struct VirtualController<V = FullSpeed> {
    chip: Shared<Chip>,
    variant: PhantomData<V>,
}

/// A [`VirtualController`] for high speed.
pub type VirtualHighSpeed = VirtualController<HighSpeed>;

impl<V: Variant> VirtualController<V> {
    /// A controller that holds `depth` packets per direction and endpoint (at least 1), and the
    /// other end of its wire. VBUS is off.
    pub fn new(depth: usize) -> (Self, VirtualWire) {
        let chip = Shared::new(Chip::new(Silicon {
            endpoints: V::ENDPOINTS,
            top_speed: if V::HIGH_SPEED { Speed::High } else { Speed::Full },
            ep0_packet_size: V::EP0_PACKET_SIZE,
            depth: depth.max(1),
        }));
        (Self { chip: chip.clone(), variant: PhantomData }, VirtualWire::new(chip))
    }

    /// Runs `call` unless the chip has gone through a reset that the stack does not know of.
    fn admit<T>(
        &mut self,
        method: &'static str,
        call: impl FnOnce(&mut Chip) -> Result<T, Violation>,
    ) -> Option<T> {
        let mut chip = self.chip.borrow_mut();
        if !chip.admits(method) {
            return None;
        }
        let outcome = call(&mut chip);
        chip.expect(outcome)
    }
}

impl<V: Variant> Controller for VirtualController<V> {
    const ENDPOINTS: EndpointSet = V::ENDPOINTS;
    const HIGH_SPEED: bool = V::HIGH_SPEED;
    const TEST_MODES: bool = V::HIGH_SPEED;
    const EP0_PACKET_SIZE: u8 = V::EP0_PACKET_SIZE;

    fn connect(&mut self) {
        self.chip.borrow_mut().pull_up = true;
    }

    fn disconnect(&mut self) {
        let mut chip = self.chip.borrow_mut();
        chip.pull_up = false;
        chip.reset(None);
    }

    fn poll(&mut self) -> Option<Event> {
        self.chip.borrow_mut().next_event()
    }

    fn ep0_send(&mut self, packet: &[u8]) {
        self.admit("ep0_send", |chip| {
            if packet.len() > usize::from(chip.silicon.ep0_packet_size) {
                return Err(Violation::Ep0PacketTooLong(packet.len()));
            }
            chip.ep0.send(packet)
        });
    }

    fn ep0_receive(&mut self) {
        self.admit("ep0_receive", |chip| chip.ep0.receive());
    }

    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize {
        self.admit("ep0_read", |chip| {
            let packet = chip.ep0.read()?;
            for (to, from) in buffer.iter_mut().zip(packet) {
                *to = *from;
            }
            Ok(packet.len())
        })
        .unwrap_or(0)
    }

    fn ep0_status_in(&mut self, address: Option<u8>) {
        self.admit("ep0_status_in", |chip| match address {
            Some(address) if address > 127 => Err(Violation::IllegalAddress(address)),
            _ => chip.ep0.status_in(address),
        });
    }

    fn ep0_status_out(&mut self) {
        self.admit("ep0_status_out", |chip| chip.ep0.status_out());
    }

    fn ep0_stall(&mut self) {
        self.admit("ep0_stall", |chip| chip.ep0.stall());
    }

    fn open(&mut self, endpoint: Endpoint) {
        self.admit("open", |chip| chip.open(endpoint));
    }

    fn close_all(&mut self) {
        self.admit("close_all", |chip| {
            chip.close_all();
            Ok(())
        });
    }

    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket> {
        self.admit("send", |chip| {
            let depth = chip.silicon.depth;
            let endpoint = chip.in_endpoint(address)?;
            endpoint.check(&packet)?;
            Ok(endpoint.push(packet, depth))
        })
        .unwrap_or(Ok(()))
    }

    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        self.admit("receive", |chip| {
            let depth = chip.silicon.depth;
            let endpoint = chip.out_endpoint(address)?;
            endpoint.check(&slot)?;
            Ok(endpoint.push(slot, depth))
        })
        .unwrap_or(Ok(()))
    }

    fn abort(&mut self, address: EndpointAddress) {
        self.admit("abort", |chip| chip.abort(address));
    }

    fn halt(&mut self, address: EndpointAddress) {
        self.admit("halt", |chip| chip.halt(address));
    }

    fn unhalt(&mut self, address: EndpointAddress) {
        self.admit("unhalt", |chip| chip.unhalt(address));
    }

    fn frame(&self) -> Option<u16> {
        self.chip.borrow().frame
    }

    fn watch_frames(&mut self, watch: bool) {
        self.admit("watch_frames", |chip| {
            chip.watches_frames = watch;
            Ok(())
        });
    }

    fn test_mode(&mut self, mode: TestMode) {
        self.admit("test_mode", |chip| chip.enter_test_mode(mode));
    }

    fn suspend(&mut self) {
        let mut chip = self.chip.borrow_mut();
        if !chip.outdated() {
            let outcome = chip.gate();
            chip.expect(outcome);
        }
    }

    fn resume(&mut self) {
        self.chip.borrow_mut().ungate();
    }

    fn remote_wakeup(&mut self) {
        self.admit("remote_wakeup", Chip::remote_wakeup);
    }
}
