//! What the examples share: the few registers of the chip that they use beside USB.
#![no_std]

pub mod button;
pub mod echo;
pub mod gpio;
pub mod handed;
pub mod interrupt;
mod panic;
mod register;
pub mod tick;
pub mod uarte;

pub use register::Register;
