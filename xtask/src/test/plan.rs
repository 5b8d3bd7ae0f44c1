//! The steps of `cargo xtask test`, in the order in which they run: what fails soonest is first.

use std::process::Command;

use crate::fuzz;
use crate::mutants;

use super::builds;
use super::command::{Transcript, cargo, cargo_of};
use super::house;
use super::part::{CLIPPY, CRATES, NIGHTLY, Part};
use super::step::{Outcome, Step};
use super::workspace::{Crate, Workspace};
use crate::bench::program;

/// One of each architecture that the stack is meant for; thumbv6m has no read-modify-write atomics.
const TARGETS: [&str; 3] =
    ["thumbv6m-none-eabi", "thumbv7em-none-eabihf", "riscv32imac-unknown-none-elf"];

/// Cases of each property under Miri, which is some hundred times slower.
const MIRI_CASES: &str = "4";

/// The boards, whose firmware has crates of its own.
const BOARDS: [&str; 4] = [
    "examples/nrf52840-dk/Cargo.toml",
    "examples/stm32f405-feather/Cargo.toml",
    "examples/stm32f411-blackpill/Cargo.toml",
    "examples/stm32h743-nucleo/Cargo.toml",
];

/// Whose words stand in tests/wrong-uses.
const COMPILER: &str = "1.95.0";
/// Seconds of each fuzz target: what its seeds are next to. `cargo xtask soak` goes on for hours.
const FUZZ_SECONDS: u32 = 5;

/// Subcommands of this command that are steps of their own. Exit code 77 says that one could not
/// run, and its last line why.
fn subcommands() -> Vec<Step> {
    let size = "flash, RAM and stack are bounded, and no panic can be reached";
    let linux = "a real Linux kernel works with the device, on five host controllers";
    let size = subcommand("size", size, &["size", "--check", "--panic-free", "--stack"])
        .needs(Part::Crates("tests/size/Cargo.toml"));
    let boards = "the boards' firmware is within budget, and the same wherever it is built";
    let boards = subcommand("firmware", boards, &["firmware", "--check", "--reproducible"])
        .needs(Part::Target("thumbv7em-none-eabihf"))
        .needs(CLIPPY)
        .needs(Part::WorkTree);
    let boards = BOARDS.into_iter().fold(boards, |step, board| step.needs(Part::Crates(board)));
    let styles = "the smallest firmware in each style links: main loop, interrupt, RTIC, embassy";
    let demo = "a file goes through the stack and back, unchanged";
    vec![
        subcommand("demo", demo, &["demo", "--quiet"]),
        boards,
        TARGETS.into_iter().fold(size, |step, target| step.needs(Part::Target(target))),
        subcommand("styles", styles, &["styles"])
            .needs(Part::Target(TARGETS[0]))
            .needs(Part::Crates("examples/styles/Cargo.toml")),
        subcommand("linux", linux, &["linux", "--quick"]),
    ]
}

/// Firmware in an emulated chip.
fn emulated() -> Vec<Step> {
    let lint = |workspace: &Workspace| {
        let mut clippy = cargo();
        clippy.args(["clippy", "--locked", "--all-targets", "--manifest-path", program::MANIFEST]);
        clippy.args(["--", "-D", "warnings"]);
        run([clippy], workspace).check()
    };
    let tests = |workspace: &Workspace| {
        let mut command = cargo();
        command.args(["test", "--locked", "--no-fail-fast", "--manifest-path", program::MANIFEST]);
        run([command], workspace).tests()
    };
    let about = "peers' and our firmware in the emulated chip";
    let compare = "our firmware keeps its budget beside the peers', and the README says so";
    let linux = "our firmware in the emulated chip works with a real Linux kernel";
    let steps = [
        Step::new("bench-clippy", "no warning in the emulated chip", lint).needs(CLIPPY),
        Step::new("bench-tests", about, tests),
        subcommand("bench", compare, &["bench", "--check"]),
        subcommand("linux-nrf52840", linux, &["run", "nrf52840", "--linux"]),
        subcommand("linux-stm32f405", linux, &["run", "stm32f405", "--linux"]),
    ];
    let needs = |step| program::parts().into_iter().fold(step, Step::needs);
    steps.into_iter().map(needs).collect()
}

