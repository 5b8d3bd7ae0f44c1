//! Mutation: whether the tests notice when the code is wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::figures;
use crate::test::command::{capture, cargo};
use crate::test::part::{CRATES, Part};
use crate::test::step::{Outcome, Step};
use crate::test::workspace::Workspace;

/// Files in which every mutant must be caught: control pipe, Chapter 9 and class requests.
const WHOLLY: [&str; 5] = [
    "src/control.rs",
    "src/chapter9.rs",
    "src/request.rs",
    "src/acm.rs",
    "class-acm/src/request.rs",
];

/// What a firmware links.
const LINKED: [&str; 3] = ["src/**/*.rs", "class-acm/src/**/*.rs", "descriptors/src/**/*.rs"];

/// Of the others, this many of a hundred.
const CAUGHT_AT_LEAST: u64 = 95;

/// Every mutant of the libraries, or of these files, against every test.
pub fn step(files: Vec<String>) -> Step {
    let check = move |workspace: &Workspace| Outcome::of(run(&workspace.root, &files));
    Step::new("mutants", "the tests notice when the code is wrong", check)
        .needs(Part::Subcommand("mutants"))
        .needs(CRATES)
}

fn run(root: &Path, files: &[String]) -> Result<(), String> {
    let mut command = cargo();
    command.current_dir(root).args(["mutants", "--workspace", "-o", "target/mutants"]);
    command.arg("--no-shuffle").env("PROPTEST_RNG_SEED", "1");
    let files: Vec<&str> = match files {
        [] => LINKED.into(),
        files => files.iter().map(String::as_str).collect(),
    };
    command.args(files.iter().flat_map(|file| ["--file", file]));
    // Its exit code says that some were missed: how many may be, is said here.
    let (_, output) = capture(command).map_err(|error| error.to_string())?;
    let path = root.join("target/mutants/mutants.out/outcomes.json");
    let outcomes = fs::read_to_string(path).map_err(|error| format!("{output}\n{error}"))?;
    let tally = Tally::parse(&outcomes).map_err(|error| format!("{output}\n{error}"))?;
    let figures = [("caught", tally.caught), ("missed", tally.missed.values().sum())];
    figures::write(root, "mutants", &figures).map_err(|error| format!("{error:#}"))?;
    tally.judge()
}

/// How many mutants were caught, and those that were not, by file.
#[derive(PartialEq, Eq, Debug, Default)]
struct Tally {
    caught: u64,
    missed: BTreeMap<String, u64>,
    names: Vec<String>,
}

#[derive(Deserialize)]
struct Outcomes {
    outcomes: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    scenario: serde_json::Value,
    summary: String,
}

impl Tally {
    fn parse(text: &str) -> serde_json::Result<Self> {
        let mut tally = Self::default();
        for one in serde_json::from_str::<Outcomes>(text)?.outcomes {
            let mutant = &one.scenario["Mutant"];
            let file = mutant["file"].as_str().unwrap_or_default();
            match one.summary.as_str() {
                "CaughtMutant" | "Timeout" => tally.caught += 1,
                "MissedMutant" => {
                    *tally.missed.entry(file.to_owned()).or_default() += 1;
                    tally.names.push(mutant["name"].as_str().unwrap_or(file).to_owned());
                }
                // The code as it is, and mutants that do not compile.
                _ => {}
            }
        }
        Ok(tally)
    }

    fn judge(&self) -> Result<(), String> {
        let missed: u64 = self.missed.values().sum();
        let has_to_be_whole = WHOLLY.iter().any(|file| self.missed.contains_key(*file));
        let is_enough = self.caught * 100 >= (self.caught + missed) * CAUGHT_AT_LEAST;
        if is_enough && !has_to_be_whole && self.caught > 0 {
            return Ok(());
        }
        let names = self.names.join("\n");
        Err(format!("{} mutants were caught, {missed} were missed:\n{names}", self.caught))
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn outcomes(missed: usize) -> String {
        let one = |summary: &str| {
            let scenario = r#"{"Mutant": {"file": "src/port.rs", "name": "src/port.rs:1: x"}}"#;
            format!(r#"{{"scenario": {scenario}, "summary": "{summary}"}}"#)
        };
        let mut list = vec![r#"{"scenario": "Baseline", "summary": "Success"}"#.to_owned()];
        list.extend((0..95).map(|_| one("CaughtMutant")));
        list.extend((0..missed).map(|_| one("MissedMutant")));
        format!(r#"{{"outcomes": [{}]}}"#, list.join(","))
    }

    #[test]
    fn five_of_a_hundred_may_be_missed() {
        let tally = Tally::parse(&outcomes(5)).unwrap();
        assert_eq!((tally.caught, tally.missed["src/port.rs"]), (95, 5));
        assert_eq!(tally.judge(), Ok(()));
        assert!(Tally::parse(&outcomes(6)).unwrap().judge().is_err());
    }

    #[test]
    fn none_of_the_control_pipe_may_be_missed() {
        let text = outcomes(1).replace("src/port.rs", "src/control.rs");
        let said = Tally::parse(&text).unwrap().judge().unwrap_err();
        assert!(said.contains("src/control.rs:1: x"), "{said}");
    }
}
