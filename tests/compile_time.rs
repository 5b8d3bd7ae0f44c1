//! What the compiler holds.
//!
//! The halves go to different contexts:
//! ```
//! fn is_send<T: Send>() {}
//! is_send::<usbd_acm::Port>();
//! is_send::<usbd_acm::Reader<4, 64>>();
//! is_send::<usbd_acm::Writer<8, 512>>();
//! is_send::<usbd_acm::PortControl>();
//! is_send::<usbd_acm::TxPacket>();
//! is_send::<usbd_acm::RxSlot>();
//! ```
//!
//! There is one of each:
//! ```compile_fail,E0599
//! fn twice(port: usbd_acm::Port) -> (usbd_acm::Reader, usbd_acm::Reader) {
//!     (port.reader.clone(), port.reader)
//! }
//! ```
//! ```compile_fail,E0599
//! fn twice(port: usbd_acm::Port) -> (usbd_acm::Writer, usbd_acm::Writer) {
//!     (port.writer.clone(), port.writer)
//! }
//! ```
//! ```compile_fail,E0599
//! fn twice(port: usbd_acm::Port) -> (usbd_acm::PortControl, usbd_acm::PortControl) {
//!     (port.control.clone(), port.control)
//! }
//! ```
//! ```compile_fail,E0499
//! use usbd_acm_tests::ONE_PORT;
//! use usbd_acm_virtual::{FullSpeed, VirtualController};
//! let storage: &'static mut usbd_acm::Storage = Box::leak(Box::new(usbd_acm::Storage::new()));
//! let first = storage.split(VirtualController::<FullSpeed>::new(2).0, &ONE_PORT, ());
//! let second = storage.split(VirtualController::<FullSpeed>::new(2).0, &ONE_PORT, ());
//! ```
//!
//! What was read in place is gone once it is consumed, and a grant lasts until it is committed:
//! ```compile_fail,E0502
//! fn peek(reader: &mut usbd_acm::Reader) -> u8 {
//!     let bytes = reader.fill_buf().unwrap();
//!     reader.is_ready();
//!     bytes[0]
//! }
//! ```
//! ```compile_fail,E0382
//! fn twice(writer: &mut usbd_acm::Writer) {
//!     let grant = writer.grant().unwrap();
//!     grant.commit(1);
//!     grant.commit(1);
//! }
//! ```
//!
//! Storage fits the product. This is how it is made:
//! ```
//! use usbd_acm_virtual::{FullSpeed, HighSpeed, VirtualController};
//! static FULL: usbd_acm::Storage<1, 2, 64> = usbd_acm::Storage::new();
//! static HIGH: usbd_acm::Storage<2, 64, 512> = usbd_acm::Storage::new();
//! let full: &'static mut _ = Box::leak(Box::new(usbd_acm::Storage::<1, 4, 64>::new()));
//! full.split(VirtualController::<FullSpeed>::new(2).0, &usbd_acm_tests::ONE_PORT, ());
//! let high: &'static mut _ = Box::leak(Box::new(usbd_acm::Storage::<1, 4, 512>::new()));
//! high.split(VirtualController::<HighSpeed>::new(2).0, &usbd_acm_tests::HIGH_SPEED, ());
//! ```
//! One slot is no double buffer, and slots are numbered modulo a power of two:
//! ```compile_fail,E0080
//! static STORAGE: usbd_acm::Storage<1, 1, 64> = usbd_acm::Storage::new();
//! ```
//! ```compile_fail,E0080
//! static STORAGE: usbd_acm::Storage<1, 3, 64> = usbd_acm::Storage::new();
//! ```
//! ```compile_fail,E0080
//! static STORAGE: usbd_acm::Storage<1, 128, 64> = usbd_acm::Storage::new();
//! ```
//! A slot is a packet:
//! ```compile_fail,E0080
//! static STORAGE: usbd_acm::Storage<1, 2, 100> = usbd_acm::Storage::new();
//! ```
//! ```compile_fail,E0080
//! static STORAGE: usbd_acm::Storage<1, 2, 0> = usbd_acm::Storage::new();
//! ```
//! ```compile_fail,E0080
//! static STORAGE: usbd_acm::Storage<1, 2, 1024> = usbd_acm::Storage::new();
//! ```
//! The descriptors say 64 bytes at full speed, so the host sends as many:
//! ```compile_fail,E0080
//! use usbd_acm_virtual::{FullSpeed, VirtualController};
//! let storage: &'static mut _ = Box::leak(Box::new(usbd_acm::Storage::<1, 2, 32>::new()));
//! storage.split(VirtualController::<FullSpeed>::new(2).0, &usbd_acm_tests::ONE_PORT, ());
//! ```
//! and 512 where the controller may come up at high speed:
//! ```compile_fail,E0080
//! use usbd_acm_virtual::{HighSpeed, VirtualController};
//! let storage: &'static mut _ = Box::leak(Box::new(usbd_acm::Storage::<1, 2, 64>::new()));
//! storage.split(VirtualController::<HighSpeed>::new(2).0, &usbd_acm_tests::HIGH_SPEED, ());
//! ```
//! The crate `usb-device` has no descriptors for high speed, so there is no bus of it there. This is one:
//! ```
//! use usbd_acm::usb_device::{AsUsbBus, BusStorage};
//! use usbd_acm_virtual::{FullSpeed, VirtualController};
//! let storage: &'static mut _ = Box::leak(Box::new(BusStorage::new()));
//! AsUsbBus::<_, 3>::new(VirtualController::<FullSpeed>::new(2).0, storage);
//! ```
//! and this is none:
//! ```compile_fail,E0080
//! use usbd_acm::usb_device::{AsUsbBus, BusStorage};
//! use usbd_acm_virtual::{HighSpeed, VirtualController};
//! let storage: &'static mut _ = Box::leak(Box::new(BusStorage::new()));
//! AsUsbBus::<_, 3>::new(VirtualController::<HighSpeed>::new(2).0, storage);
//! ```
//! The controller has the endpoints for so many ports:
//! ```compile_fail,E0080
//! use usbd_acm_virtual::{Variant, VirtualController};
//! struct One;
//! impl Variant for One {
//!     const ENDPOINTS: usbd_acm::EndpointSet = usbd_acm::EndpointSet::first(1);
//! }
//! let storage: &'static mut _ = Box::leak(Box::new(usbd_acm::Storage::<1, 2, 64>::new()));
//! storage.split(VirtualController::<One>::new(2).0, &usbd_acm_tests::ONE_PORT, ());
//! ```
//! As many ports as the descriptors have:
//! ```compile_fail,E0308
//! use usbd_acm_virtual::{FullSpeed, VirtualController};
//! let storage: &'static mut _ = Box::leak(Box::new(usbd_acm::Storage::<1, 2, 64>::new()));
//! storage.split(VirtualController::<FullSpeed>::new(2).0, &usbd_acm_tests::TWO_PORTS, ());
//! ```
//! It is for a `static`, not for a stack frame that ends:
//! ```compile_fail,E0597
//! use usbd_acm_virtual::{FullSpeed, VirtualController};
//! let mut storage = usbd_acm::Storage::<1, 2, 64>::new();
//! storage.split(VirtualController::<FullSpeed>::new(2).0, &usbd_acm_tests::ONE_PORT, ());
//! ```
