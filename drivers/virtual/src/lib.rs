//! No chip: an in-memory controller, and a simulated host that drives it or any other
//! [`DevicePort`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod wire;

pub use wire::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};
