//! The developer command: `cargo xtask --help`.
#![forbid(unsafe_code)]

mod demo;
mod linux;
mod serve;
mod size;
mod soak;
mod styles;
mod test;

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
    /// Show the device without a board: enumerate it, move a file through it, measure it
    Demo(demo::Options),
    /// Run every check and test; install what they need
    Test(test::Options),
    /// Test the device against a real Linux kernel in QEMU
    Linux(linux::Options),
    /// Offer the device to a real host, over usbredir or USB/IP
    Serve(serve::Options),
    /// Compare flash, RAM and instructions with other USB stacks
    Size(size::Arguments),
    /// Build the smallest complete firmware in each style: main loop, interrupt, RTIC, embassy
    Styles,
    /// Run the heavy versions of the tests, for hours if asked to
    Soak(soak::Options),
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Linux(options) => linux::run(&options),
        Command::Serve(options) => serve::run(options),
        Command::Size(arguments) => size::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Styles => styles::run().map(|()| ExitCode::SUCCESS),
        Command::Soak(options) => soak::run(&options),
    }
}
