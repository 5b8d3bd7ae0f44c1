//! The developer command: `cargo xtask --help`.
#![forbid(unsafe_code)]

mod bench;
mod chart;
mod demo;
mod figures;
mod firmware;
mod fuzz;
mod linux;
mod mutants;
mod run;
mod scorecard;
mod serve;
mod signals;
mod size;
mod soak;
mod styles;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
#[command(about = "The developer command of usbd-acm")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the device without a board: enumerate it, move a file through it, measure it
    Demo(demo::Options),
    /// Build the firmware of the boards in examples/, and weigh it
    Firmware(firmware::Arguments),
    /// Run every check and test; install what they need
    Test(test::Options),
    /// Test the device against a real Linux kernel in QEMU
    Linux(linux::Options),
    /// Boot a firmware in an emulated chip, and offer its serial port
    Run(run::Options),
    /// Offer the device to a real host, over usbredir or USB/IP
    Serve(serve::Options),
    /// Compare whole firmware with that of other USB stacks, on emulated chips
    Bench(bench::Options),
    /// Compare flash, RAM and instructions with other USB stacks, without chips
    Size(size::Arguments),
    /// Print what was tried, as numbers from the runs that tried it
    Scorecard(scorecard::Options),
    /// Build the smallest complete firmware in each style: main loop, interrupt, RTIC, embassy
    Styles,
    /// Run the heavy versions of the tests, for hours if asked to
    Soak(soak::Options),
}

fn main() -> Result<ExitCode> {
    go_without_a_word_when_nobody_reads();
    match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Firmware(arguments) => firmware::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Test(options) => test::run(&options),
        Command::Linux(options) => linux::run(&options),
        Command::Run(options) => run::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Serve(options) => serve::run(options),
        Command::Size(arguments) => size::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Scorecard(options) => scorecard::run(&options),
        Command::Styles => styles::run().map(|()| ExitCode::SUCCESS),
        Command::Soak(options) => soak::run(&options),
    }
}

/// `println!` panics when its reader went away, as `head` does. That ends the command, with whatever
/// it has started, and is not worth a message.
fn go_without_a_word_when_nobody_reads() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>();
        if !message.is_some_and(|message| message.starts_with("failed printing to stdout")) {
            tell(panic);
        }
    }));
}
