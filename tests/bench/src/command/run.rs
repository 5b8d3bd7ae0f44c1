//! Boots a firmware, and offers its serial port: as a pseudo-terminal, or to a real host.

use std::cell::RefCell;
use std::fs::File;
use std::io::BufWriter;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, ValueEnum};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use usbd_acm::Speed;
use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::Image;
use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::Chip;
use usbd_acm_bench::soc::nrf52840::Nrf52840;
use usbd_acm_bench::soc::stm32f405::Stm32f405;
use usbd_acm_bench::soc::stm32h743::Stm32h743;
use usbd_acm_redirect::bus::Bus;
use usbd_acm_redirect::pty::{self, Terminal};
use usbd_acm_redirect::server::{Endpoint, Listener, Operator, Server};
use usbd_acm_redirect::usbredir;
use usbd_acm_virtual::capture::Recorder;
use usbd_acm_virtual::host::{
    AcmPort, ControlRecord, Host, KnownDevice, OnControl, TransferError, linux,
};

use super::served::ServedBoard;

/// A chip, and with it the board of the examples.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum ChipName {
    /// Nordic nRF52840
    Nrf52840,
    /// ST STM32F405
    Stm32f405,
    /// ST STM32F411, which has nothing that the STM32F405 lacks: that one, with the crystal of the black pill
    Stm32f411,
    /// ST STM32H743
    Stm32h743,
}

#[derive(Args)]
pub struct Options {
    /// The chip
    #[arg(value_enum)]
    chip: ChipName,
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
    #[arg(long, conflicts_with = "usbredir")]
    pty: bool,
    /// A symbolic link to the pseudo-terminal, so that its name is known beforehand
    #[arg(long, value_name = "PATH", requires = "pty")]
    link: Option<PathBuf>,
    /// Offer the device to QEMU: a path for a Unix socket, or HOST:PORT
    #[arg(long, value_name = "SOCKET")]
    usbredir: Option<Endpoint>,
    /// With --usbredir, read commands from standard input; its end ends the run
    #[arg(long, requires = "usbredir")]
    commands: bool,
    /// Write what crosses the wire to this file, for Wireshark
    #[arg(long, value_name = "FILE", conflicts_with = "usbredir")]
    pcap: Option<PathBuf>,
    /// Say nothing of control transfers
    #[arg(long, short, conflicts_with = "usbredir")]
    quiet: bool,
    /// List the functions that took most instructions at the end
    #[arg(long)]
    profile: bool,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    match options.chip {
        ChipName::Nrf52840 => boot(Nrf52840::new(), Nrf52840::EXAMPLES, options),
        ChipName::Stm32f405 => boot(Stm32f405::new(), Stm32f405::EXAMPLES, options),
        ChipName::Stm32f411 => {
            boot(Stm32f405::with_crystal(25_000_000), "stm32f411-blackpill", options)
        }
        ChipName::Stm32h743 => boot(Stm32h743::new(), Stm32h743::EXAMPLES, options),
    }
}

fn boot<C: Chip>(chip: C, examples: &str, options: &Options) -> Result<ExitCode> {
    let image = match &options.elf {
        Some(path) => Image::load(path)?,
        None => example(examples, options)?.image()?,
    };
    let mut board = Board::with_chip(chip, image)?;
    // The other end of the bridge.
    board.core().with_soc(|soc, _, _| soc.loop_back_uart());
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    match &options.usbredir {
        Some(socket) => redirect(board, socket, options, &stop),
        None => converse(board, options, &stop),
    }
}

fn example(board: &str, options: &Options) -> Result<Firmware> {
    let mut firmware = Firmware::example(board, &options.app);
    let names = Firmware::examples(board)?;
    ensure!(
        names.contains(&firmware.binary),
        "there is no example {} in examples/{board}; there are bridge, {}",
        options.app,
        names.join(", ")
    );
    firmware.features.extend_from_slice(&options.features);
    Ok(firmware)
}

