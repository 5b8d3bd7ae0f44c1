//! How fast bytes go each way, and both ways at once, in simulated time.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use usbd_acm::Speed;
use usbd_acm::class::LineCoding;
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::host::{AcmPort, Config, Statistics, Transfer, linux};

use super::board::Bench;
use super::conversation::{self, milliseconds};
use super::movement::{carry, first_difference};
use crate::serve::device::{App, Running};

/// Time in which a zero-length packet comes that ends a transfer.
const AFTERMATH: Nanoseconds = 2_000_000;

/// Packets and bytes in a direction, or in both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    pub direction: &'static str,
    /// The metric in the figures.
    pub metric: &'static str,
    /// Those with NAK for an answer count, too.
    pub packets: u64,
    /// Of payload, each once.
    pub bytes: u64,
    pub zero_length: u64,
    /// NAKs of all endpoints while bytes moved; not told apart by direction.
    pub naks: Option<u64>,
    /// Length of all frames in which bytes moved: those begun count as a whole, so that a rate is
    /// never above the limit by where in a frame it began.
    pub duration: Nanoseconds,
}

impl Flow {
    /// Bytes a second, of simulated time.
    pub fn rate(&self) -> f64 {
        self.bytes as f64 * 1e9 / self.duration.max(1) as f64
    }

    pub fn percent(&self, speed: Speed) -> f64 {
        100.0 * self.rate() / limit(speed)
    }
}

/// What bulk transfers can move at most, in bytes a second: 19 packets of 64 bytes a frame, 13 of
/// 512 a microframe (USB 2.0 tables 5-9 and 5-10).
pub fn limit(speed: Speed) -> f64 {
    match speed {
        Speed::Full => 19.0 * 64.0 * 1_000.0,
        Speed::High => 13.0 * 512.0 * 8_000.0,
    }
}

/// Measures a device on the virtual controller: `count` bytes each way.
pub fn measure(speed: Speed, count: usize) -> Result<Vec<Flow>> {
    let config = Config { speed, ..Config::default() };
    let mut bench = Bench::new(speed, App::Echo.into(), config);
    let (_, mut port) = conversation::enumerate(&mut bench.host)?;
    linux::open(&mut bench.host, &mut port, LineCoding::DEFAULT.to_bytes())?;
    let flows = Measurement::new(&mut bench, &mut port, count, &|_| ()).run()?;
    match &bench.violations()[..] {
        [] => Ok(flows),
        violations => bail!("against the contract of the controller: {}", violations.join(", ")),
    }
}

/// A device that is measured.
pub struct Measurement<'a> {
    bench: &'a mut Bench,
    port: &'a mut AcmPort,
    statistics: Rc<RefCell<Statistics>>,
    progress: &'a dyn Fn(u64),
    count: usize,
}

impl<'a> Measurement<'a> {
    /// `count` bytes each way. `progress` is told the bytes moved so far.
    pub fn new(
        bench: &'a mut Bench,
        port: &'a mut AcmPort,
        count: usize,
        progress: &'a dyn Fn(u64),
    ) -> Self {
        let statistics = bench.host.observe(Statistics::default());
        Self { bench, port, statistics, progress, count }
    }

    /// Out, in, and both at once. Every byte is checked where it arrives.
    pub fn run(mut self) -> Result<Vec<Flow>> {
        let mut flows = vec![self.out()?, self.in_()?];
        flows.extend(self.both()?);
        Ok(flows)
    }

    fn out(&mut self) -> Result<Flow> {
        self.start(Running::Sink { received: 0, first_wrong: None })?;
        let mut write = Transfer::write(self.port.function().data_out, &stream(self.count));
        let run = self.carry(&mut [&mut write])?;
        match *self.bench.application.borrow().running() {
            Running::Sink { received, first_wrong: None } if received == self.count as u64 => {}
            ref other => bail!("sent {} bytes, the device has {other:?}", self.count),
        }
        Ok(run.out("host -> device", "out"))
    }

    fn in_(&mut self) -> Result<Flow> {
        self.start(Running::Source { sent: 0, total: self.count as u64 })?;
        let mut read = Transfer::stream(self.port.function().data_in, self.count);
        let mut run = self.carry(&mut [&mut read])?;
        self.check_stream(read.into_moved())?;
        run.after = self.counts();
        Ok(run.in_("device -> host", "in"))
    }

