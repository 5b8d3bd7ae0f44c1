//! The ports as a class of a stock `UsbDevice`.

mod descriptors;
mod endpoints;
mod replies;
mod requests;

use core::marker::PhantomData;

use usb_device::UsbError;
use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::device::{UsbDevice, UsbDeviceBuilder, UsbDeviceState, UsbVidPid};

use crate::descriptors::{Descriptors, EP0_PACKET_SIZE};
use crate::usb_device::BeyondUsbBus;
use crate::{Device, Hooks, Port, Storage};
use descriptors::Nominal;
use endpoints::{ClassController, Handles, Line, PortHandles};
use replies::Replies;

/// `PORTS` serial ports as a class of `usb-device` 0.3, beside other classes or as a whole device.
///
/// The application has the same [`Port`]s as with a [`Device`], and all that they do: both sides may
/// be in different contexts, packets are double-buffered and coalesced, flushed means acknowledged.
///
/// ```
/// use usb_device::bus::{UsbBus, UsbBusAllocator};
/// use usb_device::device::{UsbDeviceBuilder, UsbVidPid};
/// use usbd_acm::Storage;
/// use usbd_acm::usb_device::AcmClass;
///
/// # fn firmware<B: UsbBus>(bus: &UsbBusAllocator<B>, storage: &'static mut Storage)
/// # -> Result<(), usb_device::UsbError> {
/// let (mut serial, [mut port]) = AcmClass::<_>::new(bus, storage, ())?;
/// let mut device = UsbDeviceBuilder::new(bus, UsbVidPid(0x1209, 0x0001))
///     .composite_with_iads()
///     .max_packet_size_0(64)
///     .expect("a legal size")
///     .build();
/// loop {
///     device.poll(&mut [&mut serial]);
///     serial.attend(&device);
///     if let Ok(bytes) = port.reader.fill_buf() {
///         // …
/// #       let count = bytes.len();
/// #       port.reader.consume(count);
///     }
/// #   break;
/// }
/// # Ok(())
/// # }
/// # fn main() {}
/// ```
///
/// # Call [`attend`](Self::attend) after every poll
///
/// `UsbDevice` tells a class nothing of suspend and resume, and nothing at all unless packets moved.
/// With `attend` the class looks itself, and moves what the application wrote. Polled by interrupt,
/// have [`BeyondUsbBus::DOORBELL`] pend it.
///
/// # What the class sees to, where `usb-device` does not
///
/// - SET_CONFIGURATION and SET_INTERFACE end the halts of its endpoints and, with a driver that can,
///   set their toggles to DATA0.
/// - SET_LINE_CODING of another length than 7 is STALLed; GET_LINE_CODING may be of any length.
/// - A halt of EP0, and endpoint numbers with reserved bits, are STALLed before they get to a driver.
/// - [`whole_device`](Self::whole_device) answers all of Chapter 9 as [`Device`] does, with
///   descriptors of any length.
///
/// # What it cannot know, or do
///
/// - One packet that the hardware holds when a session ends goes to the next one, unless
///   [`BeyondUsbBus::abort`] can drop it. In the other direction, what the hardware took while the port
///   had no room is told in the next session: one packet, two with [`AsUsbBus`](super::AsUsbBus); a bus
///   reset drops it.
/// - Full speed only.
/// - The mA in [`Event::Configured`](crate::class::Event::Configured) are 100, unless it has the whole
///   device.
/// - OUT data of more than the 128 bytes of `usb-device` gets no answer, as `usb-device` shows such a
///   request to nobody; nor does an OUT data stage that ends early. [`AsUsbBus`](super::AsUsbBus)
///   STALLs both.
/// - `usb-device` panics when it is polled before it is built, and when a class is made after it.
pub struct AcmClass<
    'a,
    B: UsbBus,
    H = (),
    X = (),
    const PORTS: usize = 1,
    const SLOTS: usize = 2,
    const SIZE: usize = 64,
> {
    device: Device<ClassController<'a, B, X, PORTS>, H, PORTS, SLOTS, SIZE>,
    replies: Replies,
    /// The class answers for the device, not only for its interfaces.
    owns_device: bool,
    /// This poll of `UsbDevice` brought a request without IN data.
    asked: bool,
    beyond: PhantomData<fn(X)>,
}

/// Why there is no class.
pub type ClassError = UsbError;

