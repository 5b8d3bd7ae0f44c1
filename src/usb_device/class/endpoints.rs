//! The endpoints of a class as a `Controller`: the part about packets. EP0 belongs to `UsbDevice`.

use usb_device::bus::{InterfaceNumber, UsbBus, UsbBusAllocator};
use usb_device::endpoint::{
    Endpoint as Handle, EndpointAddress as BusAddress, EndpointIn, EndpointOut, EndpointType,
};
use usb_device::{Result, UsbError};

use crate::class::NOTIFICATION_LENGTH;
use crate::descriptors::{NOTIFICATION_INTERVAL_MS, NOTIFICATION_PACKET_SIZE, PortEndpoints};
use crate::usb_device::BeyondUsbBus;
use crate::usb_device::pipes::{EndpointBus, Pipes};
use crate::{Controller, Endpoint, EndpointAddress, EndpointSet, Event, RxSlot, Speed, TxPacket};

/// The interfaces and endpoints that `usb-device` gave to one port.
pub(super) struct PortHandles<'a, B: UsbBus> {
    pub(super) communication: InterfaceNumber,
    pub(super) data: InterfaceNumber,
    pub(super) notification: EndpointIn<'a, B>,
    pub(super) data_in: EndpointIn<'a, B>,
    pub(super) data_out: EndpointOut<'a, B>,
}

impl<'a, B: UsbBus> PortHandles<'a, B> {
    /// Any endpoints, or with `wanted` these.
    pub(super) fn allocate(
        allocator: &'a UsbBusAllocator<B>,
        wanted: Option<&PortEndpoints>,
    ) -> Result<Self> {
        let address = |of: fn(&PortEndpoints) -> EndpointAddress| {
            wanted.map(|endpoints| BusAddress::from(of(endpoints).to_byte()))
        };
        let bulk = Speed::Full.bulk_packet_size();
        let (kind, size) = (EndpointType::Interrupt, NOTIFICATION_PACKET_SIZE);
        // In the order in which descriptors take them, for drivers that count.
        let data_in = allocator.alloc(address(|port| port.data_in), EndpointType::Bulk, bulk, 0)?;
        let data_out =
            allocator.alloc(address(|port| port.data_out), EndpointType::Bulk, bulk, 0)?;
        let wanted_notification = address(|port| port.notification);
        let notification =
            allocator.alloc(wanted_notification, kind, size, NOTIFICATION_INTERVAL_MS)?;
        let (communication, data) = (allocator.interface(), allocator.interface());
        let handles = Self { communication, data, notification, data_in, data_out };
        let is_as_wanted =
            wanted.is_none_or(|wanted| handles.addresses() == wanted_addresses(wanted));
        if is_as_wanted { Ok(handles) } else { Err(UsbError::InvalidEndpoint) }
    }

    fn addresses(&self) -> [u8; 3] {
        let Self { notification, data_in, data_out, .. } = self;
        [notification.address().into(), data_in.address().into(), data_out.address().into()]
    }
}

fn wanted_addresses(port: &PortEndpoints) -> [u8; 3] {
    [port.notification, port.data_in, port.data_out].map(EndpointAddress::to_byte)
}

/// The endpoints of all ports, by the addresses that they have in descriptors of ours, and what
/// `usb-device` called for them.
pub(super) struct Handles<'a, B: UsbBus, const PORTS: usize> {
    pub(super) ports: [Option<PortHandles<'a, B>>; PORTS],
    /// As [`Descriptors::ports`](crate::descriptors::Descriptors::ports) has them.
    pub(super) nominal: &'static [PortEndpoints; PORTS],
}

/// Either direction of handle.
enum Either<'h, 'a, B: UsbBus> {
    In(&'h EndpointIn<'a, B>),
    Out(&'h EndpointOut<'a, B>),
}

impl<'a, B: UsbBus, const PORTS: usize> Handles<'a, B, PORTS> {
    /// Number of the first communication interface; those of all ports follow one another.
    pub(super) fn first_interface(&self) -> u8 {
        self.ports.iter().flatten().map(|port| port.communication.into()).next().unwrap_or(0)
    }

    /// The address that an endpoint of ours has in this device.
    pub(super) fn real(&self, nominal: EndpointAddress) -> Option<EndpointAddress> {
        let address = match self.handle(nominal)? {
            Either::In(handle) => handle.address(),
            Either::Out(handle) => handle.address(),
        };
        EndpointAddress::from_byte(address.into())
    }

    /// Our address of an endpoint that is ours.
    pub(super) fn nominal(&self, address: u8) -> Option<EndpointAddress> {
        self.ports.iter().flatten().zip(self.nominal).find_map(|(handles, nominal)| {
            let [notification, data_in, data_out] = handles.addresses();
            match address {
                _ if address == notification => Some(nominal.notification),
                _ if address == data_in => Some(nominal.data_in),
                _ if address == data_out => Some(nominal.data_out),
                _ => None,
            }
        })
    }

    fn handle(&self, address: EndpointAddress) -> Option<Either<'_, 'a, B>> {
        self.ports.iter().flatten().zip(self.nominal).find_map(|(handles, nominal)| match address {
            _ if address == nominal.notification => Some(Either::In(&handles.notification)),
            _ if address == nominal.data_in => Some(Either::In(&handles.data_in)),
            _ if address == nominal.data_out => Some(Either::Out(&handles.data_out)),
            _ => None,
        })
    }

