//! What came of the mutants of a room.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// How many were caught, which were missed, and how many do not compile.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    /// A test failed, or did not end.
    pub(super) caught: u64,
    /// By name, without line and column: both move.
    pub(super) missed: Vec<String>,
    /// Not programs.
    pub(super) unviable: u64,
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
    /// `outcomes.json` of cargo-mutants.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(path).map_err(|error| at(&error))?;
        Self::parse(&text).map_err(|error| at(&error))
    }

    fn parse(text: &str) -> serde_json::Result<Self> {
        let mut tally = Self::default();
        for one in serde_json::from_str::<Outcomes>(text)?.outcomes {
            let name = one.scenario["Mutant"]["name"].as_str().unwrap_or_default();
            match one.summary.as_str() {
                "CaughtMutant" | "Timeout" => tally.caught += 1,
                "MissedMutant" => tally.missed.push(without_position(name)),
                "Unviable" => tally.unviable += 1,
                // The code as it is.
                _ => {}
            }
        }
        Ok(tally)
    }

    /// With the outcomes of a later stage, which ran what this one missed.
    pub(super) fn then(self, later: Self) -> Self {
        Self {
            caught: self.caught + later.caught,
            missed: later.missed,
            unviable: self.unviable + later.unviable,
        }
    }

    /// With those that did not have to run to be missed.
    pub(super) fn and_missed(mut self, names: Vec<String>) -> Self {
        self.missed.extend(names);
        self
    }

    /// With the outcomes of another room.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.caught += other.caught;
        self.unviable += other.unviable;
        self.missed.extend_from_slice(&other.missed);
        self
    }

    /// Caught, of a hundred that compile.
    pub(super) fn percent(&self) -> f64 {
        let viable = self.caught + self.missed.len() as u64;
        100.0 * self.caught as f64 / viable.max(1) as f64
    }

    /// For the scorecard.
    pub(super) fn figures(&self) -> [(&'static str, u64); 3] {
        let missed = self.missed.len() as u64;
        [("caught", self.caught), ("missed", missed), ("unviable", self.unviable)]
    }
}

/// `src/port.rs:12:34: replace …` without the numbers.
pub(super) fn without_position(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(line), Some(column), Some(what))
            if is_number(line) && is_number(column) =>
        {
            format!("{file}:{what}")
        }
        _ => name.to_owned(),
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<u32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn outcomes(list: &[(&str, &str)]) -> Tally {
        let one = |(name, summary): &(&str, &str)| {
            format!(r#"{{"scenario": {{"Mutant": {{"name": "{name}"}}}}, "summary": "{summary}"}}"#)
        };
        let baseline = r#"{"scenario": "Baseline", "summary": "Success"}"#.to_owned();
        let list: Vec<String> = list.iter().map(one).chain([baseline]).collect();
        Tally::parse(&format!(r#"{{"outcomes": [{}]}}"#, list.join(","))).unwrap()
    }

    #[test]
    fn what_never_ends_is_caught_and_the_code_as_it_is_does_not_count() {
        let tally = outcomes(&[
            ("src/a.rs:1:2: replace a::b -> u8 with 0", "CaughtMutant"),
            ("src/a.rs:1:2: replace a::b -> u8 with 1", "Timeout"),
            ("src/a.rs:12:34: replace a::b with ()", "MissedMutant"),
            ("src/a.rs:1:2: delete ! in c", "Unviable"),
        ]);
        let missed = vec!["src/a.rs: replace a::b with ()".to_owned()];
        assert_eq!(tally, Tally { caught: 2, missed, unviable: 1 });
    }

    #[test]
    fn a_later_stage_says_what_is_missed() {
        let first =
            outcomes(&[("a", "CaughtMutant"), ("b", "MissedMutant"), ("c", "MissedMutant")]);
        let later = outcomes(&[("b", "MissedMutant"), ("c", "CaughtMutant")]);
        let missed = vec!["b".to_owned()];
        assert_eq!(first.then(later), Tally { caught: 2, missed, unviable: 0 });
    }
}
