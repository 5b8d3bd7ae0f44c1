//! Cases 1 to 8: bulk reads and writes.

use usbd_acm_virtual::host::Transfer;

use super::{Role, Subject, data, each_speed, is_pattern};

/// Writes of these lengths, one after the other.
fn write_all(subject: &mut Subject, lengths: impl IntoIterator<Item = usize>) {
    let mut sent = 0;
    for length in lengths {
        assert_eq!(subject.write(&data(sent, length)), Ok(()), "{length} bytes after {sent}");
        sent += length;
    }
    subject.sink_has(sent);
}

/// Reads of as many packets, one after the other.
fn read_all(subject: &mut Subject, packets: impl IntoIterator<Item = usize>) {
    let mut received = 0;
    for packets in packets {
        let length = packets * subject.packet();
        let bytes = subject.read(length).expect("a full read");
        assert_eq!(bytes.len(), length);
        assert!(is_pattern(received, &bytes), "{length} bytes after {received}");
        received += length;
    }
}

#[test]
fn usbtest_01_bulk_write() {
    each_speed(Role::Sink, |subject| {
        write_all(subject, [512; 100]);
    });
}

#[test]
fn usbtest_02_bulk_read() {
    each_speed(Role::Source, |subject| read_all(subject, [8; 100]));
}

#[test]
fn usbtest_03_bulk_write_of_varying_length() {
    each_speed(Role::Sink, |subject| {
        write_all(subject, (0..600).map(|n| 1 + n * 421 % 1024));
    });
}

#[test]
fn usbtest_04_bulk_read_of_varying_length() {
    each_speed(Role::Source, |subject| {
        read_all(subject, (0..200).map(|n| 1 + n * 7 % 16));
    });
}

/// A scatter-gather list of writes.
fn write_queue(subject: &mut Subject, lengths: &[usize]) {
    let mut at = 0;
    let mut queue: Vec<Transfer> = Vec::new();
    for &length in lengths {
        queue.push(Transfer::write(subject.function.data_out, &data(at, length)));
        at += length;
    }
    subject.complete(&mut queue);
    subject.sink_has(at);
}

/// A scatter-gather list of reads of whole packets.
fn read_queue(subject: &mut Subject, packets: &[usize]) {
    let pipe = subject.function.data_in;
    let size = subject.packet();
    let mut queue: Vec<Transfer> =
        packets.iter().map(|count| Transfer::read(pipe, count * size)).collect();
    subject.complete(&mut queue);
    let mut at = 0;
    for transfer in queue {
        assert!(is_pattern(at, transfer.moved()));
        at += transfer.moved().len();
    }
    assert_eq!(at, size * packets.iter().sum::<usize>());
}

#[test]
fn usbtest_05_queued_writes() {
    each_speed(Role::Sink, |subject| write_queue(subject, &[512; 32]));
}

#[test]
fn usbtest_06_queued_reads() {
    each_speed(Role::Source, |subject| read_queue(subject, &[8; 32]));
}

#[test]
fn usbtest_07_queued_writes_of_varying_length() {
    let lengths: Vec<usize> = (0..64).map(|n| 1 + n * 97 % 1024).collect();
    each_speed(Role::Sink, |subject| write_queue(subject, &lengths));
}

#[test]
fn usbtest_08_queued_reads_of_varying_length() {
    let packets: Vec<usize> = (0..64).map(|n| 1 + n * 5 % 16).collect();
    each_speed(Role::Source, |subject| read_queue(subject, &packets));
}