impl<'a, B, H, X, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    AcmClass<'a, B, H, X, PORTS, SLOTS, SIZE>
where
    B: UsbBus,
    H: Hooks,
    X: BeyondUsbBus<B>,
{
    /// Ports beside other classes. Build the device with `composite_with_iads`.
    ///
    /// # Errors
    /// What the driver says when it lacks an endpoint or memory for it.
    pub fn new(
        allocator: &'a UsbBusAllocator<B>,
        storage: &'static mut Storage<PORTS, SLOTS, SIZE>,
        hooks: H,
    ) -> core::result::Result<(Self, [Port<SLOTS, SIZE>; PORTS]), ClassError> {
        let nominal = Nominal::<PORTS>::DESCRIPTORS;
        let mut ports = [const { None }; PORTS];
        for place in &mut ports {
            *place = Some(PortHandles::allocate(allocator, None)?);
        }
        Ok(Self::with((nominal, ports), storage, hooks))
    }

    /// Ports and nothing else: the class answers every request of Chapter 9 itself, strictly and
    /// from these descriptors. Make it before any other class, and build the device with
    /// [`build_device`](Self::build_device).
    ///
    /// # Errors
    /// What the driver says when it lacks an endpoint or memory for it, and
    /// `UsbError::InvalidEndpoint` when it has another one than the descriptors say, or when there is
    /// another class.
    pub fn whole_device(
        allocator: &'a UsbBusAllocator<B>,
        storage: &'static mut Storage<PORTS, SLOTS, SIZE>,
        descriptors: &'static Descriptors<PORTS>,
        hooks: H,
    ) -> core::result::Result<(Self, [Port<SLOTS, SIZE>; PORTS]), ClassError> {
        let mut ports = [const { None }; PORTS];
        for (place, wanted) in ports.iter_mut().zip(descriptors.ports()) {
            *place = Some(PortHandles::allocate(allocator, Some(wanted))?);
        }
        let (mut class, ports) = Self::with((descriptors, ports), storage, hooks);
        if class.device.controller.handles.first_interface() != 0 {
            return Err(UsbError::InvalidEndpoint);
        }
        class.owns_device = true;
        Ok((class, ports))
    }

    fn with(
        (nominal, ports): (&'static Descriptors<PORTS>, [Option<PortHandles<'a, B>>; PORTS]),
        storage: &'static mut Storage<PORTS, SLOTS, SIZE>,
        hooks: H,
    ) -> (Self, [Port<SLOTS, SIZE>; PORTS]) {
        let handles = Handles { ports, nominal: nominal.ports() };
        let (device, ports) = storage.split(ClassController::new(handles), nominal, hooks);
        (
            Self {
                device,
                replies: Replies::NEW,
                owns_device: false,
                asked: false,
                beyond: PhantomData,
            },
            ports,
        )
    }

    /// The board's hooks.
    pub fn hooks(&mut self) -> &mut H {
        self.device.hooks()
    }

    /// Looks at the state of the device, and moves packets. Call it after every poll of it, and when
    /// the application has written or read, in the same context.
    pub fn attend(&mut self, device: &UsbDevice<'_, B>) {
        // A device that was built with it answers for it, and so its word counts.
        self.device.remote_wakeup = device.remote_wakeup_enabled();
        let suspended = device.state() == UsbDeviceState::Suspend;
        if suspended != self.device.is_suspended() {
            let line = if suspended { Line::Suspend } else { Line::Resume };
            self.device.controller.line = Some(line);
        }
        self.device.poll();
        let controller = &mut self.device.controller;
        let handles = &controller.handles;
        let abort = |nominal| handles.real(nominal).is_some_and(|a| X::abort(device.bus(), a));
        let room = controller.pipes.drop_stale(abort);
        if core::mem::take(&mut controller.wakes) {
            X::remote_wakeup(device.bus());
        }
        if room {
            self.device.pump();
        }
    }

    /// The `UsbDevice` for a class that is the [`whole_device`](Self::whole_device).
    pub fn build_device(&self, allocator: &'a UsbBusAllocator<B>) -> UsbDevice<'a, B> {
        // The class answers with its own descriptors, of which only this must be the same.
        let builder = UsbDeviceBuilder::new(allocator, UsbVidPid(0, 0));
        match builder.max_packet_size_0(EP0_PACKET_SIZE) {
            Ok(builder) => builder.build(),
            // 64 is one of the sizes there are.
            Err(_) => UsbDeviceBuilder::new(allocator, UsbVidPid(0, 0)).build(),
        }
    }
}
