//! The developer command of usbd-acm.

mod linux;
mod serve;
mod size;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The developer command of usbd-acm")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tests the device against a real Linux kernel in QEMU.
    Linux(linux::Options),
    /// Offers the device to a real host, over usbredir or USB/IP.
    Serve(serve::Options),
    /// Compares flash, RAM and instructions with other USB stacks.
    Size(size::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Linux(options) => linux::run(&options),
        Command::Serve(options) => serve::run(options),
        Command::Size(arguments) => size::run(&arguments).map(|()| ExitCode::SUCCESS),
    }
}
