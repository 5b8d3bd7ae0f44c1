//! The figures, as tests/bench writes them, and which of them people compare.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// One number.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figure {
    pub chip: String,
    pub stack: String,
    pub app: String,
    pub metric: String,
    pub value: f64,
    pub unit: String,
}

/// All of them.
pub struct Figures(pub Vec<Figure>);

/// What is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    Less,
    More,
}

/// A row of the table.
pub struct Row {
    pub metric: &'static str,
    /// Sums over all applications instead of one.
    pub is_sum: bool,
    pub title: &'static str,
    pub better: Better,
}

const fn row(metric: &'static str, title: &'static str) -> Row {
    Row { metric, is_sum: false, title, better: Better::Less }
}

const fn more(metric: &'static str, title: &'static str) -> Row {
    Row { metric, is_sum: false, title, better: Better::More }
}

/// The rows of the table, in order.
pub const ROWS: [Row; 21] = [
    row("usb_flash_bytes", "flash, USB share (bytes)"),
    row("usb_ram_bytes", "RAM, USB share (bytes)"),
    row("peak_stack_bytes", "peak stack, whole firmware (bytes)"),
    row("enumeration_instructions", "instructions per enumeration, 8 requests"),
    row("in_instructions_per_byte_saturating", "instructions/byte to the host, saturated"),
    row("in_instructions_per_byte_fullspeed", "the same on a full-speed bus"),
    row("out_instructions_per_byte_saturating", "instructions/byte from the host, saturated"),
    row("out_instructions_per_byte_fullspeed", "the same on a full-speed bus"),
    row("echo_instructions_per_byte_saturating", "instructions/byte echoed, saturated"),
    row("echo_instructions_per_byte_fullspeed", "the same on a full-speed bus"),
    row("in_accesses_per_byte_saturating", "register accesses/byte to the host, saturated"),
    row("in_accesses_per_byte_fullspeed", "the same on a full-speed bus"),
    row("out_accesses_per_byte_saturating", "register accesses/byte from the host, saturated"),
    row("out_accesses_per_byte_fullspeed", "the same on a full-speed bus"),
    more("in_throughput_percent_of_limit", "throughput to the host, % of 19 packets a frame"),
    more("out_throughput_percent_of_limit", "throughput from the host, % of 19 packets a frame"),
    more("both_throughput_percent_of_limit", "both ways at once, % of 19 packets a frame"),
    row("suspended_instructions", "instructions in 100 ms of suspend"),
    row("aborted_control_failures", "failures after aborted control transfers, of 75"),
    row("worst_setup_to_answer_us", "longest from SETUP to the answer (µs)"),
    Row {
        metric: "model_violations",
        is_sum: true,
        title: "violations of the chip's manual",
        better: Better::Less,
    },
];

/// The rows of the table for high speed.
pub const HIGH_SPEED_ROWS: [Row; 3] = [
    more("in_throughput_percent_of_limit", "throughput to the host, % of 13 packets a microframe"),
    more(
        "out_throughput_percent_of_limit",
        "throughput from the host, % of 13 packets a microframe",
    ),
    more("both_throughput_percent_of_limit", "both ways at once, % of 13 packets a microframe"),
];

impl Figures {
    /// Of the JSON that tests/bench wrote.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(text).context("these are no figures")?))
    }

    /// Whether there is any of a chip.
    pub fn has(&self, chip: &str) -> bool {
        self.0.iter().any(|figure| figure.chip == chip)
    }

    /// The value of a row for a stack on a chip, by their names.
    pub fn value(&self, row: &Row, chip: &str, stack: &str) -> Option<f64> {
        let is_it = |figure: &&Figure| match row.is_sum {
            true => figure.metric.starts_with(row.metric),
            false => figure.metric == row.metric,
        };
        let of_it = |figure: &&Figure| figure.chip == chip && figure.stack == stack;
        let values = self.0.iter().filter(of_it).filter(is_it);
        values.map(|figure| figure.value).reduce(|sum, value| sum + value)
    }
}

/// A number as it is printed.
pub fn number(value: Option<f64>) -> String {
    match value {
        None => "–".into(),
        Some(value) if value.fract() == 0.0 => format!("{value}"),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.1}"),
    }
}
