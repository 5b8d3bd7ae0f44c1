//! The stubbed controller as an `embassy_usb_driver::Driver`.
//!
//! Every future has a name and a `poll` in section `.stub`, so that the driver's share is told
//! apart. It keeps no wakers: the executor in `main.rs` knows which task an interrupt concerns.
#![allow(refining_impl_trait, reason = "a named future can be kept out of line")]

use core::future::{Future, Ready, ready};
use core::pin::Pin;
use core::task::{Context, Poll};

use board::registers::{self, *};
use embassy_usb_driver::{
    Bus, ControlPipe, Direction, Driver, Endpoint, EndpointAddress, EndpointAllocError,
    EndpointError, EndpointIn, EndpointInfo, EndpointOut, EndpointType, Event, Unsupported,
};

use crate::executor;

/// The controller before it starts.
pub struct Stub;

/// The bus half.
pub struct StubBus;

/// EP0.
pub struct StubControl;

/// An endpoint of either direction.
pub struct StubEndpoint(EndpointInfo);

#[inline(never)]
#[unsafe(link_section = ".stub.allocate")]
fn allocate(
    direction: Direction,
    ep_type: EndpointType,
    max_packet_size: u16,
    interval_ms: u8,
) -> StubEndpoint {
    registers::write(ALLOCATE, if direction == Direction::In { 0x80 } else { 0 });
    let addr = EndpointAddress::from(registers::read(ALLOCATE) as u8);
    StubEndpoint(EndpointInfo { addr, ep_type, max_packet_size, interval_ms })
}

impl Driver<'static> for Stub {
    type EndpointOut = StubEndpoint;
    type EndpointIn = StubEndpoint;
    type ControlPipe = StubControl;
    type Bus = StubBus;

    #[inline(always)]
    fn alloc_endpoint_out(
        &mut self,
        ep_type: EndpointType,
        _: Option<EndpointAddress>,
        max_packet_size: u16,
        interval_ms: u8,
    ) -> Result<StubEndpoint, EndpointAllocError> {
        Ok(allocate(Direction::Out, ep_type, max_packet_size, interval_ms))
    }

    #[inline(always)]
    fn alloc_endpoint_in(
        &mut self,
        ep_type: EndpointType,
        _: Option<EndpointAddress>,
        max_packet_size: u16,
        interval_ms: u8,
    ) -> Result<StubEndpoint, EndpointAllocError> {
        Ok(allocate(Direction::In, ep_type, max_packet_size, interval_ms))
    }

    fn start(self, _: u16) -> (StubBus, StubControl) {
        (StubBus, StubControl)
    }
}

/// Waits for a bus event.
pub struct BusPoll;

impl Future for BusPoll {
    type Output = Event;

    #[inline(never)]
    #[unsafe(link_section = ".stub.bus_poll")]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Event> {
        match registers::read(BUS) {
            1 => {
                for endpoint in 0..4 {
                    registers::receive(endpoint);
                }
                Poll::Ready(Event::Reset)
            }
            2 => Poll::Ready(Event::Suspend),
            3 => Poll::Ready(Event::Resume),
            4 => Poll::Ready(Event::PowerDetected),
            _ => Poll::Pending,
        }
    }
}

impl Bus for StubBus {
    fn enable(&mut self) -> Ready<()> {
        ready(())
    }

    fn disable(&mut self) -> Ready<()> {
        ready(())
    }

    #[inline(always)]
    fn poll(&mut self) -> BusPoll {
        BusPoll
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.set_enabled")]
    fn endpoint_set_enabled(&mut self, address: EndpointAddress, enabled: bool) {
        let bit = 1 << address.index();
        let open = registers::read(ENABLED);
        registers::write(ENABLED, if enabled { open | bit } else { open & !bit });
        executor::wake_application();
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.set_stalled")]
    fn endpoint_set_stalled(&mut self, address: EndpointAddress, stalled: bool) {
        registers::stall(address.into(), stalled);
    }

    #[inline(never)]
    #[unsafe(link_section = ".stub.is_stalled")]
    fn endpoint_is_stalled(&mut self, address: EndpointAddress) -> bool {
        registers::is_stalled(address.into())
    }

    fn remote_wakeup(&mut self) -> Ready<Result<(), Unsupported>> {
        ready(Err(Unsupported))
    }
}

/// Waits until an endpoint is open.
pub struct Enabled(usize);

impl Future for Enabled {
    type Output = ();

    #[inline(never)]
    #[unsafe(link_section = ".stub.enabled")]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if registers::read(ENABLED) >> self.0 & 1 != 0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Endpoint for StubEndpoint {
    #[inline(always)]
    fn info(&self) -> &EndpointInfo {
        &self.0
    }

    #[inline(always)]
    fn wait_enabled(&mut self) -> Enabled {
        Enabled(self.0.addr.index())
    }
}

/// Waits for a packet of an OUT endpoint.
pub struct Read<'a> {
    endpoint: usize,
    buffer: &'a mut [u8],
}

impl Future for Read<'_> {
    type Output = Result<usize, EndpointError>;

