//! Tests that take a slice of what there is, with all of it: built with optimization, and with a bar
//! that tells how far they are.

use crate::bench::program;
use crate::test::command::{Transcript, cargo};
use crate::test::part::CRATES;
use crate::test::plan;
use crate::test::step::Step;
use crate::test::workspace::Workspace;

/// Every bmRequestType, bRequest and wValue, or every so many-th wValue.
pub fn sweep(apart: u16) -> Step {
    let about = match apart {
        0 | 1 => "each of the 2^32 bmRequestType, bRequest and wValue".to_owned(),
        _ => format!("every {apart}th of the 2^32 bmRequestType, bRequest and wValue"),
    };
    let apart = apart.max(1).to_string();
    alone("sweep", &about, ["exhaustive", "sweep"], ("SWEEP_APART", apart))
}

/// Both ways at full rate, with an application of any speed.
pub fn load(hours: u32) -> Step {
    let about = format!("{hours} simulated hours of load, every byte checked, no memory kept");
    alone("load", &about, ["load", "a_long_time"], ("LOAD_SECONDS", (hours * 3600).to_string()))
}

/// Firmware in emulated chips: each fault at each packet, brown-outs, and enumerations in a row.
pub fn endurance() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo();
        command.args(["test", "--locked", "--manifest-path", program::MANIFEST, "endurance"]);
        command.args(["--", "--nocapture"]).env("SOAK", "1");
        plan::run([command], workspace).tests()
    };
    let about = "every fault on firmware in emulated chips, and 10 000 enumerations";
    let step = Step::new("endurance", about, check);
    program::parts().into_iter().fold(step, Step::needs)
}

/// The tests of a target whose names contain this, one after the other.
fn alone(
    name: &str,
    about: &str,
    tests: [&'static str; 2],
    variable: (&'static str, String),
) -> Step {
    let [target, filter] = tests;
    let check = move |workspace: &Workspace| {
        let mut command = cargo();
        command.current_dir(&workspace.root).args(["test", "--locked", "--release", "--quiet"]);
        command.args(["-p", "usbd-acm-tests", "--test", target, "--", filter]);
        command.args(["--nocapture", "--test-threads", "1"]).env(variable.0, &variable.1);
        let mut transcript = Transcript::default();
        transcript.run_shown(command);
        transcript.tests()
    };
    Step::new(name, about, check).needs(CRATES).showing_progress()
}
