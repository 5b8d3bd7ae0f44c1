//! Our controllers as the `UsbBus` of a stock `UsbDevice`.

mod control;
mod endpoint;
mod inner;

use core::cell::RefCell;

use critical_section::Mutex;
use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress as BusAddress, EndpointType};
use usb_device::{Result, UsbDirection, UsbError};

use super::BeyondUsbBus;
use crate::class::fifo::PacketSlot;
use crate::{Controller, Direction, Endpoint, EndpointAddress, TransferType};
use endpoint::{DEPTH, Slots};
use inner::{Inner, named};

/// The packets of an [`AsUsbBus`], to be placed in a `static`: room for `ENDPOINTS` endpoints beside
/// EP0, and packets of up to `SIZE` bytes.
pub struct BusStorage<const ENDPOINTS: usize, const SIZE: usize = 64> {
    slots: [Slots<SIZE>; ENDPOINTS],
}

impl<const ENDPOINTS: usize, const SIZE: usize> BusStorage<ENDPOINTS, SIZE> {
    /// Room for a bus that is not there yet.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self { slots: [const { [const { PacketSlot::new() }; DEPTH] }; ENDPOINTS] }
    }
}

/// A [`Controller`] as a `UsbBus`, for a stock `UsbDevice` with any classes.
///
/// ```
/// use usb_device::bus::UsbBusAllocator;
/// use usbd_acm::Controller;
/// use usbd_acm::usb_device::{AsUsbBus, BusStorage};
///
/// /// Three endpoints for a serial port and one for a keyboard.
/// fn bus<C: Controller + Send>(
///     controller: C,
///     storage: &'static mut BusStorage<4>,
/// ) -> UsbBusAllocator<AsUsbBus<C, 4>> {
///     UsbBusAllocator::new(AsUsbBus::new(controller, storage))
/// }
/// ```
///
/// Its methods are critical sections of the crate `critical-section`, each as long as one call of the
/// controller, and `poll` at most [`Controller::EVENTS_PER_POLL`] events long. A board brings the
/// implementation of that crate.
///
/// Full speed only: `usb-device` has no descriptors for another one, and a controller that may come up
/// at high speed does not compile.
///
/// # What `usb-device` leaves open, and this bus sees to
///
/// - A request that `UsbDevice` leaves without an answer is STALLed: descriptors that do not fit its
///   buffer, OUT data longer than it.
/// - OUT data that is shorter or longer than wLength is STALLed.
/// - A zero-length packet that `UsbDevice` sends after all of wLength stays away from the wire.
/// - Ending a halt sets the data toggle to DATA0.
/// - An address takes effect after the status stage.
/// - Requests for endpoints that are not allocated reach no hardware, and cannot panic.
/// - In suspend no call reaches the controller: `write` finds no room, and what is read then makes room when
///   the bus resumes. A packet that waits is not told again, which `UsbDevice` would take for a resume.
///
/// # What stays as `usb-device` has it
///
/// - Endpoints are there from the bus reset on, configured or not.
/// - Loss of VBUS is told as a reset.
pub struct AsUsbBus<C, const ENDPOINTS: usize, const SIZE: usize = 64> {
    inner: Mutex<RefCell<Inner<C, ENDPOINTS, SIZE>>>,
}

impl<C: Controller, const ENDPOINTS: usize, const SIZE: usize> AsUsbBus<C, ENDPOINTS, SIZE> {
    /// A bus of this controller.
    pub fn new(controller: C, storage: &'static mut BusStorage<ENDPOINTS, SIZE>) -> Self {
        const {
            assert!(C::EP0_PACKET_SIZE == 64, "`usb-device` must be told max_packet_size_0(64)");
            assert!(!C::HIGH_SPEED, "`usb-device` has descriptors for full speed only");
        };
        let inner = Inner::new(controller, &mut storage.slots);
        Self { inner: Mutex::new(RefCell::new(inner)) }
    }

    /// Calls `look` with the controller, for what a driver offers beyond the contract.
    pub fn with_controller<T>(&self, look: impl FnOnce(&mut C) -> T) -> T {
        self.with(|inner| look(&mut inner.controller))
    }

    /// Signals remote wake-up on the suspended bus. Call it only where
    /// `UsbDevice::remote_wakeup_enabled` says that the host allows it.
    pub fn remote_wakeup(&self) {
        self.with(Inner::remote_wakeup);
    }

    /// Drops the packets of an IN endpoint that the controller holds, untold.
    fn abort(&self, address: EndpointAddress) -> bool {
        self.with(|inner| inner.abort(address))
    }

