//! Where a `UsbBus` comes from.

use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::device::{UsbDevice, UsbDeviceBuilder, UsbVidPid};
use usb_device::endpoint::{EndpointAddress, EndpointType, In, Out};
use usb_device::{Result, UsbDirection, UsbError};

use crate::descriptors::EP0_PACKET_SIZE;

/// A `UsbBus` that is not enabled yet, and is from then on.
pub trait BusSource {
    /// The driver.
    type Bus: UsbBus;

    /// Allocates an endpoint, as [`UsbBus::alloc_ep`].
    ///
    /// # Errors
    /// Those of [`UsbBus::alloc_ep`].
    fn allocate(
        &mut self,
        address: EndpointAddress,
        endpoint_type: EndpointType,
        max_packet_size: u16,
        interval: u8,
    ) -> Result<EndpointAddress>;

    /// Enables the bus: pull-up on.
    fn enable(&mut self);

    /// The bus, once it is enabled.
    fn bus(&self) -> Option<&Self::Bus>;
}

/// A `UsbBus` by value: nrf-usbd, rp2040-hal and atsamd-hal give one.
pub struct OwnBus<B> {
    bus: B,
    enabled: bool,
}

impl<B: UsbBus> OwnBus<B> {
    /// A bus that nobody has enabled yet.
    pub const fn new(bus: B) -> Self {
        Self { bus, enabled: false }
    }
}

impl<B: UsbBus> BusSource for OwnBus<B> {
    type Bus = B;

    fn allocate(
        &mut self,
        address: EndpointAddress,
        endpoint_type: EndpointType,
        max_packet_size: u16,
        interval: u8,
    ) -> Result<EndpointAddress> {
        let direction = address.direction();
        self.bus.alloc_ep(direction, Some(address), endpoint_type, max_packet_size, interval)
    }

    fn enable(&mut self) {
        if !core::mem::replace(&mut self.enabled, true) {
            self.bus.enable();
        }
    }

    fn bus(&self) -> Option<&B> {
        self.enabled.then_some(&self.bus)
    }
}

/// A `UsbBus` that is in its allocator already, as synopsys-usb-otg and stm32-usbd give it.
///
/// Only a `UsbDevice` gets it out of there, and so one is made that does nothing else: 660 bytes of
/// RAM that [`OwnBus`] does not take.
pub struct LentBus<'a, B: UsbBus> {
    allocator: &'a UsbBusAllocator<B>,
    device: Option<UsbDevice<'a, B>>,
}

impl<'a, B: UsbBus> LentBus<'a, B> {
    /// A bus from which nobody has made a `UsbDevice` yet.
    pub const fn new(allocator: &'a UsbBusAllocator<B>) -> Self {
        Self { allocator, device: None }
    }
}

impl<B: UsbBus> BusSource for LentBus<'_, B> {
    type Bus = B;

    fn allocate(
        &mut self,
        address: EndpointAddress,
        endpoint_type: EndpointType,
        max_packet_size: u16,
        interval: u8,
    ) -> Result<EndpointAddress> {
        if address.index() == 0 {
            // `UsbDevice` allocates them.
            return Ok(address);
        }
        if self.device.is_some() {
            return Err(UsbError::InvalidState);
        }
        let (wanted, size) = (Some(address), max_packet_size);
        match address.direction() {
            UsbDirection::In => {
                let endpoint = self.allocator.alloc::<In>(wanted, endpoint_type, size, interval)?;
                Ok(endpoint.address())
            }
            UsbDirection::Out => {
                let endpoint =
                    self.allocator.alloc::<Out>(wanted, endpoint_type, size, interval)?;
                Ok(endpoint.address())
            }
        }
    }

    fn enable(&mut self) {
        if self.device.is_none() {
            // Vendor and product are those of our own descriptors: this device answers nothing.
            let builder = UsbDeviceBuilder::new(self.allocator, UsbVidPid(0, 0));
            let sized = builder.max_packet_size_0(EP0_PACKET_SIZE);
            self.device = sized.ok().map(UsbDeviceBuilder::build);
        }
    }

    fn bus(&self) -> Option<&B> {
        self.device.as_ref().map(UsbDevice::bus)
    }
}
