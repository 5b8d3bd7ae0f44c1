//! Cases 11, 12 and 24: transfers that the host takes back.

use usbd_acm_virtual::host::Transfer;

use super::{Role, data, each_speed, is_pattern};

#[test]
fn usbtest_11_unlinked_reads() {
    each_speed(Role::Source, |subject| {
        let mut received = 0;
        for round in 0..200 {
            let mut read = Transfer::read(subject.function.data_in, 100 * subject.packet());
            // Taken back after 0 to some packets; what came was acknowledged, and stays.
            subject.host.exchange(&mut [&mut read], round * 7_000);
            assert!(is_pattern(received, read.moved()), "round {round}");
            received += read.moved().len();
        }
        assert!(received > 0);
        let size = subject.packet();
        assert!(is_pattern(received, &subject.read(size).unwrap()));
    });
}

#[test]
fn usbtest_12_unlinked_writes() {
    each_speed(Role::Sink, |subject| {
        let mut sent = 0;
        for round in 0..200 {
            let bytes = data(sent, 100 * subject.packet());
            let mut write = Transfer::write(subject.function.data_out, &bytes);
            subject.host.exchange(&mut [&mut write], round * 7_000);
            sent += write.moved().len();
        }
        assert!(sent > 0);
        assert_eq!(subject.write(&data(sent, 77)), Ok(()));
        subject.sink_has(sent + 77);
    });
}

#[test]
fn usbtest_24_unlinked_from_a_queue() {
    each_speed(Role::Sink, |subject| {
        let mut sent = 0;
        for round in 0..50 {
            // Four queued; the second is taken back half-way, the third before it began.
            for (place, limit) in [(0, u64::MAX), (1, 10_000 * round), (3, u64::MAX)] {
                let bytes = data(sent, 3 * subject.packet() + place);
                let mut write = Transfer::write(subject.function.data_out, &bytes);
                subject.host.exchange(&mut [&mut write], limit.min(5_000_000_000));
                sent += write.moved().len();
            }
        }
        assert!(sent > 50 * 6 * subject.packet());
        subject.sink_has(sent);
    });
}
