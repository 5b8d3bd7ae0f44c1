//! One firmware at work.

use anyhow::{Context, Result, anyhow, ensure};
use usbd_acm::Direction;
use usbd_acm_virtual::host::{AcmPort, Config, Host, linux, request};

use super::Sheet;
use super::latency::Latency;
use super::script::{self, eager};
use crate::cpu::{Account, Image};
use crate::firmware::App;
use crate::soc::Chip;
use crate::{Board, Pace};

/// Bytes moved in each measurement.
const BYTES: usize = 1 << 16;
/// Bytes of a frame's 19 packets of 64, per nanosecond times a million (USB 2.0 table 5-9).
const LIMIT: f64 = 1_216_000.0;
/// 115200 baud, 8 data bits, no parity, 1 stop bit.
const CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

pub fn measure<C: Chip>(image: &Image, app: App, sheet: &mut Sheet) -> Result<()> {
    match app {
        App::Echo => {
            enumeration::<C>(image, sheet).context("enumeration")?;
            aborts::<C>(image, sheet).context("aborts")?;
            suspended::<C>(image, sheet).context("suspend")?;
            echo::<C>(image, sheet).context("echo")
        }
        App::Source => flow::<C>(image, Direction::In, sheet).context("source"),
        App::Sink => flow::<C>(image, Direction::Out, sheet).context("sink"),
    }
}

/// A chip that Linux has enumerated and opened.
fn opened<C: Chip>(image: &Image, config: Config) -> Result<(Host<Board<C>>, AcmPort)> {
    let mut host = Host::with_config(Board::new(image.clone())?, config);
    host.plug().map_err(|error| anyhow!("{error}: it is at {}", host.port_mut().core().place()))?;
    let device = linux::enumerate(&mut host)?;
    let mut port = AcmPort::all(&device).into_iter().next().context("no serial port")?;
    linux::open(&mut host, &mut port, CODING)?;
    port.stop_notifications(&mut host);
    // What a stack does when a port was opened is not part of the work.
    host.run(5_000_000);
    Ok((host, port))
}

/// Instructions of the requests themselves: nothing of the host's waits, so that a main loop that
/// polls is not charged for them.
fn enumeration<C: Chip>(image: &Image, sheet: &mut Sheet) -> Result<()> {
    let mut host = Host::with_config(Board::<C>::new(image.clone())?, eager());
    host.plug()?;
    host.reset()?;
    // Hardware answers it, with a wait of the host's behind it.
    host.control_out(request::set_address(5), &[])?;
    host.port_mut().set_pace(Pace::Saturating);
    let before = host.port_mut().core().account().instructions;
    for setup in script::enumeration_requests() {
        match setup.direction() {
            Direction::In => drop(host.control_in(setup).with_context(|| format!("{setup:?}"))?),
            Direction::Out => host.control_out(setup, &[])?,
        }
    }
    let instructions = host.port_mut().core().account().instructions - before;
    sheet.add("enumeration_instructions", instructions as f64, "instructions");
    Ok(())
}

fn aborts<C: Chip>(image: &Image, sheet: &mut Sheet) -> Result<()> {
    let (mut host, port) = opened::<C>(image, eager())?;
    let function = *port.function();
    let failures = script::failures_after_aborts(&mut host, &function);
    sheet.add("aborted_control_failures", failures as f64, "of 75");
    sheet.add("model_violations_aborts", violations(&host), "violations");
    Ok(())
}

fn suspended<C: Chip>(image: &Image, sheet: &mut Sheet) -> Result<()> {
    let (mut host, _) = opened::<C>(image, Config::default())?;
    host.suspend();
    host.run(10_000_000);
    host.port_mut().core().account().clear();
    host.run(100_000_000);
    let account = host.port_mut().core().account().clone();
    sheet.add("suspended_instructions", account.instructions as f64, "per 100 ms");
    host.resume();
    Ok(())
}

