//! `tests/mutants.toml`: the mutants that no test can catch, and why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

const FILE: &str = "tests/mutants.toml";

/// Control pipe, Chapter 9 and class requests: here only what is the same program may survive.
const WHOLLY: [&str; 6] = [
    "src/control.rs",
    "src/chapter9.rs",
    "src/request.rs",
    "src/acm.rs",
    "class-acm/src/request.rs",
    "class-acm/src/setup.rs",
];

/// The list.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Survivors {
    #[serde(default, rename = "survivor")]
    list: Vec<Survivor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    /// As cargo-mutants calls it, without line and column.
    mutant: String,
    /// How many there are of this name.
    #[serde(default = "once")]
    times: usize,
    /// Whether it is another way to write the same program.
    #[serde(default)]
    equivalent: bool,
    /// Why it does what the code does, or why no test sees the difference.
    reason: String,
}

fn once() -> usize {
    1
}

impl Survivors {
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let text =
            fs::read_to_string(root.join(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
        Self::parse(&text).map_err(|error| format!("{FILE}: {error}"))
    }

    pub(super) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Who survived and is not listed, and who is listed and did not survive, in the files of
    /// which mutants ran.
    pub(super) fn faults(&self, missed: &[String], ran: impl Fn(&str) -> bool) -> Vec<String> {
        let mut faults = self.unfounded();
        let mut survived = BTreeMap::<&str, usize>::new();
        for name in missed {
            *survived.entry(name).or_default() += 1;
        }
        for one in self.list.iter().filter(|one| ran(file_of(&one.mutant))) {
            let times = survived.remove(one.mutant.as_str()).unwrap_or(0);
            if times != one.times {
                let listed = one.times;
                faults.push(format!("listed {listed}, survived {times} times: {}", one.mutant));
            }
        }
        let unlisted = survived.into_iter().map(|(name, times)| format!("{times} missed: {name}"));
        faults.extend(unlisted);
        faults
    }

    /// Of those that were missed, the ones that are another way to write the same program, each as
    /// often as it is listed.
    pub(super) fn equivalent(&self, missed: &[String]) -> Vec<String> {
        let times = |name: &str| missed.iter().filter(|one| *one == name).count();
        let listed = self.list.iter().filter(|one| one.equivalent);
        let these = listed.filter(|one| times(&one.mutant) == one.times);
        these.flat_map(|one| vec![one.mutant.clone(); one.times]).collect()
    }

    fn unfounded(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for one in &self.list {
            if one.reason.trim().is_empty() {
                faults.push(format!("without a reason: {}", one.mutant));
            }
            if !one.equivalent && WHOLLY.contains(&file_of(&one.mutant)) {
                faults.push(format!("has to be caught: {}", one.mutant));
            }
        }
        faults
    }
}

fn file_of(mutant: &str) -> &str {
    mutant.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Survivors;

    fn faults(list: &str, missed: &[&str]) -> Vec<String> {
        let missed: Vec<String> = missed.iter().map(|name| (*name).to_owned()).collect();
        Survivors::parse(list).unwrap().faults(&missed, |file| file != "src/elsewhere.rs")
    }

    const PORT: &str = "[[survivor]]\nmutant = \"src/port.rs: x\"\nreason = \"because\"\n";

    #[test]
    fn a_survivor_has_to_be_listed() {
        assert_eq!(faults(PORT, &["src/port.rs: x"]), [""; 0]);
        assert_eq!(faults("", &["src/port.rs: x"]), ["1 missed: src/port.rs: x"]);
    }

    #[test]
    fn who_is_listed_has_to_survive_as_often_as_listed() {
        assert_eq!(faults(PORT, &[]), ["listed 1, survived 0 times: src/port.rs: x"]);
        let twice = ["src/port.rs: x"; 2];
        assert_eq!(faults(PORT, &twice), ["listed 1, survived 2 times: src/port.rs: x"]);
        assert_eq!(faults(&format!("{PORT}times = 2\n"), &twice), [""; 0]);
    }

    #[test]
    fn files_that_did_not_run_are_not_missed() {
        assert_eq!(faults(&PORT.replace("port", "elsewhere"), &[]), [""; 0]);
    }

    #[test]
    fn the_control_pipe_has_only_what_is_the_same_program() {
        let list = PORT.replace("port", "control");
        let missed = ["src/control.rs: x"];
        assert_eq!(faults(&list, &missed), ["has to be caught: src/control.rs: x"]);
        assert_eq!(faults(&format!("{list}equivalent = true\n"), &missed), [""; 0]);
    }

    #[test]
    fn what_is_equivalent_is_so_as_often_as_listed() {
        let list = format!("{PORT}equivalent = true\ntimes = 2\n");
        let list = Survivors::parse(&list).unwrap();
        let missed = |times| vec!["src/port.rs: x".to_owned(); times];
        assert_eq!(list.equivalent(&missed(2)), missed(2));
        assert_eq!(list.equivalent(&missed(3)), missed(0));
        assert_eq!(Survivors::parse(PORT).unwrap().equivalent(&missed(1)), missed(0));
    }

    #[test]
    fn no_reason_is_none() {
        let list = PORT.replace("because", " ");
        assert_eq!(faults(&list, &["src/port.rs: x"]), ["without a reason: src/port.rs: x"]);
    }
}
