//! Firmware, unmodified, on an emulated chip at the end of the simulated host's cable.
//!
//! [`cpu`] executes it, [`soc`] is the chip around the processor, register by register, and
//! [`Board`] is both as the [`DevicePort`](usbd_acm_virtual::DevicePort) that every host and every
//! test of `usbd-acm-virtual` drives.
#![forbid(unsafe_code)]

mod board;
pub mod cpu;
pub mod firmware;
pub mod measure;
pub mod soc;

pub use board::{Board, Pace};
