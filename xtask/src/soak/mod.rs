//! `cargo xtask soak`: the tests of `cargo xtask test` with numbers that take hours.

mod coverage;
mod long;
mod sanitizer;
mod supply;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::fuzz;
use crate::mutants;
use crate::test::command::cargo;
use crate::test::part::CRATES;
use crate::test::plan;
use crate::test::runner;
use crate::test::step::Step;
use crate::test::workspace::Workspace;

/// Options of `cargo xtask soak`.
#[derive(Args)]
pub struct Options {
    /// Only these steps
    #[arg(long, num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// List the steps
    #[arg(long)]
    list: bool,
    /// Cases of each property
    #[arg(long, default_value_t = 100_000)]
    cases: u32,
    /// Seconds for each fuzz target
    #[arg(long, default_value_t = 3600)]
    fuzz_seconds: u32,
    /// Mutants of these files only, or of a room: descriptors, class-acm, stack, policies, bridges
    #[arg(long, num_args = 1.., value_name = "FILE")]
    mutate: Vec<String>,
    /// Of the 2^32 requests of the sweep, every so many-th wValue
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    sweep_apart: u16,
    /// Simulated hours of load, each way at once
    #[arg(long, default_value_t = 4)]
    load_hours: u32,
    /// A clone of https://github.com/rustsec/advisory-db, for the step `advisories`
    #[arg(long, env = "ADVISORY_DB", value_name = "FOLDER")]
    advisory_db: Option<PathBuf>,
    /// What the step `semver` compares with, instead of the last release
    #[arg(long, value_name = "REVISION")]
    baseline: Option<String>,
}

/// Runs the steps asked for.
pub fn run(options: &Options) -> Result<ExitCode> {
    let workspace = Workspace::read()?;
    let mut plan = supply::steps(options.advisory_db.as_deref(), options.baseline.as_deref());
    plan.extend([
        long::sweep(options.sweep_apart),
        long::load(options.load_hours),
        long::endurance(),
        properties(options.cases),
        loom(),
        sanitizer::threads(),
        fuzz::step(options.fuzz_seconds),
        coverage::step(),
        mutants::step(options.mutate.clone()),
    ]);
    if options.list {
        runner::list(&plan);
        return Ok(ExitCode::SUCCESS);
    }
    runner::run(&workspace, runner::select(plan, &options.only)?)
}

fn properties(cases: u32) -> Step {
    let check = move |workspace: &Workspace| {
        let mut command = cargo();
        command.args(["test", "--locked", "--workspace", "--no-fail-fast", "--release"]);
        command.env("PROPTEST_CASES", cases.to_string()).env("SOAK", "1");
        plan::run([command], workspace).tests()
    };
    Step::new("proptest", format!("every test, {cases} cases of each property"), check)
        .needs(CRATES)
}

/// Without a bound on preemptions, whatever bound a test sets for itself as a default.
fn loom() -> Step {
    let check = |workspace: &Workspace| {
        let mut commands = plan::loom_commands(workspace);
        for command in &mut commands {
            command.env("LOOM_MAX_PREEMPTIONS", "8").env("LOOM_MAX_BRANCHES", "1000000");
        }
        plan::run(commands, workspace).tests()
    };
    Step::new("loom", "every interleaving, with up to 8 preemptions", check).needs(CRATES)
}
