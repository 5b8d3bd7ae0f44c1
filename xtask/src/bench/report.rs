//! The figures for people: a table for a terminal, Markdown, and a chart a figure.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::chip::{Chip, Stack};
use super::figures::{Better, Figures, ROWS, Row, number};
use crate::chart::{self, Bar, Group};
use crate::size::root;

/// For a terminal, a table a chip.
pub fn table(figures: &Figures) -> String {
    let mut text = String::new();
    for chip in measured(figures) {
        let _ = write!(text, "{:52}", chip.title());
        for stack in chip.stacks() {
            let _ = write!(text, " {:>28}", stack.name);
        }
        text.push('\n');
        for row in &ROWS {
            let _ = write!(text, "{:52}", row.title);
            for stack in chip.stacks() {
                let value = figures.value(row, chip.name(), stack.name);
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
    let tables: Vec<String> = measured(figures).map(|chip| markdown_of(figures, chip)).collect();
    tables.join("\n")
}

/// Those of a chip; the best of a row is bold.
fn markdown_of(figures: &Figures, chip: Chip) -> String {
    let mut text = format!("| {}, emulated |", chip.title());
    for stack in chip.stacks() {
        let _ = write!(text, " {} |", stack.title);
    }
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(chip.stacks().len()));
    for row in &ROWS {
        let _ = write!(text, "| {} |", row.title);
        let best = best(figures, chip, row);
        for stack in chip.stacks() {
            let value = figures.value(row, chip.name(), stack.name);
            let cell = number(value);
            let is_best = value.is_some() && value == best;
            let _ = if is_best { write!(text, " **{cell}** |") } else { write!(text, " {cell} |") };
        }
        text.push('\n');
    }
    text
}

fn measured(figures: &Figures) -> impl Iterator<Item = Chip> {
    Chip::value_variants().iter().copied().filter(|chip| figures.has(*chip))
}

/// The best value of all; none where all are the same.
fn best(figures: &Figures, chip: Chip, row: &Row) -> Option<f64> {
    let value = |stack: &Stack| figures.value(row, chip.name(), stack.name);
    let values: Vec<f64> = chip.stacks().iter().filter_map(value).collect();
    let least = values.iter().copied().min_by(f64::total_cmp)?;
    let most = values.iter().copied().max_by(f64::total_cmp)?;
    (least < most).then_some(if row.better == Better::Less { least } else { most })
}

/// Writes Markdown, and the charts of a chip to a folder of its own, to a folder of the repository.
pub fn write(figures: &Figures, folder: &str) -> Result<()> {
    let mut text = String::from(HEAD);
    for chip in measured(figures) {
        let _ = write!(
            text,
            "\n## {}\n\nPeers, from crates.io and unmodified: {}.\n\n{}",
            chip.title(),
            chip.peers(),
            markdown_of(figures, chip)
        );
        text += &charts(figures, chip, &root().join(folder))?;
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
fn charts(figures: &Figures, chip: Chip, folder: &Path) -> Result<String> {
    let mut text = String::new();
    let own = folder.join(chip.name());
    fs::create_dir_all(&own).with_context(|| format!("cannot create {}", own.display()))?;
    for row in ROWS.iter().filter(|row| has_chart(figures, chip, row)) {
        let path = own.join(format!("{}.svg", row.metric));
        fs::write(&path, draw(figures, chip, row))
            .with_context(|| format!("cannot write {}", path.display()))?;
        let _ = write!(text, "\n![{}]({}/{}.svg)\n", row.title, chip.name(), row.metric);
    }
    Ok(text)
}

fn has_chart(figures: &Figures, chip: Chip, row: &Row) -> bool {
    let value = |stack: &Stack| figures.value(row, chip.name(), stack.name);
    chip.stacks().iter().filter_map(value).any(|value| value > 0.0)
}

fn draw(figures: &Figures, chip: Chip, row: &Row) -> String {
    let bar = |(colour, stack): (usize, &Stack)| {
        let value = figures.value(row, chip.name(), stack.name)?;
        Some(Bar { label: stack.name.into(), colour, value, text: number(Some(value)) })
    };
    let bars = chip.stacks().iter().enumerate().filter_map(bar).collect();
    let better = if row.better == Better::Less { "less" } else { "more" };
    let title = format!("{} ({better} is better)", row.title);
    chart::draw(&title, &[Group { heading: chip.title().into(), bars }])
}
