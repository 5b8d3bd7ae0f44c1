//! The stacks that are compared, and the firmware that has each of them.

use crate::firmware::{App, Firmware};

/// A stack with its driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stack {
    /// As in [`Figure::stack`](super::Figure::stack).
    pub name: &'static str,
    /// Cargo package of its firmware.
    pub package: &'static str,
    /// Features of it, beside that of the application.
    pub features: &'static [&'static str],
    /// Package and feature of the firmware without USB that it is compared with.
    pub without_usb: (&'static str, Option<&'static str>),
}

/// The stacks for the nRF52840.
pub const NRF52840: [Stack; 5] = [
    Stack {
        name: "ours",
        package: "nrf52840-usbd-acm",
        features: &[],
        without_usb: ("nrf52840-no-usb", None),
    },
    Stack {
        name: "ours-two-packets",
        package: "nrf52840-usbd-acm",
        features: &["two-packets"],
        without_usb: ("nrf52840-no-usb", None),
    },
    Stack {
        name: "ours-on-nrf-usbd",
        package: "nrf52840-usbd-acm-nrf-usbd",
        features: &[],
        without_usb: ("nrf52840-no-usb", Some("hal")),
    },
    Stack {
        name: "usbd-serial",
        package: "nrf52840-usbd-serial",
        features: &[],
        without_usb: ("nrf52840-no-usb", Some("hal")),
    },
    Stack {
        name: "embassy-usb",
        package: "nrf52840-embassy",
        features: &[],
        without_usb: ("nrf52840-no-usb-embassy", None),
    },
];

/// The stacks for the STM32F405.
pub const STM32F405: [Stack; 4] = [
    Stack {
        name: "ours",
        package: "stm32f405-usbd-acm",
        features: &[],
        without_usb: ("stm32f405-no-usb", Some("hal")),
    },
    Stack {
        name: "ours-on-synopsys-usb-otg",
        package: "stm32f405-usbd-acm-synopsys-usb-otg",
        features: &[],
        without_usb: ("stm32f405-no-usb", Some("hal")),
    },
    Stack {
        name: "usbd-serial",
        package: "stm32f405-usbd-serial",
        features: &[],
        without_usb: ("stm32f405-no-usb", Some("hal")),
    },
    Stack {
        name: "embassy-usb",
        package: "stm32f405-embassy",
        features: &[],
        without_usb: ("stm32f405-no-usb-embassy", None),
    },
];

impl Stack {
    /// Its firmware with this application, at this optimisation profile.
    pub fn firmware(&self, app: App, profile: &'static str) -> Firmware {
        let mut firmware = Firmware { profile, ..Firmware::peer(self.package, app) };
        firmware.features.extend(self.features.iter().map(|&feature| feature.to_owned()));
        firmware
    }

    /// The firmware without USB that it is compared with.
    pub(super) fn without_usb(&self, profile: &'static str) -> Firmware {
        let (package, feature) = self.without_usb;
        let features = feature.iter().map(|&feature| feature.to_owned()).collect();
        Firmware { profile, features, ..Firmware::peer(package, App::Echo) }
    }
}