/// Firmware on a model of the Synopsys core that others wrote.
fn second_opinion() -> Step {
    const MANIFEST: &str = "tests/second-opinion/Cargo.toml";
    let check = |workspace: &Workspace| {
        let commands = [
            &[
                "clippy",
                "--locked",
                "--all-targets",
                "--manifest-path",
                MANIFEST,
                "--",
                "-D",
                "warnings",
            ][..],
            &["test", "--locked", "--no-fail-fast", "--manifest-path", MANIFEST],
        ];
        let commands = commands.map(|arguments| {
            let mut command = cargo();
            command.args(arguments);
            command
        });
        run(commands, workspace).tests()
    };
    let about =
        "our firmware and a peer's on a Synopsys core, processor and host that others wrote";
    Step::new("second-opinion", about, check)
        .needs(CLIPPY)
        .needs(Part::Target("thumbv7em-none-eabihf"))
        .needs(Part::Crates(MANIFEST))
        .needs(Part::Crates("tests/firmware/Cargo.toml"))
}

/// Every step.
pub fn steps(workspace: &Workspace) -> Vec<Step> {
    let mut steps = vec![builds::format()];
    steps.extend(house::steps());
    steps.extend(builds::lints(workspace));
    steps.push(builds::documentation());
    steps.push(builds::oldest_rust(workspace));
    steps.extend(TARGETS.map(builds::no_std));
    steps.push(builds::packages());
    steps.push(captures());
    steps.push(tests());
    steps.push(composite());
    steps.push(wrong_uses());
    steps.push(loom());
    steps.push(fuzz_targets());
    steps.push(fuzz::step(FUZZ_SECONDS));
    steps.push(mutants::quick_step());
    steps.extend(miri());
    steps.extend(subcommands());
    steps.extend(emulated());
    steps.push(second_opinion());
    steps
}

/// Without tshark this test says that it skipped; here it has it.
fn captures() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo();
        command.args(["test", "--locked", "-p", "usbd-acm-virtual", "--test", "capture"]);
        run([command], workspace).tests()
    };
    Step::new("captures", "Wireshark reads our captures", check)
        .needs(Part::Program { program: "tshark", package: "tshark" })
        .needs(CRATES)
}

fn tests() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo();
        command.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
        // The same cases every time: a check that fails by chance tells nobody what broke it. New
        // ones are for `cargo xtask soak`.
        command.env("PROPTEST_RNG_SEED", "1");
        run([command], workspace).tests()
    };
    Step::new("test", "unit, integration and documentation tests", check).needs(CRATES)
}

/// With a feature of usb-device that the other tests do without.
fn composite() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo();
        command.args(["test", "--locked", "--manifest-path", "tests/composite/Cargo.toml"]);
        command.args(["--target-dir", "target/composite"]);
        run([command], workspace).tests()
    };
    Step::new("composite", "ports work beside another class of usb-device", check)
        .needs(Part::Crates("tests/composite/Cargo.toml"))
}

/// Programs that must not compile, and why: in the words of one compiler, so with that one.
fn wrong_uses() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo_of(COMPILER);
        command.args(["test", "--locked", "-p", "usbd-acm-wrong-uses", "--", "--ignored"]);
        run([command], workspace).tests()
    };
    Step::new("wrong-uses", "wrong uses of the halves do not compile, for the right reason", check)
        .needs(Part::Toolchain(COMPILER.to_owned()))
        .needs(CRATES)
}

fn loom() -> Step {
    let check = |workspace: &Workspace| run(loom_commands(workspace), workspace).tests();
    Step::new("loom", "every interleaving that the memory model allows", check)
        .needs(CRATES)
        .apart()
}

