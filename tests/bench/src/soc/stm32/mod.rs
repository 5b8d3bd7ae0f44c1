//! Peripherals that the STM32 have in common.

pub(super) mod gpio;
pub(super) mod timer;
