//! The tests that SECURITY.md names.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use super::sources;
use crate::test::workspace::Workspace;

/// The chapter whose table names tests in its last column.
const CHAPTER: &str = "## Known classes of vulnerabilities";

/// Every test that is named and does not exist, and every class without one.
pub fn offences(workspace: &Workspace) -> Result<Vec<String>> {
    let text = fs::read_to_string(workspace.root.join("SECURITY.md"))?;
    let mut tests = BTreeSet::new();
    for member in &workspace.crates {
        for source in sources::sources(workspace, member)? {
            tests.extend(tests_in(&source.text));
        }
    }
    Ok(offences_in(&text, &tests))
}

fn offences_in(text: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let rows: Vec<&str> = rows(text).collect();
    if rows.is_empty() {
        return vec![format!("SECURITY.md has no table below {CHAPTER:?}")];
    }
    let mut offences = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim().trim_matches('|').split('|').collect();
        let named: Vec<&str> = cells.last().map(|cell| names(cell).collect()).unwrap_or_default();
        if named.is_empty() {
            offences.push(format!("SECURITY.md: no test holds {}", cells[0].trim()));
        }
        let absent = named.into_iter().filter(|name| !tests.contains(*name));
        offences.extend(absent.map(|name| format!("SECURITY.md: there is no test {name}")));
    }
    let prose = text.lines().filter(|line| !line.starts_with('|'));
    let absent = prose.flat_map(names).filter(|name| is_sentence(name) && !tests.contains(*name));
    offences.extend(absent.map(|name| format!("SECURITY.md: there is no test {name}")));
    offences
}

/// What is a name of a test where anything may be named.
fn is_sentence(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.chars().all(|c| is_word(c) || c == '_') && name.matches('_').count() > 2
}

/// The rows of the chapter's table, without its head.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    let chapter = text.split_once(CHAPTER).map_or("", |(_, rest)| rest);
    let chapter = chapter.split("\n## ").next().unwrap_or_default();
    chapter.lines().filter(|line| line.starts_with('|')).skip(2)
}

/// What is in backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Functions that follow a `#[test]`, also inside `proptest!` and `loom_…` modules.
fn tests_in(source: &str) -> Vec<String> {
    let mut is_test = false;
    let mut tests = Vec::new();
    for line in source.lines().map(str::trim) {
        if line == "#[test]" {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
            tests.extend(rest.split('(').next().map(str::to_owned));
            is_test = false;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            is_test = false;
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "#[test]\nfn one() {}\n\nfn two() {}\n#[test]\n#[ignore]\nfn three() {}";

    #[test]
    fn a_test_is_a_function_with_the_attribute() {
        assert_eq!(tests_in(SOURCE), ["one", "three"]);
    }

    #[test]
    fn a_class_needs_a_test_that_exists() {
        let tests = tests_in(SOURCE).into_iter().collect();
        let check = |row: &str| {
            offences_in(
                &format!("{CHAPTER}\n\n| a | b |\n|---|---|\n{row}\n\n## Next\n| c |"),
                &tests,
            )
        };
        assert_eq!(check("| class | `one`, `three` |"), [] as [&str; 0]);
        assert_eq!(check("| class | `one`, `two` |"), ["SECURITY.md: there is no test two"]);
        assert_eq!(check("| class | none |"), ["SECURITY.md: no test holds class"]);
        assert_eq!(offences_in("", &tests).len(), 1);
    }

    #[test]
    fn a_test_that_is_named_in_prose_exists_too() {
        let tests = ["one".to_owned(), "a_test_that_exists".to_owned()].into();
        let check = |prose: &str| {
            offences_in(&format!("{prose}\n\n{CHAPTER}\n\n| a |\n|---|\n| class `one` |"), &tests)
        };
        assert_eq!(
            check("As `a_test_that_exists` says, of `wIndex` and `deny_unknown_fields`."),
            [""; 0]
        );
        let said = check("As `a_test_that_is_gone` says.");
        assert_eq!(said, ["SECURITY.md: there is no test a_test_that_is_gone"]);
    }
}
