//! The application on a thread of its own, and the device polled by interrupt and doorbell alone:
//! real concurrency, in which a lost wake-up is a port that stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use usbd_acm::{Hooks, Port, ReadError, Storage};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_tests::ledger::byte;
use usbd_acm_tests::probe::{Bell, Probe, REQUIRE, Recorder};
use usbd_acm_tests::soak;
use usbd_acm_virtual::host::{AcmPort, Host, SplitMix64, Transfer, linux};
use usbd_acm_virtual::{Board, FullSpeed, VirtualController};

/// The doorbells of the devices of the tests below.
static RINGING: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

/// One of them.
struct Shared<const N: usize>;

impl<const N: usize> Bell for Shared<N> {
    fn ring() {
        RINGING[N].store(true, Ordering::SeqCst);
    }
}

type Bells<const N: usize> = Probe<VirtualController<FullSpeed>, Shared<N>>;

/// A host with a device whose firmware has no main loop, enumerated, and the application's half.
fn interrupt_driven<const N: usize, H: Hooks + 'static>(
    depth: usize,
    hooks: H,
) -> (Host<Board<impl FnMut(u64)>>, AcmPort, Port) {
    let (controller, wire) = VirtualController::<FullSpeed>::new(depth);
    let storage = Box::leak(Box::new(Storage::<1, 2, 64>::new()));
    let (mut device, [port]) = storage.split(Bells::<N>::new(controller), &ONE_PORT, hooks);
    device.connect();
    let line = wire.clone();
    let board = Board::new(wire, move |_| {
        while RINGING[N].swap(false, Ordering::SeqCst) || line.interrupt() {
            device.poll();
        }
    });
    let mut host = Host::new(board);
    host.plug().unwrap();
    let known = linux::enumerate(&mut host).unwrap();
    (host, AcmPort::all(&known).remove(0), port)
}

const TO_HOST: usize = 1;
const TO_DEVICE: usize = 2;

/// What the application did, to be seen by the other thread.
#[derive(Default)]
struct Progress {
    moved: AtomicUsize,
    /// Turns in which there was nothing to do.
    idle: AtomicUsize,
    over: AtomicBool,
}

/// Bytes of the two streams. Where there is only one, no event of the other hides a lost wake-up.
#[derive(Clone, Copy, Debug)]
struct Lengths {
    to_host: usize,
    to_device: usize,
}

/// Writes one stream and checks another, in pieces of any size.
fn application(mut port: Port, lengths: Lengths, seed: u64, progress: &Progress) {
    let mut random = SplitMix64::new(seed);
    let (mut written, mut read) = (0, 0);
    let Lengths { to_host, to_device } = lengths;
    while (written < to_host || read < to_device) && !progress.over.load(Ordering::Relaxed) {
        let before = written + read;
        let count = (1 + random.below(100)).min(to_host - written);
        let piece: Vec<u8> = (written..written + count).map(|at| byte(TO_HOST, at)).collect();
        if !piece.is_empty() {
            written += port.writer.write(&piece).unwrap_or(0);
        }
        let mut buffer = [0; 100];
        let wanted = 1 + random.below(100);
        if let Ok(count) = port.reader.read(&mut buffer[..wanted]) {
            assert!((0..count).all(|at| buffer[at] == byte(TO_DEVICE, read + at)), "at {read}");
            read += count;
        }
        match written + read - before {
            0 => progress.idle.fetch_add(1, Ordering::Relaxed),
            moved => progress.moved.fetch_add(moved, Ordering::Relaxed),
        };
        match random.below(4) {
            0 => std::thread::yield_now(),
            _ => (0..random.below(2000)).for_each(|_| std::hint::spin_loop()),
        }
    }
}

/// Neither side moves, though both have tried this often.
const PATIENCE: usize = 20_000;

