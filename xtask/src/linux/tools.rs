//! Programs that must be installed, and installing them where we may.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Something that is not there and that we may not or cannot get.
#[derive(Debug)]
pub struct Missing(pub String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// The programs, found.
pub struct Tools {
    pub qemu: PathBuf,
    pub busybox: PathBuf,
}

/// A program and the Debian package that has it.
const PROGRAMS: [(&str, &str); 4] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("xz", "xz-utils"),
    ("dpkg-deb", "dpkg"),
];

/// Finds the programs; installs what is missing when we are root on a Debian.
pub fn find() -> Result<Tools> {
    let missing = missing_packages();
    if !missing.is_empty() {
        install(&missing)?;
    }
    let still = missing_packages();
    if !still.is_empty() {
        return Err(Missing(format!("apt-get installed nothing that has {still:?}")).into());
    }
    let found = |program| in_path(program).context("a program went away");
    Ok(Tools { qemu: found("qemu-system-x86_64")?, busybox: found("busybox")? })
}

fn missing_packages() -> Vec<&'static str> {
    let is_missing = |&&(program, _): &&(&str, &str)| match in_path(program) {
        None => true,
        Some(path) => program == "busybox" && !is_static(&path),
    };
    PROGRAMS.iter().filter(is_missing).map(|&(_, package)| package).collect()
}

fn install(packages: &[&str]) -> Result<()> {
    let command = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !is_root() || in_path("apt-get").is_none() {
        return Err(Missing(format!("as root, run `{command}`, or the like of your system")).into());
    }
    eprintln!("installing: {command}");
    let install = |packages: &[&str]| {
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "-y", "install", "--no-install-recommends"])
            .args(packages)
            .stdout(std::process::Stdio::null())
            .status()
    };
    if install(packages)?.success() || (update() && install(packages)?.success()) {
        return Ok(());
    }
    Err(Missing(format!("`{command}` failed: is there a network?")).into())
}

/// Renews the package lists. Whether that worked.
pub fn update() -> bool {
    is_root() && Command::new("apt-get").args(["-qq", "update"]).status().is_ok_and(|s| s.success())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Where a program lies; /sbin and the like count, as they are not in every user's PATH.
pub fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/bin", "/usr/bin", "/usr/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A dynamic program names its loader near the start of the file.
fn is_static(program: &Path) -> bool {
    let bytes = std::fs::read(program).unwrap_or_default();
    let head = bytes.get(..4096).unwrap_or(&bytes);
    !head.windows(3).any(|window| window == b"/ld")
}
