//! Results: controller by test.

use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::qemu::Controller;
use super::suite::{TESTS, Test};

/// How a test ended on a controller.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase", tag = "verdict", content = "detail")]
pub enum Verdict {
    Pass(String),
    Fail(String),
    Skip(String),
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Pass(_) => "pass",
            Verdict::Fail(_) => "FAIL",
            Verdict::Skip(_) => "skip",
        }
    }

    fn detail(&self) -> &str {
        match self {
            Verdict::Pass(detail) | Verdict::Fail(detail) | Verdict::Skip(detail) => detail,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.word(), self.detail())
    }
}

#[derive(Serialize)]
struct Row {
    controller: String,
    speed: &'static str,
    test: &'static str,
    #[serde(flatten)]
    verdict: Verdict,
}

/// The results so far.
pub struct Matrix(Vec<Row>);

impl Matrix {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    pub fn record(&mut self, controller: Controller, test: &Test, verdict: Verdict) {
        self.0.push(Row {
            controller: controller.to_string(),
            speed: controller.speed(),
            test: test.name,
            verdict,
        });
    }

    pub fn any_failed(&self) -> bool {
        self.0.iter().any(|row| matches!(row.verdict, Verdict::Fail(_)))
    }

    /// A Markdown table, and the counts under it.
    pub fn table(&self) -> String {
        let ran = |test: &&Test| self.0.iter().any(|row| row.test == test.name);
        let tests = TESTS.iter().filter(ran).map(|test| test.name);
        let mut controllers = Vec::new();
        for row in &self.0 {
            if !controllers.contains(&row.controller) {
                controllers.push(row.controller.clone());
            }
        }
        // Writing to a string does not fail.
        let mut text = String::new();
        let _ = writeln!(text, "| {:<15} | {} |", "test", controllers.join(" | "));
        let _ = writeln!(text, "|{}{}|", "-".repeat(17), "|------".repeat(controllers.len()));
        for test in tests {
            let _ = write!(text, "| {test:<15} |");
            for controller in &controllers {
                let row = self.0.iter().find(|r| r.test == test && r.controller == *controller);
                let _ = write!(text, " {:<4} |", row.map_or("–", |row| row.verdict.word()));
            }
            text.push('\n');
        }
        let count = |word| self.0.iter().filter(|row| row.verdict.word() == word).count();
        let _ = writeln!(
            text,
            "{} passed, {} failed, {} skipped",
            count("pass"),
            count("FAIL"),
            count("skip")
        );
        text
    }

    fn details(&self) -> String {
        let mut text =
            String::from("\n| controller | test | result | detail |\n|---|---|---|---|\n");
        for row in &self.0 {
            let detail = row.verdict.detail().replace('|', "/");
            let word = row.verdict.word();
            let _ = writeln!(text, "| {} | {} | {word} | {detail} |", row.controller, row.test);
        }
        text
    }

    /// Writes matrix.json and matrix.md.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::write(folder.join("matrix.json"), serde_json::to_string_pretty(&self.0)? + "\n")?;
        fs::write(folder.join("matrix.md"), self.table() + &self.details())?;
        Ok(())
    }
}
