//! The stubbed controller as a `usbd_acm::Controller`.
#![no_std]

use board::registers::{self, *};
use usbd_acm::{
    Controller, Direction, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, SetupPacket,
    Speed, TxPacket,
};

const EVENT_RESET: u32 = 1;
const EVENT_SUSPEND: u32 = 2;
const EVENT_RESUME: u32 = 3;
const EVENT_SETUP: u32 = 4;
const EVENT_EP0_SENT: u32 = 5;
const EVENT_EP0_RECEIVED: u32 = 6;
const EVENT_EP0_STATUS: u32 = 7;
const EVENT_SENT: u32 = 8;
const EVENT_RECEIVED: u32 = 9;

/// The controller, with one packet an endpoint and direction.
pub struct Stub(());

/// What the controller holds. It is asked for by the stack's contract, and so it lies in `.bss` and
/// counts as RAM of the stack.
struct Held {
    sending: [Option<TxPacket>; 2],
    receiving: Option<RxSlot>,
}

static mut HELD: Held = Held { sending: [const { None }; 2], receiving: None };

impl Stub {
    /// The one controller there is.
    ///
    /// # Safety
    /// Called once.
    pub const unsafe fn new() -> Self {
        Self(())
    }

    #[inline(always)]
    fn held(&mut self) -> &mut Held {
        // SAFETY: there is one `Stub`, and it is borrowed exclusively.
        unsafe { &mut *(&raw mut HELD) }
    }

    #[inline(always)]
    fn sending(&mut self, address: EndpointAddress) -> Option<&mut Option<TxPacket>> {
        self.held().sending.get_mut(usize::from(address.number()).wrapping_sub(1))
    }

    #[inline(always)]
    fn drop_all(&mut self) {
        // One by one: the whole at once would be a call of memcpy, and link it.
        let [notification, bulk] = &mut self.held().sending;
        *notification = None;
        *bulk = None;
        self.held().receiving = None;
    }

    #[inline(always)]
    fn sent(&mut self, number: u8) -> Option<Event> {
        let address = EndpointAddress::new(number, Direction::In)?;
        *self.sending(address)? = None;
        Some(Event::Sent(address))
    }

    #[inline(always)]
    fn received(&mut self, number: u8) -> Option<Event> {
        let mut slot = self.held().receiving.take()?;
        let endpoint = usize::from(number);
        let count = registers::copy(endpoint, &mut slot);
        registers::release(endpoint);
        Some(Event::Received(EndpointAddress::new(number, Direction::Out)?, slot, count as u16))
    }
}

#[inline(always)]
fn setup_packet() -> SetupPacket {
    let mut bytes = [0; 8];
    registers::setup(&mut bytes);
    SetupPacket::from_bytes(bytes)
}

#[inline(always)]
fn is_superseded() -> bool {
    registers::read(SUMMARY) & TICK_SETUP != 0
}

impl Controller for Stub {
    const ENDPOINTS: EndpointSet = EndpointSet::first(2);
    const DEPTH: usize = 1;

    #[cfg(feature = "interrupt")]
    const DOORBELL: fn() = registers::pend_interrupt;

    #[inline(never)]
    #[unsafe(link_section = ".stub.connect")]
    fn connect(&mut self) {}

    #[inline(never)]
    #[unsafe(link_section = ".stub.disconnect")]
    fn disconnect(&mut self) {
        self.drop_all();
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.poll")]
    fn poll(&mut self) -> Option<Event> {
        let event = registers::read(EVENT);
        let number = (event >> 8) as u8;
        match event & 0xFF {
            EVENT_RESET => {
                self.drop_all();
                Some(Event::Reset(Speed::Full))
            }
            EVENT_SUSPEND => Some(Event::Suspend),
            EVENT_RESUME => Some(Event::Resume),
            EVENT_SETUP => Some(Event::Setup(setup_packet())),
            EVENT_EP0_SENT => Some(Event::Ep0Sent),
            EVENT_EP0_RECEIVED => Some(Event::Ep0Received),
            EVENT_EP0_STATUS => Some(Event::Ep0Status),
            EVENT_SENT => self.sent(number),
            EVENT_RECEIVED => self.received(number),
            _ => None,
        }
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.ep0_send")]
    fn ep0_send(&mut self, packet: &[u8]) {
        if !is_superseded() {
            registers::send(0, packet);
        }
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.ep0_receive")]
    fn ep0_receive(&mut self) {
        registers::receive(0);
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.ep0_read")]
    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize {
        let count = registers::count(0);
        registers::copy(0, buffer);
        registers::release(0);
        count
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.ep0_status_in")]
    fn ep0_status_in(&mut self, address: Option<u8>) {
        if is_superseded() {
            return;
        }
        if let Some(address) = address {
            registers::write(ADDRESS, u32::from(address));
        }
        registers::send(0, &[]);
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.ep0_status_out")]
    fn ep0_status_out(&mut self) {
        registers::receive(0);
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.ep0_stall")]
    fn ep0_stall(&mut self) {
        registers::stall(0x80, true);
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.open")]
    fn open(&mut self, endpoint: Endpoint) {
        registers::write(ENABLED, u32::from(endpoint.address.to_byte()));
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.close_all")]
    fn close_all(&mut self) {
        registers::write(ENABLED, 0);
        self.drop_all();
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.send")]
    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket> {
        let number = usize::from(address.number());
        match self.sending(address) {
            Some(sending) if sending.is_none() => {
                registers::send(number, &packet);
                *sending = Some(packet);
                Ok(())
            }
            _ => Err(packet),
        }
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.receive")]
    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        if self.held().receiving.is_some() {
            return Err(slot);
        }
        self.held().receiving = Some(slot);
        registers::receive(usize::from(address.number()));
        Ok(())
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.abort")]
    fn abort(&mut self, address: EndpointAddress) {
        registers::abort(address.to_byte());
        match address.direction() {
            Direction::In => drop(self.sending(address).map(Option::take)),
            Direction::Out => self.held().receiving = None,
        }
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.halt")]
    fn halt(&mut self, address: EndpointAddress) {
        registers::stall(address.to_byte(), true);
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.unhalt")]
    fn unhalt(&mut self, address: EndpointAddress) {
        registers::stall(address.to_byte(), false);
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.suspend")]
    fn suspend(&mut self) {}

    #[inline(never)]
    #[unsafe(link_section = ".stub.resume")]
    fn resume(&mut self) {}

    #[inline(never)]
    #[unsafe(link_section = ".stub.remote_wakeup")]
    fn remote_wakeup(&mut self) {}
}
