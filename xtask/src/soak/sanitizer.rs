//! ThreadSanitizer on the tests with real threads.

use crate::figures;
use crate::test::command::cargo_of;
use crate::test::part::{CRATES, NIGHTLY, Part};
use crate::test::plan;
use crate::test::step::{Outcome, Step, Verdict};
use crate::test::workspace::Workspace;

/// Sanitizers are for named targets only.
const TARGET: &str = "x86_64-unknown-linux-gnu";

const FLAGS: &str = "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer";

/// It sees no fences, so the loads before them have to be told, in the crate that has them.
const FENCES: &str = r#"profile.dev.package.usbd-acm-class.rustflags = ["--cfg=thread_sanitizer"]"#;

/// The module of tests/doorbell whose tests have threads; the others would count for nothing.
const TESTS: &str = "threads::";

/// Both halves of a port on threads of their own, with the standard library instrumented, too.
pub fn threads() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo_of(NIGHTLY);
        command.args(["test", "--locked", "-Zbuild-std", "--target", TARGET]);
        command.args(["-Zprofile-rustflags", "--config", FENCES]);
        command.args(["--target-dir", "target/thread-sanitizer"]);
        command.args(["-p", "usbd-acm-tests", "--test", "doorbell", "--", TESTS]);
        command.env("RUSTFLAGS", FLAGS);
        noted(workspace, plan::run([command], workspace).tests())
    };
    Step::new("thread-sanitizer", "no data race between application and interrupt", check)
        .needs(Part::NightlyComponent("rust-src"))
        .needs(CRATES)
        .apart()
}

/// Leaves the number of tests for the scorecard.
fn noted(workspace: &Workspace, outcome: Outcome) -> Outcome {
    let tests = match (&outcome.verdict, outcome.tests) {
        (Verdict::Passed, Some(count)) => count.passed as u64,
        _ => return outcome,
    };
    match figures::write(&workspace.root, "thread-sanitizer", &[("tests", tests)]) {
        Ok(()) => outcome,
        Err(error) => Outcome::of(Err(format!("{error:#}"))),
    }
}
