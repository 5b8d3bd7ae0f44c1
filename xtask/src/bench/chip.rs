//! The chips that tests/bench emulates.

use clap::ValueEnum;

/// A chip that can be emulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Chip {
    /// Nordic nRF52840
    Nrf52840,
    /// ST STM32F405
    Stm32f405,
}

impl Chip {
    /// In commands and figures.
    pub const fn name(self) -> &'static str {
        match self {
            Chip::Nrf52840 => "nrf52840",
            Chip::Stm32f405 => "stm32f405",
        }
    }

    /// Manifest of the firmware for its board.
    pub const fn examples(self) -> &'static str {
        match self {
            Chip::Nrf52840 => "examples/nrf52840-dk/Cargo.toml",
            Chip::Stm32f405 => "examples/stm32f405-feather/Cargo.toml",
        }
    }
}
