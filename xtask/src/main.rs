//! The developer command of usbd-acm.

mod size;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The developer command of usbd-acm")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compares flash, RAM and instructions with other USB stacks.
    Size(size::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Size(arguments) => size::run(&arguments),
    }
}