/// The simulated host enumerates; then a terminal, or a look at what is there.
fn converse<C: Chip>(board: Board<C>, options: &Options, stop: &AtomicBool) -> Result<ExitCode> {
    let mut host = Host::new(board);
    if !options.quiet {
        host.observe(OnControl(|record: &ControlRecord<'_>| println!("{record}")));
    }
    let unwritten = |path: &Path| format!("cannot write {}", path.display());
    let recorder = match &options.pcap {
        Some(path) => {
            let file = File::create(path).with_context(|| unwritten(path))?;
            Some((host.observe(Recorder::new(BufWriter::new(file))?), path))
        }
        None => None,
    };
    let outcome = attach(&mut host).and_then(|(device, port)| match options.pty {
        true => offer(&mut host, &device, port, options, stop),
        false => exchange(&mut host, &device, port),
    });
    let written = recorder.map_or(Ok(()), |(recorder, path)| {
        recorder.borrow_mut().finish().map(drop).with_context(|| unwritten(path))
    });
    let is_sound = tell(host.port_mut(), options.profile);
    outcome?;
    written?;
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn attach<C: Chip>(host: &mut Host<Board<C>>) -> Result<(KnownDevice, AcmPort)> {
    host.plug().map_err(|error| {
        let place = host.port_mut().core().place();
        anyhow!("{error}: the firmware does not attach; it is at {place}")
    })?;
    let device = linux::enumerate(host)?;
    let port = AcmPort::all(&device).into_iter().next().context("it has no serial port")?;
    Ok((device, port))
}

fn offer<C: Chip>(
    host: &mut Host<Board<C>>,
    device: &KnownDevice,
    port: AcmPort,
    options: &Options,
    stop: &AtomicBool,
) -> Result<()> {
    let terminal = Terminal::new(options.link.as_deref())?;
    let path = terminal.path().display();
    println!(
        "{} is at {path}, until Ctrl-C. To talk to it:\n  picocom -b 115200 {path}\n  \
         screen {path} 115200",
        device.product.as_deref().unwrap_or("the device")
    );
    let mut told = 0;
    pty::serve(&terminal, host, port, stop, |host| {
        let violations = host.port().soc().violations().all();
        for (at, violation) in violations.iter().skip(told) {
            println!("cycle {at}: {violation}");
        }
        told = violations.len();
    })
}

/// A short look: what it is, and whether it echoes.
fn exchange<C: Chip>(
    host: &mut Host<Board<C>>,
    device: &KnownDevice,
    mut port: AcmPort,
) -> Result<()> {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
    println!(
        "{} {} at address {}",
        name(&device.manufacturer),
        name(&device.product),
        device.address
    );
    linux::open(host, &mut port, [0x00, 0xC2, 0x01, 0x00, 0, 0, 8])?;
    let data: Vec<u8> = (0..4096_u32).map(|index| ((index * 31) >> 3) as u8).collect();
    let back = match port.transfer(host, &data, data.len()) {
        Err(TransferError::Timeout) => {
            println!("{} bytes offered: it does not echo; --pty to talk to it", data.len());
            return Ok(());
        }
        back => back?,
    };
    ensure!(back == data, "{} bytes sent, and what came back differs", data.len());
    println!("{} bytes sent, and they came back", data.len());
    Ok(())
}

fn redirect<C: Chip>(
    board: Board<C>,
    socket: &Endpoint,
    options: &Options,
    stop: &AtomicBool,
) -> Result<ExitCode> {
    let listener = Listener::bind(socket)
        .with_context(|| format!("cannot listen on {socket}: choose another path or HOST:PORT"))?;
    let commands = match options.commands {
        true => Some(std::io::stdin().as_fd().try_clone_to_owned()?),
        false => None,
    };
    if !options.commands {
        eprintln!("for QEMU: {}", usbredir::qemu_arguments(&listener.endpoint()));
    }
    println!("! listening {}", listener.endpoint());
    let board = Rc::new(RefCell::new(board));
    let device = Box::new(ServedBoard::new(board.clone()));
    let operator = Operator::new(Box::new(std::io::stdout()), commands);
    let bus = Bus::new(device, Speed::Full);
    Server { listener, bus, stop, operator }.run(|| Box::new(usbredir::Session::new()))?;
    let is_sound = tell(&mut board.borrow_mut(), options.profile);
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Violations and faults; whether there were none.
fn tell<C: Chip>(board: &mut Board<C>, profile: bool) -> bool {
    if profile {
        print_profile(board);
    }
    let (now, peak) = (board.core().now(), board.core().peak_stack());
    let account = board.core().account().clone();
    println!(
        "{} instructions in {:.3} s, asleep {} % of the time; {} bytes of stack",
        account.instructions,
        now as f64 / C::FREQUENCY as f64,
        account.asleep * 100 / now.max(1),
        peak.map_or("unknown".to_owned(), |bytes| bytes.to_string()),
    );
    for (violation, count) in board.violations() {
        println!("violation: {violation}, {count} times");
    }
    for fault in board.core().hard_faults() {
        println!("fault: {fault}");
    }
    board.violations().is_empty() && board.core().hard_faults().is_empty()
}

fn print_profile<C: Chip>(board: &mut Board<C>) {
    let image = board.core().image().clone();
    for (name, count) in board.core().account().by_function(&image).into_iter().take(25) {
        println!("{count:>12}  {name}");
    }
}
