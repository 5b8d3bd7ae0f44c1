//! Runs steps: set-up first, then each check, then the table.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use super::part::{Missing, Part};
use super::report::Report;
use super::step::{Outcome, Step, Verdict};
use super::workspace::Workspace;

/// Prints the steps.
pub fn list(plan: &[Step]) {
    for step in plan {
        println!("{:<18} {}", step.name, step.about);
    }
}

/// The steps of these names, or of names that begin with one of them and a hyphen; all if no name
/// is given.
pub fn select(plan: Vec<Step>, names: &[String]) -> Result<Vec<Step>> {
    let named = |step: &Step, name: &String| {
        step.name
            .strip_prefix(name.as_str())
            .is_some_and(|rest| matches!(rest.get(..1), None | Some("-")))
    };
    if let Some(unknown) = names.iter().find(|name| !plan.iter().any(|step| named(step, name))) {
        bail!("there is no step {unknown}: `--list` names them");
    }
    let wanted = |step: &Step| names.is_empty() || names.iter().any(|name| named(step, name));
    Ok(plan.into_iter().filter(wanted).collect())
}

/// Sets up what the steps need, runs them, and prints what came of them.
pub fn run(workspace: &Workspace, plan: Vec<Step>) -> Result<ExitCode> {
    let report = Report::new(&plan);
    let missing = set_up(workspace, &plan, &report);
    let (apart, together): (VecDeque<Step>, VecDeque<Step>) =
        plan.into_iter().partition(|step| step.is_apart);
    let (apart, together) = (Mutex::new(apart), Mutex::new(together));
    let work = |queue: &Mutex<VecDeque<Step>>| {
        while let Some(step) = next(queue) {
            run_one(workspace, step, &missing, &report);
        }
    };
    // What builds in one folder waits for each other anyway; the rest fills the other processor.
    thread::scope(|scope| {
        scope.spawn(|| work(&apart));
        work(&together);
        work(&apart);
    });
    Ok(report.close())
}

fn next(queue: &Mutex<VecDeque<Step>>) -> Option<Step> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

fn run_one(workspace: &Workspace, step: Step, missing: &[Missing], report: &Report) {
    report.begin(&step);
    let begin = Instant::now();
    let lacks = missing.iter().find(|missing| step.needs.contains(&missing.part));
    let outcome = match lacks {
        Some(missing) => without(missing),
        None => step.run(workspace),
    };
    report.end(&step, outcome, begin.elapsed());
}

/// Installs the parts that are not there; those that could not be.
fn set_up(workspace: &Workspace, plan: &[Step], report: &Report) -> Vec<Missing> {
    let mut parts: Vec<&Part> = Vec::new();
    for part in plan.iter().flat_map(|step| &step.needs) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let mut missing = Vec::new();
    for part in parts {
        if let Err(absent) =
            part.obtain(&workspace.root, || report.say(&format!("installing {part}")))
        {
            report.say(&format!("MISSING: {absent}"));
            missing.push(absent);
        }
    }
    missing
}

/// A step that lacks a part did not run. In CI, where the part is promised, that is a failure.
fn without(missing: &Missing) -> Outcome {
    if is_ci() {
        let output = format!("{missing}\nWith CI=true a step that cannot run has failed.");
        return Outcome { verdict: Verdict::Failed { output }, tests: None };
    }
    Outcome::skipped(missing.to_string())
}

/// Whether this runs where everything has to be there.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}
