//! `cargo xtask test`: every check and test of the project, and the set-up they need.
//!
//! A [`Step`](step::Step) is one named check. What it needs beside a Rust toolchain is a list of
//! [`Part`](part::Part)s, which are installed if they can be. A step whose part is missing is
//! reported as skipped, never as passed; with `CI=true` it fails.

mod builds;
pub mod command;
pub mod count;
pub mod house;
pub mod part;
pub mod plan;
mod report;
pub mod runner;
pub mod step;
pub mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use workspace::Workspace;

/// Options of `cargo xtask test`.
#[derive(Args)]
pub struct Options {
    /// Only these steps: a name from `--list`, or the beginning of several, as `miri`
    #[arg(long, num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// List the steps
    #[arg(long)]
    list: bool,
}

/// Runs the steps asked for.
pub fn run(options: &Options) -> Result<ExitCode> {
    let workspace = Workspace::read()?;
    let plan = plan::steps(&workspace);
    if options.list {
        runner::list(&plan);
        return Ok(ExitCode::SUCCESS);
    }
    runner::run(&workspace, runner::select(plan, &options.only)?)
}