    fn both(&mut self) -> Result<[Flow; 3]> {
        self.start(Running::Echo)?;
        let function = *self.port.function();
        let mut write = Transfer::write(function.data_out, &stream(self.count));
        let mut read = Transfer::stream(function.data_in, self.count);
        let mut run = self.carry(&mut [&mut write, &mut read])?;
        self.check_stream(read.into_moved())?;
        run.after = self.counts();
        let out = Flow { naks: None, ..run.out("both ways: ->", "both_out") };
        let in_ = Flow { naks: None, ..run.in_("           <-", "both_in") };
        let together = Flow {
            direction: "both together",
            metric: "both",
            packets: out.packets + in_.packets,
            bytes: out.bytes + in_.bytes,
            zero_length: out.zero_length + in_.zero_length,
            naks: Some(run.naks),
            duration: run.duration,
        };
        Ok([out, in_, together])
    }

    /// Starts an application in a session of its own, so that no figure depends on what was before.
    fn start(&mut self, running: Running) -> Result<()> {
        let Self { bench, port, .. } = self;
        linux::close(&mut bench.host, port).context("closing the port")?;
        bench.application.borrow_mut().start(running);
        let coding = LineCoding::DEFAULT.to_bytes();
        linux::open(&mut bench.host, port, coding).context("opening the port again")
    }

    fn carry(&mut self, transfers: &mut [&mut Transfer]) -> Result<Run> {
        self.await_frame();
        let before = self.counts();
        carry(&mut self.bench.host, transfers, self.progress)?;
        let end = self.counts();
        let frame = match self.bench.host.speed() {
            Speed::Full => 1_000_000,
            Speed::High => 125_000,
        };
        Ok(Run {
            bytes: self.count as u64,
            before,
            after: end,
            naks: end.naks - before.naks,
            duration: (end.frames - before.frames + 1) * frame,
        })
    }

    /// Waits until a frame begins.
    fn await_frame(&mut self) {
        let before = self.counts().frames;
        while self.counts().frames == before {
            self.bench.host.run(1_000);
        }
    }

    fn counts(&self) -> Statistics {
        *self.statistics.borrow()
    }

    /// Also takes the zero-length packet that is due, and sees to it that it is nothing else.
    fn check_stream(&mut self, mut received: Vec<u8>) -> Result<()> {
        received.extend(self.port.read_for(&mut self.bench.host, AFTERMATH)?);
        match first_difference(&stream(self.count), &received) {
            None => Ok(()),
            Some(place) => bail!("bytes from the device are wrong from byte {place} on"),
        }
    }
}

/// What was counted while bytes moved, and in the aftermath.
struct Run {
    bytes: u64,
    before: Statistics,
    after: Statistics,
    naks: u64,
    duration: Nanoseconds,
}

impl Run {
    fn out(&self, direction: &'static str, metric: &'static str) -> Flow {
        let Self { bytes, before, after, naks, duration } = self;
        Flow {
            direction,
            metric,
            packets: after.packets_out - before.packets_out,
            bytes: *bytes,
            zero_length: after.zero_length_out - before.zero_length_out,
            naks: Some(*naks),
            duration: *duration,
        }
    }

    fn in_(&self, direction: &'static str, metric: &'static str) -> Flow {
        let Self { bytes, before, after, naks, duration } = self;
        Flow {
            direction,
            metric,
            packets: after.packets_in - before.packets_in,
            bytes: *bytes,
            zero_length: after.zero_length_in - before.zero_length_in,
            naks: Some(*naks),
            duration: *duration,
        }
    }
}

/// The first bytes of the test stream.
fn stream(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    usbd_acm_guest::fill(0, &mut bytes);
    bytes
}

/// Lines of a table.
pub fn table(flows: &[Flow], speed: Speed) -> Vec<String> {
    let head = format!(
        "{:14} {:>8} {:>9} {:>5} {:>7} {:>10} {:>11} {:>9}",
        "", "packets", "bytes", "ZLPs", "NAKs", "ms", "B/s", "of limit"
    );
    let line = |flow: &Flow| {
        format!(
            "{:14} {:>8} {:>9} {:>5} {:>7} {:>10.3} {:>11.0} {:>8.2}%",
            flow.direction,
            flow.packets,
            flow.bytes,
            flow.zero_length,
            flow.naks.map_or(String::new(), |naks| naks.to_string()),
            milliseconds(flow.duration),
            flow.rate(),
            flow.percent(speed)
        )
    };
    std::iter::once(head).chain(flows.iter().map(line)).collect()
}
