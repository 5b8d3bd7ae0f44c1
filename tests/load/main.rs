//! Load: both ways at full rate for a long simulated time, with an application that is now fast, now
//! slow, now asleep. Every byte is checked, and the memory in use does not grow.
//!
//! A simulated minute each way here; hours with `SOAK=1`, or as long as `LOAD_SECONDS` says.

use std::cell::Cell;
use std::rc::Rc;

use allocation_counter::measure;
use indicatif::{ProgressBar, ProgressStyle};
use usbd_acm::{Port, Speed};
use usbd_acm_tests::fixture::{Application, OnePort, Options, Polling, board};
use usbd_acm_tests::ledger::byte;
use usbd_acm_tests::{TestBoard, figures, soak};
use usbd_acm_virtual::host::{AcmFunction, AcmPort, Host, SplitMix64, Transfer, linux};
use usbd_acm_virtual::{FullSpeed, HighSpeed};

const TO_HOST: usize = 1;
const TO_DEVICE: usize = 2;
const SECOND: u64 = 1_000_000_000;

/// What the application moved, and what its calls cost.
#[derive(Default)]
struct Moved {
    written: Cell<usize>,
    read: Cell<usize>,
    allocations: Cell<u64>,
}

/// Writes one stream and checks another, at a pace that changes every few milliseconds.
fn application<const SLOTS: usize, const SIZE: usize>(
    mut port: Port<SLOTS, SIZE>,
    seed: u64,
    moved: Rc<Moved>,
) -> Application {
    let mut random = SplitMix64::new(seed);
    let (mut left, mut pace) = (0, 0);
    let mut piece = vec![0; 2 * SIZE];
    Box::new(move |duration| {
        if duration >= left {
            (left, pace) = (1_000_000 + random.next_u64() % 9_000_000, random.below(4));
        }
        left = left.saturating_sub(duration);
        let length = match pace {
            0 => return,
            1 => 1 + random.below(7),
            2 => 1 + random.below(SIZE),
            _ => 2 * SIZE,
        };
        let written = moved.written.get();
        for (at, byte_of_piece) in (written..).zip(&mut piece[..length]) {
            *byte_of_piece = byte(TO_HOST, at);
        }
        let mut received = [0; 64];
        let wanted = length.min(64);
        let (mut put, mut got) = (0, 0);
        // The stack has nothing to allocate with; its halves take none of this process either.
        let calls = measure(|| {
            put = port.writer.write(&piece[..length]).unwrap_or(0);
            got = port.reader.read(&mut received[..wanted]).unwrap_or(0);
            let _ = port.control.next_event();
        });
        moved.allocations.set(moved.allocations.get() + calls.count_total);
        let read = moved.read.get();
        assert!((0..got).all(|at| received[at] == byte(TO_DEVICE, read + at)), "at {read}");
        moved.written.set(written + put);
        moved.read.set(read + got);
    })
}

/// The host's ends of both streams.
struct Ends {
    function: AcmFunction,
    sent: usize,
    received: usize,
}

impl Ends {
    /// Both directions for so long.
    fn exchange(&mut self, host: &mut Host<TestBoard>, duration: u64) {
        let end = host.now() + duration;
        while host.now() < end {
            let data: Vec<u8> =
                (self.sent..self.sent + 4096).map(|at| byte(TO_DEVICE, at)).collect();
            let mut write = Transfer::write(self.function.data_out, &data);
            let mut read = Transfer::stream(self.function.data_in, 1 << 16);
            host.exchange(&mut [&mut write, &mut read], 2_000_000);
            self.sent += write.moved().len();
            let moved = read.moved();
            let is_right =
                moved.iter().zip(self.received..).all(|(have, at)| *have == byte(TO_HOST, at));
            assert!(is_right, "at {}", self.received);
            self.received += moved.len();
        }
    }
}

fn bar(name: &str, seconds: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} s {elapsed}");
    ProgressBar::new(seconds)
        .with_message(name.to_owned())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn load<V: OnePort, const SLOTS: usize, const SIZE: usize>(
    name: &str,
    options: Options,
    seconds: u64,
) {
    let moved = Rc::new(Moved::default());
    let theirs = moved.clone();
    let mut host =
        board::<V, _, SLOTS, SIZE>(options, (), |port| application(port, seconds, theirs));
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let function = *AcmPort::all(&device).remove(0).function();
    let mut ends = Ends { function, sent: 0, received: 0 };
    // Until every buffer of the simulation has its size.
    ends.exchange(&mut host, SECOND);
    let before = host.now();
    let bar = bar(name, seconds - 1);
    let mut kept = 0;
    for _ in 1..seconds {
        kept += measure(|| ends.exchange(&mut host, SECOND)).bytes_current;
        // The bar has memory of its own, which is not counted.
        bar.inc(1);
    }
    bar.finish_and_clear();
    assert_eq!(kept, 0, "memory that is kept");
    assert_eq!(moved.allocations.get(), 0, "allocations of the halves");
    assert!(host.now() - before >= (seconds - 1) * SECOND);
    assert_eq!(host.port().wire().violations(), []);
    // Nothing is lost: what is not here is in the two FIFOs.
    let held = SLOTS * SIZE;
    assert!(moved.written.get() - ends.received <= held);
    assert!(ends.sent - moved.read.get() <= held);
    let (to_host, to_device) = (ends.received as u64, ends.sent as u64);
    assert!(to_host > seconds * 100_000 && to_device > seconds * 10_000);
    let figures = [
        ("seconds", seconds),
        ("bytes_to_host", to_host),
        ("bytes_to_device", to_device),
        ("bytes_kept", kept.unsigned_abs()),
    ];
    figures::record(&format!("load-{name}"), &figures);
}

fn seconds() -> u64 {
    let asked = std::env::var("LOAD_SECONDS").ok();
    let asked = asked.map(|text| text.parse().expect("LOAD_SECONDS is a number"));
    asked.unwrap_or(60 * u64::from(soak(240)))
}

#[test]
fn a_long_time_at_full_speed() {
    load::<FullSpeed, 2, 64>("full", Options::default(), seconds());
}

#[test]
fn a_long_time_at_full_speed_by_interrupt() {
    let options = Options { polling: Polling::OnInterrupt(30_000), depth: 1, ..Options::default() };
    load::<FullSpeed, 4, 64>("full-late", options, seconds());
}

#[test]
fn a_long_time_at_high_speed() {
    let options = Options { host: Speed::High, ..Options::default() };
    load::<HighSpeed, 4, 512>("high", options, seconds() / 10);
}
