//! `cargo xtask bench`: whole firmware of ours and of the peers on the same emulated chips, at the end
//! of the same host, with the same work.
//!
//! tests/bench measures; here the figures become a table, charts, and the part of the README between
//! its markers.

mod budget;
pub mod chip;
mod figures;
mod high_speed;
pub mod program;
mod readme;
mod report;
mod stack;
mod table;

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::chip::Chip;
use self::figures::Figures;
use crate::size::root;

#[derive(Args)]
pub struct Options {
    /// Fail when the README is stale, or our stack is over tests/bench/budget.toml
    #[arg(long)]
    check: bool,
    /// Write the README's tables, and docs/bench
    #[arg(long, conflicts_with = "check")]
    write_docs: bool,
    /// Only this chip
    #[arg(long, value_enum, conflicts_with_all = ["check", "write_docs"])]
    chip: Vec<Chip>,
    /// Only this stack: ours, ours-two-packets, ours-on-nrf-usbd, usbd-serial, embassy-usb and others
    #[arg(long, conflicts_with_all = ["check", "write_docs"])]
    stack: Vec<String>,
}

const JSON: &str = "target/bench/bench.json";

pub fn run(options: &Options) -> Result<ExitCode> {
    let figures = measure(options)?;
    print!("{}", report::text(&figures));
    report::write(&figures, "target/bench")?;
    println!("written: {JSON}, bench.md and a chart (SVG) a figure");
    stack::check(&figures)?;
    if options.write_docs {
        report::write(&figures, "docs/bench")?;
        readme::write(&figures)?;
        println!("written: docs/bench, and the tables in README.md");
    }
    if options.check {
        readme::check(&figures)?;
        budget::check(&figures)?;
        println!("README.md is up to date, and ours is within tests/bench/budget.toml");
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(options: &Options) -> Result<Figures> {
    let program = program::build()?;
    let json = root().join(JSON);
    let mut command = Command::new(program);
    command.arg("measure").arg("--output").arg(&json);
    let chips = options.chip.iter().flat_map(|chip| ["--chip", chip.name()]);
    let stacks = options.stack.iter().flat_map(|stack| ["--stack", stack]);
    command.args(chips).args(stacks);
    let status = command.status().context("the emulator does not start")?;
    if !status.success() {
        bail!("not every stack could be measured: see above");
    }
    let text = fs::read_to_string(&json).with_context(|| format!("cannot read {JSON}"))?;
    let mut figures = Figures::parse(&text)?;
    // It is no chip, and has no other stack.
    if options.chip.is_empty() && options.stack.is_empty() {
        figures.0.extend(high_speed::measure()?);
        let text = serde_json::to_string_pretty(&figures.0)?;
        fs::write(&json, text + "\n").with_context(|| format!("cannot write {JSON}"))?;
    }
    Ok(figures)
}
