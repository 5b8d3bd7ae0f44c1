//! The application on embassy's executor, on a thread of its own; the device polled by interrupt and
//! doorbell alone. A lost wake-up is a port that stands still.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use embassy_executor::{Executor, Spawner};
use embedded_io_async::Read;
use usbd_acm::class::Event;
use usbd_acm::{PortControl, Reader, Storage, Writer};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_tests::probe::{Bell, Probe};
use usbd_acm_virtual::host::{AcmPort, Host, SplitMix64, Transfer, linux};
use usbd_acm_virtual::{Board, FullSpeed, VirtualController};

static RINGING: AtomicBool = AtomicBool::new(false);
/// Rises of DTR that the control task was told of.
static RISES: AtomicUsize = AtomicUsize::new(0);

struct Doorbell;

impl Bell for Doorbell {
    fn ring() {
        RINGING.store(true, Ordering::SeqCst);
    }
}

#[embassy_executor::task]
async fn echo(mut reader: Reader, mut writer: Writer) {
    let mut bytes = [0; 100];
    loop {
        let Ok(count) = Read::read(&mut reader, &mut bytes).await else { continue };
        let written = writer.write_all_in(reader.session(), &bytes[..count]).await;
        if written.is_ok() && count < 64 {
            let _ = writer.flush().await;
        }
    }
}

#[embassy_executor::task]
async fn follow(mut control: PortControl) {
    loop {
        if control.event().await == Event::Dtr(true) {
            RISES.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn run(spawner: Spawner, reader: Reader, writer: Writer, control: PortControl) {
    spawner.spawn(echo(reader, writer).unwrap());
    spawner.spawn(follow(control).unwrap());
}

/// The host's time passes while the other thread does not run, so it tries for long.
const PATIENCE: usize = 100_000;

#[test]
fn tasks_of_embassy_echo() {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let storage = Box::leak(Box::new(Storage::<1, 2, 64>::new()));
    let controller = Probe::<_, Doorbell>::new(controller);
    let (mut device, [port]) = storage.split(controller, &ONE_PORT, ());
    device.connect();
    // It never returns: the thread ends with the test.
    std::thread::spawn(move || {
        let executor: &'static mut Executor = Box::leak(Box::new(Executor::new()));
        let (reader, writer, control) = port.split();
        executor.run(|spawner| run(spawner, reader, writer, control));
    });
    let line = wire.clone();
    let mut host = Host::new(Board::new(wire, move |_| {
        while RINGING.swap(false, Ordering::SeqCst) || line.interrupt() {
            device.poll();
        }
    }));
    host.plug().unwrap();
    let known = linux::enumerate(&mut host).unwrap();
    let acm = AcmPort::all(&known).remove(0);
    let mut random = SplitMix64::new(1);
    for round in 0..50 {
        acm.set_control_line_state(&mut host, true, true).unwrap();
        let mut data = vec![0; 1 + random.below(500)];
        random.fill(&mut data);
        let mut write = Transfer::write(acm.function().data_out, &data);
        let mut echoed: Vec<u8> = Vec::new();
        for _ in 0..PATIENCE {
            let mut read = Transfer::stream(acm.function().data_in, data.len() - echoed.len());
            host.exchange(&mut [&mut write, &mut read], 100_000);
            echoed.extend(read.moved());
            if echoed.len() >= data.len() && RISES.load(Ordering::SeqCst) > round {
                break;
            }
            std::thread::yield_now();
        }
        assert_eq!(echoed, data, "round {round}");
        assert_eq!(RISES.load(Ordering::SeqCst), round + 1, "a rise of DTR that was not told");
        acm.set_control_line_state(&mut host, false, true).unwrap();
    }
    assert_eq!(host.port().wire().violations(), []);
}
