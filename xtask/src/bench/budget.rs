//! What our stack must keep on the emulated chip: tests/bench/budget.toml.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use super::figures::{Better, Figures, ROWS};
use crate::size::root;

/// Metric and limit: the most, or of throughput the least.
type Limits = BTreeMap<String, f64>;
/// By chip and stack.
type Budget = BTreeMap<String, BTreeMap<String, Limits>>;

const PATH: &str = "tests/bench/budget.toml";

/// Fails with every limit that is not kept, or not measured.
pub fn check(figures: &Figures) -> Result<()> {
    let text =
        fs::read_to_string(root().join(PATH)).with_context(|| format!("cannot read {PATH}"))?;
    let budget: Budget = toml::from_str(&text).context(PATH)?;
    let faults = faults(&budget, figures);
    if !faults.is_empty() {
        bail!("beyond {PATH}:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

fn faults(budget: &Budget, figures: &Figures) -> Vec<String> {
    let mut faults = Vec::new();
    for (chip, stacks) in budget {
        for (stack, limits) in stacks {
            let beyond = limits.iter().filter_map(|(metric, limit)| {
                let fault = fault(figures, [chip, stack, metric], *limit)?;
                Some(format!("{chip} {stack} {metric}: {fault}"))
            });
            faults.extend(beyond);
        }
    }
    faults
}

/// What is wrong with a figure, if anything.
fn fault(figures: &Figures, [chip, stack, metric]: [&str; 3], limit: f64) -> Option<String> {
    let row = ROWS.iter().find(|row| row.metric == metric);
    let value = row.and_then(|row| Some((row, figures.value(row, chip, stack)?)));
    let Some((row, value)) = value else { return Some("not measured".to_owned()) };
    match row.better {
        Better::Less => (value > limit).then(|| format!("{value} > {limit}")),
        Better::More => (value < limit).then(|| format!("{value} < {limit}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::Figure;
    use super::*;

    fn figures(metric: &str, value: f64) -> Figures {
        let text = |text: &str| text.to_owned();
        Figures(vec![Figure {
            chip: text("nrf52840"),
            stack: text("ours"),
            app: text("echo"),
            metric: text(metric),
            value,
            unit: text("-"),
        }])
    }

    fn budget(text: &str) -> Budget {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_limit_is_the_most_and_of_throughput_the_least() {
        let flash = budget("[nrf52840.ours]\nusb_flash_bytes = 4096");
        assert!(faults(&flash, &figures("usb_flash_bytes", 4096.0)).is_empty());
        assert_eq!(
            faults(&flash, &figures("usb_flash_bytes", 4097.0)),
            ["nrf52840 ours usb_flash_bytes: 4097 > 4096"]
        );
        let throughput = budget("[nrf52840.ours]\nin_throughput_percent_of_limit = 90");
        assert!(faults(&throughput, &figures("in_throughput_percent_of_limit", 90.0)).is_empty());
        assert_eq!(
            faults(&throughput, &figures("in_throughput_percent_of_limit", 89.0)),
            ["nrf52840 ours in_throughput_percent_of_limit: 89 < 90"]
        );
    }

    #[test]
    fn what_was_not_measured_is_a_fault() {
        let budget = budget("[nrf52840.ours]\nusb_ram_bytes = 512");
        assert_eq!(
            faults(&budget, &figures("usb_flash_bytes", 1.0)),
            ["nrf52840 ours usb_ram_bytes: not measured"]
        );
    }
}
