//! Composite devices: serial ports beside other functions.
//!
//! A [`Device`](crate::Device) is serial ports and nothing else. A product that is also a keyboard, a
//! disk or a MIDI instrument is made with the crate `usb-device`, of which the ports are one class
//! among others: [`AcmClass`](crate::usb_device::AcmClass), with the feature `usb-device`.
//!
//! # Two ports and a keyboard
//!
//! ```
//! # #[cfg(feature = "usb-device")] mod example {
//! use usb_device::bus::{UsbBus, UsbBusAllocator};
//! use usb_device::class::UsbClass;
//! use usb_device::device::{UsbDeviceBuilder, UsbVidPid};
//! use usbd_acm::Storage;
//! use usbd_acm::usb_device::{AcmClass, ClassError};
//!
//! fn run<B: UsbBus>(
//!     bus: &UsbBusAllocator<B>,
//!     keyboard: &mut dyn UsbClass<B>, // made before the device, as all classes
//!     (console, data): (&'static mut Storage, &'static mut Storage),
//! ) -> Result<(), ClassError> {
//!     let (mut console, [mut console_port]) = AcmClass::<B>::new(bus, console, ())?;
//!     let (mut data, [mut data_port]) = AcmClass::<B>::new(bus, data, ())?;
//!     let mut device = UsbDeviceBuilder::new(bus, UsbVidPid(0x1209, 0x0001))
//!         .composite_with_iads()   // without it, hosts see the first function only
//!         .max_packet_size_0(64)   // the default is 8
//!         .expect("a legal size")
//!         .build();
//!     loop {
//!         device.poll(&mut [&mut console, keyboard, &mut data]);
//!         console.attend(&device);
//!         data.attend(&device);
//!         if let Ok(bytes) = data_port.reader.fill_buf() {
//!             let count = bytes.len();
//!             data_port.reader.consume(count);
//!             let _ = console_port.writer.write(b"data came\r\n");
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! `AcmClass::<B, (), (), 2>` is two ports in one class; it saves one call of `attend`.
//!
//! # The buffer of `usb-device`
//!
//! `usb-device` 0.3 puts a reply together in a buffer of 128 bytes, and says nothing to anybody when it
//! does not fit: the host waits for an answer in vain. A port takes 66 bytes of the configuration, and
//! the configuration itself 9. So:
//!
//! | device | do |
//! |---|---|
//! | one port and a small function | nothing |
//! | two or three ports, or a large function | the feature `control-buffer-256` of `usb-device` |
//! | ports and nothing else, any number | [`AcmClass::whole_device`](crate::usb_device::AcmClass::whole_device), or better a [`Device`](crate::Device) |
//!
//! Under a [`Controller`](crate::Controller) of this project, lent by
//! [`AsUsbBus`](crate::usb_device::AsUsbBus), a reply that does not fit is STALLed at least, and the
//! enumeration fails at once instead of after five seconds.
//!
//! # Which way to take
//!
//! | | drivers of `usb-device` | drivers of this project |
//! |---|---|---|
//! | **ports only** | [`FromUsbBus`](crate::usb_device::FromUsbBus) under a `Device` | a `Device` |
//! | **with other classes** | `AcmClass` | `AcmClass` on [`AsUsbBus`](crate::usb_device::AsUsbBus) |
//!
//! What no bridge can do, because the crate or a driver of it cannot, is in tables with
//! [`FromUsbBus`](crate::usb_device::FromUsbBus), [`AsUsbBus`](crate::usb_device::AsUsbBus) and
//! [`AcmClass`](crate::usb_device::AcmClass).
//!
//! # By interrupt
//!
//! Poll the device and `attend` to the classes in the USB interrupt; the ports are used anywhere else.
//! The application then has to make the interrupt run when it wrote something, which is what
//! [`BeyondUsbBus::DOORBELL`](crate::usb_device::BeyondUsbBus::DOORBELL) is for:
//!
//! ```
//! # #[cfg(feature = "usb-device")] mod example {
//! use usbd_acm::usb_device::BeyondUsbBus;
//!
//! struct Chip;
//!
//! impl<B> BeyondUsbBus<B> for Chip {
//!     const DOORBELL: fn() = pend_usb_interrupt;
//! }
//!
//! fn pend_usb_interrupt() {
//!     // cortex_m::peripheral::NVIC::pend(Interrupt::USB)
//! }
//!
//! type Serial<'a, B> = usbd_acm::usb_device::AcmClass<'a, B, (), Chip>;
//! # }
//! ```
