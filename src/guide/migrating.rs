//! Migrating from usbd-serial and from embassy-usb.
//!
//! # From usbd-serial
//!
//! There are two ways here, too, and again the application is the same in both.
//!
//! - **Keep `usb-device`**, its drivers and your other classes, and take
//!   [`AcmClass`][AcmClass] in the place of `SerialPort`.
//! - **Take the whole stack**: a [`Device`](crate::Device), on a [`Controller`](crate::Controller) for
//!   the chip or, with [`FromUsbBus`][FromUsbBus], on the driver you have.
//!
//! With usbd-serial 0.2:
//!
//! ```ignore
//! let mut serial = SerialPort::new(&bus);
//! let mut device = UsbDeviceBuilder::new(&bus, UsbVidPid(0x1209, 0x0001)).device_class(USB_CLASS_CDC).build();
//! loop {
//!     if device.poll(&mut [&mut serial]) {
//!         let mut buffer = [0; 64];
//!         if let Ok(count) = serial.read(&mut buffer) {
//!             serial.write(&buffer[..count]).ok(); // how many were taken?
//!         }
//!     }
//! }
//! ```
//!
//! With the class:
//!
//! ```
//! # #[cfg(feature = "usb-device")] mod example {
//! # use usb_device::bus::{UsbBus, UsbBusAllocator};
//! # use usbd_acm::{Storage, WriteError, descriptors::Descriptors};
//! # use usbd_acm::usb_device::{AcmClass, ClassError};
//! # fn run<B: UsbBus>(
//! #     bus: &UsbBusAllocator<B>,
//! #     storage: &'static mut Storage,
//! #     descriptors: &'static Descriptors<1>,
//! # ) -> Result<(), ClassError> {
//! let (mut serial, [mut port]) = AcmClass::<B>::whole_device(bus, storage, descriptors, ())?;
//! let mut device = serial.build_device(bus);
//! loop {
//!     device.poll(&mut [&mut serial]);
//!     serial.attend(&device); // also when poll says false: there may be something to send
//!     if let Ok((session, bytes)) = port.reader.front() {
//!         match port.writer.write_in(session, bytes) {
//!             Ok(count) => port.reader.consume(count),
//!             Err(WriteError::Full) => {} // later
//!             Err(_) => port.reader.consume(64), // whoever sent that is gone
//!         }
//!     }
//! }
//! # }
//! # }
//! ```
//!
//! With the whole stack, on the same driver:
//!
//! ```
//! # #[cfg(feature = "usb-device")] mod example {
//! # use usb_device::{UsbError, bus::UsbBus};
//! # use usbd_acm::{Storage, WriteError, descriptors::Descriptors};
//! # use usbd_acm::usb_device::{FromUsbBus, OwnBus};
//! # fn run<B: UsbBus>(
//! #     bus: B,
//! #     storage: &'static mut Storage,
//! #     descriptors: &'static Descriptors<1>,
//! # ) -> Result<(), UsbError> {
//! // synopsys-usb-otg and stm32-usbd give an allocator: LentBus::new(&allocator)
//! let controller = FromUsbBus::<_, (), 1>::new(OwnBus::new(bus), descriptors)?;
//! let (mut device, [mut port]) = storage.split(controller, descriptors, ());
//! device.connect();
//! loop {
//!     device.poll();
//!     if let Ok((session, bytes)) = port.reader.front() {
//!         match port.writer.write_in(session, bytes) {
//!             Ok(count) => port.reader.consume(count),
//!             Err(WriteError::Full) => {} // later
//!             Err(_) => port.reader.consume(64), // whoever sent that is gone
//!         }
//!     }
//! }
//! # }
//! # }
//! ```
//!
//! | usbd-serial 0.2 | here |
//! |---|---|
//! | `SerialPort::new`, `new_with_store` | [`Storage`](crate::Storage) in a `static`, with as many slots as wanted |
//! | `read` | [`Reader::read`](crate::Reader::read), or in place [`front`](crate::Reader::front) and [`consume`](crate::Reader::consume) |
//! | `write`, one packet each | [`Writer::write`](crate::Writer::write): writes coalesce while the wire is busy |
//! | `flush`, an error while anything is queued | [`Writer::is_flushed`](crate::Writer::is_flushed): acknowledged by the host, with the zero-length packet |
//! | `UsbError::WouldBlock` | [`ReadError`](crate::ReadError) and [`WriteError`](crate::WriteError), which also tell when the terminal is gone |
//! | `dtr`, `rts`, `line_coding`, to be polled | the same in [`PortControl`](crate::PortControl), and [`next_event`](crate::PortControl::next_event) |
//! | SEND_BREAK is STALLed | [`Event::Break`](crate::class::Event::Break), with its duration |
//! | – | [`set_carrier`](crate::PortControl::set_carrier), [`raise`](crate::PortControl::raise): SERIAL_STATE |
//! | `Mutex<RefCell<Option<SerialPort>>>` around it all | a [`Port`](crate::Port) is `Send`; the interrupt has the rest |
//!
//! # From embassy-usb
//!
//! There are two ways, and the application is the same in both: [`Port`](crate::Port) and its halves.
//!
//! - **Keep the embassy driver**, and take the crate `usbd-acm-embassy`: its `AcmClass` stands where
//!   `embassy_usb::class::cdc_acm::CdcAcmClass` stood, beside other classes if wanted. Its chapter
//!   `migrating` shows both side by side.
//! - **Take the whole stack**, with a [`Controller`](crate::Controller) for the chip: strict Chapter 9,
//!   descriptors at compile time, flush that is acknowledged by hardware, all write policies and the
//!   [probe](crate::Probe) whether anybody reads. [`Device::poll`](crate::Device::poll) runs in the
//!   interrupt or, with the feature `async`, in a task; no future is polled for each packet.
//!
//! | embassy-usb 0.6 | `usbd-acm-embassy` | [`Device`](crate::Device) |
//! |---|---|---|
//! | `Builder`, buffers for descriptors | the same | [`descriptors!`](crate::descriptors::descriptors) in flash |
//! | `UsbDevice::run()` | the same, and `Runner::run()` | [`Device::poll`](crate::Device::poll) |
//! | `Handler` | – | [`Hooks`](crate::Hooks) |
//! | `State` | `Storage` | [`Storage`](crate::Storage) |
//! | `read_packet`, `write_packet` | [`Reader`](crate::Reader), [`Writer`](crate::Writer), `embedded-io-async` | the same |
//! | `control_changed` | [`PortControl::next_event`](crate::PortControl::next_event) | the same |
//! | `remote_wakeup()` | `Wakeup::requested()`, then `remote_wakeup()` | by itself, [`Hooks::WAKE_ON_WRITE`](crate::Hooks::WAKE_ON_WRITE) |
//!
// Links to what there is with a feature only.
#![cfg_attr(feature = "usb-device", doc = "[AcmClass]: crate::usb_device::AcmClass")]
#![cfg_attr(
    not(feature = "usb-device"),
    doc = "[AcmClass]: https://docs.rs/usbd-acm/latest/usbd_acm/usb_device/struct.AcmClass.html"
)]
#![cfg_attr(feature = "usb-device", doc = "[FromUsbBus]: crate::usb_device::FromUsbBus")]
#![cfg_attr(
    not(feature = "usb-device"),
    doc = "[FromUsbBus]: https://docs.rs/usbd-acm/latest/usbd_acm/usb_device/struct.FromUsbBus.html"
)]