    fn with<T>(&self, call: impl FnOnce(&mut Inner<C, ENDPOINTS, SIZE>) -> T) -> T {
        critical_section::with(|section| call(&mut self.inner.borrow_ref_mut(section)))
    }
}

/// What [`AcmClass`](super::AcmClass) can do on an [`AsUsbBus`] beyond `UsbBus`: everything.
pub struct OnAsUsbBus;

impl<C, const ENDPOINTS: usize, const SIZE: usize> BeyondUsbBus<AsUsbBus<C, ENDPOINTS, SIZE>>
    for OnAsUsbBus
where
    C: Controller,
{
    const DOORBELL: fn() = C::DOORBELL;

    fn remote_wakeup(bus: &AsUsbBus<C, ENDPOINTS, SIZE>) {
        bus.remote_wakeup();
    }

    fn abort(bus: &AsUsbBus<C, ENDPOINTS, SIZE>, address: EndpointAddress) -> bool {
        bus.abort(address)
    }
}

fn transfer_type(endpoint_type: EndpointType) -> Option<TransferType> {
    match endpoint_type {
        EndpointType::Bulk => Some(TransferType::Bulk),
        EndpointType::Interrupt => Some(TransferType::Interrupt),
        EndpointType::Control | EndpointType::Isochronous { .. } => None,
    }
}

impl<C: Controller + Send, const ENDPOINTS: usize, const SIZE: usize> UsbBus
    for AsUsbBus<C, ENDPOINTS, SIZE>
{
    /// A controller is told the address with the status stage, and takes it after that.
    const QUIRK_SET_ADDRESS_BEFORE_STATUS: bool = true;

    fn alloc_ep(
        &mut self,
        direction: UsbDirection,
        wanted: Option<BusAddress>,
        endpoint_type: EndpointType,
        max_packet_size: u16,
        _interval: u8,
    ) -> Result<BusAddress> {
        let direction = match direction {
            UsbDirection::In => Direction::In,
            UsbDirection::Out => Direction::Out,
        };
        self.with(|inner| {
            if let Some(ep0) = wanted.filter(|wanted| wanted.index() == 0) {
                inner.control.set_packet_size(max_packet_size);
                return Ok(ep0);
            }
            let transfer_type = transfer_type(endpoint_type).ok_or(UsbError::Unsupported)?;
            if usize::from(max_packet_size) > SIZE {
                return Err(UsbError::EndpointMemoryOverflow);
            }
            let address = match wanted {
                Some(wanted) => EndpointAddress::from_byte(wanted.into())
                    .filter(|address| address.direction() == direction && inner.is_free(*address))
                    .ok_or(UsbError::InvalidEndpoint)?,
                None => (1..16)
                    .filter_map(|number| EndpointAddress::new(number, direction))
                    .find(|address| inner.is_free(*address))
                    .ok_or(UsbError::EndpointOverflow)?,
            };
            inner.allocate(Endpoint { address, transfer_type, max_packet_size })?;
            Ok(BusAddress::from(address.to_byte()))
        })
    }

    fn enable(&mut self) {
        self.with(|inner| inner.controller.connect());
    }

    fn reset(&self) {
        self.with(Inner::reset);
    }

    fn set_device_address(&self, address: u8) {
        self.with(|inner| inner.control.set_address(address));
    }

    fn write(&self, address: BusAddress, packet: &[u8]) -> Result<usize> {
        self.with(|inner| match address.index() {
            0 => inner.control.write(&mut inner.controller, packet),
            _ if address.is_out() || inner.unplugged => Err(UsbError::InvalidEndpoint),
            _ => inner.write(address, packet),
        })
    }

    fn read(&self, address: BusAddress, buffer: &mut [u8]) -> Result<usize> {
        self.with(|inner| match address.index() {
            0 => inner.control.read(&mut inner.controller, buffer),
            _ if address.is_in() => Err(UsbError::InvalidEndpoint),
            _ => inner.read(address, buffer),
        })
    }

    fn set_stalled(&self, address: BusAddress, stalled: bool) {
        self.with(|inner| inner.set_stalled(address, stalled));
    }

    fn is_stalled(&self, address: BusAddress) -> bool {
        self.with(|inner| named(&mut inner.allocated, address).is_some_and(|e| e.halted))
    }

    fn suspend(&self) {
        self.with(Inner::suspend);
    }

    fn resume(&self) {
        self.with(Inner::resume);
    }

    fn poll(&self) -> PollResult {
        self.with(Inner::poll)
    }
}
