//! The figures as a table, as JSON, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::figures::{Figure, Figures, Metric, Record};
use super::firmware::{Level, Stack, TARGETS};

/// One line of the table: a metric at a level, a value a stack.
pub struct Row {
    metric: Metric,
    level: Level,
    values: BTreeMap<Stack, f64>,
}

impl Row {
    fn value(&self, stack: Stack) -> Option<f64> {
        self.values.get(&stack).copied()
    }

    /// Our value over the least of the peers'.
    fn ratio(&self) -> Option<f64> {
        let peers = Stack::PEERS.into_iter().filter_map(|stack| self.value(stack));
        let best = peers.min_by(f64::total_cmp)?;
        (best > 0.0).then_some(self.value(Stack::UsbdAcm)? / best)
    }

    fn label(&self) -> String {
        format!("{}, opt-level {}", self.metric.title(), self.level.name())
    }
}

/// The rows that have a value, in the order of the table.
pub fn rows(figures: &Figures, target: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for metric in Metric::ALL {
        for level in [Level::Z, Level::S, Level::Three] {
            let value = |stack| Some((stack, figures.get(target, stack, level, metric)?));
            let values: BTreeMap<_, _> = Stack::ALL.into_iter().filter_map(value).collect();
            if !values.is_empty() {
                rows.push(Row { metric, level, values });
            }
        }
    }
    rows
}

/// The table for a terminal.
pub fn table(figures: &Figures) -> String {
    let mut text = String::new();
    for target in TARGETS {
        let rows = rows(figures, target);
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{target:38}");
        for stack in Stack::ALL {
            let _ = write!(text, "{:>1$}", stack.name(), width(stack));
        }
        let _ = writeln!(text, "{:>18}", "ours / best peer");
        for row in rows {
            let _ = write!(text, "{:38}", row.label());
            for stack in Stack::ALL {
                let _ = write!(text, "{:>1$}", number(row.value(stack)), width(stack));
            }
            let _ = writeln!(text, "{:>18}", ratio(row.ratio()));
        }
    }
    text
}

/// Of a column of the table for a terminal.
fn width(stack: Stack) -> usize {
    stack.name().len() + 2
}

/// The same as Markdown.
pub fn markdown(figures: &Figures) -> String {
    let mut text = String::from(HEAD);
    for target in TARGETS {
        let rows = rows(figures, target);
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {target}\n\n| |");
        for stack in Stack::ALL {
            let _ = write!(text, " {} |", stack.name());
        }
        let _ = writeln!(text, " ours / best peer |\n|---|{}--:|", "--:|".repeat(Stack::ALL.len()));
        for row in rows {
            let _ = write!(text, "| {} ({}) |", row.label(), row.metric.unit());
            for stack in Stack::ALL {
                let _ = write!(text, " {} |", number(row.value(stack)));
            }
            let _ = writeln!(text, " {} |", ratio(row.ratio()));
        }
    }
    text
}

const HEAD: &str = "# Size and instructions

Written by `cargo xtask size --write-docs`; how it is measured is in
[tests/size/README.md](../../tests/size/README.md). Peers: usb-device 0.3.2 with usbd-serial 0.2.2,
embassy-usb 0.6.0. Chip drivers are excluded for everybody.
";

/// target/bench/size.json.
pub fn json(figures: &Figures, ours: Vec<Record>) -> serde_json::Result<String> {
    let records: Vec<_> = figures.0.iter().map(Figure::record).chain(ours).collect();
    serde_json::to_string_pretty(&records)
}

/// A value without digits that say nothing.
pub fn number(value: Option<f64>) -> String {
    match value {
        None => "–".into(),
        Some(value) if value.fract() == 0.0 => format!("{value}"),
        Some(value) => format!("{value:.1}"),
    }
}

fn ratio(value: Option<f64>) -> String {
    value.map_or("–".into(), |value| format!("{value:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(values: &[(Stack, f64)]) -> Option<f64> {
        let values = values.iter().copied().collect();
        Row { metric: Metric::Flash, level: Level::Z, values }.ratio()
    }

    #[test]
    fn the_ratio_is_to_the_best_peer() {
        use Stack::*;
        let values =
            [(UsbdAcm, 2.0), (InPlace, 1.0), (SerialPort, 9.0), (CdcAcmClass, 4.0), (Embassy, 5.0)];
        assert_eq!(ratio(&values), Some(0.5));
    }

    #[test]
    fn without_our_value_or_theirs_there_is_no_ratio() {
        assert_eq!(ratio(&[(Stack::Embassy, 9.0)]), None);
        assert_eq!(ratio(&[(Stack::UsbdAcm, 1.0), (Stack::InPlace, 1.0)]), None);
    }

    #[test]
    fn json_has_the_five_fields() {
        let figure = Figure {
            target: TARGETS[1],
            stack: Stack::SerialPort,
            level: Level::Z,
            metric: Metric::Ram,
            value: 1032.0,
        };
        let text = json(&Figures(vec![figure]), Vec::new()).unwrap();
        let expected = serde_json::json!([{
            "target": "thumbv6m-none-eabi",
            "stack": "usb-device SerialPort",
            "metric": "ram_opt_z",
            "value": 1032.0,
            "unit": "bytes",
        }]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
    }
}
