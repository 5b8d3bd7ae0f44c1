//! `cargo xtask linux`: the device against a real Linux kernel. QEMU emulates the machine and the
//! host controller, our device process is attached by usbredir.

mod guest;
mod initramfs;
mod kernel;
mod matrix;
mod modules;
mod qemu;
mod runner;
mod suite;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::initramfs::Initramfs;
use self::kernel::Kernel;
use self::matrix::{Matrix, Verdict};
use self::qemu::Controller;
pub use self::runner::{Capture, Device};
use self::runner::{Machine, Setting};
use self::suite::Test;
use self::tools::Missing;
use crate::signals;

/// What automake and others take for "skipped".
const SKIPPED: u8 = 77;

#[derive(Args)]
pub struct Options {
    /// Only this host controller
    #[arg(long, value_enum)]
    controller: Vec<Controller>,
    /// Only this test
    #[arg(long)]
    test: Vec<String>,
    /// A slice of the matrix for every change, in less than three minutes
    #[arg(long)]
    quick: bool,
    /// List the tests and the controllers they run on
    #[arg(long)]
    list: bool,
    /// Print what guest and device say, and the guest's console
    #[arg(long)]
    console: bool,
    /// Capture what crosses the wire into target/linux/CONTROLLER-PORTS.pcap
    #[arg(long)]
    capture: bool,
    /// A linux-image .deb instead of the one that apt-get would download
    #[arg(long, value_name = "DEB")]
    kernel: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    if options.list {
        suite::print();
        return Ok(ExitCode::SUCCESS);
    }
    let plan = plan(options)?;
    let capture = if options.capture { Capture::EachSetting } else { Capture::Off };
    carry_out(&plan, || prepare(options.kernel.as_deref(), options.console, capture))
}

/// The same for firmware in an emulated chip, on one host controller. It cannot be told to do
/// anything but echo, so these are the tests that need nothing else.
pub fn run_firmware(
    device: impl FnOnce() -> Result<Device>,
    tests: &[String],
    console: bool,
    capture: Capture,
) -> Result<ExitCode> {
    let plan =
        [(Setting { controller: Controller::Xhci, ports: 1 }, suite::chosen_of_firmware(tests)?)];
    // The kernel first: it is what may be missing.
    let machine = || {
        let machine = prepare(None, console, capture)?;
        Ok(Machine { device: device()?, ..machine })
    };
    carry_out(&plan, machine)
}

fn carry_out(
    plan: &[(Setting, Vec<&'static Test>)],
    machine: impl FnOnce() -> Result<Machine>,
) -> Result<ExitCode> {
    let machine = match machine() {
        Ok(machine) => machine,
        Err(error) => return skip_or_fail(error),
    };
    let mut matrix = Matrix::new();
    let total = plan.iter().map(|(_, tests)| tests.len() as u64).sum();
    let progress = progress_bar(total);
    for (setting, tests) in plan {
        run_setting(&machine, *setting, tests, &mut matrix, &progress)?;
    }
    progress.finish_and_clear();
    let folder = machine.results();
    std::fs::create_dir_all(&folder)?;
    matrix.write(&folder)?;
    print!("{}", matrix.table());
    println!("written to {0}/matrix.json and {0}/matrix.md", folder.display());
    Ok(if matrix.any_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn check_names(tests: &[String]) -> Result<()> {
    if let Some(unknown) = tests.iter().find(|name| suite::find(name).is_none()) {
        bail!("there is no test {unknown}: `cargo xtask linux --list` names them");
    }
    Ok(())
}

fn plan(options: &Options) -> Result<Vec<(Setting, Vec<&'static Test>)>> {
    check_names(&options.test)?;
    let controllers = match options.controller.as_slice() {
        [] => Controller::ALL.as_slice(),
        some => some,
    };
    let mut plan = Vec::new();
    for &controller in controllers {
        for ports in [1, 2] {
            let wanted = |test: &&Test| {
                test.ports == ports
                    && (options.test.is_empty() || options.test.iter().any(|t| t == test.name))
                    && (!options.quick || test.quick)
            };
            let tests: Vec<_> = suite::TESTS.iter().filter(wanted).collect();
            if !tests.is_empty() {
                plan.push((Setting { controller, ports }, tests));
            }
        }
    }
    Ok(plan)
}

fn prepare(kernel: Option<&Path>, console: bool, capture: Capture) -> Result<Machine> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let folder = workspace.join("target/linux");
    std::fs::create_dir_all(&folder)?;
    let tools = tools::find()?;
    let kernel = Kernel::obtain(&folder, kernel)?;
    let guest = guest::build(workspace, &folder)?;
    let initramfs = Initramfs { kernel: &kernel, busybox: &tools.busybox, guest: &guest };
    let initrd = folder.join("initramfs.cpio");
    initramfs.write(&initrd)?;
    Ok(Machine {
        qemu: tools.qemu,
        vmlinux: kernel.vmlinux,
        initrd,
        folder,
        device: Device::Virtual,
        console,
        capture,
        stop: signals::stop()?,
    })
}

/// Nothing can run without the parts: a skip for a developer, a failure in CI.
fn skip_or_fail(error: anyhow::Error) -> Result<ExitCode> {
    let Some(missing) = error.downcast_ref::<Missing>() else { return Err(error) };
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        bail!("{missing}");
    }
    eprintln!("SKIP: no test against a Linux kernel ran: {missing}");
    Ok(ExitCode::from(SKIPPED))
}

fn run_setting(
    machine: &Machine,
    setting: Setting,
    tests: &[&'static Test],
    matrix: &mut Matrix,
    progress: &ProgressBar,
) -> Result<()> {
    let mut record = |test: &Test, verdict: Verdict| {
        progress.suspend(|| println!("{setting:<12} {:<15} {verdict}", test.name));
        progress.inc(1);
        matrix.record(setting.controller, test, verdict);
    };
    let mut left = Vec::new();
    for &test in tests {
        match test.unfit(setting.controller) {
            Some(reason) => record(test, Verdict::Skip(reason.into())),
            None => left.push(test),
        }
    }
    while !left.is_empty() {
        progress.set_message(format!("{setting}: booting"));
        // A boot ends early when a test fails or hangs; the others get a fresh one.
        let done = machine.boot(setting, &left, &mut record)?;
        left.drain(..done);
    }
    Ok(())
}

fn progress_bar(total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}");
    let bar = ProgressBar::new(total);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
