//! `cargo xtask run`: a firmware in an emulated chip. The emulator is a program of its own, which
//! this command builds and starts.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::bench::program;
use crate::linux::{self, Capture};

/// A chip, and with it the board of the examples.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Chip {
    /// Nordic nRF52840
    Nrf52840,
    /// ST STM32F405
    Stm32f405,
    /// ST STM32F411, which has nothing that the STM32F405 lacks: that one, with the crystal of the black pill
    Stm32f411,
    /// ST STM32H743
    Stm32h743,
}

impl Chip {
    const fn name(self) -> &'static str {
        match self {
            Chip::Nrf52840 => "nrf52840",
            Chip::Stm32f405 => "stm32f405",
            Chip::Stm32f411 => "stm32f411",
            Chip::Stm32h743 => "stm32h743",
        }
    }
}

#[derive(Args)]
pub struct Options {
    /// The chip
    #[arg(value_enum)]
    chip: Chip,
    /// Example to build and run: echo, bridge, suspend, or what else the board's folder has
    #[arg(long, default_value = "echo")]
    app: String,
    /// Features of the example, which some need
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
    /// Another firmware instead: an ELF file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["app", "features"])]
    elf: Option<PathBuf>,
    /// Offer the port as a pseudo-terminal to screen, picocom or pyserial, until Ctrl-C
    #[arg(long, conflicts_with_all = ["usbredir", "linux"])]
    pty: bool,
    /// A symbolic link to the pseudo-terminal, so that its name is known beforehand
    #[arg(long, value_name = "PATH", requires = "pty")]
    link: Option<PathBuf>,
    /// Offer the device to QEMU: a path for a Unix socket, or HOST:PORT
    #[arg(long, value_name = "SOCKET", conflicts_with = "linux")]
    usbredir: Option<String>,
    /// Test it against a real Linux kernel: the firmware has to echo
    #[arg(long)]
    linux: bool,
    /// With --linux: only this test; a name that there is not lists them
    #[arg(long, requires = "linux")]
    test: Vec<String>,
    /// With --linux: print what guest and device say, and the guest's console
    #[arg(long, requires = "linux")]
    console: bool,
    /// Write what crosses the wire to this file, for Wireshark; with --linux that of the last boot. With
    /// --usbredir QEMU can: -device usb-redir,…,pcap=FILE
    #[arg(long, value_name = "FILE", conflicts_with = "usbredir")]
    pcap: Option<PathBuf>,
    /// Say nothing of control transfers
    #[arg(long, short, conflicts_with_all = ["usbredir", "linux"])]
    quiet: bool,
    /// List the functions that took most instructions at the end
    #[arg(long, conflicts_with = "linux")]
    profile: bool,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    if options.linux {
        let device = |program| linux::Device::Firmware { program, arguments: firmware(options) };
        return linux::run_firmware(
            || Ok(device(program::build()?)),
            &options.test,
            options.console,
            options.pcap.clone().map_or(Capture::Off, Capture::File),
        );
    }
    let mut command = Command::new(program::build()?);
    command.arg("run").args(firmware(options));
    if options.pty {
        command.arg("--pty");
    }
    if let Some(socket) = &options.usbredir {
        command.arg("--usbredir").arg(socket);
    }
    for (name, path) in [("--link", &options.link), ("--pcap", &options.pcap)] {
        if let Some(path) = path {
            command.arg(name).arg(path);
        }
    }
    let flags = [(options.quiet, "--quiet"), (options.profile, "--profile")];
    command.args(flags.into_iter().filter(|(is_on, _)| *is_on).map(|(_, flag)| flag));
    // In place of this process, so that a signal reaches it, whoever it was sent to, and its exit code counts.
    Err(command.exec()).context("the emulator does not start")
}

/// Which firmware on which chip.
fn firmware(options: &Options) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![options.chip.name().into()];
    match &options.elf {
        Some(elf) => arguments.extend(["--elf".into(), elf.into()]),
        None => arguments.extend(["--app".into(), options.app.clone().into()]),
    }
    for feature in &options.features {
        arguments.extend(["--features".into(), feature.into()]);
    }
    arguments
}
