//! The figures for people: a table for a terminal, Markdown, and a chart a figure.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::figures::{Better, Figures, Row, number};
use super::table::{self, Stack, Table};
use crate::chart::{self, Bar, Group};
use crate::size::root;

/// For a terminal.
pub fn text(figures: &Figures) -> String {
    let mut text = String::new();
    for table in measured(figures) {
        let _ = write!(text, "{:52}", table.title);
        for stack in table.stacks {
            let _ = write!(text, " {:>28}", stack.name);
        }
        text.push('\n');
        for row in table.rows {
            let _ = write!(text, "{:52}", row.title);
            for stack in table.stacks {
                let value = figures.value(row, table.name, stack.name);
                let _ = write!(text, " {:>28}", number(value));
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// The same as tables of Markdown.
pub fn markdown(figures: &Figures) -> String {
    let tables: Vec<String> = measured(figures).map(|table| markdown_of(figures, &table)).collect();
    tables.join("\n")
}

/// One of them; the best of a row is bold.
fn markdown_of(figures: &Figures, table: &Table) -> String {
    let mut text = format!("| {} |", table.title);
    for stack in table.stacks {
        let _ = write!(text, " {} |", stack.title);
    }
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(table.stacks.len()));
    for row in table.rows {
        let _ = write!(text, "| {} |", row.title);
        let best = best(figures, table, row);
        for stack in table.stacks {
            let value = figures.value(row, table.name, stack.name);
            let cell = number(value);
            let is_best = value.is_some() && value == best;
            let _ = if is_best { write!(text, " **{cell}** |") } else { write!(text, " {cell} |") };
        }
        text.push('\n');
    }
    text
}

fn measured(figures: &Figures) -> impl Iterator<Item = Table> {
    table::all().filter(|table| figures.has(table.name))
}

/// The best value of all; none where all are the same.
fn best(figures: &Figures, table: &Table, row: &Row) -> Option<f64> {
    let value = |stack: &Stack| figures.value(row, table.name, stack.name);
    let values: Vec<f64> = table.stacks.iter().filter_map(value).collect();
    let least = values.iter().copied().min_by(f64::total_cmp)?;
    let most = values.iter().copied().max_by(f64::total_cmp)?;
    (least < most).then_some(if row.better == Better::Less { least } else { most })
}

/// Writes Markdown, and the charts of a table to a folder of its own, to a folder of the repository.
pub fn write(figures: &Figures, folder: &str) -> Result<()> {
    let mut text = String::from(HEAD);
    for table in measured(figures) {
        let _ = write!(text, "\n## {}\n\n", table.title);
        let _ = write!(text, "{}\n\n{}", table.about, markdown_of(figures, &table));
        text += &charts(figures, &table, &root().join(folder))?;
    }
    fs::write(root().join(folder).join("bench.md"), text)
        .with_context(|| format!("cannot write {folder}/bench.md"))
}

const HEAD: &str = "# Firmware on emulated chips

Written by `cargo xtask bench --write-docs`; what is measured and how is in
[tests/bench/README.md](../../tests/bench/README.md). The figures are of models of the chips, not of
silicon: they order the stacks.
";

/// Writes a chart a figure; the Markdown that shows them.
fn charts(figures: &Figures, table: &Table, folder: &Path) -> Result<String> {
    let mut text = String::new();
    let own = folder.join(table.name);
    fs::create_dir_all(&own).with_context(|| format!("cannot create {}", own.display()))?;
    for row in table.rows.iter().filter(|row| has_chart(figures, table, row)) {
        let path = own.join(format!("{}.svg", row.metric));
        fs::write(&path, draw(figures, table, row))
            .with_context(|| format!("cannot write {}", path.display()))?;
        let _ = write!(text, "\n![{}]({}/{}.svg)\n", row.title, table.name, row.metric);
    }
    Ok(text)
}

/// Where there is something to compare.
fn has_chart(figures: &Figures, table: &Table, row: &Row) -> bool {
    let value = |stack: &Stack| figures.value(row, table.name, stack.name);
    table.stacks.len() > 1 && table.stacks.iter().filter_map(value).any(|value| value > 0.0)
}

fn draw(figures: &Figures, table: &Table, row: &Row) -> String {
    let bar = |(colour, stack): (usize, &Stack)| {
        let value = figures.value(row, table.name, stack.name)?;
        Some(Bar { label: stack.name.into(), colour, value, text: number(Some(value)) })
    };
    let bars = table.stacks.iter().enumerate().filter_map(bar).collect();
    let better = if row.better == Better::Less { "less" } else { "more" };
    let title = format!("{} ({better} is better)", row.title);
    chart::draw(&title, &[Group { heading: table.title.into(), bars }])
}
