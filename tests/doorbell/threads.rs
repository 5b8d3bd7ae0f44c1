//! The application on a thread of its own, and the device polled by interrupt and doorbell alone:
//! real concurrency, in which a lost wake-up is a port that stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use usbd_acm::{Device, Port, Storage};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_tests::ledger::byte;
use usbd_acm_tests::probe::{Bell, Probe};
use usbd_acm_tests::soak;
use usbd_acm_virtual::host::{AcmPort, Host, SplitMix64, Transfer, linux};
use usbd_acm_virtual::{Board, FullSpeed, VirtualController, VirtualWire};

/// The doorbell of the one device of this test.
static RINGING: AtomicBool = AtomicBool::new(false);

struct Shared;

impl Bell for Shared {
    fn ring() {
        RINGING.store(true, Ordering::SeqCst);
    }
}

type Bells = Probe<VirtualController<FullSpeed>, Shared>;

/// Firmware without a main loop.
fn interrupt_driven(mut device: Device<Bells>, wire: VirtualWire) -> Board<impl FnMut(u64)> {
    let line = wire.clone();
    Board::new(wire, move |_| {
        while RINGING.swap(false, Ordering::SeqCst) || line.interrupt() {
            device.poll();
        }
    })
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

/// Writes one stream and checks another, in pieces of any size.
fn application(mut port: Port, total: usize, seed: u64, progress: &Progress) {
    let mut random = SplitMix64::new(seed);
    let (mut written, mut read) = (0, 0);
    while (written < total || read < total) && !progress.over.load(Ordering::Relaxed) {
        let before = written + read;
        let count = (1 + random.below(100)).min(total - written);
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
        std::thread::yield_now();
    }
}

/// Neither side moves, though both have tried this often.
const PATIENCE: usize = 20_000;

fn exchange(depth: usize, total: usize, seed: u64) {
    let (controller, wire) = VirtualController::<FullSpeed>::new(depth);
    let storage = Box::leak(Box::new(Storage::<1, 2, 64>::new()));
    let (mut device, [port]) = storage.split(Bells::new(controller), &ONE_PORT, ());
    device.connect();
    let mut host = Host::new(interrupt_driven(device, wire));
    host.plug().unwrap();
    let known = linux::enumerate(&mut host).unwrap();
    let acm = AcmPort::all(&known).remove(0);
    let progress = Arc::new(Progress::default());
    let theirs = progress.clone();
    let thread = std::thread::spawn(move || application(port, total, seed, &theirs));

    let data: Vec<u8> = (0..total).map(|at| byte(TO_DEVICE, at)).collect();
    let mut write = Transfer::write(acm.function().data_out, &data);
    let mut received: Vec<u8> = Vec::new();
    let (mut last, mut tries, mut idle) = (0, 0, 0);
    while received.len() < total || write.outcome().is_none() {
        let mut read = Transfer::read(acm.function().data_in, 64);
        host.exchange(&mut [&mut write, &mut read], 100_000);
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
            panic!("depth {depth}, seed {seed}: stands still after {moved} bytes");
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
    for seed in 0..2 * u64::from(soak(50)) {
        for depth in [1, 2, 4] {
            exchange(depth, 20_000, seed);
        }
    }
}
