//! Builds the program that runs inside the guest: static, as the initramfs has no libraries.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::tools::Missing;

const MUSL: &str = "x86_64-unknown-linux-musl";
const GNU: &str = "x86_64-unknown-linux-gnu";

pub fn build(workspace: &Path, folder: &Path) -> Result<PathBuf> {
    let (target, flags) =
        if has_musl() { (MUSL, "") } else { (GNU, "-C target-feature=+crt-static") };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target_folder = folder.join("guest");
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", "usbd-acm-guest", "--target", target])
        .arg("--target-dir")
        .arg(&target_folder)
        .env("RUSTFLAGS", flags)
        .current_dir(workspace)
        .status()
        .context("cargo")?;
    if !status.success() {
        let what = "the guest's program does not build: `rustup target add \
                    x86_64-unknown-linux-musl`, or install a static libc (libc6-dev)";
        return Err(Missing(what.into()).into());
    }
    Ok(target_folder.join(target).join("release/usbd-acm-guest"))
}

fn has_musl() -> bool {
    // Quick when it is installed already; without rustup or network the other target serves.
    Command::new("rustup")
        .args(["-q", "target", "add", MUSL])
        .output()
        .is_ok_and(|o| o.status.success())
}
