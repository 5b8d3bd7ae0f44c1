//! The fuzzer: builds the targets of `fuzz/`, runs them for a while, and notes what came of it.
//!
//! The targets are built by cargo alone, with the flags that libFuzzer's coverage needs: the set-up
//! is a nightly toolchain and a C++ compiler. `cargo fuzz` works on the same targets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::figures;
use crate::test::command::{capture, cargo_of, require};
use crate::test::part::{NIGHTLY, Part};
use crate::test::step::{Outcome, Step};
use crate::test::workspace::Workspace;

/// Coverage of edges and comparisons, and AddressSanitizer.
const FLAGS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Zsanitizer=address",
    "--cfg=fuzzing",
];

/// Sanitizers are for named targets only, so that build scripts go without.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Where the inputs are that it found, a folder for each target.
pub const CORPUS: &str = "target/fuzz-corpus";

/// A device lives in storage that is never given back, so a process cannot go on for good.
const SECONDS_OF_A_PROCESS: u32 = 120;

/// Each fuzz target for this long.
pub fn step(seconds: u32) -> Step {
    let check = move |workspace: &Workspace| Outcome::of(run(&workspace.root, seconds));
    Step::new("fuzz", format!("nothing is found by each fuzz target in {seconds} s"), check)
        .needs(Part::Program { program: "c++", package: "g++" })
        .needs(Part::Toolchain(NIGHTLY.to_owned()))
        .needs(Part::Crates("fuzz/Cargo.toml"))
        .apart()
}

fn run(root: &Path, seconds: u32) -> Result<(), String> {
    build(root)?;
    let targets = targets(root);
    if targets.is_empty() {
        return Err("fuzz/fuzz_targets has no targets".to_owned());
    }
    targets.iter().try_for_each(|target| fuzz(root, target, seconds))
}

fn build(root: &Path) -> Result<(), String> {
    let mut command = cargo_of(NIGHTLY);
    command.current_dir(root.join("fuzz")).env("RUSTFLAGS", FLAGS.join(" "));
    command.args(["build", "--locked", "--release", "--target", TARGET]);
    command.arg("--target-dir").arg(root.join("target/fuzzing"));
    require(command)
}

/// The files in `fuzz/fuzz_targets`.
fn targets(root: &Path) -> Vec<String> {
    let folder = fs::read_dir(root.join("fuzz/fuzz_targets"));
    let paths = folder.into_iter().flatten().flatten().map(|entry| entry.path());
    let sources = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> =
        sources.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

fn fuzz(root: &Path, target: &str, seconds: u32) -> Result<(), String> {
    let mut sum = Run::default();
    let mut rest = seconds;
    while rest > 0 {
        let now = rest.min(SECONDS_OF_A_PROCESS);
        let run = fuzz_once(root, target, now)?;
        sum = Run { executions: sum.executions + run.executions, ..run };
        rest -= now;
    }
    let figures = [
        ("executions", sum.executions),
        ("seconds", u64::from(seconds)),
        ("edges", sum.edges),
        ("edges_in_all", sum.edges_in_all),
    ];
    figures::write(root, &format!("fuzz-{target}"), &figures).map_err(|error| format!("{error:#}"))
}

/// What libFuzzer said at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Run {
    executions: u64,
    edges: u64,
    edges_in_all: u64,
}

fn fuzz_once(root: &Path, target: &str, seconds: u32) -> Result<Run, String> {
    let corpus = root.join(CORPUS).join(target);
    let findings = root.join("fuzz/artifacts").join(target);
    for folder in [&corpus, &findings] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut command = Command::new(program(root, target));
    command.current_dir(root).env("ASAN_OPTIONS", "detect_leaks=0").arg(&corpus);
    let kept = ["seeds", "regressions"].map(|name| root.join("fuzz").join(name).join(target));
    command.args(kept.iter().filter(|folder| folder.is_dir()));
    command.args(["-max_len=4096", "-timeout=10", "-rss_limit_mb=4096", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}/", findings.display()));
    let (status, output) = capture(command).map_err(|error| format!("{target}: {error}"))?;
    if !status.success() {
        return Err(finding(target, &output));
    }
    Run::parse(&output).ok_or_else(|| format!("{target} did not say how it ended:\n{output}"))
}

fn program(root: &Path, target: &str) -> PathBuf {
    root.join("target/fuzzing").join(TARGET).join("release").join(target)
}

fn finding(target: &str, output: &str) -> String {
    let tail: Vec<&str> = output.lines().rev().take(120).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    format!(
        "{}\n{target} found something. Copy its file from fuzz/artifacts/{target} to \
         fuzz/regressions/{target} under a name that says what it is: \
         `cargo test -p usbd-acm-tests --test fuzz` runs it from then on.",
        tail.join("\n")
    )
}

impl Run {
    fn parse(output: &str) -> Option<Self> {
        let executions = after(output, "stat::number_of_executed_units:")?;
        let done = output.lines().rfind(|line| line.contains("DONE"))?;
        Some(Self {
            executions,
            edges: after(done, "cov:")?,
            edges_in_all: after(output, "PC tables (")?,
        })
    }
}

/// The number after the last of these words.
fn after(text: &str, words: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(words)?;
    let digits = rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Run;

    #[test]
    fn the_last_words_of_the_fuzzer_are_read() {
        let output = "\
INFO: Loaded 1 PC tables (494 PCs): 494 [0x1,0x2),
#2	INITED cov: 20 ft: 20 corp: 1/1b exec/s: 0 rss: 32Mb
#1617373	DONE   cov: 48 ft: 49 corp: 18/137b lim: 4096 exec/s: 77017 rss: 169Mb
stat::number_of_executed_units: 1617373
";
        let expected = Run { executions: 1_617_373, edges: 48, edges_in_all: 494 };
        assert_eq!(Run::parse(output), Some(expected));
        assert_eq!(Run::parse("#2 INITED cov: 20"), None);
    }
}
