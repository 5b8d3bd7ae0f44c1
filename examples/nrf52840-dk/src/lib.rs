//! What the examples share: the few registers of the chip that they use beside USB.
#![no_std]

pub mod button;
pub mod gpio;
pub mod interrupt;
mod register;
pub mod uarte;

pub use register::Register;

/// Cycles of the core, at 64 MHz, in a millisecond.
pub const MILLISECOND: u32 = 64_000;
