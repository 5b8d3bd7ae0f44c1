//! The firmware crates of tests/size: what there is to build, and building it.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::elf::Firmware;

/// A USB stack under comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stack {
    /// Ours, as a byte stream.
    UsbdAcm,
    /// Ours, without the copy between application and slot.
    InPlace,
    /// usb-device with usbd-serial's byte stream.
    SerialPort,
    /// usb-device with usbd-serial's packets.
    CdcAcmClass,
    /// embassy-usb with its packets.
    Embassy,
    /// embassy-usb with our class, as a byte stream.
    EmbassyAcm,
    /// usb-device with our class, as a byte stream.
    AcmClass,
    /// Ours, as a byte stream, on a driver of usb-device.
    FromUsbBus,
}

impl Stack {
    pub const ALL: [Self; 8] = [
        Self::UsbdAcm,
        Self::InPlace,
        Self::SerialPort,
        Self::CdcAcmClass,
        Self::Embassy,
        Self::EmbassyAcm,
        Self::AcmClass,
        Self::FromUsbBus,
    ];

    pub const PEERS: [Self; 3] = [Self::SerialPort, Self::CdcAcmClass, Self::Embassy];

    /// The crate in tests/size, which names its binary too.
    pub fn package(self) -> &'static str {
        match self {
            Self::UsbdAcm => "usbd-acm-echo",
            Self::InPlace => "usbd-acm-in-place",
            Self::SerialPort => "serial-port",
            Self::CdcAcmClass => "cdc-acm-class",
            Self::Embassy => "embassy",
            Self::EmbassyAcm => "embassy-acm",
            Self::AcmClass => "acm-class",
            Self::FromUsbBus => "from-usb-bus",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::UsbdAcm => "usbd-acm",
            Self::InPlace => "usbd-acm in place",
            Self::SerialPort => "usb-device SerialPort",
            Self::CdcAcmClass => "usb-device CdcAcmClass",
            Self::Embassy => "embassy-usb CdcAcmClass",
            Self::EmbassyAcm => "embassy-usb with our class",
            Self::AcmClass => "usb-device with our class",
            Self::FromUsbBus => "usbd-acm on a usb-device driver",
        }
    }
}

/// The firmware without USB, whose size is subtracted.
const WITHOUT_USB: &str = "no-usb";

/// The first is the one whose instructions are counted.
pub const TARGETS: [&str; 3] =
    ["thumbv7em-none-eabihf", "thumbv6m-none-eabi", "riscv32imac-unknown-none-elf"];

/// An optimisation level: a profile of tests/size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    Z,
    S,
    Three,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Z => "z",
            Self::S => "s",
            Self::Three => "3",
        }
    }

    fn profile(self) -> String {
        format!("opt-{}", self.name())
    }
}

/// What a firmware is built for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// An echo, to be weighed.
    Size,
    /// With the modes of the emulator.
    Count,
    /// The whole public interface in use.
    Whole,
    /// The same, where a panic that can be reached is a link error.
    PanicFree,
    /// An echo with one feature or another.
    Features,
    /// Each entry point of the public interface as a function of its own.
    Entries,
}

impl Purpose {
    fn folder(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Count => "count",
            Self::Whole => "whole",
            Self::PanicFree => "panic-free",
            Self::Features => "features",
            Self::Entries => "entries",
        }
    }

    fn feature(self) -> Option<&'static str> {
        match self {
            Self::Size | Self::Features => None,
            Self::Count => Some("modes"),
            Self::Whole => Some("whole"),
            Self::PanicFree => Some("panic-free"),
            Self::Entries => Some("entries"),
        }
    }
}

/// How firmware is built.
#[derive(Clone, Copy)]
pub struct Build {
    pub target: &'static str,
    pub level: Level,
    pub purpose: Purpose,
}

impl Build {
    /// Builds the firmware of a stack.
    pub fn firmware(&self, stack: Stack) -> Result<Firmware> {
        self.package(stack.package(), self.purpose.feature())
    }

    /// Builds another firmware, with a feature.
    pub fn variant(&self, package: &str, feature: Option<&str>) -> Result<Firmware> {
        self.package(package, feature)
    }

    /// Builds the firmware without USB.
    pub fn without_usb(&self) -> Result<Firmware> {
        self.package(WITHOUT_USB, self.purpose.feature())
    }

    fn package(&self, package: &str, feature: Option<&str>) -> Result<Firmware> {
        let folder = root().join("target/bench").join(self.purpose.folder());
        let profile = self.level.profile();
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The flags of tests/size/.cargo/config.toml, and no others, decide what is built.
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        // Otherwise `defmt` compiles to nothing but errors, of which we have none.
        cargo.current_dir(root().join("tests/size")).env("DEFMT_LOG", "trace");
        cargo.args(["build", "--quiet", "--package", package, "--profile", &profile]);
        cargo.args(["--target", self.target, "--target-dir"]).arg(&folder);
        if let Some(feature) = feature {
            cargo.args(["--features", feature]);
        }
        let output = cargo.output().context("cannot start cargo")?;
        if !output.status.success() {
            bail!("{}", errors(&String::from_utf8_lossy(&output.stderr)));
        }
        Firmware::read(&folder.join(self.target).join(profile).join(package))
    }
}

/// What a compiler said from its first error on, without the warnings before.
fn errors(output: &str) -> &str {
    let start = if output.starts_with("error") { Some(0) } else { output.find("\nerror") };
    output.get(start.unwrap_or(0)..).unwrap_or(output).trim()
}

/// Adds a target to the toolchain when it is not there.
pub fn install(target: &str) -> Result<()> {
    let rustup = |arguments: &[&str]| {
        let output = Command::new("rustup").args(arguments).current_dir(root()).output();
        output.context("rustup is not installed, and with it the targets cannot be added")
    };
    let listed = rustup(&["target", "list", "--installed"])?;
    if String::from_utf8_lossy(&listed.stdout).lines().any(|line| line == target) {
        return Ok(());
    }
    let added = rustup(&["target", "add", target])?;
    let reason = String::from_utf8_lossy(&added.stderr);
    ensure!(added.status.success(), "`rustup target add {target}` failed: {}", reason.trim());
    Ok(())
}

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
