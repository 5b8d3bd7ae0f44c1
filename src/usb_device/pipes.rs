//! The bulk and interrupt endpoints of all ports.

use usb_device::UsbError;

use super::pipe::{Hardware, InPipe, OutPipe};
use crate::descriptors::PortEndpoints;
use crate::{EndpointAddress, Event, RxSlot, TxPacket};

/// The endpoints of a bus, by our addresses.
pub(super) trait EndpointBus {
    fn write(&self, address: EndpointAddress, packet: &[u8]) -> Result<usize, UsbError>;
    fn read(&self, address: EndpointAddress, buffer: &mut [u8]) -> Result<usize, UsbError>;
    fn set_stalled(&self, address: EndpointAddress, stalled: bool);
}

/// One of them.
struct At<'a, B> {
    bus: &'a B,
    address: EndpointAddress,
}

impl<B: EndpointBus> Hardware for At<'_, B> {
    fn write(&self, packet: &[u8]) -> bool {
        self.bus.write(self.address, packet).is_ok()
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize, UsbError> {
        self.bus.read(self.address, buffer)
    }

    fn set_stalled(&self, stalled: bool) {
        self.bus.set_stalled(self.address, stalled);
    }
}

/// The endpoints of one port.
struct PortPipes {
    endpoints: PortEndpoints,
    notification: InPipe,
    data_in: InPipe,
    data_out: OutPipe,
}

/// An endpoint of one of the ports.
enum Pipe<'a> {
    In(&'a mut InPipe),
    Out(&'a mut OutPipe),
}

/// The endpoints of `PORTS` ports: the part of [`Controller`](crate::Controller) that is about
/// packets.
pub(super) struct Pipes<const PORTS: usize> {
    ports: [PortPipes; PORTS],
}

impl<const PORTS: usize> Pipes<PORTS> {
    pub(super) fn new(endpoints: &[PortEndpoints; PORTS]) -> Self {
        let ports = endpoints.map(|endpoints| PortPipes {
            endpoints,
            notification: InPipe::NEW,
            data_in: InPipe::NEW,
            data_out: OutPipe::NEW,
        });
        Self { ports }
    }

    /// The bus was reset.
    pub(super) fn reset(&mut self) {
        for port in &mut self.ports {
            port.notification.reset();
            port.data_in.reset();
            port.data_out.reset();
        }
    }

    pub(super) fn close_all(&mut self) {
        for port in &mut self.ports {
            port.notification.abort();
            port.data_in.abort();
            port.data_out.close();
        }
    }

    pub(super) fn open(&mut self, address: EndpointAddress, bus: &impl EndpointBus) {
        let at = At { bus, address };
        match self.pipe(address) {
            Some(Pipe::In(pipe)) => pipe.open(&at),
            Some(Pipe::Out(pipe)) => pipe.open(&at),
            None => {}
        }
    }

    pub(super) fn send(
        &mut self,
        address: EndpointAddress,
        packet: TxPacket,
        bus: &impl EndpointBus,
    ) -> Result<(), TxPacket> {
        match self.pipe(address) {
            Some(Pipe::In(pipe)) => pipe.send(packet, &At { bus, address }),
            _ => Ok(()),
        }
    }

    pub(super) fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        match self.pipe(address) {
            Some(Pipe::Out(pipe)) => pipe.receive(slot),
            _ => Ok(()),
        }
    }

    /// Whether a packet waits at this OUT endpoint.
    pub(super) fn is_unread(&mut self, address: EndpointAddress) -> bool {
        matches!(self.pipe(address), Some(Pipe::Out(pipe)) if pipe.is_unread())
    }

    pub(super) fn abort(&mut self, address: EndpointAddress) {
        match self.pipe(address) {
            Some(Pipe::In(pipe)) => pipe.abort(),
            Some(Pipe::Out(pipe)) => pipe.abort(),
            None => {}
        }
    }

    /// Has `drop` drop what the hardware holds of ended sessions, where it can. Returns whether that
    /// made room.
    pub(super) fn drop_stale(&mut self, mut drop: impl FnMut(EndpointAddress) -> bool) -> bool {
        let mut room = false;
        for port in &mut self.ports {
            let PortEndpoints { notification, data_in, .. } = port.endpoints;
            let pipes = [(&mut port.notification, notification), (&mut port.data_in, data_in)];
            for (pipe, address) in pipes {
                if pipe.is_stale() && drop(address) {
                    pipe.aborted();
                    room = true;
                }
            }
        }
        room
    }

    pub(super) fn halt(&mut self, address: EndpointAddress, bus: &impl EndpointBus) {
        let at = At { bus, address };
        match self.pipe(address) {
            Some(Pipe::In(pipe)) => pipe.halt(&at),
            Some(Pipe::Out(pipe)) => pipe.halt(&at),
            None => {}
        }
    }

    pub(super) fn unhalt(&mut self, address: EndpointAddress, bus: &impl EndpointBus) {
        let at = At { bus, address };
        match self.pipe(address) {
            Some(Pipe::In(pipe)) => pipe.unhalt(&at),
            Some(Pipe::Out(pipe)) => pipe.unhalt(&at),
            None => {}
        }
    }

    /// The bus says that something happened at this endpoint: a packet was acknowledged, or waits.
    pub(super) fn happened(&mut self, address: EndpointAddress) {
        match self.pipe(address) {
            Some(Pipe::In(pipe)) => pipe.completed(),
            Some(Pipe::Out(pipe)) => pipe.arrived(),
            None => {}
        }
    }

    /// A packet may wait at any OUT endpoint.
    pub(super) fn look(&mut self) {
        self.ports.iter_mut().for_each(|port| port.data_out.arrived());
    }

    /// What came of it.
    pub(super) fn next_event(&mut self, bus: &impl EndpointBus) -> Option<Event> {
        for port in &mut self.ports {
            let PortEndpoints { notification, data_in, data_out } = port.endpoints;
            let at = |address| At { bus, address };
            if port.data_in.take_completed(&at(data_in)) {
                return Some(Event::Sent(data_in));
            }
            if let Some((slot, length)) = port.data_out.take(&at(data_out)) {
                return Some(Event::Received(data_out, slot, length));
            }
            if port.notification.take_completed(&at(notification)) {
                return Some(Event::Sent(notification));
            }
        }
        None
    }

    fn pipe(&mut self, address: EndpointAddress) -> Option<Pipe<'_>> {
        self.ports.iter_mut().find_map(|port| match port.endpoints {
            endpoints if endpoints.data_in == address => Some(Pipe::In(&mut port.data_in)),
            endpoints if endpoints.data_out == address => Some(Pipe::Out(&mut port.data_out)),
            endpoints if endpoints.notification == address => {
                Some(Pipe::In(&mut port.notification))
            }
            _ => None,
        })
    }
}
