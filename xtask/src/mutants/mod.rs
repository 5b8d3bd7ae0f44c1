//! Mutation: whether the tests notice when the code is wrong.
//!
//! cargo-mutants changes one expression at a time, builds, and runs the tests. Building is what
//! takes time, so each room has stages: the tests that find most are built and run for every
//! mutant, the others for what is left. All happens in a copy of the work tree that stays, so that
//! nothing is built twice.

mod rooms;
mod survivors;
mod tally;
mod tree;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::figures;
use crate::test::command::{capture, cargo, require};
use crate::test::part::{CRATES, Part};
use crate::test::step::{Outcome, Step};
use crate::test::workspace::Workspace;
use rooms::{COMPOSITE_MANIFEST, Of, ROOMS, Room, Stage};
use survivors::Survivors;
use tally::Tally;

/// Another version makes other mutants, and then the list of survivors is another one too.
const VERSION: &str = "27.1.0";

/// Of the mutants of all rooms, this many of a hundred.
const CAUGHT_AT_LEAST: u64 = 95;

/// A mutant that takes so many times as long as the code as it is, and so many seconds more, never ends.
const PATIENCE: u64 = 3;
const LEAST_SECONDS: u64 = 10;

/// Exit codes of cargo-mutants that are a result: all caught, some missed, some timed out.
const RESULTS: [i32; 3] = [0, 2, 3];

/// What to do where nothing builds.
const CLEAN_UP: &str = "remove the folder target/mutants, and try again";

/// What fits a run of continuous integration, in one stage.
const QUICK: [&str; 3] = ["src/control.rs", "class-acm/src/request.rs", "class-acm/src/setup.rs"];

/// Every mutant of the libraries, or of these files and rooms.
pub fn step(files: Vec<String>) -> Step {
    let about = "the tests notice when the code is wrong";
    needs(Step::new("mutants", about, move |workspace: &Workspace| {
        Outcome::of(run(&workspace.root, &files, usize::MAX))
    }))
    .needs(Part::Crates(COMPOSITE_MANIFEST))
}

/// Every mutant of a few files, with the tests that find most.
pub fn quick_step() -> Step {
    let about = "the tests notice when the control pipe or the parsing of requests is wrong";
    let files = QUICK.map(str::to_owned);
    needs(Step::new("mutants", about, move |workspace: &Workspace| {
        Outcome::of(run(&workspace.root, &files, 1))
    }))
}

fn needs(step: Step) -> Step {
    step.needs(Part::Pinned { subcommand: "mutants", version: VERSION })
        .needs(Part::WorkTree)
        .needs(CRATES)
        .apart()
}

fn run(root: &Path, files: &[String], stages: usize) -> Result<(), String> {
    let survivors = Survivors::read(root)?;
    tree::copy(root)?;
    let mut tallies = Vec::new();
    for room in &ROOMS {
        let files = room.selected(files);
        if !files.is_empty() {
            tallies.push((room, run_room(root, room, &files, stages, &survivors)?));
        }
    }
    print!("{}", table(&tallies));
    for (room, tally) in tallies.iter().filter(|(room, _)| room.is_whole(files)) {
        let name = format!("mutants-{}", room.name);
        figures::write(root, &name, &tally.figures()).map_err(|error| format!("{error:#}"))?;
    }
    let sum = tallies.iter().map(|(_, tally)| tally).fold(Tally::default(), Tally::and);
    judge(&sum, &survivors, files)
}

/// The stages one after the other, as long as there is something left for the next one.
fn run_room(
    root: &Path,
    room: &Room,
    files: &[&str],
    stages: usize,
    survivors: &Survivors,
) -> Result<Tally, String> {
    let output = root.join("target/mutants").join(room.name);
    let _ = fs::remove_dir_all(&output);
    fs::create_dir_all(&output).map_err(|error| format!("{}: {error}", output.display()))?;
    let mut tally = Tally::default();
    for (index, stage) in room.stages.iter().take(stages).enumerate() {
        let settled = survivors.equivalent(&tally.missed);
        if index > 0 {
            if settled.len() == tally.missed.len() {
                break;
            }
            leave_out(&output.join("mutants.out"), &settled)?;
        }
        let limit = baseline(root, stage)? * PATIENCE + LEAST_SECONDS;
        let mut command = mutants(root, files, stage);
        command.args(["--timeout", &limit.to_string()]);
        command.arg("-o").arg(&output).args((index > 0).then_some("--iterate"));
        command.args(["--", "--"]).args(stage.arguments);
        let (status, said) = capture(command).map_err(|error| error.to_string())?;
        if !status.code().is_some_and(|code| RESULTS.contains(&code)) {
            return Err(said);
        }
        let outcomes = Tally::read(&output.join("mutants.out/outcomes.json"));
        let outcomes = outcomes.map_err(|error| format!("{said}\n{error}"))?;
        tally = tally.then(outcomes.and_missed(settled));
    }
    Ok(tally)
}

