//! What a stack costs and how fast it is, in numbers that repeat.
//!
//! Every stack runs the same three applications on the same model, at the end of the same host, with
//! the same work. A stack whose firmware is not there is missing; nothing is put in its place.

mod latency;
pub mod script;
mod share;
mod work;

use anyhow::Result;
use serde::Serialize;

use crate::firmware::{App, Firmware};

pub use latency::Latency;

/// One number of one stack.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Figure {
    /// Name of the chip.
    pub chip: &'static str,
    /// Name of the stack.
    pub stack: &'static str,
    /// What the firmware does: `echo`, `source`, `sink`.
    pub app: &'static str,
    /// What was measured.
    pub metric: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
}

/// A stack with its driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stack {
    /// As in [`Figure::stack`].
    pub name: &'static str,
    /// Cargo package of its firmware.
    pub package: &'static str,
    /// Package and feature of the firmware without USB that it is compared with.
    pub without_usb: (&'static str, Option<&'static str>),
}

/// The stacks for the nRF52840.
pub const NRF52840: [Stack; 4] = [
    Stack { name: "ours", package: "nrf52840-usbd-acm", without_usb: ("nrf52840-no-usb", None) },
    Stack {
        name: "ours-on-nrf-usbd",
        package: "nrf52840-usbd-acm-nrf-usbd",
        without_usb: ("nrf52840-no-usb", Some("hal")),
    },
    Stack {
        name: "usbd-serial",
        package: "nrf52840-usbd-serial",
        without_usb: ("nrf52840-no-usb", Some("hal")),
    },
    Stack {
        name: "embassy-usb",
        package: "nrf52840-embassy",
        without_usb: ("nrf52840-no-usb-embassy", None),
    },
];

impl Stack {
    /// Its firmware with this application, at this optimisation profile.
    pub fn firmware(&self, app: App, profile: &'static str) -> Firmware {
        Firmware { profile, ..Firmware::peer(self.package, app) }
    }

    fn without_usb(&self, profile: &'static str) -> Firmware {
        let (package, feature) = self.without_usb;
        let features = feature.iter().map(|&feature| feature.to_owned()).collect();
        Firmware { profile, features, ..Firmware::peer(package, App::Echo) }
    }
}

/// Everything about one stack.
///
/// # Errors
/// When a firmware does not build or does not enumerate. What it does wrong after that is a figure.
pub fn measure(stack: &Stack, mut doing: impl FnMut(&str)) -> Result<Vec<Figure>> {
    let mut sheet = Sheet { stack: *stack, app: "echo", figures: Vec::new() };
    doing("size");
    share::measure(stack, &mut sheet)?;
    for app in [App::Echo, App::Source, App::Sink] {
        doing(app.name());
        sheet.app = app.name();
        let image = stack.firmware(app, SPEED_PROFILE).image()?;
        work::measure(&image, app, &mut sheet)?;
    }
    Ok(sheet.figures)
}

/// The profile at which instructions are counted.
const SPEED_PROFILE: &str = "opt-s";

/// Figures of one stack, as they come.
struct Sheet {
    stack: Stack,
    app: &'static str,
    figures: Vec<Figure>,
}

impl Sheet {
    fn add(&mut self, metric: impl Into<String>, value: f64, unit: &'static str) {
        let (stack, app) = (self.stack.name, self.app);
        let metric = metric.into();
        self.figures.push(Figure { chip: "nrf52840", stack, app, metric, value, unit });
    }
}
