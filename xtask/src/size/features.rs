//! What each feature of our stack adds, how long it masks interrupts, and how long a poll takes.

use std::fmt::Write;

use anyhow::Result;

use super::emulator;
use super::figures::Record;
use super::firmware::{Build, Level, Purpose, Stack, TARGETS};
use super::host::Mode;
use super::report::number;

/// A firmware next to the echo without features.
struct Variant {
    key: &'static str,
    name: &'static str,
    package: &'static str,
    feature: Option<&'static str>,
}

const ECHO: &str = "usbd-acm-echo";

const VARIANTS: [Variant; 10] = [
    Variant {
        key: "async",
        name: "async, and nobody waits",
        package: ECHO,
        feature: Some("async"),
    },
    Variant {
        key: "async_echo",
        name: "async, and the echo is a task",
        package: "usbd-acm-async",
        feature: None,
    },
    Variant { key: "defmt", name: "defmt, level trace", package: ECHO, feature: Some("defmt") },
    Variant {
        key: "log",
        name: "log, level trace, with core::fmt",
        package: ECHO,
        feature: Some("log"),
    },
    Variant { key: "probe", name: "Hooks::PROBE", package: ECHO, feature: Some("probe") },
    Variant { key: "touch", name: "Hooks::TOUCH_1200", package: ECHO, feature: Some("touch") },
    Variant { key: "lossy", name: "Hooks::LOSSY", package: ECHO, feature: Some("lossy") },
    Variant {
        key: "drop_newest",
        name: "PolicyWriter, DropNewest",
        package: ECHO,
        feature: Some("drop-newest"),
    },
    Variant {
        key: "drop_oldest",
        name: "PolicyWriter, DropOldest, with LOSSY",
        package: ECHO,
        feature: Some("drop-oldest"),
    },
    Variant {
        key: "wait",
        name: "PolicyWriter, Wait::frames, with FRAMES",
        package: ECHO,
        feature: Some("wait"),
    },
];

/// The two targets whose bytes are compared.
const COMPARED: [&str; 2] = [TARGETS[0], TARGETS[1]];

/// Values by name and target.
#[derive(Default)]
pub struct Costs(Vec<Cost>);

struct Cost {
    name: String,
    key: String,
    unit: &'static str,
    /// In the order of [`COMPARED`].
    values: Vec<f64>,
}

impl Costs {
    /// Builds every variant and weighs it; runs two.
    pub fn measure() -> Result<Self> {
        let mut costs = Self::default();
        for variant in VARIANTS {
            costs.weigh(&variant)?;
        }
        costs.add("longest critical section", "critical_section", critical_section)?;
        costs.add("longest poll, stack only", "longest_poll", longest_poll)?;
        Ok(costs)
    }

    fn weigh(&mut self, variant: &Variant) -> Result<()> {
        let mut flash = Vec::new();
        let mut ram = Vec::new();
        for target in COMPARED {
            let plain = build(target).variant(ECHO, None)?;
            let (plain_flash, plain_ram) = (plain.flash_size() as f64, plain.ram_size() as f64);
            let firmware = build(target).variant(variant.package, variant.feature)?;
            flash.push(firmware.flash_size() as f64 - plain_flash);
            ram.push(firmware.ram_size() as f64 - plain_ram);
        }
        for (what, unit, values) in
            [("flash", "flash_added_by", flash), ("RAM", "ram_added_by", ram)]
        {
            let key = format!("{unit}_{}", variant.key);
            let name = format!("{what} added: {}", variant.name);
            self.0.push(Cost { name, key, unit: "bytes", values });
        }
        Ok(())
    }

    fn add(
        &mut self,
        name: &str,
        key: &str,
        measure: fn(&'static str) -> Result<usize>,
    ) -> Result<()> {
        let mut values = Vec::new();
        for target in COMPARED {
            values.push(measure(target)? as f64);
        }
        self.0.push(Cost { name: name.into(), key: key.into(), unit: "instructions", values });
        Ok(())
    }

    /// The table for a terminal.
    pub fn table(&self) -> String {
        let [first, second] = COMPARED;
        let mut text = format!("\n{:62}{first:>24}{second:>24}\n", "usbd-acm, opt-level z");
        for cost in &self.0 {
            let _ = write!(text, "{:62}", format!("{} ({})", cost.name, cost.unit));
            cost.values.iter().for_each(|value| _ = write!(text, "{:>24}", number(Some(*value))));
            text.push('\n');
        }
        text
    }

    /// The same as Markdown.
    pub fn markdown(&self) -> String {
        let [first, second] = COMPARED;
        let mut text =
            format!("\n## Features\n\n| opt-level z | {first} | {second} |\n|---|--:|--:|\n");
        for cost in &self.0 {
            let _ = write!(text, "| {} ({}) |", cost.name, cost.unit);
            cost.values.iter().for_each(|value| _ = write!(text, " {} |", number(Some(*value))));
            text.push('\n');
        }
        text
    }

    /// The same for target/bench/size.json.
    pub fn records(&self) -> Vec<Record> {
        let record = |cost: &Cost| -> Vec<Record> {
            let values = COMPARED.into_iter().zip(&cost.values);
            let key = format!("{}_opt_z", cost.key);
            values
                .map(|(target, value)| Record::ours(target, key.clone(), *value, cost.unit))
                .collect()
        };
        self.0.iter().flat_map(record).collect()
    }
}

fn build(target: &'static str) -> Build {
    Build { target, level: Level::Z, purpose: Purpose::Features }
}

/// With interrupts masked, while a task echoes: nothing else in that firmware masks them.
fn critical_section(target: &'static str) -> Result<usize> {
    let firmware = build(target).variant("usbd-acm-async", None)?;
    Ok(emulator::run(&firmware, Mode::Echo)?.watch.longest_masked)
}

/// Over the enumeration and every mode.
fn longest_poll(target: &'static str) -> Result<usize> {
    let build = Build { purpose: Purpose::Count, ..build(target) };
    let firmware = build.firmware(Stack::UsbdAcm)?;
    let mut longest = 0;
    for mode in Mode::ALL {
        longest = longest.max(emulator::run(&firmware, mode)?.watch.longest_poll);
    }
    Ok(longest)
}
