//! Our `Controller` on any existing `UsbBus`.

mod control;
mod source;

use usb_device::UsbError;
use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress as BusAddress, EndpointType};

use super::pipes::{EndpointBus, Pipes};
use crate::descriptors::{
    Descriptors, EP0_PACKET_SIZE, NOTIFICATION_INTERVAL_MS, NOTIFICATION_PACKET_SIZE,
};
use crate::{Controller, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, Speed, TxPacket};
use control::{Control, Pending};
pub use source::{BusSource, LentBus, OwnBus};

/// What a chip can do beyond `UsbBus`. `()` says: nothing.
pub trait BeyondUsbBus<B> {
    /// [`Controller::DOORBELL`]: pends the USB interrupt, if that polls the device.
    const DOORBELL: fn() = || ();

    /// Signals remote wake-up: stm32-usbd and rp2040-hal have a method for it.
    fn remote_wakeup(bus: &B) {
        let _ = bus;
    }

    /// Drops the packet that the hardware of this IN endpoint holds, and returns whether it could.
    /// Where it cannot, the last packet of a session may be the first of the next.
    fn abort(bus: &B, address: EndpointAddress) -> bool {
        let _ = (bus, address);
        false
    }
}

impl<B> BeyondUsbBus<B> for () {}

/// Any `UsbBus` as a [`Controller`].
///
/// ```
/// # use usb_device::bus::UsbBus;
/// # use usbd_acm::{Storage, descriptors::Descriptors};
/// use usbd_acm::usb_device::{FromUsbBus, OwnBus};
///
/// # fn start<B: UsbBus>(
/// #     bus: B,
/// #     storage: &'static mut Storage,
/// #     descriptors: &'static Descriptors<1>,
/// # ) -> Result<(), usb_device::UsbError> {
/// let controller = FromUsbBus::<_, (), 1>::new(OwnBus::new(bus), descriptors)?;
/// let (mut device, [port]) = storage.split(controller, descriptors, ());
/// device.connect();
/// # Ok(())
/// # }
/// ```
///
/// # What a `UsbBus` cannot do
///
/// | the contract of [`Controller`] | on a `UsbBus` |
/// |---|---|
/// | endpoints are there while the device is configured | always; they NAK IN, and what they take of OUT is dropped |
/// | `abort` drops what the hardware holds | one packet stays, unless [`BeyondUsbBus::abort`] can drop it |
/// | an OUT packet without a slot is NAKed | one is taken all the same: at the end of a session it may be told in the next, at a reset it is lost |
/// | `unhalt` sets DATA0 | only if the driver does (table below) |
/// | a packet without a slot raises no interrupt | most drivers raise it again and again until there is one |
/// | an OUT packet is told from SETUP | 8 bytes read just after `poll` may be a SETUP: it is lost, and the host repeats it |
/// | loss of VBUS is told | as suspend, where at all |
/// | two packets a direction where hardware can | one, and the next follows from `poll` |
/// | speed | full speed only, as no `UsbBus` tells of another |
/// | `disconnect` | ends nothing: there is no such method |
///
/// | driver | source | endpoint addresses | ending a halt | SET_ADDRESS | remote wake-up |
/// |---|---|---|---|---|---|
/// | nrf-usbd 0.3 | [`OwnBus`] | counted up in the order of allocation, which is that of our descriptors | toggle stays; a stall frees the packet before it | before the status stage, by hardware | none |
/// | synopsys-usb-otg 0.5 | [`LentBus`] | as asked for | toggle stays | before | none |
/// | stm32-usbd 0.8 | [`LentBus`] | as asked for | toggle stays; the packet is lost, and written again | after | inherent method |
/// | rp2040-hal 0.12 | [`OwnBus`] | as asked for | toggle stays | after | inherent method |
/// | atsamd-hal 0.23 | [`OwnBus`] | as asked for | toggle stays | after | none |
///
/// Read from the sources of these releases; nothing of it was tried on silicon.
pub struct FromUsbBus<S, X = (), const PORTS: usize = 1> {
    source: S,
    control: Control,
    pipes: Pipes<PORTS>,
    suspended: bool,
    /// Between `suspend` and `resume`.
    gated: bool,
    beyond: core::marker::PhantomData<X>,
}

