//! What a step may need beside the Rust toolchain, and how it is installed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::command::{capture, cargo, cargo_of, last_line, require, succeeds};

/// What the workspace depends on.
pub const CRATES: Part = Part::Crates("Cargo.toml");
/// `cargo fmt`.
pub const RUSTFMT: Part = Part::Component { subcommand: "fmt", component: "rustfmt" };
/// `cargo clippy`.
pub const CLIPPY: Part = Part::Component { subcommand: "clippy", component: "clippy" };

/// Toolchain for Miri and the fuzzer.
pub const NIGHTLY: &str = "nightly";

/// Something that has to be on the machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// Every crate that the lock file beside this manifest names, downloaded.
    Crates(&'static str),
    /// A component of the toolchain in use, by the name of its cargo subcommand and rustup's.
    Component {
        /// `cargo SUBCOMMAND`.
        subcommand: &'static str,
        /// As rustup calls it.
        component: &'static str,
    },
    /// The component with `llvm-cov` and its like, which no subcommand of cargo tells of.
    LlvmTools,
    /// The standard library of a target, for the toolchain in use.
    Target(&'static str),
    /// Another toolchain.
    Toolchain(String),
    /// Miri and its standard library, on the nightly toolchain.
    Miri,
    /// A cargo subcommand that is a crate of the name `cargo-…`.
    Subcommand(&'static str),
    /// The same, of one version and no other.
    Pinned {
        /// `cargo SUBCOMMAND`.
        subcommand: &'static str,
        /// As it says itself.
        version: &'static str,
    },
    /// A component of the nightly toolchain.
    NightlyComponent(&'static str),
    /// A program, and the Debian package that has it.
    Program {
        /// Its name in `PATH`.
        program: &'static str,
        /// The Debian package.
        package: &'static str,
    },
    /// The library of Clang that bindings to C are generated with.
    Clang,
    /// A git work tree, not merely an archive of one.
    WorkTree,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crates(manifest) => write!(f, "what {manifest} depends on"),
            Self::Component { component, .. } => write!(f, "the Rust component {component}"),
            Self::LlvmTools => write!(f, "the Rust component llvm-tools"),
            Self::Target(target) => write!(f, "the Rust target {target}"),
            Self::Toolchain(toolchain) => write!(f, "the Rust toolchain {toolchain}"),
            Self::Miri => write!(f, "Miri on the {NIGHTLY} toolchain"),
            Self::Subcommand(name) => write!(f, "cargo-{name}"),
            Self::Pinned { subcommand, version } => write!(f, "cargo-{subcommand} {version}"),
            Self::NightlyComponent(name) => write!(f, "{name} of the {NIGHTLY} toolchain"),
            Self::Program { program, .. } => write!(f, "the program {program}"),
            Self::Clang => write!(f, "the library libclang"),
            Self::WorkTree => write!(f, "a git work tree"),
        }
    }
}

/// A part that is not there and could not be installed.
pub struct Missing {
    /// The part.
    pub part: Part,
    /// What went wrong, in a line.
    pub reason: String,
    /// What to do about it.
    pub advice: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, reason, advice } = self;
        write!(f, "{part} is missing ({reason}); to get it: {advice}")
    }
}

impl Part {
    /// Makes sure that the part is there. `installing` is called before it is installed.
    pub fn obtain(&self, root: &Path, installing: impl FnOnce()) -> Result<(), Missing> {
        if self.is_present(root) {
            return Ok(());
        }
        installing();
        let installed = match self.install(root) {
            Ok(()) if self.is_present(root) => return Ok(()),
            Ok(()) => Err("it was installed, but does not work".to_owned()),
            Err(output) => Err(last_line(&output)),
        };
        installed.map_err(|reason| Missing { part: self.clone(), reason, advice: self.advice() })
    }

    fn is_present(&self, root: &Path) -> bool {
        match self {
            Self::Crates(manifest) => match capture(fetch(root, manifest, &["--offline"])) {
                // A lock file that is out of date is not a missing part: every step will say so.
                Ok((status, output)) => status.success() || output.contains("--locked"),
                Err(_) => false,
            },
            Self::Component { subcommand, .. } => {
                succeeds(with(cargo(), &[subcommand, "--version"]))
            }
            Self::LlvmTools => llvm_tool("llvm-cov").is_some_and(|tool| tool.is_file()),
            Self::Target(target) => has_target(target),
            Self::Toolchain(toolchain) => succeeds(with(cargo_of(toolchain), &["--version"])),
            Self::Miri => {
                succeeds(with(cargo_of(NIGHTLY), &["miri", "--version"])) && miri_setup().is_ok()
            }
            Self::Subcommand(name) => succeeds(with(cargo(), &[name, "--version"])),
            Self::Pinned { subcommand, version } => has_version(subcommand, version),
            Self::NightlyComponent(name) => has_nightly_component(name),
            Self::Program { program, .. } => is_in_path(program),
            Self::Clang => has_clang(),
            Self::WorkTree => succeeds(git(root, &["rev-parse", "HEAD"])),
        }
    }

