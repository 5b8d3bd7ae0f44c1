//! Runs firmware on an emulated chip: `cargo xtask run --help`, `cargo xtask bench --help`.
#![forbid(unsafe_code)]

mod command;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "usbd-acm-bench", about = "Runs firmware on an emulated chip")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Boot a firmware, and offer its serial port
    Run(command::run::Options),
    /// Measure every stack, and write the figures as JSON
    Measure(command::measure::Options),
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Run(options) => command::run::run(&options),
        Command::Measure(options) => command::measure::run(&options),
    }
}