    fn is_notification(&self, address: EndpointAddress) -> bool {
        self.nominal.iter().any(|nominal| nominal.notification == address)
    }
}

impl<B: UsbBus, const PORTS: usize> EndpointBus for Handles<'_, B, PORTS> {
    fn write(&self, address: EndpointAddress, packet: &[u8]) -> Result<usize> {
        let Some(Either::In(handle)) = self.handle(address) else {
            return Err(UsbError::InvalidEndpoint);
        };
        match <[u8; NOTIFICATION_LENGTH]>::try_from(packet) {
            Ok(notification) if self.is_notification(address) => {
                handle.write(&renumbered(notification, self.first_interface()))
            }
            _ => handle.write(packet),
        }
    }

    fn read(&self, address: EndpointAddress, buffer: &mut [u8]) -> Result<usize> {
        match self.handle(address) {
            Some(Either::Out(handle)) => handle.read(buffer),
            _ => Err(UsbError::InvalidEndpoint),
        }
    }

    fn set_stalled(&self, address: EndpointAddress, stalled: bool) {
        match self.handle(address) {
            Some(Either::In(handle)) => set_stalled(handle, stalled),
            Some(Either::Out(handle)) => set_stalled(handle, stalled),
            None => {}
        }
    }
}

fn set_stalled<B: UsbBus, D: usb_device::endpoint::EndpointDirection>(
    handle: &Handle<'_, B, D>,
    stalled: bool,
) {
    match stalled {
        true => handle.stall(),
        false => handle.unstall(),
    }
}

/// A notification names its interface in wIndex (PSTN 1.2 §6.5.4), as if the ports had the first
/// ones of the device.
fn renumbered(mut notification: [u8; NOTIFICATION_LENGTH], first: u8) -> [u8; NOTIFICATION_LENGTH] {
    if let Some(interface) = notification.get_mut(4) {
        *interface = interface.wrapping_add(first);
    }
    notification
}

/// What `UsbDevice` says of the bus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Reset,
    Suspend,
    Resume,
}

/// The `Controller` that the stack sees. EP0 is not its business, and neither is power.
pub struct ClassController<'a, B: UsbBus, X, const PORTS: usize> {
    pub(super) handles: Handles<'a, B, PORTS>,
    pub(super) pipes: Pipes<PORTS>,
    pub(super) line: Option<Line>,
    /// The stack wants the host woken.
    pub(super) wakes: bool,
    beyond: core::marker::PhantomData<fn(X)>,
}

impl<'a, B: UsbBus, X, const PORTS: usize> ClassController<'a, B, X, PORTS> {
    pub(super) fn new(handles: Handles<'a, B, PORTS>) -> Self {
        let pipes = Pipes::new(handles.nominal);
        Self { handles, pipes, line: None, wakes: false, beyond: core::marker::PhantomData }
    }

    /// `usb-device` says that something happened at this endpoint.
    pub(super) fn happened(&mut self, address: BusAddress) -> bool {
        let nominal = self.handles.nominal(address.into());
        if let Some(nominal) = nominal {
            self.pipes.happened(nominal);
        }
        nominal.is_some()
    }
}

impl<B: UsbBus, X: BeyondUsbBus<B>, const PORTS: usize> Controller
    for ClassController<'_, B, X, PORTS>
{
    const ENDPOINTS: EndpointSet = EndpointSet::first(15);
    const DOORBELL: fn() = X::DOORBELL;

    fn connect(&mut self) {}

    fn disconnect(&mut self) {}

    fn poll(&mut self) -> Option<Event> {
        match self.line.take() {
            Some(Line::Reset) => {
                self.pipes.reset();
                Some(Event::Reset(Speed::Full))
            }
            Some(Line::Suspend) => Some(Event::Suspend),
            Some(Line::Resume) => Some(Event::Resume),
            None => self.pipes.next_event(&self.handles),
        }
    }

    fn ep0_send(&mut self, _packet: &[u8]) {}

    fn ep0_receive(&mut self) {}

    fn ep0_read(&mut self, _buffer: &mut [u8]) -> usize {
        0
    }

    fn ep0_status_in(&mut self, _address: Option<u8>) {}

    fn ep0_status_out(&mut self) {}

    fn ep0_stall(&mut self) {}

    fn open(&mut self, endpoint: Endpoint) {
        self.pipes.open(endpoint.address, &self.handles);
    }

    fn close_all(&mut self) {
        self.pipes.close_all();
    }

    fn send(
        &mut self,
        address: EndpointAddress,
        packet: TxPacket,
    ) -> core::result::Result<(), TxPacket> {
        self.pipes.send(address, packet, &self.handles)
    }

    fn receive(
        &mut self,
        address: EndpointAddress,
        slot: RxSlot,
    ) -> core::result::Result<(), RxSlot> {
        if self.pipes.is_unread(address) {
            (X::DOORBELL)();
        }
        self.pipes.receive(address, slot)
    }

    fn abort(&mut self, address: EndpointAddress) {
        self.pipes.abort(address);
    }

    fn halt(&mut self, address: EndpointAddress) {
        self.pipes.halt(address, &self.handles);
    }

    fn unhalt(&mut self, address: EndpointAddress) {
        self.pipes.unhalt(address, &self.handles);
    }

    fn suspend(&mut self) {}

    fn resume(&mut self) {}

    fn remote_wakeup(&mut self) {
        self.wakes = true;
    }
}
