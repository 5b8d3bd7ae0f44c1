//! Measures every stack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use usbd_acm_bench::measure::{Figure, NRF52840, STM32F405, Stack, measure};
use usbd_acm_bench::soc::Chip;
use usbd_acm_bench::soc::nrf52840::Nrf52840;
use usbd_acm_bench::soc::stm32f405::Stm32f405;

use super::chip::ChipName;

#[derive(Args)]
pub struct Options {
    /// Only this chip
    #[arg(long, value_enum)]
    chip: Vec<ChipName>,
    /// Only this stack
    #[arg(long)]
    stack: Vec<String>,
    /// Where the figures go, as JSON
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Exit code 1 when a stack could not be measured; the others are written all the same.
pub fn run(options: &Options) -> Result<ExitCode> {
    let chips = if options.chip.is_empty() { ChipName::value_variants() } else { &options.chip };
    check_names(chips, &options.stack)?;
    let mut figures = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for chip in chips {
        let is_whole = match chip {
            ChipName::Nrf52840 => stacks::<Nrf52840>(all(*chip), options, &mut figures),
            ChipName::Stm32f405 => stacks::<Stm32f405>(all(*chip), options, &mut figures),
        };
        if !is_whole {
            code = ExitCode::FAILURE;
        }
    }
    write(&figures, &options.output)?;
    Ok(code)
}

/// The stacks for a chip.
fn all(chip: ChipName) -> &'static [Stack] {
    match chip {
        ChipName::Nrf52840 => &NRF52840,
        ChipName::Stm32f405 => &STM32F405,
    }
}

/// Fails where a stack that is wanted is none of these chips.
fn check_names(chips: &[ChipName], wanted: &[String]) -> Result<()> {
    let mut names: Vec<&str> =
        chips.iter().flat_map(|chip| all(*chip)).map(|stack| stack.name).collect();
    names.sort_unstable();
    names.dedup();
    match wanted.iter().find(|name| !names.contains(&name.as_str())) {
        Some(name) => bail!("there is no stack {name}; there are {}", names.join(", ")),
        None => Ok(()),
    }
}

/// Measures those of a chip's stacks that are wanted; whether all could be.
fn stacks<C: Chip>(all: &[Stack], options: &Options, figures: &mut Vec<Figure>) -> bool {
    let wanted = |name: &str| options.stack.is_empty() || options.stack.iter().any(|s| s == name);
    let mut is_whole = true;
    for stack in all.iter().filter(|stack| wanted(stack.name)) {
        let name = format!("{} {}", C::NAME, stack.name);
        match measure::<C>(stack, |doing| eprintln!("{name}: {doing}")) {
            Ok(measured) => figures.extend(measured),
            Err(error) => {
                eprintln!("{name}: not measured: {error:#}");
                is_whole = false;
            }
        }
    }
    is_whole
}

fn write(figures: &[Figure], path: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(figures)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}