impl<S: BusSource, X: BeyondUsbBus<S::Bus>, const PORTS: usize> FromUsbBus<S, X, PORTS> {
    /// Allocates EP0 and the endpoints that the descriptors name.
    ///
    /// # Errors
    /// What the driver says when it lacks an endpoint or memory for it, and
    /// [`UsbError::InvalidEndpoint`] when it has another one than the descriptors say.
    pub fn new(mut source: S, descriptors: &'static Descriptors<PORTS>) -> Result<Self, UsbError> {
        let bulk = Speed::Full.bulk_packet_size();
        for port in descriptors.ports() {
            // In the order in which the descriptors took them, for drivers that count.
            allocate(&mut source, port.data_in.to_byte(), EndpointType::Bulk, bulk)?;
            allocate(&mut source, port.data_out.to_byte(), EndpointType::Bulk, bulk)?;
            let notification = port.notification.to_byte();
            allocate(&mut source, notification, EndpointType::Interrupt, NOTIFICATION_PACKET_SIZE)?;
        }
        for address in [0x00, 0x80] {
            allocate(&mut source, address, EndpointType::Control, EP0_PACKET_SIZE.into())?;
        }
        Ok(Self {
            source,
            control: Control::NEW,
            pipes: Pipes::new(descriptors.ports()),
            suspended: false,
            gated: false,
            beyond: core::marker::PhantomData,
        })
    }

    /// The driver, once it is connected, for what it offers beside `UsbBus`.
    pub fn bus(&self) -> Option<&S::Bus> {
        self.source.bus()
    }

    fn latched(&mut self) -> Option<Event> {
        let bus = self.source.bus()?;
        // Of what came with a SETUP, data was first: what follows from the request, the host is told
        // before it goes on. A session that ends has its last packets.
        if let Some(event) = self.pipes.next_event(&Endpoints(bus)) {
            return Some(event);
        }
        self.control.next_event(bus)
    }

    /// What the bus says now: an event, or bits to look at.
    fn look(&mut self) -> Option<Event> {
        let bus = self.source.bus()?;
        let result = bus.poll();
        let quiet = matches!(result, PollResult::None | PollResult::Suspend);
        if self.suspended && !quiet {
            // Whatever happens is a sign that the bus was resumed; some drivers give no other.
            self.suspended = false;
            if matches!(result, PollResult::Reset) {
                self.resume();
            } else {
                self.note(&result);
                return Some(Event::Resume);
            }
        }
        match result {
            PollResult::Suspend if !self.suspended => {
                self.suspended = true;
                Some(Event::Suspend)
            }
            PollResult::Reset => Some(self.bus_reset()),
            other => {
                self.note(&other);
                self.latched()
            }
        }
    }

    fn bus_reset(&mut self) -> Event {
        if let Some(bus) = self.source.bus() {
            bus.reset();
        }
        self.control.reset();
        self.pipes.reset();
        Event::Reset(Speed::Full)
    }

    /// Drops what the hardware holds of ended sessions, where it can.
    fn drop_stale(&mut self) {
        if let Some(bus) = self.source.bus() {
            self.pipes.drop_stale(|address| X::abort(bus, address));
        }
    }

    fn note(&mut self, result: &PollResult) {
        let PollResult::Data { ep_out, ep_in_complete, ep_setup } = *result else { return };
        self.control.happened(Pending {
            setup: ep_setup & 1 != 0,
            in_complete: ep_in_complete & 1 != 0,
            out: ep_out & 1 != 0,
        });
        let set = |word: u16| (1..16u8).filter(move |number| word >> number & 1 != 0);
        for address in set(ep_in_complete).filter_map(|n| EndpointAddress::from_byte(0x80 | n)) {
            self.pipes.happened(address);
        }
        for address in set(ep_out).filter_map(EndpointAddress::from_byte) {
            self.pipes.happened(address);
        }
    }
}

