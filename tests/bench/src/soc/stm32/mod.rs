//! Peripherals that the STM32 have in common.

pub(super) mod gpio;
pub(super) mod timer;
pub(super) mod usart;
pub(super) mod wiring;

pub use usart::{Format, Usart};
