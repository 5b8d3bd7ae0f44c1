//! A `no_std` USB CDC-ACM device stack: `/dev/ttyACM0` at wire speed, in little flash, that never
//! hangs.
#![no_std]
#![forbid(unsafe_code)]

mod acm;
#[cfg(feature = "async")]
mod asynchronous;
mod bus_port;
mod chapter9;
mod control;
mod controller;
mod device;
pub mod guide;
mod hooks;
mod io;
pub mod policy;
mod port;
mod port_control;
mod request;
mod storage;
mod time;
#[cfg(feature = "usb-device")]
pub mod usb_device;

pub use controller::{Controller, Endpoint, Event, TestMode};
pub use device::{Device, State};
pub use hooks::{DtrPolicy, Hooks, Probe};
pub use io::{Blocking, IoError};
pub use port::{Port, ReadError, Reader, WriteError, WriteGrant, Writer};
pub use port_control::PortControl;
pub use storage::Storage;
pub use usbd_acm_class as class;
#[cfg(feature = "async")]
pub use usbd_acm_class::WakerCell;
pub use usbd_acm_class::fifo::{RxSlot, TxPacket};
pub use usbd_acm_class::{Session, SetupPacket};
pub use usbd_acm_descriptors as descriptors;
pub use usbd_acm_descriptors::{Direction, EndpointAddress, EndpointSet, Speed, TransferType};
