//! Packets between the endpoints and the FIFOs.
//!
//! A future of the driver that is dropped has moved nothing: the drivers of embassy-usb wait first
//! and then copy without a pause. So what the runner holds while it waits is in the runner, not in
//! its future, and goes on with the next one.

use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;

use embassy_futures::join::join3;
use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use embassy_usb::driver::{Driver, EndpointError, EndpointIn, EndpointOut};
use usbd_acm::class::fifo::{RxSlot, TxPacket};

use crate::bus::{Bus, Outgoing};

/// Moves the packets of one port. [`run`](Self::run) it beside the device, in a task of its own or
/// joined with [`UsbDevice::run`](embassy_usb::UsbDevice::run).
pub struct Runner<'d, D: Driver<'d>, const SLOTS: usize = 2, const SIZE: usize = 64> {
    pub(crate) bus: &'static Bus<SLOTS, SIZE>,
    pub(crate) to_host: ToHost<D::EndpointIn>,
    pub(crate) from_host: FromHost<D::EndpointOut>,
    pub(crate) notifications: Notifications<D::EndpointIn>,
}

impl<'d, D: Driver<'d>, const SLOTS: usize, const SIZE: usize> Runner<'d, D, SLOTS, SIZE> {
    /// Moves packets for ever.
    ///
    /// The future may be dropped, and another one may go on: nothing is lost or doubled.
    pub async fn run(&mut self) -> ! {
        let Self { bus, to_host, from_host, notifications } = self;
        let bus = *bus;
        let mut moving = pin!(join3(to_host.run(bus), from_host.run(bus), notifications.run(bus)));
        let (never, _, _) = poll_fn(|context| {
            bus.attend(context.waker());
            moving.as_mut().poll(context)
        })
        .await;
        match never {}
    }
}

/// Bulk IN.
pub(crate) struct ToHost<E> {
    endpoint: E,
    held: Option<Outgoing>,
    /// The last packet carried bytes, and no other was taken by the driver since.
    is_unconfirmed: bool,
}

impl<E: EndpointIn> ToHost<E> {
    pub(crate) fn new(endpoint: E) -> Self {
        Self { endpoint, held: None, is_unconfirmed: false }
    }

    async fn run<const SLOTS: usize, const SIZE: usize>(
        &mut self,
        bus: &Bus<SLOTS, SIZE>,
    ) -> Infallible {
        loop {
            if self.held.is_none() {
                let is_unconfirmed = self.is_unconfirmed;
                self.held = Some(bus.until(|| bus.next_packet(is_unconfirmed)).await);
            }
            let Some(Outgoing { session, packet, .. }) = &self.held else { continue };
            let over = bus.session_over(*session);
            let is_taken = match Attempt::of(select(over, self.endpoint.write(packet)).await) {
                Attempt::Done(_) => !packet.is_empty(),
                Attempt::Over => false,
                Attempt::Closed => {
                    select(bus.session_over(*session), self.endpoint.wait_enabled()).await;
                    yield_now().await;
                    continue;
                }
            };
            self.is_unconfirmed = is_taken;
            let confirms = self.held.take().and_then(|held| held.confirms);
            bus.sent(confirms);
        }
    }
}

/// Bulk OUT.
pub(crate) struct FromHost<E> {
    endpoint: E,
    held: Option<(u8, RxSlot)>,
}

impl<E: EndpointOut> FromHost<E> {
    pub(crate) fn new(endpoint: E) -> Self {
        Self { endpoint, held: None }
    }

    async fn run<const SLOTS: usize, const SIZE: usize>(
        &mut self,
        bus: &Bus<SLOTS, SIZE>,
    ) -> Infallible {
        loop {
            if self.held.is_none() {
                self.held = Some(bus.until(|| bus.next_slot()).await);
            }
            let Some((configuration, slot)) = &mut self.held else { continue };
            let over = bus.data_over(*configuration);
            match Attempt::of(select(over, self.endpoint.read(slot)).await) {
                Attempt::Done(Some(length)) => {
                    if let Some((configuration, slot)) = self.held.take() {
                        bus.received(configuration, slot, length);
                    }
                }
                Attempt::Done(None) | Attempt::Over => {
                    self.held = None;
                    bus.reclaim();
                }
                Attempt::Closed => {
                    let over = bus.configuration_over(*configuration);
                    select(over, self.endpoint.wait_enabled()).await;
                    yield_now().await;
                }
            }
        }
    }
}

/// Interrupt IN.
pub(crate) struct Notifications<E> {
    endpoint: E,
    held: Option<(u8, TxPacket)>,
}

impl<E: EndpointIn> Notifications<E> {
    pub(crate) fn new(endpoint: E) -> Self {
        Self { endpoint, held: None }
    }

    async fn run<const SLOTS: usize, const SIZE: usize>(
        &mut self,
        bus: &Bus<SLOTS, SIZE>,
    ) -> Infallible {
        loop {
            if self.held.is_none() {
                self.held = Some(bus.until(|| bus.next_notification()).await);
            }
            let Some((configuration, packet)) = &self.held else { continue };
            let over = bus.configuration_over(*configuration);
            match Attempt::of(select(over, self.endpoint.write(packet)).await) {
                Attempt::Done(_) => {
                    self.held = None;
                    bus.notified();
                }
                // The next configuration hears of nothing that was before it.
                Attempt::Over => self.held = None,
                Attempt::Closed => {
                    let over = bus.configuration_over(*configuration);
                    select(over, self.endpoint.wait_enabled()).await;
                    yield_now().await;
                }
            }
        }
    }
}

/// What became of a packet.
enum Attempt<T> {
    /// It moved; `None` when it never can.
    Done(Option<T>),
    /// It is not wanted any more.
    Over,
    /// The endpoint is closed, and the handler will hear why.
    Closed,
}

impl<T> Attempt<T> {
    /// What came first: that it is over, or what the driver says. Whether it is over is to be asked
    /// first: not even a driver that is ready takes a packet that nobody wants any more.
    fn of(first: Either<(), Result<T, EndpointError>>) -> Self {
        match first {
            Either::First(()) => Self::Over,
            Either::Second(Ok(result)) => Self::Done(Some(result)),
            Either::Second(Err(EndpointError::Disabled)) => Self::Closed,
            Either::Second(Err(EndpointError::BufferOverflow)) => Self::Done(None),
        }
    }
}
