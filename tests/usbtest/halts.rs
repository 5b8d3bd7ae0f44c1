//! Cases 13 and 29: halts and toggles.

use usbd_acm_virtual::host::{Pipe, Transfer, TransferError, request};

use super::{Role, Subject, data, each_speed, is_pattern};

fn control(subject: &mut Subject, setup: usbd_acm::SetupPacket) -> Vec<u8> {
    subject.host.control_in(setup).unwrap_or_else(|error| panic!("{setup:?}: {error}"))
}

fn status(subject: &mut Subject, pipe: Pipe) -> u8 {
    let status = control(subject, request::get_endpoint_status(pipe.address));
    assert_eq!((status.len(), status[1]), (2, 0));
    status[0]
}

/// One packet, whatever the direction; the bytes moved.
fn one_packet(subject: &mut Subject, pipe: Pipe, at: usize) -> Result<usize, TransferError> {
    let size = subject.packet();
    if pipe == subject.function.data_out {
        return subject.write(&data(at, size)).map(|()| size);
    }
    let bytes = subject.read(size)?;
    assert!(is_pattern(at, &bytes), "nothing lost at {at}");
    Ok(bytes.len())
}

/// `verify_not_halted`, `verify_halted` and the way between them.
fn halt_simple(subject: &mut Subject, pipe: Pipe) {
    let mut moved = 0;
    for _ in 0..50 {
        assert_eq!(status(subject, pipe), 0);
        moved += one_packet(subject, pipe, moved).expect("not halted");
        control(subject, request::set_halt(pipe.address));
        for _ in 0..2 {
            assert_eq!(status(subject, pipe), 1);
            let halted = one_packet(subject, pipe, moved);
            assert_eq!(halted, Err(TransferError::Stall));
        }
        control(subject, request::clear_halt(pipe.address));
        assert_eq!(status(subject, pipe), 0);
        moved += one_packet(subject, pipe, moved).expect("halted no more");
    }
    if pipe == subject.function.data_out {
        subject.sink_has(moved);
    }
}

#[test]
fn usbtest_13_set_and_clear_halt_out() {
    each_speed(Role::Sink, |subject| halt_simple(subject, subject.function.data_out));
}

#[test]
fn usbtest_13_set_and_clear_halt_in() {
    each_speed(Role::Source, |subject| halt_simple(subject, subject.function.data_in));
}

#[test]
fn usbtest_29_clear_toggle_between_bulk_writes() {
    each_speed(Role::Sink, |subject| {
        let (pipe, size) = (subject.function.data_out, subject.packet());
        let mut sent = 0;
        for round in 0..50 {
            // Two packets and a zero-length packet: the next would be DATA1.
            let bytes = data(sent, 2 * size);
            let mut write = [Transfer::write_terminated(pipe, &bytes)];
            subject.complete(&mut write);
            sent += 2 * size;
            control(subject, request::clear_halt(pipe.address));
            // DATA0: a device that kept its toggle takes this for a repetition.
            let mut write = [Transfer::write_terminated(pipe, &data(sent, 2 * size))];
            subject.complete(&mut write);
            sent += 2 * size;
            subject.sink_has(sent);
            assert_eq!(sent, (round + 1) * 4 * size);
        }
    });
}

#[test]
fn usbtest_29_clear_toggle_between_bulk_reads() {
    each_speed(Role::Source, |subject| {
        let mut received = 0;
        for packets in (1..=3).cycle().take(99) {
            let bytes = subject.read(packets * subject.packet()).expect("no toggle error");
            assert!(is_pattern(received, &bytes));
            received += bytes.len();
            let pipe = subject.function.data_in;
            control(subject, request::clear_halt(pipe.address));
        }
    });
}
