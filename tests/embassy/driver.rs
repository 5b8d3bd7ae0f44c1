//! The driver of the [`Chip`].

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use embassy_usb::driver::{
    Bus, ControlPipe, Direction, Driver, Endpoint, EndpointAddress, EndpointAllocError,
    EndpointError, EndpointIn, EndpointInfo, EndpointOut, EndpointType, Event, Unsupported,
};

use crate::chip::{self, Chip, Stage};

/// How a driver of embassy treats an endpoint that is closed while somebody waits for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnClose {
    /// It fails, as in most of them.
    Fails,
    /// It goes on waiting, as in embassy-rp.
    Waits,
}

/// The driver before the device starts.
pub struct ChipDriver {
    pub chip: Rc<RefCell<Chip>>,
    pub on_close: OnClose,
}

/// Bus half.
pub struct ChipBus(Rc<RefCell<Chip>>);

/// EP0.
pub struct ChipControl {
    chip: Rc<RefCell<Chip>>,
    /// The transfer of the last SETUP packet.
    transfer: u64,
}

/// An endpoint.
pub struct ChipEndpoint {
    chip: Rc<RefCell<Chip>>,
    info: EndpointInfo,
    on_close: OnClose,
}

impl ChipDriver {
    fn allocate(&mut self, direction: Direction, info: (EndpointType, u16, u8)) -> ChipEndpoint {
        let (ep_type, max_packet_size, interval_ms) = info;
        let mut chip = self.chip.borrow_mut();
        let endpoints = &mut chip.endpoints[usize::from(direction == Direction::Out)];
        let addr = EndpointAddress::from_parts(endpoints.len(), direction);
        endpoints.push(chip::Endpoint::new(max_packet_size));
        let info = EndpointInfo { addr, ep_type, max_packet_size, interval_ms };
        ChipEndpoint { chip: self.chip.clone(), info, on_close: self.on_close }
    }
}

impl Driver<'static> for ChipDriver {
    type EndpointOut = ChipEndpoint;
    type EndpointIn = ChipEndpoint;
    type ControlPipe = ChipControl;
    type Bus = ChipBus;

    fn alloc_endpoint_out(
        &mut self,
        ep_type: EndpointType,
        _: Option<EndpointAddress>,
        max_packet_size: u16,
        interval: u8,
    ) -> Result<ChipEndpoint, EndpointAllocError> {
        Ok(self.allocate(Direction::Out, (ep_type, max_packet_size, interval)))
    }

    fn alloc_endpoint_in(
        &mut self,
        ep_type: EndpointType,
        _: Option<EndpointAddress>,
        max_packet_size: u16,
        interval: u8,
    ) -> Result<ChipEndpoint, EndpointAllocError> {
        Ok(self.allocate(Direction::In, (ep_type, max_packet_size, interval)))
    }

    fn start(self, _: u16) -> (ChipBus, ChipControl) {
        (ChipBus(self.chip.clone()), ChipControl { chip: self.chip, transfer: 0 })
    }
}

impl Bus for ChipBus {
    async fn enable(&mut self) {
        self.0.borrow_mut().pull_up = true;
    }

    async fn disable(&mut self) {
        self.0.borrow_mut().pull_up = false;
    }

