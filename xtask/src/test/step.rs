//! A step: one check with a name, and what came of it.

use super::count::Count;
use super::part::Part;
use super::workspace::Workspace;

/// What a step does.
pub type Check = Box<dyn Fn(&Workspace) -> Outcome + Send>;

/// One check with a name.
pub struct Step {
    /// As it is asked for by `--only`.
    pub name: String,
    /// What it checks, in a line.
    pub about: String,
    /// What must be there for it to run.
    pub needs: Vec<Part>,
    /// Whether it builds in a folder of its own, and so can run while others do.
    pub is_apart: bool,
    /// Whether it shows itself how far it is.
    pub shows_progress: bool,
    check: Check,
}

impl Step {
    /// A step that needs nothing but the Rust toolchain that built this command.
    pub fn new(
        name: impl Into<String>,
        about: impl Into<String>,
        check: impl Fn(&Workspace) -> Outcome + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            about: about.into(),
            needs: Vec::new(),
            is_apart: false,
            shows_progress: false,
            check: Box::new(check),
        }
    }

    /// The same step, which also needs `part`.
    pub fn needs(mut self, part: Part) -> Self {
        self.needs.push(part);
        self
    }

    /// The same step, which builds in a folder of its own.
    pub fn apart(mut self) -> Self {
        self.is_apart = true;
        self
    }

    /// The same step, which shows itself how far it is.
    pub fn showing_progress(mut self) -> Self {
        self.shows_progress = true;
        self
    }

    /// Runs the check.
    pub fn run(&self, workspace: &Workspace) -> Outcome {
        (self.check)(workspace)
    }
}

/// What came of a step.
pub enum Verdict {
    /// Everything it checks holds.
    Passed,
    /// Something does not hold, as `output` tells.
    Failed { output: String },
    /// It did not run, and `reason` says why.
    Skipped { reason: String },
}

/// What came of a step, and of the tests in it.
pub struct Outcome {
    /// The step as a whole.
    pub verdict: Verdict,
    /// Tests that a test harness counted; `None` for a step that is one check.
    pub tests: Option<Count>,
}

impl Outcome {
    /// A check that holds, or that fails with this text.
    pub fn of(result: Result<(), String>) -> Self {
        let verdict = match result {
            Ok(()) => Verdict::Passed,
            Err(output) => Verdict::Failed { output },
        };
        Self { verdict, tests: None }
    }

    /// A list of offences, which is to be empty.
    pub fn of_offences(offences: &[String]) -> Self {
        Self::of(if offences.is_empty() { Ok(()) } else { Err(offences.join("\n")) })
    }

    /// A check that did not run.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped { reason: reason.into() }, tests: None }
    }

    /// What this adds to the closing line: its tests, or itself where nothing was counted. A step
    /// that failed adds a failure at least.
    pub fn count(&self) -> Count {
        let mut count = self.tests.unwrap_or_default();
        match &self.verdict {
            Verdict::Passed if count.is_zero() => count.passed = 1,
            Verdict::Failed { .. } => count.failed = count.failed.max(1),
            Verdict::Skipped { .. } => count.skipped = count.skipped.max(1),
            Verdict::Passed => {}
        }
        count
    }
}
