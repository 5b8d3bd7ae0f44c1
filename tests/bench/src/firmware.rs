//! Firmware to run, built when it is asked for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

use crate::cpu::Image;

/// The target of every Cortex-M4F.
const TARGET: &str = "thumbv7em-none-eabihf";

/// One build at a time: what is built with other features writes to the same file.
static BUILDS: Mutex<()> = Mutex::new(());

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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Firmware {
    /// Folder of the workspace, from the root of the repository.
    pub workspace: String,
    /// Cargo package.
    pub package: String,
    /// Name of the binary.
    pub binary: String,
    /// Cargo features.
    pub features: Vec<String>,
    /// Cargo profile.
    pub profile: &'static str,
}

impl Firmware {
    /// Of the peers' firmware, with this application.
    pub fn peer(package: &str, app: App) -> Self {
        let features = match app {
            App::Echo => Vec::new(),
            App::Source | App::Sink => vec![app.name().to_owned()],
        };
        Self {
            workspace: "tests/firmware".to_owned(),
            package: package.to_owned(),
            binary: package.to_owned(),
            features,
            profile: "opt-z",
        }
    }

    /// An example for the board of a chip, [`Chip::EXAMPLES`](crate::soc::Chip::EXAMPLES): `echo`,
    /// `bridge`, `suspend` and others. An echo on somebody else's driver takes a feature of its name.
    pub fn example(board: &str, name: &str) -> Self {
        let binary = if name == "bridge" { "usb-serial-bridge" } else { name };
        let workspace = format!("examples/{board}");
        let driver = binary.strip_prefix("echo-").filter(|driver| has_feature(&workspace, driver));
        Self {
            workspace,
            package: board.to_owned(),
            binary: binary.to_owned(),
            features: driver.map(str::to_owned).into_iter().collect(),
            profile: "release",
        }
    }

    /// The examples for the board of a chip, by name.
    ///
    /// # Errors
    /// When their folder is not in the checkout.
    pub fn examples(board: &str) -> Result<Vec<String>> {
        let folder = root().join("examples").join(board).join("src/bin");
        let files = std::fs::read_dir(&folder)
            .with_context(|| format!("{} is not in the checkout", folder.display()))?;
        let stem = |file: std::fs::DirEntry| Some(file.path().file_stem()?.to_str()?.to_owned());
        let mut names: Vec<String> = files.filter_map(|file| stem(file.ok()?)).collect();
        names.sort();
        Ok(names)
    }

    /// Whether its source is there.
    pub fn exists(&self) -> bool {
        root().join(&self.workspace).join("Cargo.toml").is_file()
    }

    /// Builds it; the ELF file.
    ///
    /// # Errors
    /// When there is no such firmware, or it does not build.
    pub fn build(&self) -> Result<PathBuf> {
        let folder = root().join(&self.workspace);
        if !self.exists() {
            bail!("there is no {}: this firmware is not in the checkout", self.workspace);
        }
        let target = folder.join("target");
        let mut cargo = Command::new("cargo");
        // Its own settings count, not those of the process that runs us.
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            cargo.env_remove(variable);
        }
        cargo.current_dir(&folder).env("CARGO_TARGET_DIR", &target);
        cargo.args(["build", "--locked", "--quiet", "--target", TARGET]);
        cargo.args(["--package", &self.package, "--bin", &self.binary]);
        cargo.args(["--profile", self.profile, "--features", &self.features.join(",")]);
        let _alone = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
        let output = cargo.stdin(Stdio::null()).output().context("cargo cannot be run")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            // What rustc says of a target without libraries.
            let hint = match said.contains("may not be installed") {
                true => format!(": rustup target add {TARGET}"),
                false => format!(", of {}", self.workspace),
            };
            bail!("{} does not build{hint}\n{said}", self.binary);
        }
        self.keep(&target)
    }

    /// Copies what was built to a name of its own: builds with other features write to the same.
    fn keep(&self, target: &Path) -> Result<PathBuf> {
        let built = target.join(TARGET).join(self.profile).join(&self.binary);
        let name = [&[self.binary.clone()][..], &self.features].concat().join("-");
        let folder = target.join("elf").join(self.profile);
        std::fs::create_dir_all(&folder)?;
        let elf = folder.join(name);
        // Another process may read the copy: it must never be half there.
        let draft = folder.join(format!("{}.{}", self.binary, std::process::id()));
        std::fs::copy(&built, &draft).with_context(|| format!("{} is missing", built.display()))?;
        std::fs::rename(&draft, &elf)?;
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

/// Whether the package of a folder has this feature.
fn has_feature(folder: &str, feature: &str) -> bool {
    let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml"));
    let line = format!("{feature} = [");
    manifest.is_ok_and(|text| text.lines().any(|l| l.starts_with(&line)))
}

/// The root of the repository.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}
