//! A board: its applications, what they may take, and how they are built.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::image::Image;
use crate::size::root;

/// A folder of examples/.
pub struct Board {
    pub name: String,
    target: String,
    pub apps: Vec<App>,
}

/// An application, and the bytes it may take.
pub struct App {
    pub name: String,
    /// Cargo features that it needs, with commas.
    features: String,
    pub flash: u64,
    pub ram: u64,
    /// Whether the image may depend on the folder it is built in.
    pub varies: bool,
}

/// budget.toml.
#[derive(Deserialize)]
struct Budget {
    /// Rust target of the board.
    target: String,
    app: BTreeMap<String, Limits>,
}

#[derive(Deserialize)]
struct Limits {
    flash: u64,
    ram: u64,
    #[serde(default)]
    features: String,
    #[serde(default)]
    varies: bool,
}

impl Board {
    /// Every board there is.
    pub fn all() -> Result<Vec<Self>> {
        let folder = root().join("examples");
        let mut boards = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let budget = entry?.path().join("budget.toml");
            if budget.is_file() {
                boards.push(Self::read(&budget)?);
            }
        }
        boards.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(boards)
    }

    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        let budget: Budget =
            toml::from_str(&text).with_context(|| format!("{}", path.display()))?;
        let app = |(name, Limits { flash, ram, features, varies })| App {
            name,
            features,
            flash,
            ram,
            varies,
        };
        let folder = path.parent().and_then(Path::file_name).context("no folder")?;
        Ok(Self {
            name: folder.to_string_lossy().into_owned(),
            target: budget.target,
            apps: budget.app.into_iter().map(app).collect(),
        })
    }

    /// Builds every application in the repository that begins at `root`.
    pub fn build(&self, root: &Path) -> Result<Vec<Image>> {
        let built = self.folder(root).join("target").join(&self.target).join("release");
        let build = |app: &App| {
            self.cargo(root, &["build", "--bin", &app.name, "--features", &app.features])?;
            Image::read(&built.join(&app.name))
        };
        self.apps.iter().map(build).collect()
    }

    /// Builds an application; its ELF file.
    pub fn elf(&self, app: &str) -> Result<Vec<u8>> {
        let app =
            self.apps.iter().find(|other| other.name == app).context("no such application")?;
        self.cargo(root(), &["build", "--bin", &app.name, "--features", &app.features])?;
        let folder = self.folder(root()).join("target").join(&self.target);
        let path = folder.join("release").join(&app.name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// No warning of clippy.
    pub fn lint(&self, root: &Path) -> Result<()> {
        self.cargo(root, &["clippy", "--bins", "--all-features", "--", "-D", "warnings"])
    }

    fn folder(&self, root: &Path) -> PathBuf {
        root.join("examples").join(&self.name)
    }

    fn cargo(&self, root: &Path, arguments: &[&str]) -> Result<()> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The flags of the board's own configuration, and no others, decide what is built.
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        let folder = self.folder(root);
        cargo.current_dir(&folder).env("CARGO_TARGET_DIR", folder.join("target"));
        let (command, rest) = arguments.split_first().context("no command")?;
        cargo.args([command, "--release", "--locked", "--quiet", "--target", &self.target]);
        let output = cargo.args(rest).output().context("cargo cannot be run")?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            bail!("{}: {}\n{text}", self.name, arguments.join(" "));
        }
        Ok(())
    }
}
