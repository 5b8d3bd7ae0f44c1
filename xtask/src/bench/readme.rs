//! The tables in the README, between their markers.

use std::fs;

use anyhow::{Context, Result, bail};

use super::figures::Figures;
use super::report::markdown;
use crate::size::root;

const BEGIN: &str = "<!-- bench -->\n";
const END: &str = "<!-- /bench -->";

/// How far a number may be off: another compiler makes other code.
const TOLERANCE: f64 = 0.03;

/// Puts the tables in.
pub fn write(figures: &Figures) -> Result<()> {
    let text = read()?;
    let (before, _, after) = split(&text)?;
    let text = format!("{before}{BEGIN}{}{END}{after}", markdown(figures));
    fs::write(root().join("README.md"), text).context("cannot write README.md")
}

/// Fails when the tables are not what was measured.
pub fn check(figures: &Figures) -> Result<()> {
    let text = read()?;
    let (_, table, _) = split(&text)?;
    let stale = differences(table, &markdown(figures));
    if !stale.is_empty() {
        bail!(
            "README.md is stale; `cargo xtask bench --write-docs` writes it anew:\n  {}",
            stale.join("\n  ")
        );
    }
    Ok(())
}

fn read() -> Result<String> {
    fs::read_to_string(root().join("README.md")).context("cannot read README.md")
}

fn split(text: &str) -> Result<(&str, &str, &str)> {
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (table, after) = rest.split_once(END)?;
        Some((before, table, after))
    });
    parts.context("README.md has lost its markers: <!-- bench --> and <!-- /bench -->")
}

/// The lines of what was measured that are not in the table, or have other numbers in it.
fn differences(table: &str, measured: &str) -> Vec<String> {
    let mut old = table.lines();
    let mut stale = Vec::new();
    for new in measured.lines() {
        if !old.next().is_some_and(|old| is_same(old, new)) {
            stale.push(new.to_owned());
        }
    }
    stale.extend(old.map(|line| format!("no more: {line}")));
    stale
}

fn is_same(old: &str, new: &str) -> bool {
    let cells = |line: &str| -> Vec<String> {
        line.split('|').map(|cell| cell.trim().trim_matches('*').to_owned()).collect()
    };
    let (old, new) = (cells(old), cells(new));
    old.len() == new.len() && old.iter().zip(&new).all(|(old, new)| is_close(old, new))
}

fn is_close(old: &str, new: &str) -> bool {
    match (old.parse::<f64>(), new.parse::<f64>()) {
        (Ok(old), Ok(new)) => (old - new).abs() <= TOLERANCE * old.abs().max(new.abs()),
        _ => old == new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_move_a_little_and_words_not_at_all() {
        assert_eq!(differences("| a | **100** |\n", "| a | 102 |\n"), Vec::<String>::new());
        assert_eq!(differences("| a | 100 |\n", "| a | 104 |\n"), ["| a | 104 |"]);
        assert_eq!(differences("| a | 0 |\n", "| a | 1 |\n"), ["| a | 1 |"]);
        assert_eq!(differences("| a | 100 |\n", "| b | 100 |\n"), ["| b | 100 |"]);
        assert_eq!(differences("| a | – |\n| b | 1 |\n", "| a | – |\n"), ["no more: | b | 1 |"]);
    }
}
