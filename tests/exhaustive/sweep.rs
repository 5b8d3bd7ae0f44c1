//! Every bmRequestType, bRequest and wValue there is: 2^32 requests, in each half those of one
//! direction. wIndex and wLength are what makes the request right, where there is one.
//!
//! A slice of them here; all with `SOAK=1`, and every so many-th with `SWEEP_APART`. Each processor
//! has a device of its own.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use usbd_acm::{SetupPacket, State};
use usbd_acm_tests::{figures, soak};

use crate::requests::right;
use crate::walk::{Condition, one_port};

/// wValues are a slice apart here: prime, so that every bit changes.
const APART: usize = 4099;

/// Requests of one direction, of each type.
const REQUESTS: usize = 128 * 256;

/// wValues that are visited are this far apart.
fn apart() -> usize {
    let asked = std::env::var("SWEEP_APART").ok();
    let asked = asked.map(|text| text.parse().expect("SWEEP_APART is a number above 0"));
    asked.unwrap_or(if soak(2) == 2 { 1 } else { APART })
}

fn bar(name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {elapsed} of {duration}");
    ProgressBar::new(REQUESTS as u64)
        .with_message(name.to_owned())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The requests that no other thread took, from bmRequestType `first` on; how many there were.
fn visit(first: u8, apart: usize, taken: &AtomicUsize, bar: &ProgressBar) -> u64 {
    let mut walk = one_port(Condition::In(State::Configured));
    loop {
        let number = taken.fetch_add(1, Ordering::Relaxed);
        if number >= REQUESTS {
            return walk.finish();
        }
        let [request, request_type, ..] = number.to_le_bytes();
        let request_type = first + request_type;
        let (_, index, length) = right((request_type, request));
        let begin = usize::from(request_type) * 31 + usize::from(request);
        for value in values(begin, apart) {
            let value = u16::try_from(value).expect("a wValue");
            walk.visit(SetupPacket { request_type, request, value, index, length });
        }
        // Alive, and nothing was left behind.
        walk.enumerate();
        bar.inc(1);
        // A log has no bar.
        if bar.is_hidden() && bar.position().is_multiple_of(REQUESTS as u64 / 16) {
            println!("{}: {} of {REQUESTS}", bar.message(), bar.position());
        }
    }
}

fn values(begin: usize, apart: usize) -> std::iter::StepBy<Range<usize>> {
    (begin % apart..usize::from(u16::MAX) + 1).step_by(apart)
}

fn sweep(name: &str, first: u8) {
    let (apart, taken, bar) = (apart(), AtomicUsize::new(0), bar(name));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let requests: u64 = thread::scope(|scope| {
        let visit = || visit(first, apart, &taken, &bar);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(visit)).collect();
        threads.into_iter().map(|thread| thread.join().expect("what a thread found")).sum()
    });
    bar.finish_and_clear();
    let figures = [("requests", requests), ("apart", apart as u64)];
    figures::record(&format!("sweep-{name}"), &figures);
    assert!(requests >= REQUESTS as u64 * (65_536 / apart as u64));
}

#[test]
fn exhaustive_sweep_of_requests_to_the_device() {
    sweep("out", 0x00);
}

#[test]
fn exhaustive_sweep_of_requests_from_the_device() {
    sweep("in", 0x80);
}