/// Has the next stage not try these again, which no test can catch and each of which would run all of
/// them; nor what timed out. To cargo-mutants they are what an iteration before has caught.
fn leave_out(output: &Path, settled: &[String]) -> Result<(), String> {
    let list = |name: &str| {
        let path = output.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut caught = list("caught.txt")? + &list("timeout.txt")?;
    let missed = list("missed.txt")?;
    for name in missed.lines().filter(|name| settled.contains(&tally::without_position(name))) {
        caught += &format!("{name}\n");
    }
    fs::write(output.join("caught.txt"), caught).map_err(|error| error.to_string())
}

/// Whether the tests pass, and in how many seconds. Not by cargo-mutants, which would look for them in
/// the package that it mutates.
fn baseline(root: &Path, stage: &Stage) -> Result<u64, String> {
    let tests = || {
        let mut command = cargo_in(root);
        command.current_dir(root.join(tree::FOLDER)).args(["test", "--locked"]);
        match stage.of {
            Of::Packages(packages) => {
                command.args(packages.iter().flat_map(|package| ["-p", package]))
            }
            Of::Workspace(manifest) => command.args(["--manifest-path", manifest]),
        };
        command
    };
    let mut build = tests();
    build.arg("--no-run").args(stage.targets);
    // A compiler that was killed may leave what the next one cannot link.
    require(build).map_err(|error| format!("{error}\nAfter a run that was cut off: {CLEAN_UP}"))?;
    let mut run = tests();
    run.args(stage.targets).arg("--").args(stage.arguments);
    let begin = Instant::now();
    require(run)?;
    Ok(begin.elapsed().as_secs())
}

fn mutants(root: &Path, files: &[&str], stage: &Stage) -> Command {
    let mut command = cargo_in(root);
    command.args(["mutants", "--workspace", "--in-place", "-d"]).arg(root.join(tree::FOLDER));
    command.args(["--baseline", "skip"]);
    // Where they are built and where they run: what follows `--` is for the latter alone.
    command.args(stage.targets.iter().map(|target| format!("--cargo-arg={target}")));
    command.args(files.iter().flat_map(|file| ["--file", file]));
    match stage.of {
        Of::Packages(packages) => {
            command.args(packages.iter().flat_map(|package| ["--test-package", package]))
        }
        Of::Workspace(manifest) => {
            command.args(["--test-workspace=true", "--cargo-arg=--manifest-path"]);
            command.arg(format!("--cargo-arg={manifest}"))
        }
    };
    command
}

/// In the folder where the mutants are built.
fn cargo_in(root: &Path) -> Command {
    let mut command = cargo();
    command.env("CARGO_TARGET_DIR", root.join("target/mutants/target"));
    // Nobody looks at a panic here.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("RUST_BACKTRACE", "0");
    // The same cases for each, and none that another mutant left behind.
    command.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    command
}

fn table(tallies: &[(&Room, Tally)]) -> String {
    let sum = tallies.iter().map(|(_, tally)| tally).fold(Tally::default(), Tally::and);
    let rows = tallies.iter().map(|(room, tally)| (room.name, tally));
    let mut text =
        "room            caught   missed   unviable   caught of what is viable\n".to_owned();
    for (name, tally) in rows.chain([("all", &sum)]) {
        let (missed, percent) = (tally.missed.len(), tally.percent());
        text += &format!(
            "{name:<15} {:>6} {missed:>8} {:>10} {percent:>10.1} %\n",
            tally.caught, tally.unviable
        );
    }
    text
}

fn judge(sum: &Tally, survivors: &Survivors, files: &[String]) -> Result<(), String> {
    let ran = |file: &str| {
        let whole = |room: &Room| room.is_whole(files) && room.has(file);
        files.iter().any(|one| one == file) || ROOMS.iter().any(whole)
    };
    let mut faults = survivors.faults(&sum.missed, ran);
    let viable = sum.caught + sum.missed.len() as u64;
    if viable == 0 {
        faults.push("no mutant was tried".to_owned());
    }
    // Of all files: in some of them the survivors that are listed may be more of a hundred.
    if files.is_empty() && sum.caught * 100 < viable * CAUGHT_AT_LEAST {
        faults.push(format!("{:.1} % were caught, {CAUGHT_AT_LEAST} % at least", sum.percent()));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(caught: u64, missed: &[&str]) -> Tally {
        let missed = missed.iter().map(|name| (*name).to_owned()).collect();
        Tally { caught, missed, unviable: 0 }
    }

    #[test]
    fn five_of_a_hundred_may_be_missed_if_they_are_listed() {
        let list = "[[survivor]]\nmutant = \"src/port.rs: x\"\ntimes = 5\nreason = \"because\"\n";
        let survivors = Survivors::parse(list).unwrap();
        let missed = ["src/port.rs: x"; 5];
        assert_eq!(judge(&tally(95, &missed), &survivors, &[]), Ok(()));
        let said = judge(&tally(94, &missed), &survivors, &[]).unwrap_err();
        assert_eq!(said, "94.9 % were caught, 95 % at least");
        assert!(judge(&tally(0, &[]), &Survivors::default(), &[]).is_err());
    }

    #[test]
    fn of_some_files_only_what_is_listed_may_be_missed() {
        let list = "[[survivor]]\nmutant = \"src/port.rs: x\"\nreason = \"because\"\n";
        let files = ["src/port.rs".to_owned()];
        let survivors = Survivors::parse(list).unwrap();
        assert_eq!(judge(&tally(1, &["src/port.rs: x"]), &survivors, &files), Ok(()));
        let said = judge(&tally(99, &["src/port.rs: y"]), &survivors, &files).unwrap_err();
        assert!(said.contains("1 missed: src/port.rs: y"), "{said}");
        assert!(judge(&tally(0, &[]), &Survivors::default(), &files).is_err());
    }

    #[test]
    fn the_table_has_a_sum() {
        let text = table(&[(&ROOMS[0], tally(3, &["a"])), (&ROOMS[1], tally(4, &[]))]);
        let last: Vec<&str> = text.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(last, ["all", "7", "1", "0", "87.5", "%"]);
    }

    #[test]
    fn what_is_quick_is_in_a_room() {
        for file in QUICK.map(str::to_owned) {
            let rooms =
                ROOMS.iter().filter(|room| !room.selected(std::slice::from_ref(&file)).is_empty());
            assert_eq!(rooms.count(), 1, "{file}");
        }
    }
}
