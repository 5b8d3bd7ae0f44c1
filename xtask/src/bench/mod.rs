//! `cargo xtask bench`: whole firmware of ours and of the peers on the same emulated chip, at the end
//! of the same host, with the same work.
//!
//! tests/bench measures; here the figures become a table, charts, and the part of the README between
//! its markers.

mod budget;
mod figures;
pub mod program;
mod readme;
mod report;

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::figures::Figures;
use crate::size::root;

#[derive(Args)]
pub struct Options {
    /// Fail when the README is stale, or our stack is over tests/bench/budget.toml
    #[arg(long)]
    check: bool,
    /// Write the README's table, and docs/bench
    #[arg(long, conflicts_with = "check")]
    write_docs: bool,
    /// Only this stack: ours, ours-on-nrf-usbd, usbd-serial, embassy-usb
    #[arg(long, conflicts_with_all = ["check", "write_docs"])]
    stack: Vec<String>,
}

const JSON: &str = "target/bench/bench.json";

pub fn run(options: &Options) -> Result<ExitCode> {
    let figures = measure(&options.stack)?;
    print!("{}", report::table(&figures));
    report::write(&figures, "target/bench")?;
    println!("\nwritten: {JSON}, bench.md and a chart (SVG) a figure");
    if options.write_docs {
        report::write(&figures, "docs/bench")?;
        readme::write(&figures)?;
        println!("written: docs/bench, and the table in README.md");
    }
    if options.check {
        readme::check(&figures)?;
        budget::check(&figures)?;
        println!("README.md is up to date, and ours is within tests/bench/budget.toml");
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(stacks: &[String]) -> Result<Figures> {
    let program = program::build()?;
    let json = root().join(JSON);
    let mut command = Command::new(program);
    command.arg("measure").arg("--output").arg(&json);
    stacks.iter().for_each(|stack| {
        command.arg("--stack").arg(stack);
    });
    let status = command.status().context("the emulator does not start")?;
    if !status.success() {
        bail!("not every stack could be measured: see above");
    }
    let text = fs::read_to_string(&json).with_context(|| format!("cannot read {JSON}"))?;
    Figures::parse(&text)
}