    fn install(&self, root: &Path) -> Result<(), String> {
        match self {
            Self::Crates(manifest) => require(fetch(root, manifest, &[])),
            Self::Component { component, .. } => rustup(&["component", "add", component]),
            Self::LlvmTools => rustup(&["component", "add", "llvm-tools"]),
            Self::Target(target) => rustup(&["target", "add", target]),
            Self::Toolchain(toolchain) => install_toolchain(toolchain, &[]),
            Self::Miri => {
                install_toolchain(NIGHTLY, &["--component", "miri,rust-src"])?;
                miri_setup()
            }
            Self::Subcommand(name) => {
                require(with(cargo(), &["install", "--locked", &format!("cargo-{name}")]))
            }
            Self::Pinned { subcommand, version } => {
                let package = format!("cargo-{subcommand}@{version}");
                require(with(cargo(), &["install", "--locked", &package]))
            }
            Self::NightlyComponent(name) => install_toolchain(NIGHTLY, &["--component", name]),
            Self::Program { package, .. } => install_package(package),
            Self::Clang => install_package("libclang-dev"),
            Self::WorkTree => Err("this is no clone of the repository".to_owned()),
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::Crates(_) => "connect to the network, once".to_owned(),
            Self::Component { component, .. } => format!("rustup component add {component}"),
            Self::LlvmTools => "rustup component add llvm-tools".to_owned(),
            Self::Target(target) => format!("rustup target add {target}"),
            Self::Toolchain(toolchain) => {
                format!("rustup toolchain install {toolchain} --profile minimal")
            }
            Self::Miri => format!(
                "rustup toolchain install {NIGHTLY} --profile minimal --component miri,rust-src"
            ),
            Self::Subcommand(name) => format!("cargo install --locked cargo-{name}"),
            Self::Pinned { subcommand, version } => {
                format!("cargo install --locked cargo-{subcommand}@{version}")
            }
            Self::NightlyComponent(name) => {
                format!("rustup toolchain install {NIGHTLY} --profile minimal --component {name}")
            }
            Self::Program { package, .. } => format!("install the Debian package {package}"),
            Self::Clang => "install the Debian package libclang-dev".to_owned(),
            Self::WorkTree => "git clone the repository".to_owned(),
        }
    }
}

/// `git` in the work tree, also when somebody else owns it.
pub fn git(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.current_dir(root).args(["-c", "safe.directory=*"]).args(arguments);
    command
}

fn with(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments);
    command
}

fn fetch(root: &Path, manifest: &str, arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.current_dir(root).args(["fetch", "--locked", "--manifest-path", manifest]);
    command.args(arguments);
    command
}

fn miri_setup() -> Result<(), String> {
    require(with(cargo_of(NIGHTLY), &["miri", "setup"]))
}

fn has_target(target: &str) -> bool {
    target_folder(&["--target", target]).is_some_and(|folder| folder.is_dir())
}

/// Where the toolchain in use has the libraries of a target, or would have them.
fn target_folder(target: &[&str]) -> Option<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir"]).args(target);
    let (status, output) = capture(rustc).ok()?;
    status.success().then(|| PathBuf::from(output.trim()))
}

/// Where a program of the component `llvm-tools` is, or would be: in no PATH.
pub fn llvm_tool(name: &str) -> Option<PathBuf> {
    Some(target_folder(&[])?.with_file_name("bin").join(name))
}

/// Where Debian and others put it, or where the variable of bindgen says.
fn has_clang() -> bool {
    let is_it = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("libclang.so") || name.starts_with("libclang-") && name.contains(".so")
    };
    let holds = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| is_it(&entry.path()))
    };
    let versions = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|entry| entry.path().join("lib")).collect();
    folders.extend(["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu"].map(Into::into));
    folders.push(std::env::var_os("LIBCLANG_PATH").unwrap_or_default().into());
    folders.iter().any(|folder| holds(folder))
}

/// Whether a subcommand says that it is of this version.
fn has_version(subcommand: &str, version: &str) -> bool {
    capture(with(cargo(), &[subcommand, "--version"])).is_ok_and(|(status, output)| {
        status.success() && output.split_whitespace().any(|word| word == version)
    })
}

fn has_nightly_component(name: &str) -> bool {
    let arguments = ["component", "list", "--installed", "--toolchain", NIGHTLY];
    let Ok((status, output)) = capture(with(Command::new("rustup"), &arguments)) else {
        return false;
    };
    status.success() && output.lines().any(|line| line.starts_with(name))
}

fn is_in_path(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn rustup(arguments: &[&str]) -> Result<(), String> {
    if !is_in_path("rustup") {
        return Err("there is no rustup: see https://rustup.rs".to_owned());
    }
    require(with(Command::new("rustup"), arguments))
}

fn install_toolchain(toolchain: &str, options: &[&str]) -> Result<(), String> {
    let arguments = ["toolchain", "install", toolchain, "--profile", "minimal", "--no-self-update"];
    rustup(&[&arguments, options].concat())
}

fn install_package(package: &str) -> Result<(), String> {
    if !is_in_path("apt-get") {
        return Err("there is no apt-get".to_owned());
    }
    let (_, user) =
        capture(with(Command::new("id"), &["-u"])).map_err(|error| error.to_string())?;
    if user.trim() != "0" {
        return Err("only root can install packages".to_owned());
    }
    require(apt_get(&["update"]))?;
    require(apt_get(&["install", "--yes", "--no-install-recommends", package]))
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = with(Command::new("apt-get"), arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
