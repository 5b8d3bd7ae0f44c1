//! The figures for people: a table for a terminal, Markdown, and a chart a figure.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};

use super::figures::{Better, Figures, ROWS, Row, STACKS, number};
use crate::chart::{self, Bar, Group};
use crate::size::root;

/// For a terminal.
pub fn table(figures: &Figures) -> String {
    let mut text = format!("{:52}", "nRF52840");
    for stack in STACKS {
        let _ = write!(text, "{stack:>18}");
    }
    text.push('\n');
    for row in &ROWS {
        let _ = write!(text, "{:52}", row.title);
        for stack in STACKS {
            let _ = write!(text, "{:>18}", number(figures.value(row, stack)));
        }
        text.push('\n');
    }
    text
}

/// The same as a table of Markdown; the best of a row is bold.
pub fn markdown(figures: &Figures) -> String {
    let mut text = String::from("| nRF52840, emulated |");
    for stack in STACKS {
        let _ = write!(text, " {} |", title(stack));
    }
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(STACKS.len()));
    for row in &ROWS {
        let _ = write!(text, "| {} |", row.title);
        let best = best(figures, row);
        for stack in STACKS {
            let value = figures.value(row, stack);
            let cell = number(value);
            match value {
                Some(value) if Some(value) == best => {
                    let _ = write!(text, " **{cell}** |");
                }
                _ => {
                    let _ = write!(text, " {cell} |");
                }
            }
        }
        text.push('\n');
    }
    text
}

/// The best value of all; none where all are the same.
fn best(figures: &Figures, row: &Row) -> Option<f64> {
    let values: Vec<f64> = STACKS.iter().filter_map(|stack| figures.value(row, stack)).collect();
    let least = values.iter().copied().min_by(f64::total_cmp)?;
    let most = values.iter().copied().max_by(f64::total_cmp)?;
    (least < most).then_some(if row.better == Better::Less { least } else { most })
}

fn title(stack: &str) -> &str {
    match stack {
        "ours" => "usbd-acm",
        "ours-on-nrf-usbd" => "usbd-acm on nrf-usbd",
        "usbd-serial" => "usbd-serial on nrf-usbd",
        "embassy-usb" => "embassy-usb on embassy-nrf",
        other => other,
    }
}

/// Writes Markdown and charts to a folder of the repository.
pub fn write(figures: &Figures, folder: &str) -> Result<()> {
    let path = root().join(folder);
    fs::create_dir_all(&path).with_context(|| format!("cannot create {folder}"))?;
    let mut text = format!("{HEAD}\n{}", markdown(figures));
    for row in ROWS.iter().filter(|row| has_chart(figures, row)) {
        let name = format!("{}.svg", row.metric);
        let _ = write!(text, "\n![{}]({name})\n", row.title);
        fs::write(path.join(&name), draw(figures, row))
            .with_context(|| format!("cannot write {folder}/{name}"))?;
    }
    fs::write(path.join("bench.md"), text)
        .with_context(|| format!("cannot write {folder}/bench.md"))
}

const HEAD: &str = "# Firmware on an emulated nRF52840

Written by `cargo xtask bench --write-docs`; what is measured and how is in
[tests/bench/README.md](../../tests/bench/README.md). Peers: usb-device 0.3.2 with usbd-serial 0.2.2
on nrf-usbd 0.3.0, embassy-usb 0.6.0 on embassy-nrf 0.11.0, from crates.io, unmodified. The figures
are of a model of the chip, not of silicon: they order the stacks.
";

fn has_chart(figures: &Figures, row: &Row) -> bool {
    STACKS.iter().any(|stack| figures.value(row, stack).is_some_and(|value| value > 0.0))
}

fn draw(figures: &Figures, row: &Row) -> String {
    let bar = |(colour, stack): (usize, &&str)| {
        let value = figures.value(row, stack)?;
        Some(Bar { label: (*stack).into(), colour, value, text: number(Some(value)) })
    };
    let bars = STACKS.iter().enumerate().filter_map(bar).collect();
    let better = if row.better == Better::Less { "less" } else { "more" };
    let title = format!("{} ({better} is better)", row.title);
    chart::draw(&title, &[Group { heading: "nRF52840".into(), bars }])
}