    async fn poll(&mut self) -> Event {
        poll_fn(|context| {
            let mut chip = self.0.borrow_mut();
            chip.bus_waker = Some(context.waker().clone());
            chip.events.pop_front().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn endpoint_set_enabled(&mut self, address: EndpointAddress, enabled: bool) {
        self.0.borrow_mut().set_enabled(address, enabled);
    }

    fn endpoint_set_stalled(&mut self, address: EndpointAddress, stalled: bool) {
        self.0.borrow_mut().set_halted(address, stalled);
    }

    fn endpoint_is_stalled(&mut self, address: EndpointAddress) -> bool {
        self.0.borrow_mut().endpoint(address).is_some_and(|endpoint| endpoint.halted)
    }

    async fn remote_wakeup(&mut self) -> Result<(), Unsupported> {
        self.0.borrow_mut().wakeup = true;
        Ok(())
    }
}

impl Endpoint for ChipEndpoint {
    fn info(&self) -> &EndpointInfo {
        &self.info
    }

    async fn wait_enabled(&mut self) {
        self.wait(|endpoint| endpoint.enabled.then_some(())).await;
    }
}

impl ChipEndpoint {
    async fn wait<R>(&self, mut look: impl FnMut(&mut chip::Endpoint) -> Option<R>) -> R {
        poll_fn(|context| {
            let mut chip = self.chip.borrow_mut();
            let endpoint = chip.endpoint(self.info.addr).unwrap();
            endpoint.waker = Some(context.waker().clone());
            look(endpoint).map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn closed<R>(&self) -> Option<Result<R, EndpointError>> {
        (self.on_close == OnClose::Fails).then_some(Err(EndpointError::Disabled))
    }
}

impl EndpointOut for ChipEndpoint {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, EndpointError> {
        self.wait(|endpoint| {
            if !endpoint.enabled {
                return self.closed();
            }
            let packet = endpoint.packet.take()?;
            let Some(room) = buffer.get_mut(..packet.len()) else {
                return Some(Err(EndpointError::BufferOverflow));
            };
            room.copy_from_slice(&packet);
            Some(Ok(packet.len()))
        })
        .await
    }
}

impl EndpointIn for ChipEndpoint {
    /// Returns when the packet is in the hardware.
    async fn write(&mut self, packet: &[u8]) -> Result<(), EndpointError> {
        self.wait(|endpoint| {
            if !endpoint.enabled {
                return self.closed();
            }
            assert!(packet.len() <= endpoint.max_packet_size, "a packet of {}", packet.len());
            if endpoint.packet.is_some() {
                return None;
            }
            endpoint.packet = Some(packet.into());
            Some(Ok(()))
        })
        .await
    }
}

impl ChipControl {
    /// Waits until the stage has a result; `None` when another transfer began.
    async fn wait<R>(&self, mut look: impl FnMut(&mut Stage) -> Option<R>) -> Option<R> {
        poll_fn(|context| {
            let control = &mut self.chip.borrow_mut().control;
            control.waker = Some(context.waker().clone());
            if control.transfer != self.transfer {
                return Poll::Ready(None);
            }
            look(&mut control.stage).map_or(Poll::Pending, |result| Poll::Ready(Some(result)))
        })
        .await
    }

    /// Answers the transfer; `false` when it is over.
    fn answer(&self, stage: Stage) -> bool {
        let control = &mut self.chip.borrow_mut().control;
        let is_due = control.transfer == self.transfer && control.stage == Stage::Unanswered;
        if is_due {
            control.stage = stage;
        }
        is_due
    }
}

impl ControlPipe for ChipControl {
    fn max_packet_size(&self) -> usize {
        64
    }

    async fn setup(&mut self) -> [u8; 8] {
        poll_fn(|context| {
            let control = &mut self.chip.borrow_mut().control;
            control.waker = Some(context.waker().clone());
            self.transfer = control.transfer;
            control.setup.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    async fn data_out(
        &mut self,
        buffer: &mut [u8],
        _: bool,
        _: bool,
    ) -> Result<usize, EndpointError> {
        if !self.answer(Stage::DataOut) {
            return Err(EndpointError::Disabled);
        }
        let received = self.wait(|stage| match stage {
            Stage::Received(packet) => Some(std::mem::take(packet)),
            _ => None,
        });
        let packet = received.await.ok_or(EndpointError::Disabled)?;
        self.chip.borrow_mut().control.stage = Stage::Unanswered;
        let room = buffer.get_mut(..packet.len()).ok_or(EndpointError::BufferOverflow)?;
        room.copy_from_slice(&packet);
        Ok(packet.len())
    }

    async fn data_in(&mut self, packet: &[u8], _: bool, last: bool) -> Result<(), EndpointError> {
        if !self.answer(Stage::DataIn { packet: packet.into(), last }) {
            return Err(EndpointError::Disabled);
        }
        let sent = |stage: &mut Stage| (!matches!(stage, Stage::DataIn { .. })).then_some(());
        self.wait(sent).await.ok_or(EndpointError::Disabled)
    }

    async fn accept(&mut self) {
        if self.answer(Stage::StatusIn) {
            self.wait(|stage| (*stage == Stage::Idle).then_some(())).await;
        }
    }

    async fn reject(&mut self) {
        self.answer(Stage::Stalled);
    }

    async fn accept_set_address(&mut self, address: u8) {
        if !self.answer(Stage::StatusIn) {
            return;
        }
        let done = self.wait(|stage| (*stage == Stage::Idle).then_some(())).await;
        if done.is_some() {
            self.chip.borrow_mut().address = address;
        }
    }
}
