//! Bytes that are written one at a time share packets, without a timer.

use usbd_acm_tests::fixture::{Application, Options, Polling, board};
use usbd_acm_tests::traffic::InTraffic;
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{AcmPort, Transfer, linux};

const TOTAL: usize = 10_000;

/// Packets of `TOTAL` bytes that are written one by one, one every `interval` nanoseconds or as soon
/// as there is room.
fn packets(interval: u64) -> usize {
    let options = Options { polling: Polling::OnInterrupt(5_000), ..Options::default() };
    let mut host = board::<FullSpeed, _, 2, 64>(options, (), |mut port| -> Application {
        let (mut written, mut credit) = (0, 0);
        Box::new(move |duration| {
            // The clock of the writer starts when somebody listens.
            if port.control.control_lines().is_empty() {
                return;
            }
            credit += duration;
            while written < TOTAL && credit >= interval && port.writer.write(&[0x42]) == Ok(1) {
                credit -= interval;
                written += 1;
            }
        })
    });
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let acm = AcmPort::all(&device).remove(0);
    let data_in = acm.function().data_in;
    let traffic = host.observe(InTraffic::new(data_in.address.number(), 64));
    acm.set_control_line_state(&mut host, true, true).unwrap();
    let mut received = 0;
    while received < TOTAL {
        let mut read = Transfer::read(data_in, 64);
        host.exchange(&mut [&mut read], 100_000_000);
        read.outcome().unwrap().unwrap();
        received += read.moved().len();
    }
    let packets = traffic.borrow().data_packets();
    println!("{TOTAL} bytes, one every {interval} ns: {packets} packets");
    packets
}

#[test]
fn as_fast_as_possible_they_fill_packets() {
    let packets = packets(0);
    assert!(packets <= TOTAL.div_ceil(64) + 2, "{packets} packets");
}

#[test]
fn faster_than_packets_go_out_they_share_them() {
    // A byte every microsecond is 64 in the time of one and a half full packets.
    assert!(packets(1_000) <= TOTAL / 10);
    assert!(packets(5_000) <= TOTAL / 2);
}

#[test]
fn slower_than_packets_go_out_they_go_at_once() {
    // A byte every 100 µs waits for nothing: a packet each.
    assert_eq!(packets(100_000), TOTAL);
}
