//! What our stack may cost at most: tests/size/budget.toml.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use super::figures::Figures;
use super::firmware::{Stack, root};

/// Target, metric with optimisation level, and the largest value that passes.
type Budget = BTreeMap<String, BTreeMap<String, f64>>;

/// Compares our figures with the budget, and fails with every one that is over or missing.
pub fn check(figures: &Figures) -> Result<()> {
    let path = root().join("tests/size/budget.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let budget: Budget = toml::from_str(&text).with_context(|| format!("{}", path.display()))?;
    let faults = faults(&budget, figures);
    if !faults.is_empty() {
        bail!("over budget (tests/size/budget.toml):\n  {}", faults.join("\n  "));
    }
    Ok(())
}

fn faults(budget: &Budget, figures: &Figures) -> Vec<String> {
    let mut faults = Vec::new();
    for (target, limits) in budget {
        for (metric, limit) in limits {
            let measured = figures.0.iter().find(|figure| {
                figure.stack == Stack::UsbdAcm && figure.target == target && figure.key() == *metric
            });
            match measured {
                None => faults.push(format!("{target} {metric}: not measured")),
                Some(figure) if figure.value > *limit => {
                    faults.push(format!("{target} {metric}: {} > {limit}", figure.value));
                }
                Some(_) => {}
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Figure, Metric};
    use super::super::firmware::Level;
    use super::*;

    fn budget(text: &str) -> Budget {
        toml::from_str(text).unwrap()
    }

    fn flash(value: f64) -> Figures {
        let (target, stack, level) = ("thumbv6m-none-eabi", Stack::UsbdAcm, Level::Z);
        Figures(vec![Figure { target, stack, level, metric: Metric::Flash, value }])
    }

    #[test]
    fn what_fits_passes() {
        assert!(
            faults(&budget("[thumbv6m-none-eabi]\nflash_opt_z = 4096"), &flash(4096.0)).is_empty()
        );
    }

    #[test]
    fn a_byte_more_is_a_fault() {
        let faults = faults(&budget("[thumbv6m-none-eabi]\nflash_opt_z = 4096"), &flash(4097.0));
        assert_eq!(faults, ["thumbv6m-none-eabi flash_opt_z: 4097 > 4096"]);
    }

    #[test]
    fn what_was_not_measured_is_a_fault() {
        let faults = faults(&budget("[thumbv6m-none-eabi]\nram_opt_z = 512"), &flash(1.0));
        assert_eq!(faults, ["thumbv6m-none-eabi ram_opt_z: not measured"]);
    }

    #[test]
    fn a_peer_is_not_measured_against_it() {
        let mut figures = flash(9999.0);
        figures.0[0].stack = Stack::SerialPort;
        let faults = faults(&budget("[thumbv6m-none-eabi]\nflash_opt_z = 4096"), &figures);
        assert_eq!(faults, ["thumbv6m-none-eabi flash_opt_z: not measured"]);
    }
}
