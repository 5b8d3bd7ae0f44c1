//! `cargo xtask scorecard`: what was tried, as numbers. Every number comes from a file that a run
//! left behind, or is counted in the sources; what did not run is named with the command to run.

mod age;
mod rows;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::test::workspace::Workspace;

/// Options of `cargo xtask scorecard`.
#[derive(Args)]
pub struct Options {
    /// Copy the table to README.md, between its markers
    #[arg(long)]
    write: bool,
}

/// One figure.
#[derive(Serialize)]
struct Row {
    /// What was counted.
    what: &'static str,
    /// How many; `None` where nothing ran.
    value: Option<u64>,
    /// What belongs to the number.
    detail: String,
    /// The command that counts as many.
    command: String,
}

/// Where the table is in README.md.
const MARKERS: [&str; 2] = ["<!-- scorecard -->\n", "<!-- /scorecard -->"];

/// Prints the table and writes it to `target/bench`.
pub fn run(options: &Options) -> Result<ExitCode> {
    let workspace = Workspace::read()?;
    let rows = rows::all(&workspace)?;
    print!("{}", text(&rows));
    let folder = workspace.root.join("target/bench");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("scorecard.json"), serde_json::to_string_pretty(&rows)? + "\n")?;
    fs::write(folder.join("scorecard.md"), markdown(&rows))?;
    println!("\nwritten: target/bench/scorecard.json and scorecard.md");
    if options.write {
        age::refuse_what_is_old(&workspace)?;
        write_readme(&workspace.root.join("README.md"), &rows)?;
        println!("written: README.md");
    }
    Ok(ExitCode::SUCCESS)
}

fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let value = row.value.map_or("not run".to_owned(), grouped);
        let detail = if row.value.is_some() { &row.detail } else { &row.command };
        text += &format!("{:<44} {value:>16}  {detail}\n", row.what);
    }
    text
}

/// Rows that ran.
fn markdown(rows: &[Row]) -> String {
    let mut text = "| tried | | from |\n|---|--:|---|\n".to_owned();
    for row in rows {
        let Some(value) = row.value else { continue };
        let detail =
            if row.detail.is_empty() { String::new() } else { format!(", {}", row.detail) };
        text += &format!("| {}{detail} | {} | `{}` |\n", row.what, grouped(value), row.command);
    }
    text
}

/// Three digits at a time.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn write_readme(path: &Path, rows: &[Row]) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let [begin, end] = MARKERS;
    let between = text.split_once(begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some((before, after))
    });
    let (before, after) = between.with_context(|| format!("README.md lacks {begin} and {end}"))?;
    fs::write(path, format!("{before}{begin}{}{end}{after}", markdown(rows)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(1_234), "1 234");
        assert_eq!(grouped(4_294_967_296), "4 294 967 296");
    }
}
