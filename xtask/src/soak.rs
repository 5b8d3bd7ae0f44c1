//! `cargo xtask soak`: the tests of `cargo xtask test` with numbers that take hours.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::test::command::{cargo, cargo_of};
use crate::test::part::{CRATES, NIGHTLY, Part};
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
}

/// Runs the steps asked for.
pub fn run(options: &Options) -> Result<ExitCode> {
    let workspace = Workspace::read()?;
    let plan = vec![properties(options.cases), loom(), fuzz(options.fuzz_seconds)];
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

fn fuzz(seconds: u32) -> Step {
    let check = move |workspace: &Workspace| {
        let commands = fuzz_targets(workspace).into_iter().map(|target| {
            let mut command: Command = cargo_of(NIGHTLY);
            command.args(["fuzz", "run", &target, "--", "-max_len=4096", "-timeout=10"]);
            command.arg(format!("-max_total_time={seconds}"));
            command
        });
        plan::run(commands, workspace).check()
    };
    Step::new("fuzz", format!("each fuzz target for {seconds} s"), check)
        .needs(Part::Program { program: "c++", package: "g++" })
        .needs(Part::CargoFuzz)
        .needs(Part::Crates("fuzz/Cargo.toml"))
}

/// The files in `fuzz/fuzz_targets`, which cargo-fuzz builds under their names.
fn fuzz_targets(workspace: &Workspace) -> Vec<String> {
    let folder = std::fs::read_dir(workspace.root.join("fuzz/fuzz_targets"));
    let paths = folder.into_iter().flatten().flatten().map(|entry| entry.path());
    let names = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> =
        names.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}
