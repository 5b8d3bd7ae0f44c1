//! A `no_std` USB CDC-ACM device stack.
#![no_std]
#![forbid(unsafe_code)]

mod controller;

pub use controller::{Controller, Endpoint, Event};
pub use usbd_acm_class as class;
pub use usbd_acm_class::SetupPacket;
pub use usbd_acm_class::fifo::{RxSlot, TxPacket};
pub use usbd_acm_descriptors as descriptors;
pub use usbd_acm_descriptors::{Direction, EndpointAddress, EndpointSet, Speed, TransferType};
