//! A `no_std` USB CDC-ACM device stack: `/dev/ttyACM0` at wire speed, in little flash, that never
//! hangs.
#![no_std]
#![forbid(unsafe_code)]

mod acm;
mod bus_port;
mod chapter9;
mod control;
mod controller;
mod device;
mod hooks;
mod io;
mod port;
mod port_control;
mod request;
mod storage;

pub use controller::{Controller, Endpoint, Event};
pub use device::{Device, State};
pub use hooks::{DtrPolicy, Hooks};
pub use io::{Blocking, IoError};
pub use port::{Port, ReadError, Reader, WriteError, WriteGrant, Writer};
pub use port_control::PortControl;
pub use storage::Storage;
pub use usbd_acm_class as class;
pub use usbd_acm_class::SetupPacket;
pub use usbd_acm_class::fifo::{RxSlot, TxPacket};
pub use usbd_acm_descriptors as descriptors;
pub use usbd_acm_descriptors::{Direction, EndpointAddress, EndpointSet, Speed, TransferType};
