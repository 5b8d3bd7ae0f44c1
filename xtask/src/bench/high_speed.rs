//! Throughput of our stack at high speed, on the virtual controller.

use anyhow::{Context, Result};
use usbd_acm::Speed;

use super::figures::Figure;
use crate::demo::throughput;

/// In place of a chip, in the figures.
pub const NAME: &str = "virtual-high-speed";
/// Bytes each way.
const COUNT: usize = 4 << 20;

/// The share of 13 packets a microframe, each way and both ways at once.
pub fn measure() -> Result<Vec<Figure>> {
    let flows = throughput::measure(Speed::High, COUNT).context("high speed")?;
    let figure = |metric: &str| {
        let flow = flows.iter().find(|flow| flow.metric == metric)?;
        Some(Figure {
            chip: NAME.to_owned(),
            stack: "ours".to_owned(),
            app: if metric == "both" { "echo".to_owned() } else { metric.to_owned() },
            metric: format!("{metric}_throughput_percent_of_limit"),
            value: flow.percent(Speed::High),
            unit: "%".to_owned(),
        })
    };
    Ok(["in", "out", "both"].into_iter().filter_map(figure).collect())
}
