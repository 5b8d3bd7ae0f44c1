//! What a stack costs and how fast it is, in numbers that repeat.
//!
//! Every stack runs the same three applications on the same model, at the end of the same host, with
//! the same work. A stack whose firmware is not there is missing; nothing is put in its place.

mod latency;
pub mod script;
mod share;
mod stacks;
mod work;

use anyhow::Result;
use serde::Serialize;

use crate::firmware::App;
use crate::soc::Chip;

pub use latency::Latency;
pub use stacks::{NRF52840, STM32F405, Stack};

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

/// Everything about one stack on a chip.
///
/// # Errors
/// When a firmware does not build or does not enumerate. What it does wrong after that is a figure.
pub fn measure<C: Chip>(stack: &Stack, mut doing: impl FnMut(&str)) -> Result<Vec<Figure>> {
    let mut sheet = Sheet { chip: C::NAME, stack: *stack, app: "echo", figures: Vec::new() };
    doing("size");
    share::measure(stack, &mut sheet)?;
    for app in [App::Echo, App::Source, App::Sink] {
        doing(app.name());
        sheet.app = app.name();
        let image = stack.firmware(app, SPEED_PROFILE).image()?;
        work::measure::<C>(&image, app, &mut sheet)?;
    }
    Ok(sheet.figures)
}

/// The profile at which instructions are counted.
const SPEED_PROFILE: &str = "opt-s";

/// Figures of one stack, as they come.
struct Sheet {
    chip: &'static str,
    stack: Stack,
    app: &'static str,
    figures: Vec<Figure>,
}

impl Sheet {
    fn add(&mut self, metric: impl Into<String>, value: f64, unit: &'static str) {
        let (chip, stack, app) = (self.chip, self.stack.name, self.app);
        let metric = metric.into();
        self.figures.push(Figure { chip, stack, app, metric, value, unit });
    }
}