/// Both ways at once.
fn echo<C: Chip>(image: &Image, sheet: &mut Sheet) -> Result<()> {
    let data: Vec<u8> = (0..BYTES).map(|index| ((index * 31) >> 3) as u8).collect();
    for pace in [Pace::Saturating, Pace::RealTime] {
        let (mut host, mut port) = opened::<C>(image, eager())?;
        let latency = host.observe(Latency::default());
        let account = run(&mut host, pace, |host| {
            let back = port.transfer(host, &data, data.len()).with_context(|| stuck(host, pace))?;
            ensure!(back == data, "what came back differs");
            Ok(())
        })?;
        per_byte(sheet, "echo", pace, &account.account);
        if pace == Pace::RealTime {
            let share = 2.0 * BYTES as f64 / account.seconds / LIMIT * 100.0;
            sheet.add("both_throughput_percent_of_limit", share, "%");
            worst_answer(&mut host, &mut port)?;
            let worst = latency.borrow().worst as f64 / 1e3;
            sheet.add("worst_setup_to_answer_us", worst, "µs");
            sheet.add("model_violations", violations(&host), "violations");
            if let Some(peak) = host.port_mut().core().peak_stack() {
                sheet.add("peak_stack_bytes", f64::from(peak), "bytes");
            }
        }
    }
    Ok(())
}

/// Where a firmware is that does not go on.
fn stuck<C: Chip>(host: &mut Host<Board<C>>, pace: Pace) -> String {
    let board = host.port_mut();
    let (violations, place) = (board.violations(), board.core().place());
    format!("{pace:?}, with the firmware at {place}, violations {violations:?}")
}

/// Requests between packets, as a program makes them that looks at its modem lines all the time.
fn worst_answer<C: Chip>(host: &mut Host<Board<C>>, port: &mut AcmPort) -> Result<()> {
    for round in 0..20_u8 {
        let packet = [round; 64];
        port.write(host, &packet)?;
        port.set_control_line_state(host, true, round % 2 == 0)?;
        port.line_coding(host)?;
        ensure!(port.read(host, 64)? == packet, "what came back differs");
    }
    Ok(())
}

fn flow<C: Chip>(image: &Image, direction: Direction, sheet: &mut Sheet) -> Result<()> {
    let name = if direction == Direction::In { "in" } else { "out" };
    for pace in [Pace::Saturating, Pace::RealTime] {
        let (mut host, mut port) = opened::<C>(image, eager())?;
        let mut next = 0;
        if direction == Direction::In {
            // What was buffered before the port was read.
            script::read_counting(&mut host, &mut port, 1024, &mut next)?;
        }
        let run = run(&mut host, pace, |host| {
            match direction {
                Direction::In => {
                    let right = script::read_counting(host, &mut port, BYTES, &mut next)?;
                    ensure!(right, "what came is not what was sent");
                }
                Direction::Out => port.write(host, &vec![0x5A; BYTES])?,
            }
            Ok(())
        })?;
        per_byte(sheet, name, pace, &run.account);
        if pace == Pace::RealTime {
            let share = BYTES as f64 / run.seconds / LIMIT * 100.0;
            sheet.add(format!("{name}_throughput_percent_of_limit"), share, "%");
            sheet.add("model_violations", violations(&host), "violations");
        }
    }
    Ok(())
}

/// A measurement.
struct Run {
    account: Account,
    /// Simulated.
    seconds: f64,
}

fn run<C: Chip>(
    host: &mut Host<Board<C>>,
    pace: Pace,
    work: impl FnOnce(&mut Host<Board<C>>) -> Result<()>,
) -> Result<Run> {
    host.port_mut().set_pace(pace);
    host.port_mut().core().account().clear();
    let start = host.now();
    work(host)?;
    let seconds = (host.now() - start) as f64 / 1e9;
    let account = host.port_mut().core().account().clone();
    host.port_mut().set_pace(Pace::RealTime);
    Ok(Run { account, seconds })
}

fn per_byte(sheet: &mut Sheet, name: &str, pace: Pace, account: &Account) {
    let pace = if pace == Pace::Saturating { "saturating" } else { "fullspeed" };
    let bytes = BYTES as f64;
    let instructions = account.instructions as f64 / bytes;
    sheet.add(format!("{name}_instructions_per_byte_{pace}"), instructions, "instructions/byte");
    let accesses = account.accesses() as f64 / bytes;
    sheet.add(format!("{name}_accesses_per_byte_{pace}"), accesses, "accesses/byte");
}

fn violations<C: Chip>(host: &Host<Board<C>>) -> f64 {
    host.port().soc().violations().all().len() as f64
}
