//! No chip: an in-memory controller, and a simulated host that drives it or any other
//! [`DevicePort`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod board;
#[cfg(feature = "capture")]
pub mod capture;
mod chip;
mod control_endpoint;
mod controller;
mod endpoint;
#[cfg(feature = "std")]
pub mod host;
mod shared;
#[cfg(feature = "usb-device")]
mod usb_bus;
mod violation;
mod virtual_wire;
mod wire;

pub use board::Board;
pub use controller::{FullSpeed, HighSpeed, Variant, VirtualController, VirtualHighSpeed};
#[cfg(feature = "usb-device")]
pub use usb_bus::{BusWire, Manners, VirtualUsbBus};
pub use violation::Violation;
pub use virtual_wire::VirtualWire;
pub use wire::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};