/// What the descriptors say must be so.
fn allocate<S: BusSource>(
    source: &mut S,
    address: u8,
    endpoint_type: EndpointType,
    max_packet_size: u16,
) -> Result<(), UsbError> {
    let interval = match endpoint_type {
        EndpointType::Interrupt => NOTIFICATION_INTERVAL_MS,
        _ => 0,
    };
    let wanted = BusAddress::from(address);
    let allocated = source.allocate(wanted, endpoint_type, max_packet_size, interval)?;
    if allocated == wanted { Ok(()) } else { Err(UsbError::InvalidEndpoint) }
}

/// The endpoints of a `UsbBus`.
struct Endpoints<'a, B>(&'a B);

fn bus_address(address: EndpointAddress) -> BusAddress {
    BusAddress::from(address.to_byte())
}

impl<B: UsbBus> EndpointBus for Endpoints<'_, B> {
    fn write(&self, address: EndpointAddress, packet: &[u8]) -> Result<usize, UsbError> {
        self.0.write(bus_address(address), packet)
    }

    fn read(&self, address: EndpointAddress, buffer: &mut [u8]) -> Result<usize, UsbError> {
        self.0.read(bus_address(address), buffer)
    }

    fn set_stalled(&self, address: EndpointAddress, stalled: bool) {
        self.0.set_stalled(bus_address(address), stalled);
    }
}

impl<S: BusSource, X: BeyondUsbBus<S::Bus>, const PORTS: usize> Controller
    for FromUsbBus<S, X, PORTS>
{
    /// What there is, [`FromUsbBus::new`] finds out.
    const ENDPOINTS: EndpointSet = EndpointSet::first(15);
    const DOORBELL: fn() = X::DOORBELL;

    fn connect(&mut self) {
        self.source.enable();
    }

    fn disconnect(&mut self) {
        self.control.reset();
        self.pipes.reset();
    }

    fn poll(&mut self) -> Option<Event> {
        let event = self.latched().or_else(|| self.look());
        if event.is_some() {
            // What is latched here keeps no interrupt line asserted.
            (X::DOORBELL)();
        }
        event
    }

    fn ep0_send(&mut self, packet: &[u8]) {
        if let Some(bus) = self.source.bus() {
            self.control.send(packet, bus);
        }
    }

    fn ep0_receive(&mut self) {
        self.control.receive();
    }

    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize {
        self.control.read(buffer)
    }

    fn ep0_status_in(&mut self, address: Option<u8>) {
        if let Some(bus) = self.source.bus() {
            self.control.status_in(address, bus);
        }
    }

    fn ep0_status_out(&mut self) {
        if let Some(bus) = self.source.bus() {
            self.control.status_out(bus);
        }
    }

    fn ep0_stall(&mut self) {
        if let Some(bus) = self.source.bus() {
            self.control.stall(bus);
        }
    }

    fn open(&mut self, endpoint: Endpoint) {
        if let Some(bus) = self.source.bus() {
            self.pipes.open(endpoint.address, &Endpoints(bus));
        }
    }

    fn close_all(&mut self) {
        self.pipes.close_all();
        self.drop_stale();
    }

    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket> {
        match self.source.bus() {
            Some(bus) => self.pipes.send(address, packet, &Endpoints(bus)),
            None => Ok(()),
        }
    }

    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        if self.pipes.is_unread(address) {
            (X::DOORBELL)();
        }
        self.pipes.receive(address, slot)
    }

    fn abort(&mut self, address: EndpointAddress) {
        self.pipes.abort(address);
        self.drop_stale();
    }

    fn halt(&mut self, address: EndpointAddress) {
        if let Some(bus) = self.source.bus() {
            self.pipes.halt(address, &Endpoints(bus));
        }
    }

    fn unhalt(&mut self, address: EndpointAddress) {
        if let Some(bus) = self.source.bus() {
            self.pipes.unhalt(address, &Endpoints(bus));
        }
    }

    fn suspend(&mut self) {
        if let Some(bus) = self.source.bus() {
            self.gated = true;
            bus.suspend();
        }
    }

    fn resume(&mut self) {
        if core::mem::take(&mut self.gated)
            && let Some(bus) = self.source.bus()
        {
            bus.resume();
        }
    }

    fn remote_wakeup(&mut self) {
        if let Some(bus) = self.source.bus() {
            X::remote_wakeup(bus);
        }
    }
}
