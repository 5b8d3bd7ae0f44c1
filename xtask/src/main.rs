//! The developer command: `cargo xtask --help`.

mod linux;
mod serve;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The developer command of usbd-acm")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Test the device against a real Linux kernel in QEMU
    Linux(linux::Options),
    /// Offer the device to a real host, over usbredir or USB/IP
    Serve(serve::Options),
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Linux(options) => linux::run(&options),
        Command::Serve(options) => serve::run(options),
    }
}
