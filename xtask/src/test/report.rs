//! What a run prints: progress, the output of failures, a table, and the closing line.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::count::Count;
use super::part::Missing;
use super::step::{Outcome, Step, Verdict};

/// The steps so far.
pub struct Report {
    bar: ProgressBar,
    rows: Vec<Row>,
}

struct Row {
    step: Step,
    outcome: Outcome,
    time: Duration,
}

impl Report {
    /// A report of this many steps.
    pub fn new(steps: usize) -> Self {
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}");
        let bar = ProgressBar::new(steps as u64)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, rows: Vec::new() }
    }

    /// Prints a line.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| println!("{line}"));
    }

    /// A step begins.
    pub fn begin(&self, step: &Step) {
        self.bar.set_message(format!("{}: {}", step.name, step.about));
        if !std::io::stderr().is_terminal() {
            // A log has no bar: it shows what a run hangs in.
            eprintln!("{}: {} …", step.name, step.about);
        }
    }

    /// A step ended.
    pub fn end(&mut self, step: Step, outcome: Outcome, time: Duration) {
        let row = Row { step, outcome, time };
        if let Verdict::Failed { output } = &row.outcome.verdict {
            self.say(&format!("---- {} failed ----\n{}\n----", row.step.name, output.trim_end()));
        }
        self.say(&row.line());
        self.rows.push(row);
        self.bar.inc(1);
    }

    /// Prints the table and the closing line; how the run ended.
    pub fn close(self, missing: &[Missing]) -> ExitCode {
        self.bar.finish_and_clear();
        println!("\n{:<18} {:<8} {:>7} {:>9}", "step", "result", "tests", "time");
        let mut sum = Count::default();
        let mut time = Duration::ZERO;
        for row in &self.rows {
            println!("{}", row.line());
            sum += row.outcome.count();
            time += row.time;
        }
        println!("{:<18} {:<8} {:>7} {:>9}", "all", "", "", shown(time));
        self.name_what_did_not_run(missing);
        println!("{sum}");
        let is_good = sum.failed == 0 && sum.passed > 0;
        if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn name_what_did_not_run(&self, missing: &[Missing]) {
        for row in &self.rows {
            if let Verdict::Skipped { reason } = &row.outcome.verdict {
                println!("NOT RUN: {}: {reason}", row.step.name);
            }
        }
        for missing in missing {
            println!("MISSING: {missing}");
        }
    }
}

impl Row {
    fn line(&self) -> String {
        let result = match self.outcome.verdict {
            Verdict::Passed => "ok",
            Verdict::Failed { .. } => "FAILED",
            Verdict::Skipped { .. } => "SKIPPED",
        };
        let tests = self.outcome.tests.map(|count| count.passed.to_string()).unwrap_or_default();
        let Step { name, about, .. } = &self.step;
        format!("{name:<18} {result:<8} {tests:>7} {:>9}  {about}", shown(self.time))
    }
}

fn shown(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
