//! Which lines of the libraries the fuzzer's inputs reach, and which the model's tests do.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::figures;
use crate::fuzz;
use crate::test::command::{capture, cargo};
use crate::test::part::{CRATES, Part, llvm_tool};
use crate::test::step::{Outcome, Step};
use crate::test::workspace::Workspace;

/// What runs, and of which tests: all of them where the second is empty.
struct Subject {
    name: &'static str,
    targets: &'static [&'static str],
    filter: &'static str,
}

/// The inputs that the fuzzer found and those that are kept; and every test whose oracle is the model.
const SUBJECTS: [Subject; 2] = [
    Subject { name: "corpus", targets: &["fuzz"], filter: "every_input" },
    Subject { name: "model", targets: &["fuzz", "closure", "exhaustive"], filter: "" },
];

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
    let check =
        |workspace: &Workspace| Outcome::of(run(workspace).map_err(|error| format!("{error:#}")));
    Step::new("coverage", "the model's tests reach what a host can reach", check)
        .needs(Part::LlvmTools)
        .needs(CRATES)
        .apart()
}

fn run(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    ensure!(
        root.join(fuzz::CORPUS).is_dir(),
        "no {}: `cargo xtask soak --only fuzz` first",
        fuzz::CORPUS
    );
    let mut figures = Vec::new();
    for subject in &SUBJECTS {
        let files = subject.measure(root)?;
        let rooms = by_room(workspace, &files);
        print!("{}", table(subject.name, &rooms));
        let reachable: Share = FILES.iter().filter_map(|name| files.get(*name)).copied().sum();
        let all: Share = rooms.values().copied().sum();
        let of = |what| format!("{}_{what}", subject.name);
        figures.extend([
            (of("lines"), all.lines.count),
            (of("lines_reached"), all.lines.covered),
            (of("reachable_lines"), reachable.lines.count),
            (of("reachable_lines_reached"), reachable.lines.covered),
        ]);
        let percent = reachable.lines.percent();
        println!("of the files that a host can reach: {percent:.1} % of the lines\n");
        let is_enough = subject.name != "model" || percent >= LEAST_PERCENT;
        ensure!(is_enough, "{percent:.1} % of the lines, {LEAST_PERCENT} % at least");
    }
    let figures: Vec<_> = figures.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    figures::write(root, "coverage", &figures)
}

impl Subject {
    /// Shares of every file of the workspace.
    fn measure(&self, root: &Path) -> Result<BTreeMap<String, Share>> {
        let folder = root.join("target/coverage");
        let profiles = folder.join("profiles").join(self.name);
        let _ = fs::remove_dir_all(&profiles);
        let output = checked(self.tests(root, &profiles))?;
        let merged = folder.join(format!("{}.profdata", self.name));
        let mut merge = Command::new(tool("llvm-profdata")?);
        merge.args(["merge", "-sparse", "-o"]).arg(&merged).args(raw_profiles(&profiles));
        checked(merge)?;
        let mut export = Command::new(tool("llvm-cov")?);
        export.current_dir(root).args(["export", "--summary-only"]);
        export.arg(format!("--instr-profile={}", merged.display()));
        let programs = output.lines().filter_map(program);
        export.args(programs.flat_map(|program| ["-object", program]));
        parse(root, &checked(export)?)
    }

    fn tests(&self, root: &Path, profiles: &Path) -> Command {
        let mut command = cargo();
        command.current_dir(root).args(["test", "--locked", "-p", "usbd-acm-tests"]);
        command.args(self.targets.iter().flat_map(|test| ["--test", test]));
        command.args(["--target-dir", "target/coverage", "--", self.filter]);
        command.env("RUSTFLAGS", "-Cinstrument-coverage").env("FUZZ_CORPUS", "1");
        command.env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
        command
    }
}

/// What a command printed; an error when it failed.
fn checked(command: Command) -> Result<String> {
    let (status, output) = capture(command)?;
    ensure!(status.success(), "{output}");
    Ok(output)
}

/// What cargo says that it runs: `Running fuzz/main.rs (target/…/fuzz-0123)`.
fn program(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("Running ")?;
    Some(rest.split_once('(')?.1.trim_end_matches(')'))
}

fn tool(name: &str) -> Result<PathBuf> {
    llvm_tool(name).context("rustc does not say where its libraries are")
}

fn raw_profiles(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.path()).filter(|path| path.extension().is_some()).collect()
}

/// What `llvm-cov export --summary-only` prints.
#[derive(Deserialize)]
struct Export {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: PathBuf,
    summary: Share,
}

/// Of a file or several: how many lines and regions were reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
struct Share {
    lines: Reached,
    regions: Reached,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
struct Reached {
    count: u64,
    covered: u64,
}

impl Reached {
    fn percent(self) -> f64 {
        100.0 * self.covered as f64 / self.count.max(1) as f64
    }

    fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, covered: self.covered + other.covered }
    }
}

impl std::iter::Sum for Share {
    fn sum<I: Iterator<Item = Self>>(shares: I) -> Self {
        shares.fold(Self::default(), |a, b| Self {
            lines: a.lines.plus(b.lines),
            regions: a.regions.plus(b.regions),
        })
    }
}

/// Shares by the names of files, as seen from the root.
fn parse(root: &Path, text: &str) -> Result<BTreeMap<String, Share>> {
    // Warnings may stand before it.
    let begin = text.find('{').context("llvm-cov said nothing")?;
    let mut stream = serde_json::Deserializer::from_str(&text[begin..]).into_iter::<Export>();
    let export = stream.next().context("llvm-cov said nothing")??;
    let files = export.data.into_iter().flat_map(|data| data.files);
    let named = files.filter_map(|file| {
        let name = file.filename.strip_prefix(root).ok()?.to_str()?.to_owned();
        Some((name, file.summary))
    });
    Ok(named.collect())
}

/// Sums of the libraries' rooms: a folder, and in the stack a folder of its source.
fn by_room(workspace: &Workspace, files: &BTreeMap<String, Share>) -> BTreeMap<String, Share> {
    let mut rooms: BTreeMap<String, Vec<Share>> = BTreeMap::new();
    for (name, share) in files {
        let is_of = |folder: &str| folder.is_empty() || name.starts_with(&format!("{folder}/src/"));
        let mut libraries: Vec<&str> =
            workspace.libraries().map(|library| library.folder.as_str()).collect();
        libraries.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
        if let Some(room) = libraries.into_iter().find(|f| is_of(f)).and_then(|f| room(f, name)) {
            rooms.entry(room).or_default().push(*share);
        }
    }
    rooms.into_iter().map(|(room, shares)| (room, shares.into_iter().sum())).collect()
}

/// `src/usb_device/pipe.rs` is in src/usb_device, `class-acm/src/link.rs` in class-acm/src.
fn room(library: &str, file: &str) -> Option<String> {
    let source = if library.is_empty() { "src".to_owned() } else { format!("{library}/src") };
    let rest = file.strip_prefix(&source)?.strip_prefix('/')?;
    Some(rest.split_once('/').map_or(source.clone(), |(room, _)| format!("{source}/{room}")))
}

fn table(subject: &str, rooms: &BTreeMap<String, Share>) -> String {
    let mut text = format!("{subject:<34}{:>16}{:>10}{:>18}{:>10}\n", "lines", "", "regions", "");
    for (room, Share { lines, regions }) in rooms {
        let cell = |reached: &Reached| format!("{} of {}", reached.covered, reached.count);
        let _ = writeln!(
            text,
            "{room:<34}{:>16}{:>8.1} %{:>18}{:>8.1} %",
            cell(lines),
            lines.percent(),
            cell(regions),
            regions.percent()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_in_what_cargo_says() {
        let line = "     Running fuzz/main.rs (target/coverage/debug/deps/fuzz-94da)";
        assert_eq!(program(line), Some("target/coverage/debug/deps/fuzz-94da"));
        assert_eq!(program("test result: ok"), None);
    }

    #[test]
    fn a_room_is_a_folder_of_a_library() {
        assert_eq!(room("", "src/usb_device/pipe.rs").unwrap(), "src/usb_device");
        assert_eq!(room("", "src/device.rs").unwrap(), "src");
        assert_eq!(
            room("class-acm", "class-acm/src/fifo/in_fifo/mod.rs").unwrap(),
            "class-acm/src/fifo"
        );
        assert_eq!(room("", "tests/lib.rs"), None);
    }

    #[test]
    fn shares_are_read_and_added() {
        let file = |name: &str, covered: u64| {
            let reached = format!(r#"{{"count": 10, "covered": {covered}, "percent": 1.5}}"#);
            let summary = format!(r#"{{"lines": {reached}, "regions": {reached}}}"#);
            format!(r#"{{"filename": "/r/{name}", "summary": {summary}}}"#)
        };
        let files =
            [file("src/a.rs", 4), file("src/b.rs", 5), file("../elsewhere.rs", 1)].join(",");
        let text = format!("warning: 1 function\n{{\"data\": [{{\"files\": [{files}]}}]}}\n");
        let shares = parse(Path::new("/r"), &text).unwrap();
        let share: Share =
            shares.iter().filter(|(name, _)| !name.contains("..")).map(|(_, s)| *s).sum();
        assert_eq!(share.lines, Reached { count: 20, covered: 9 });
        assert!((share.regions.percent() - 45.0).abs() < 1e-9);
    }
}
