//! The device half in a task of its own, woken by interrupt and doorbell alone.

use std::cell::Cell;
use std::rc::Rc;

use embedded_io_async::Read;
use usbd_acm::{Port, Reader, Storage, WakerCell, Writer};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_tests::executor::{Executor, Whims};
use usbd_acm_tests::probe::{Probe, bell};
use usbd_acm_virtual::host::{AcmPort, Host, SplitMix64, linux};
use usbd_acm_virtual::{Board, FullSpeed, VirtualController};

async fn echo(mut reader: Reader, mut writer: Writer) {
    let mut bytes = [0; 50];
    loop {
        let Ok(count) = Read::read(&mut reader, &mut bytes).await else { continue };
        let _ = writer.write_all_in(reader.session(), &bytes[..count]).await;
    }
}

/// A host with a device whose three tasks are polled in any order.
fn host(seed: u64) -> Host<Board<impl FnMut(u64)>> {
    static INTERRUPT: [WakerCell; 8] = [const { WakerCell::new() }; 8];
    let interrupt = &INTERRUPT[usize::try_from(seed % 8).unwrap()];
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let storage = Box::leak(Box::new(Storage::<1, 2, 64>::new()));
    bell::take();
    let (mut device, [port]) = storage.split(Probe::<_>::new(controller), &ONE_PORT, ());
    device.connect();
    let masked = Rc::new(Cell::new(false));
    let unmask = masked.clone();
    let mut executor = Executor::new(Whims::new(seed));
    executor.spawn(async move { device.run(interrupt, || unmask.set(false)).await });
    let Port { reader, writer, .. } = port;
    executor.spawn(echo(reader, writer));
    let line = wire.clone();
    Host::new(Board::new(wire, move |_| {
        // The interrupt is above all tasks: it comes between any two polls.
        loop {
            if !masked.get() && (bell::take() || line.interrupt()) {
                masked.set(true);
                interrupt.wake();
            }
            if executor.run(1) && !line.interrupt() && !bell::is_ringing() {
                return;
            }
        }
    }))
}

#[test]
fn a_device_that_runs_in_a_task_echoes() {
    for seed in 0..8 {
        let mut host = host(seed);
        host.plug().unwrap();
        let device = linux::enumerate(&mut host).unwrap();
        let mut acm = AcmPort::all(&device).remove(0);
        let mut random = SplitMix64::new(seed);
        for length in [1, 63, 64, 65, 300, 1000] {
            let mut data = vec![0; length];
            random.fill(&mut data);
            assert_eq!(acm.transfer(&mut host, &data, length).unwrap(), data);
        }
        assert_eq!(host.port().wire().violations(), []);
    }
}
