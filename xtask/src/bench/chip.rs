//! The chips that tests/bench emulates, and the stacks that are compared on each.

use clap::ValueEnum;

/// A chip that can be emulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Chip {
    /// Nordic nRF52840
    Nrf52840,
}

/// A stack with its driver.
pub struct Stack {
    /// In the figures.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
}

const fn stack(name: &'static str, title: &'static str) -> Stack {
    Stack { name, title }
}

/// Ours first.
const NRF52840: [Stack; 4] = [
    stack("ours", "usbd-acm"),
    stack("ours-on-nrf-usbd", "usbd-acm on nrf-usbd"),
    stack("usbd-serial", "usbd-serial on nrf-usbd"),
    stack("embassy-usb", "embassy-usb on embassy-nrf"),
];

impl Chip {
    /// In commands and figures.
    pub const fn name(self) -> &'static str {
        match self {
            Chip::Nrf52840 => "nrf52840",
        }
    }

    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Chip::Nrf52840 => "nRF52840",
        }
    }

    /// What is compared on it.
    pub const fn stacks(self) -> &'static [Stack] {
        match self {
            Chip::Nrf52840 => &NRF52840,
        }
    }

    /// What the drivers of its peers are.
    pub const fn peers(self) -> &'static str {
        match self {
            Chip::Nrf52840 => {
                "usb-device 0.3.2 with usbd-serial 0.2.2 on nrf-usbd 0.3.0, and\nembassy-usb 0.6.0 on \
                 embassy-nrf 0.11.0"
            }
        }
    }

    /// Manifest of the firmware for its board.
    pub const fn examples(self) -> &'static str {
        match self {
            Chip::Nrf52840 => "examples/nrf52840-dk/Cargo.toml",
        }
    }
}
