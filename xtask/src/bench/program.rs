//! The program of tests/bench: a workspace of its own, because of the emulator in it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::chip::Chip;
use crate::size::root;
use crate::test::part::{Missing, Part};

/// Its manifest.
pub const MANIFEST: &str = "tests/bench/Cargo.toml";

/// What it is built from, and what the firmware that it runs is.
pub fn parts() -> Vec<Part> {
    let mut parts = vec![
        Part::Program { program: "cmake", package: "cmake" },
        Part::Program { program: "cc", package: "gcc" },
        Part::Program { program: "make", package: "make" },
        Part::Clang,
        Part::Target("thumbv7em-none-eabihf"),
        Part::Crates(MANIFEST),
        Part::Crates("tests/firmware/Cargo.toml"),
    ];
    parts.extend(Chip::value_variants().iter().map(|chip| Part::Crates(chip.examples())));
    parts
}

/// Obtains every part.
///
/// # Errors
/// [`Missing`], for the first that is not to be had.
pub fn obtain_parts() -> Result<(), Missing> {
    let root = root();
    parts().iter().try_for_each(|part| part.obtain(root, || eprintln!("installing {part}")))
}

/// Builds it. Where it is.
pub fn build() -> Result<PathBuf> {
    if let Err(missing) = obtain_parts() {
        bail!("{missing}");
    }
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root()).args(["build", "--locked", "--quiet", "--manifest-path", MANIFEST]);
    cargo.env_remove("CARGO_TARGET_DIR").stdin(Stdio::null());
    eprintln!("building the emulator of {MANIFEST}: a minute, the first time");
    let status = cargo.status().context("cargo cannot be run")?;
    if !status.success() {
        bail!("{MANIFEST} does not build: see above");
    }
    Ok(root().join("tests/bench/target/debug/usbd-acm-bench"))
}