fn exchange(depth: usize, lengths: Lengths, seed: u64) {
    let Lengths { to_host, to_device } = lengths;
    let (mut host, acm, port) = interrupt_driven::<0, _>(depth, ());
    let progress = Arc::new(Progress::default());
    let theirs = progress.clone();
    let thread = std::thread::spawn(move || application(port, lengths, seed, &theirs));

    let data: Vec<u8> = (0..to_device).map(|at| byte(TO_DEVICE, at)).collect();
    let mut write = Transfer::write(acm.function().data_out, &data);
    let mut received: Vec<u8> = Vec::new();
    let (mut last, mut tries, mut idle) = (0, 0, 0);
    let is_written = |write: &Transfer| to_device == 0 || write.outcome().is_some();
    while received.len() < to_host || !is_written(&write) {
        let mut read = Transfer::read(acm.function().data_in, 64);
        match (to_host, to_device) {
            (0, _) => host.exchange(&mut [&mut write], 100_000),
            (_, 0) => host.exchange(&mut [&mut read], 100_000),
            _ => host.exchange(&mut [&mut write, &mut read], 100_000),
        }
        received.extend(read.moved());
        let moved = received.len() + write.moved().len() + progress.moved.load(Ordering::Relaxed);
        if moved != last {
            (last, tries, idle) = (moved, 0, progress.idle.load(Ordering::Relaxed));
        }
        tries += 1;
        let stuck = tries > PATIENCE && progress.idle.load(Ordering::Relaxed) > idle + PATIENCE;
        if stuck || thread.is_finished() && tries > PATIENCE {
            progress.over.store(true, Ordering::Relaxed);
            thread.join().unwrap();
            panic!("depth {depth}, {lengths:?}, seed {seed}: stands still after {moved} bytes");
        }
    }
    while !thread.is_finished() {
        host.run(100_000);
    }
    thread.join().unwrap();
    assert!(received.iter().enumerate().all(|(at, &have)| have == byte(TO_HOST, at)));
    assert_eq!(host.port().wire().violations(), []);
}

#[test]
fn an_application_on_a_thread_of_its_own_never_waits_for_a_doorbell_that_was_lost() {
    const BOTH: Lengths = Lengths { to_host: 10_000, to_device: 10_000 };
    for seed in 0..2 * u64::from(soak(50)) {
        for depth in [1, 2, 4] {
            exchange(depth, BOTH, seed);
            exchange(depth, Lengths { to_device: 0, ..BOTH }, seed);
            exchange(depth, Lengths { to_host: 0, ..BOTH }, seed);
        }
    }
}

/// Reads sessions of one number each: the number, and then the end, strictly in turn.
fn sessions(mut port: Port, count: u32) {
    let mut number: Vec<u8> = Vec::new();
    let mut next = 0;
    while next < count {
        let mut buffer = [0; 3];
        match port.reader.read(&mut buffer) {
            Ok(length) => number.extend(&buffer[..length]),
            Err(ReadError::Disconnected) => {
                assert_eq!(number, next.to_le_bytes(), "before the end was told");
                number.clear();
                next += 1;
            }
            Err(ReadError::Empty) => std::hint::spin_loop(),
        }
    }
}

#[test]
fn the_end_of_a_session_is_told_after_its_last_byte_and_once() {
    let count = 2_000 * soak(50);
    let (mut host, acm, port) = interrupt_driven::<1, _>(2, Recorder::<REQUIRE>);
    let thread = std::thread::spawn(move || sessions(port, count));
    for number in 0..count {
        acm.set_control_line_state(&mut host, true, true).unwrap();
        let number = number.to_le_bytes();
        let mut write = Transfer::write(acm.function().data_out, &number);
        while write.outcome().is_none() {
            assert!(!thread.is_finished());
            host.exchange(&mut [&mut write], 100_000);
        }
        acm.set_control_line_state(&mut host, false, false).unwrap();
    }
    while !thread.is_finished() {
        host.run(100_000);
    }
    thread.join().unwrap();
    assert_eq!(host.port().wire().violations(), []);
}
