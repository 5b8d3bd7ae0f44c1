//! How fast bytes go each way, and both ways at once, in simulated time.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Result, bail};
use usbd_acm::Speed;
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::host::{AcmPort, Statistics, Transfer};

use super::board::Bench;
use super::conversation::milliseconds;
use super::movement::{carry, first_difference};
use crate::serve::device::Running;

/// Time in which a zero-length packet comes that ends a transfer.
const AFTERMATH: Nanoseconds = 2_000_000;

/// Packets and bytes in a direction, or in both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    pub direction: &'static str,
    /// The metric in the figures.
    pub metric: &'static str,
    pub packets: u64,
    pub bytes: u64,
    pub zero_length: u64,
    /// NAKs of all endpoints; not told apart by direction.
    pub naks: Option<u64>,
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
        self.start(Running::Sink { received: 0, first_wrong: None });
        let before = self.counts();
        let mut write = Transfer::write(self.port.function().data_out, &stream(self.count));
        let duration = carry(&mut self.bench.host, &mut [&mut write], self.progress)?;
        self.bench.host.run(AFTERMATH);
        match *self.bench.application.borrow().running() {
            Running::Sink { received, first_wrong: None } if received == self.count as u64 => {}
            ref other => bail!("sent {} bytes, the device has {other:?}", self.count),
        }
        let counts = self.counts();
        Ok(Flow { direction: "host -> device", metric: "out", ..out(before, counts, duration) })
    }

    fn in_(&mut self) -> Result<Flow> {
        let before = self.counts();
        let mut read = Transfer::stream(self.port.function().data_in, self.count);
        self.start(Running::Source { sent: 0, total: self.count as u64 });
        let duration = carry(&mut self.bench.host, &mut [&mut read], self.progress)?;
        self.check_stream(read.into_moved())?;
        let counts = self.counts();
        Ok(Flow { direction: "device -> host", metric: "in", ..in_(before, counts, duration) })
    }

    fn both(&mut self) -> Result<[Flow; 3]> {
        let before = self.counts();
        let function = *self.port.function();
        let mut write = Transfer::write(function.data_out, &stream(self.count));
        let mut read = Transfer::stream(function.data_in, self.count);
        self.start(Running::Echo(Default::default()));
        let transfers = &mut [&mut write, &mut read];
        let duration = carry(&mut self.bench.host, transfers, self.progress)?;
        self.check_stream(read.into_moved())?;
        let after = self.counts();
        let out = Flow { naks: None, ..out(before, after, duration) };
        let in_ = Flow { naks: None, ..in_(before, after, duration) };
        let together = Flow {
            direction: "both together",
            metric: "both",
            packets: out.packets + in_.packets,
            bytes: out.bytes + in_.bytes,
            zero_length: out.zero_length + in_.zero_length,
            naks: Some(after.naks - before.naks),
            duration,
        };
        let out = Flow { direction: "both ways: ->", metric: "both_out", ..out };
        let in_ = Flow { direction: "           <-", metric: "both_in", ..in_ };
        Ok([out, in_, together])
    }

    fn start(&self, running: Running) {
        self.bench.application.borrow_mut().start(running);
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

fn out(before: Statistics, after: Statistics, duration: Nanoseconds) -> Flow {
    Flow {
        direction: "",
        metric: "",
        packets: after.packets_out - before.packets_out,
        bytes: after.bytes_out - before.bytes_out,
        zero_length: after.zero_length_out - before.zero_length_out,
        naks: Some(after.naks - before.naks),
        duration,
    }
}

fn in_(before: Statistics, after: Statistics, duration: Nanoseconds) -> Flow {
    Flow {
        packets: after.packets_in - before.packets_in,
        bytes: after.bytes_in - before.bytes_in,
        zero_length: after.zero_length_in - before.zero_length_in,
        ..out(before, after, duration)
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
