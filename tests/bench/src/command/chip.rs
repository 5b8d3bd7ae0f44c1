//! The chips by their names.

use clap::ValueEnum;

/// A chip that can be emulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ChipName {
    /// Nordic nRF52840
    Nrf52840,
    /// ST STM32F405
    Stm32f405,
}
