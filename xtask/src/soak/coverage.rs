//! Which lines of the libraries the model's tests and the kept inputs of the fuzzer reach.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::figures;
use crate::test::command::{capture, cargo, require};
use crate::test::part::{CRATES, Part};
use crate::test::step::{Outcome, Step};
use crate::test::workspace::Workspace;

/// Tests whose oracle is the reference model.
const TESTS: [&str; 3] = ["fuzz", "closure", "exhaustive"];

/// Fewer lines than this, of a hundred, would be a model that has forgotten something.
const LEAST_PERCENT: f64 = 90.0;

/// The files that a host can reach.
const FILES: [&str; 9] = [
    "src/device.rs",
    "src/control.rs",
    "src/chapter9.rs",
    "src/acm.rs",
    "src/request.rs",
    "src/bus_port.rs",
    "class-acm/src/request.rs",
    "class-acm/src/setup.rs",
    "class-acm/src/link.rs",
];

/// Builds with counters, runs, and prints a table.
pub fn step() -> Step {
    let check = |workspace: &Workspace| Outcome::of(run(&workspace.root));
    Step::new("coverage", "the model's tests reach what a host can reach", check)
        .needs(Part::Component { subcommand: "--version", component: "llvm-tools" })
        .needs(CRATES)
        .apart()
}

fn run(root: &Path) -> Result<(), String> {
    let folder = root.join("target/coverage");
    let profiles = folder.join("profiles");
    let _ = fs::remove_dir_all(&profiles);
    let (status, output) = capture(tests(root, &profiles)).map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(output);
    }
    let merged = folder.join("merged.profdata");
    let mut merge = Command::new(tool("llvm-profdata")?);
    merge.args(["merge", "-sparse", "-o"]).arg(&merged).args(raw_profiles(&profiles));
    require(merge)?;
    let programs: Vec<&str> = output.lines().filter_map(program).collect();
    let mut report = Command::new(tool("llvm-cov")?);
    report.current_dir(root).arg("report").arg(format!("--instr-profile={}", merged.display()));
    report.args(programs.iter().flat_map(|program| ["-object", program])).args(FILES);
    let (status, table) = capture(report).map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(table);
    }
    println!("{table}");
    judge(root, &table)
}

fn tests(root: &Path, profiles: &Path) -> Command {
    let mut command = cargo();
    command.current_dir(root).args(["test", "--locked", "-p", "usbd-acm-tests"]);
    command.args(TESTS.iter().flat_map(|test| ["--test", test]));
    command.args(["--target-dir", "target/coverage"]).env("RUSTFLAGS", "-Cinstrument-coverage");
    command.env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
    command
}

/// What cargo says that it runs: `Running fuzz/main.rs (target/…/fuzz-0123)`.
fn program(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("Running ")?;
    Some(rest.split_once('(')?.1.trim_end_matches(')'))
}

fn raw_profiles(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.path()).filter(|path| path.extension().is_some()).collect()
}

/// A program of the component `llvm-tools`, which is in no PATH.
fn tool(name: &str) -> Result<PathBuf, String> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir"]);
    let (_, folder) = capture(rustc).map_err(|error| error.to_string())?;
    let path = Path::new(folder.trim()).with_file_name("bin").join(name);
    match path.is_file() {
        true => Ok(path),
        false => Err(format!("{name} is missing; to get it: rustup component add llvm-tools")),
    }
}

/// The line TOTAL has regions, functions and lines: each in all, missed, and a percentage.
fn judge(root: &Path, table: &str) -> Result<(), String> {
    let total = table.lines().find(|line| line.starts_with("TOTAL")).unwrap_or_default();
    let columns: Vec<&str> = total.split_whitespace().collect();
    let number = |index: usize| columns.get(index).and_then(|column| column.parse::<u64>().ok());
    let (Some(lines), Some(missed)) = (number(7), number(8)) else {
        return Err(format!("no total in\n{table}"));
    };
    let figures = [("lines", lines), ("lines_reached", lines.saturating_sub(missed))];
    figures::write(root, "coverage", &figures).map_err(|error| format!("{error:#}"))?;
    let percent = 100.0 * (lines.saturating_sub(missed)) as f64 / lines.max(1) as f64;
    match percent >= LEAST_PERCENT {
        true => Ok(()),
        false => Err(format!("{percent:.1} % of the lines, {LEAST_PERCENT} % at least\n{table}")),
    }
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn the_programs_are_in_what_cargo_says() {
        let line = "     Running fuzz/main.rs (target/coverage/debug/deps/fuzz-94da)";
        assert_eq!(program(line), Some("target/coverage/debug/deps/fuzz-94da"));
        assert_eq!(program("test result: ok"), None);
    }
}