    #[inline(never)]
    #[unsafe(link_section = ".stub.read")]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if registers::read(OUT_READY) >> self.endpoint & 1 == 0 {
            return Poll::Pending;
        }
        if registers::count(self.endpoint) > self.buffer.len() {
            return Poll::Ready(Err(EndpointError::BufferOverflow));
        }
        let endpoint = self.endpoint;
        let count = registers::copy(endpoint, self.buffer);
        registers::receive(endpoint);
        Poll::Ready(Ok(count))
    }
}

impl EndpointOut for StubEndpoint {
    #[inline(always)]
    fn read<'a>(&mut self, buffer: &'a mut [u8]) -> Read<'a> {
        Read { endpoint: self.0.addr.index(), buffer }
    }
}

/// Waits for room on an IN endpoint.
pub struct Write<'a> {
    endpoint: usize,
    packet: &'a [u8],
}

impl Future for Write<'_> {
    type Output = Result<(), EndpointError>;

    #[inline(never)]
    #[unsafe(link_section = ".stub.write")]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if registers::read(IN_FULL) >> self.endpoint & 1 != 0 {
            return Poll::Pending;
        }
        registers::send(self.endpoint, self.packet);
        Poll::Ready(Ok(()))
    }
}

impl EndpointIn for StubEndpoint {
    #[inline(always)]
    fn write<'a>(&mut self, packet: &'a [u8]) -> Write<'a> {
        Write { endpoint: self.0.addr.index(), packet }
    }
}

/// Waits for a SETUP packet.
pub struct Setup;

impl Future for Setup {
    type Output = [u8; 8];

    #[inline(never)]
    #[unsafe(link_section = ".stub.setup")]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<[u8; 8]> {
        if registers::read(SUMMARY) & TICK_SETUP == 0 {
            return Poll::Pending;
        }
        let mut packet = [0; 8];
        registers::setup(&mut packet);
        Poll::Ready(packet)
    }
}

/// Waits for a data OUT packet of EP0.
pub struct DataOut<'a>(&'a mut [u8]);

impl Future for DataOut<'_> {
    type Output = Result<usize, EndpointError>;

    #[inline(never)]
    #[unsafe(link_section = ".stub.data_out")]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if registers::read(SUMMARY) & TICK_SETUP != 0 {
            return Poll::Ready(Err(EndpointError::Disabled));
        }
        if registers::read(OUT_READY) & 1 == 0 {
            return Poll::Pending;
        }
        let count = registers::copy(0, self.0);
        registers::receive(0);
        Poll::Ready(Ok(count))
    }
}

/// Sends a data IN packet of EP0 and waits until it is acknowledged.
pub struct DataIn<'a>(Option<&'a [u8]>);

impl Future for DataIn<'_> {
    type Output = Result<(), EndpointError>;

    #[inline(never)]
    #[unsafe(link_section = ".stub.data_in")]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if registers::read(SUMMARY) & TICK_SETUP != 0 {
            return Poll::Ready(Err(EndpointError::Disabled));
        }
        if let Some(packet) = self.0.take() {
            registers::send(0, packet);
            return Poll::Pending;
        }
        if registers::read(IN_FULL) & 1 != 0 { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}

#[inline(never)]
#[unsafe(link_section = ".stub.accept")]
fn accept() {
    registers::send(0, &[]);
}

#[inline(never)]
#[unsafe(link_section = ".stub.reject")]
fn reject() {
    registers::stall(0x80, true);
}

#[inline(never)]
#[unsafe(link_section = ".stub.accept_set_address")]
fn accept_set_address(address: u8) {
    registers::send(0, &[]);
    registers::write(ADDRESS, u32::from(address));
}

impl ControlPipe for StubControl {
    #[inline(always)]
    fn max_packet_size(&self) -> usize {
        64
    }

    #[inline(always)]
    fn setup(&mut self) -> Setup {
        Setup
    }

    #[inline(always)]
    fn data_out<'a>(&mut self, buffer: &'a mut [u8], _: bool, _: bool) -> DataOut<'a> {
        DataOut(buffer)
    }

    #[inline(always)]
    fn data_in<'a>(&mut self, packet: &'a [u8], _: bool, _: bool) -> DataIn<'a> {
        DataIn(Some(packet))
    }

    #[inline(always)]
    fn accept(&mut self) -> Ready<()> {
        accept();
        ready(())
    }

    #[inline(always)]
    fn reject(&mut self) -> Ready<()> {
        reject();
        ready(())
    }

    #[inline(always)]
    fn accept_set_address(&mut self, address: u8) -> Ready<()> {
        accept_set_address(address);
        ready(())
    }
}
