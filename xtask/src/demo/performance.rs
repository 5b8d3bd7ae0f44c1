//! The demo without its surroundings: what happens on the simulated bus.

mod capturing;

use std::io::Write;

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use usbd_acm::Speed;
use usbd_acm::class::LineCoding;
use usbd_acm_virtual::capture::Recorder;
use usbd_acm_virtual::host::{Config, linux};

use super::board::{Bench, Footprint};
use super::conversation::{self, Conversation, milliseconds};
use super::file::{self, RoundTrip};
use super::throughput::{self, Flow, Measurement};
use super::tree;
use super::voice::Voice;
use crate::serve::device::{App, describe_coding};
use capturing::Capturing;

/// What is to be shown.
pub struct Plan {
    pub speed: Speed,
    /// What goes round.
    pub file: Vec<u8>,
    /// Baud rate of the UART.
    pub rate: u32,
    pub all_descriptors: bool,
    /// Bytes each way when throughput is measured.
    pub count: usize,
    /// Whether the capture also has the measurement of throughput in it.
    pub capture_all: bool,
    /// About as many packets are captured: an endpoint that is polled in vain for minutes, as that of
    /// a slow UART, fills a disk.
    pub most_captured: u64,
}

/// What came of it.
pub struct Outcome<W> {
    pub round_trip: RoundTrip,
    pub flows: Vec<Flow>,
    pub footprint: Footprint,
    pub capture: W,
    pub captured_packets: u64,
    /// Whether there were more packets than were to be captured.
    pub capture_is_cut: bool,
}

/// Shows everything in `plan`, and says it.
///
/// # Errors
/// Whatever is not as it must be: the first transfer that fails, the first byte that differs.
pub fn perform<W: Write + 'static>(
    plan: &Plan,
    voice: &Voice,
    progress: &ProgressBar,
    capture: W,
) -> Result<Outcome<W>> {
    let config = Config { speed: plan.speed, ..Config::default() };
    let mut bench = Bench::new(plan.speed, App::Bridge.into(), config);
    let recorder = bench.host.observe(Recorder::new(capture)?);
    let capturing = Capturing::new(recorder, plan.most_captured);
    let conversation = bench.host.observe(Conversation::new(&bench, voice));

    voice.say("The simulated host enumerates the device as Linux does; times are simulated:\n");
    let (device, mut port) = conversation::enumerate(&mut bench.host)?;
    voice.say("\nWhat the host knows of it now:\n");
    match plan.all_descriptors {
        true => voice.say(tree::listing(&device)),
        false => tree::tree(&device)?.iter().for_each(|line| voice.say(line)),
    }
    voice.say("\nA program opens the port, and sends a break:\n");
    let coding = LineCoding { rate: plan.rate, ..LineCoding::DEFAULT };
    conversation::open(&mut bench.host, &mut port, coding)?;
    conversation::send_break(&mut bench.host, &mut port, voice)?;

    voice.say("\nThe file: host -> USB -> device -> UART, looped back -> device -> USB -> host:\n");
    progress.set_length(2 * plan.file.len() as u64);
    let advance = |moved| {
        progress.set_position(moved);
        capturing.look();
    };
    let round_trip = file::round_trip(&mut bench, &mut port, &plan.file, plan.rate, &advance)?;
    // Else what is said next goes on in the line of the bar.
    progress.finish_and_clear();
    say_round_trip(&round_trip, &coding, voice);
    round_trip.check()?;
    if !plan.capture_all {
        capturing.end();
    }

    voice.say("\nAs fast as the bus: the application takes, gives, and echoes a checked stream:\n");
    progress.reset();
    progress.set_length(2 * plan.count as u64);
    conversation.borrow_mut().mute(true);
    let flows = Measurement::new(&mut bench, &mut port, plan.count, &advance).run()?;
    conversation.borrow_mut().mute(false);
    progress.finish_and_clear();
    throughput::table(&flows, plan.speed).iter().for_each(|line| voice.say(line));
    say_footprint(&bench.footprint, plan.speed, voice);

    voice.say("\nThe program closes the port, and the device is unplugged:\n");
    linux::close(&mut bench.host, &mut port).context("closing the port")?;
    bench.host.unplug();
    conversation.borrow().say_events();
    check_violations(&bench)?;
    Ok(Outcome {
        round_trip,
        flows,
        footprint: bench.footprint,
        captured_packets: capturing.packets(),
        capture_is_cut: capturing.is_cut(),
        capture: capturing.finish().context(CAPTURE)?,
    })
}

const CAPTURE: &str = "writing the capture: is the disk full?";

fn check_violations(bench: &Bench) -> Result<()> {
    match &bench.violations()[..] {
        [] => Ok(()),
        violations => bail!(
            "the stack broke the contract of its controller: {}; please report this",
            violations.join(", ")
        ),
    }
}

fn say_round_trip(trip: &RoundTrip, coding: &LineCoding, voice: &Voice) {
    let RoundTrip { bytes, characters, duration, .. } = trip;
    let coding = describe_coding(coding);
    voice.say(format!("{bytes} bytes out, {characters} characters over the UART at {coding}"));
    let (time, rate, busy) = (milliseconds(*duration), trip.rate(), trip.percent_of_line());
    voice.say(format!(
        "{time:.3} ms of simulated time, {rate:.0} B/s: the UART was busy {busy:.2}% of it"
    ));
    voice.say(format!("sent      sha256 {}", trip.sent_sha256));
    voice.say(format!("received  sha256 {}", trip.received_sha256));
    if trip.difference.is_none() {
        voice.say(format!("identical: {bytes} bytes compared"));
    }
}

fn say_footprint(footprint: &Footprint, speed: Speed, voice: &Voice) {
    let Footprint { device, port, storage, slots, packet } = *footprint;
    let limit = throughput::limit(speed);
    voice.say(format!(
        "\nlimit {limit:.0} B/s; NAKs are of all endpoints, polls of notifications too"
    ));
    voice.say(format!(
        "RAM {} bytes on this machine: Device {device}, Port {port}, Storage {storage}; \
         {slots} slots of {packet} bytes each way",
        footprint.total()
    ));
}

#[cfg(test)]
mod tests;
