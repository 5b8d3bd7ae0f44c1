//! `cargo xtask demo`: the device stack without a board, moving a real file.

mod board;
mod conversation;
mod figures;
mod file;
mod movement;
mod performance;
mod pty;
pub mod throughput;
mod tree;
mod voice;

use std::fs::{self, File};
use std::io::{BufWriter, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::serve::BusSpeed;
use crate::serve::device::App;
use crate::signals;
use crate::size::root;
use performance::{Plan, perform};
use voice::Voice;

#[derive(Args)]
pub struct Options {
    /// The file that goes through the stack and back [default: Cargo.lock]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Baud rate of the UART behind the bridge
    #[arg(long, default_value_t = 921_600, value_parser = clap::value_parser!(u32).range(300..))]
    baud: u32,
    /// Bus speed
    #[arg(long, value_enum, default_value_t = BusSpeed::Full)]
    speed: BusSpeed,
    /// Print every field of the descriptors
    #[arg(long)]
    descriptors: bool,
    /// Write everything to the capture, the throughput part and what is beyond a million packets, too
    #[arg(long)]
    capture_all: bool,
    /// Print nothing unless something is wrong
    #[arg(long, short)]
    quiet: bool,
    /// Offer the port as a pseudo-terminal to screen, picocom or pyserial, until Ctrl-C. Its baud
    /// rate and stop bits reach the device; parity and data bits are not there to be had, for Linux
    /// keeps a pseudo-terminal at 8 bits without parity
    #[arg(long, conflicts_with_all = ["file", "baud", "descriptors", "capture_all"])]
    pty: bool,
    /// What the device does with the bytes of the pseudo-terminal
    #[arg(long, value_enum, requires = "pty", default_value_t = App::Bridge)]
    app: App,
    /// A symbolic link to the pseudo-terminal, so that its name is known beforehand
    #[arg(long, value_name = "PATH", requires = "pty")]
    link: Option<PathBuf>,
}

/// Bytes each way when throughput is measured.
const COUNT: usize = 1 << 20;
/// Packets in the capture: 50 MB, about.
const MOST_CAPTURED: u64 = 1_000_000;
/// Bytes of a file.
const MOST_BYTES: u64 = 64 << 20;
const CAPTURE: &str = "target/demo/demo.pcapng";
const FIGURES: &str = "target/bench/demo.json";

pub fn run(options: &Options) -> Result<ExitCode> {
    let voice = if options.quiet { Voice::silent() } else { Voice::stdout() };
    if options.pty {
        return run_pty(options, &voice);
    }
    let capture = create(&root().join(CAPTURE))?;
    let plan = Plan {
        speed: options.speed.into(),
        file: read_file(options.file.as_deref())?,
        rate: options.baud,
        all_descriptors: options.descriptors,
        count: COUNT,
        capture_all: options.capture_all,
        most_captured: if options.capture_all { u64::MAX } else { MOST_CAPTURED },
    };
    let outcome = perform(&plan, &voice, &progress(options.quiet), capture)
        .with_context(|| format!("the demo failed; what was on the wire is in {CAPTURE}"))?;
    outcome.capture.into_inner().map_err(|error| error.into_error())?;
    let records =
        figures::records(&outcome.round_trip, &outcome.flows, &outcome.footprint, plan.speed);
    figures::write(&root().join(FIGURES), &records)?;
    let cut = if outcome.capture_is_cut { ", no more without --capture-all" } else { "" };
    voice.say(format!(
        "\n{} packets captured{cut}: wireshark {CAPTURE} (filter: usb || syslog)\n\
         figures: {FIGURES}\n\
         next: cargo xtask demo --pty, to talk to the device with a terminal program",
        outcome.captured_packets
    ));
    Ok(ExitCode::SUCCESS)
}

fn run_pty(options: &Options, voice: &Voice) -> Result<ExitCode> {
    let stop = signals::stop()?;
    pty::serve(options.speed.into(), options.app, options.link.as_deref(), &stop, voice)?;
    Ok(ExitCode::SUCCESS)
}

fn read_file(path: Option<&Path>) -> Result<Vec<u8>> {
    match path {
        Some(path) => read(path)
            .with_context(|| format!("cannot read {}; name another --file", path.display())),
        None => read(&root().join("Cargo.lock"))
            .context("cannot read Cargo.lock; name a file with --file PATH"),
    }
}

/// All of a file, which may be a device that never ends.
fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        bail!("it is larger than {} MiB", MOST_BYTES >> 20);
    }
    Ok(bytes)
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let created =
        path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(path));
    let file = created.with_context(|| {
        format!("cannot write {}; is target/ writable, is the disk full?", path.display())
    })?;
    Ok(BufWriter::new(file))
}

fn progress(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let progress = ProgressBar::new(0);
    match ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}") {
        Ok(style) => progress.with_style(style),
        Err(_) => progress,
    }
}
