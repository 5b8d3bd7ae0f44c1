//! The stack that our firmware took in the emulator, against the bound on it.

use std::fs;

use anyhow::{Context, Result, bail};

use super::figures::{Figures, ROWS};
use crate::size::{root, stack_of_firmware};

const METRIC: &str = "peak_stack_bytes";

/// Our stack on each chip, and the firmware that is measured, as tests/bench leaves it.
const FIRMWARE: [(&str, &str); 2] = [
    ("nrf52840", "tests/firmware/target/elf/opt-z/nrf52840-usbd-acm"),
    ("stm32f405", "tests/firmware/target/elf/opt-z/stm32f405-usbd-acm"),
];

/// Fails where a firmware took more than its bound.
pub fn check(figures: &Figures) -> Result<()> {
    let row = ROWS.iter().find(|row| row.metric == METRIC).context(METRIC)?;
    let mut faults = Vec::new();
    for (chip, path) in FIRMWARE {
        let Some(peak) = figures.value(row, chip, "ours") else { continue };
        let elf = fs::read(root().join(path)).with_context(|| format!("cannot read {path}"))?;
        let bound = stack_of_firmware(&elf).with_context(|| path.to_owned())?;
        println!("{chip}: {peak} bytes of stack were in use at most, and {bound} are the bound");
        faults.extend(fault(chip, peak, bound));
    }
    if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("\n")) }
}

/// What is wrong, if anything.
fn fault(chip: &str, peak: f64, bound: u64) -> Option<String> {
    let beyond = peak > bound as f64;
    beyond
        .then(|| format!("{chip}: {peak} bytes of stack were in use, beyond the bound of {bound}"))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_bound_below_a_measurement_is_a_fault() {
        assert_eq!(fault("chip", 252.0, 252), None);
        let said = fault("chip", 252.0, 248).unwrap();
        assert_eq!(said, "chip: 252 bytes of stack were in use, beyond the bound of 248");
    }
}