/// Every integration test whose name says that it is for loom.
pub fn loom_commands(workspace: &Workspace) -> Vec<Command> {
    let of_crate = |c: &Crate| {
        let targets =
            c.package.targets.iter().filter(|t| t.is_test() && t.name.starts_with("loom_"));
        let targets = targets.map(|t| [c.name().to_owned(), t.name.clone()]);
        targets.collect::<Vec<_>>()
    };
    let tests = workspace.crates.iter().flat_map(of_crate);
    let command = |[package, test]: [String; 2]| {
        let mut command = cargo();
        command.args(["test", "--locked", "--release", "-p", &package, "--test", &test]);
        // Other flags build everything anew: not where the rest is built.
        command.args(["--target-dir", "target/loom"]).env("RUSTFLAGS", "--cfg loom");
        command
    };
    tests.map(command).collect()
}

fn fuzz_targets() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo();
        command.args(["clippy", "--locked", "--manifest-path", "fuzz/Cargo.toml"]);
        command.args(["--target-dir", "target/fuzz", "--", "-D", "warnings"]);
        run([command], workspace).check()
    };
    Step::new("fuzz-targets", "the fuzz targets compile", check)
        .needs(CLIPPY)
        .needs(Part::Program { program: "c++", package: "g++" })
        .needs(Part::Crates("fuzz/Cargo.toml"))
}

/// The tests of the `no_std` crates in an interpreter that knows undefined behaviour, under both
/// models of what a reference promises.
fn miri() -> [Step; 2] {
    let models = [("miri", "stacked", ""), ("miri-tree", "tree", " -Zmiri-tree-borrows")];
    models.map(|(name, model, flag)| {
        let check =
            move |workspace: &Workspace| run(miri_commands(workspace, flag), workspace).tests();
        let about = format!("no undefined behaviour in the no_std tests, {model} borrows");
        Step::new(name, about, check).needs(Part::Miri).needs(CRATES).apart()
    })
}

/// The tests of the libraries, and the stack as a whole echoing.
fn miri_commands(workspace: &Workspace, flag: &str) -> [Command; 2] {
    let libraries = workspace.libraries().filter(|c| !c.folder.starts_with("drivers/"));
    let libraries: Vec<&str> = libraries.flat_map(|c| ["-p", c.name()]).collect();
    let echo = ["-p", "usbd-acm-tests", "--test", "readme"];
    // The halves are made from storage that lives for good; proptest looks for its regressions
    // beside the test.
    let flags = format!("-Zmiri-ignore-leaks -Zmiri-disable-isolation{flag}");
    [&libraries[..], &echo].map(|tests| {
        let mut command = cargo_of(NIGHTLY);
        command.args(["miri", "test", "--locked", "--no-fail-fast"]).args(tests);
        command.env("MIRIFLAGS", &flags).env("PROPTEST_CASES", MIRI_CASES);
        command
    })
}

/// A subcommand of this command as a step.
fn subcommand(name: &str, about: &str, arguments: &'static [&str]) -> Step {
    // Now: later this file may have been replaced by a step that builds the workspace.
    let path = std::env::current_exe().map_err(|error| error.to_string());
    let check = move |workspace: &Workspace| match &path {
        Ok(path) => {
            let mut command = Command::new(path);
            command.args(arguments).env("RUST_BACKTRACE", "0");
            run([command], workspace).check_or_skipped()
        }
        Err(error) => Outcome::of(Err(error.clone())),
    };
    Step::new(name, about, check).needs(CRATES)
}

/// Runs commands in the folder of the workspace.
pub fn run(commands: impl IntoIterator<Item = Command>, workspace: &Workspace) -> Transcript {
    let mut transcript = Transcript::default();
    for mut command in commands {
        command.current_dir(&workspace.root);
        transcript.run(command);
    }
    transcript
}
