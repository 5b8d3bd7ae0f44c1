//! What a run prints: progress, the output of failures, a table, and the closing line.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::count::Count;
use super::step::{Outcome, Step, Verdict};

/// The steps of a run, and what came of them so far.
pub struct Report {
    bar: ProgressBar,
    begin: Instant,
    rows: Mutex<Vec<Row>>,
}

struct Row {
    name: String,
    about: String,
    state: State,
}

enum State {
    Waiting,
    Running,
    Done { outcome: Outcome, time: Duration },
}

impl Report {
    /// A report of these steps.
    pub fn new(plan: &[Step]) -> Self {
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}");
        let bar = ProgressBar::new(plan.len() as u64)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        let row = |step: &Step| Row {
            name: step.name.clone(),
            about: step.about.clone(),
            state: State::Waiting,
        };
        Self { bar, begin: Instant::now(), rows: Mutex::new(plan.iter().map(row).collect()) }
    }

    /// Prints a line.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| println!("{line}"));
    }

    /// A step begins.
    pub fn begin(&self, step: &Step) {
        self.set(step, State::Running);
        if !std::io::stderr().is_terminal() {
            // A log has no bar: it shows what a run hangs in.
            eprintln!("{}: {} …", step.name, step.about);
        }
        if step.shows_progress {
            self.bar.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    /// A step ended.
    pub fn end(&self, step: &Step, outcome: Outcome, time: Duration) {
        if step.shows_progress {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if let Verdict::Failed { output } = &outcome.verdict {
            self.say(&format!("---- {} failed ----\n{}\n----", step.name, output.trim_end()));
        }
        self.set(step, State::Done { outcome, time });
        self.bar.inc(1);
    }

    fn set(&self, step: &Step, state: State) {
        let mut rows = self.rows();
        if let Some(row) = rows.iter_mut().find(|row| row.name == step.name) {
            row.state = state;
            if let Some(line) = row.line() {
                self.say(&line);
            }
        }
        let running = rows.iter().filter(|row| matches!(row.state, State::Running));
        let names: Vec<&str> = running.map(|row| row.name.as_str()).collect();
        self.bar.set_message(names.join(", "));
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints the table and the closing line; how the run ended.
    pub fn close(self) -> ExitCode {
        self.bar.finish_and_clear();
        println!("\n{:<18} {:<8} {:>7} {:>9}", "step", "result", "tests", "time");
        let mut sum = Count::default();
        for row in self.rows().iter() {
            row.line().iter().for_each(|line| println!("{line}"));
            sum += row.count();
        }
        println!("{:<18} {:<8} {:>7} {:>9}", "all", "", "", shown(self.begin.elapsed()));
        self.name_what_did_not_run();
        println!("{sum}");
        let is_good = sum.failed == 0 && sum.passed > 0;
        if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn name_what_did_not_run(&self) {
        for row in self.rows().iter() {
            if let State::Done { outcome, .. } = &row.state
                && let Verdict::Skipped { reason } = &outcome.verdict
            {
                println!("NOT RUN: {}: {reason}", row.name);
            }
        }
    }
}

impl Row {
    /// The row of the table, once there is something to say.
    fn line(&self) -> Option<String> {
        let State::Done { outcome, time } = &self.state else { return None };
        let result = match outcome.verdict {
            Verdict::Passed => "ok",
            Verdict::Failed { .. } => "FAILED",
            Verdict::Skipped { .. } => "SKIPPED",
        };
        let tests = outcome.tests.map(|count| count.passed.to_string()).unwrap_or_default();
        let Self { name, about, .. } = self;
        Some(format!("{name:<18} {result:<8} {tests:>7} {:>9}  {about}", shown(*time)))
    }

    /// A step that never ended has failed.
    fn count(&self) -> Count {
        match &self.state {
            State::Done { outcome, .. } => outcome.count(),
            State::Waiting | State::Running => Count { failed: 1, ..Count::default() },
        }
    }
}

fn shown(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
