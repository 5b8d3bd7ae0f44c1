//! Firmware to run, built when it is asked for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cpu::Image;

/// The target of every Cortex-M4F.
const TARGET: &str = "thumbv7em-none-eabihf";

/// What a firmware does with its serial port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum App {
    /// Sends back what comes.
    Echo,
    /// Sends as fast as it can.
    Source,
    /// Takes everything.
    Sink,
}

impl App {
    /// Name of it, and of the Cargo feature where there is one.
    pub const fn name(self) -> &'static str {
        match self {
            App::Echo => "echo",
            App::Source => "source",
            App::Sink => "sink",
        }
    }
}

/// A firmware crate and how it is built.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// Folder of the workspace, from the root of the repository.
    pub workspace: &'static str,
    /// Cargo package, and name of the binary.
    pub package: &'static str,
    /// Cargo features.
    pub features: Vec<String>,
    /// Cargo profile.
    pub profile: &'static str,
}

impl Firmware {
    /// Of the peers' firmware, with this application.
    pub fn peer(package: &'static str, app: App) -> Self {
        let features = match app {
            App::Echo => Vec::new(),
            App::Source | App::Sink => vec![app.name().to_owned()],
        };
        Self { workspace: "tests/firmware", package, features, profile: "opt-z" }
    }

    /// Whether its source is there.
    pub fn exists(&self) -> bool {
        root().join(self.workspace).join("Cargo.toml").is_file()
    }

    /// Builds it; the ELF file.
    ///
    /// # Errors
    /// When there is no such firmware, or it does not build.
    pub fn build(&self) -> Result<PathBuf> {
        let folder = root().join(self.workspace);
        // A folder for each set of features: one build does not overwrite the other.
        let name = [&[self.package.to_owned()][..], &self.features].concat().join("-");
        let target = folder.join("target").join(name);
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(&folder)
            .env_remove("RUSTFLAGS")
            .env("CARGO_TARGET_DIR", folder.join("target"));
        cargo.args(["build", "--locked", "--quiet", "--target", TARGET]);
        cargo.args(["--package", self.package, "--profile", self.profile]);
        cargo.args(["--features", &self.features.join(",")]);
        let output = cargo.stdin(Stdio::null()).output().context("cargo cannot be run")?;
        if !output.status.success() {
            bail!(
                "{} does not build; `rustup target add {TARGET}` if that is what is missing:\n{}",
                self.package,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let built = folder.join("target").join(TARGET).join(self.profile).join(self.package);
        std::fs::create_dir_all(&target)?;
        let elf = target.join(self.profile);
        std::fs::copy(&built, &elf).with_context(|| format!("{} is missing", built.display()))?;
        Ok(elf)
    }

    /// Builds and reads it.
    ///
    /// # Errors
    /// Those of [`build`](Self::build) and of [`Image::load`].
    pub fn image(&self) -> Result<Image> {
        Image::load(&self.build()?)
    }
}

/// The root of the repository.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}
