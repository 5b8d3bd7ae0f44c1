//! What stands in which table.

use super::figures::{HIGH_SPEED_ROWS, ROWS, Row};
use super::high_speed;

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

/// Stacks side by side.
#[derive(Clone, Copy)]
pub struct Table {
    /// The chip, in the figures.
    pub name: &'static str,
    pub title: &'static str,
    /// Which peers these are, or what it is about else.
    pub about: &'static str,
    /// Ours first.
    pub stacks: &'static [Stack],
    pub rows: &'static [Row],
}

/// Every table, in order.
pub fn all() -> impl Iterator<Item = Table> {
    [NRF52840, STM32F405, HIGH_SPEED].into_iter()
}

const NRF52840: Table = Table {
    name: "nrf52840",
    title: "nRF52840, emulated",
    about: "Peers, from crates.io and unmodified: usb-device 0.3.2 with usbd-serial 0.2.2 on nrf-usbd 0.3.0, \
            and\nembassy-usb 0.6.0 on embassy-nrf 0.11.0.",
    stacks: &[
        stack("ours", "usbd-acm"),
        stack("ours-two-packets", "the same, two packets held"),
        stack("ours-on-nrf-usbd", "usbd-acm on nrf-usbd"),
        stack("usbd-serial", "usbd-serial on nrf-usbd"),
        stack("embassy-usb", "embassy-usb on embassy-nrf"),
    ],
    rows: &ROWS,
};

const STM32F405: Table = Table {
    name: "stm32f405",
    title: "STM32F405, emulated",
    about: "Peers, from crates.io and unmodified: usb-device 0.3.2 with usbd-serial 0.2.2 on \
            synopsys-usb-otg 0.4.0\nof stm32f4xx-hal 0.23.0, and embassy-usb 0.6.0 on embassy-stm32 0.6.0.",
    stacks: &[
        stack("ours", "usbd-acm"),
        stack("ours-on-synopsys-usb-otg", "usbd-acm on synopsys-usb-otg"),
        stack("usbd-serial", "usbd-serial on synopsys-usb-otg"),
        stack("embassy-usb", "embassy-usb on embassy-stm32"),
    ],
    rows: &ROWS,
};

const HIGH_SPEED: Table = Table {
    name: high_speed::NAME,
    title: "High speed, virtual controller",
    about: "The stack with 512-byte packets, without a chip: its driver for the Synopsys core is ready for \
            a\nhigh-speed PHY, and no board here has one.",
    stacks: &[stack("ours", "usbd-acm")],
    rows: &HIGH_SPEED_ROWS,
};

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::bench::chip::Chip;

    #[test]
    fn every_chip_has_a_table_with_ours_first() {
        for chip in Chip::value_variants() {
            let table = all().find(|table| table.name == chip.name()).unwrap();
            assert_eq!(table.stacks[0].name, "ours");
        }
    }
}
