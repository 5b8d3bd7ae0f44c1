//! The contracts of embedded-io, with a `wait` in which the host's time passes.

use embedded_io::{BufRead, Error, ErrorKind, Read, ReadReady, Write, WriteReady};
use usbd_acm::{IoError, ReadError};
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::Transfer;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;

fn fixture() -> Fixture {
    Fixture::new::<FullSpeed>(Options::default(), ())
}

fn never() -> bool {
    panic!("nothing to wait for")
}

fn give_up() -> bool {
    false
}

#[test]
fn a_read_waits_for_the_first_byte_and_returns_what_is_there() {
    let Fixture { mut host, mut port, acm } = fixture();
    let mut write = Transfer::write(acm.function().data_out, &[7; 70]);
    let mut waits = 0;
    let mut buffer = [0; 256];
    let mut reader = port.reader.blocking(|| {
        waits += 1;
        if waits > 10 {
            host.exchange(&mut [&mut write], 30 * MICROSECOND);
        }
        true
    });
    assert_eq!(reader.read(&mut buffer), Ok(64), "a packet, and not all that was asked for");
    assert_eq!(reader.read(&mut buffer), Ok(6));
    assert!(waits > 10);
}

#[test]
fn reading_into_nothing_returns_at_once() {
    let mut fixture = fixture();
    assert_eq!(fixture.port.reader.blocking(never).read(&mut []), Ok(0));
}

/// Not even into nothing.
#[test]
fn a_zero_length_packet_is_not_read() {
    let Fixture { mut host, mut port, acm } = fixture();
    let mut write = Transfer::write(acm.function().data_out, &[]);
    host.exchange(&mut [&mut write], 1000 * MICROSECOND);
    assert_eq!(write.outcome(), Some(Ok(())));
    assert_eq!(port.reader.read(&mut []), Err(ReadError::Empty));
    acm.write(&mut host, b"data").unwrap();
    assert_eq!(port.reader.read(&mut []), Ok(0));
}

#[test]
fn read_exact_goes_on_over_packets() {
    let Fixture { mut host, mut port, acm } = fixture();
    let data: Vec<u8> = (0..200).collect();
    let mut write = Transfer::write(acm.function().data_out, &data);
    let mut buffer = [0; 200];
    let mut reader = port.reader.blocking(|| {
        host.exchange(&mut [&mut write], 100 * MICROSECOND);
        true
    });
    reader.read_exact(&mut buffer).unwrap();
    assert_eq!(buffer[..], data);
}

#[test]
fn fill_buf_gives_the_same_bytes_until_they_are_consumed() {
    let Fixture { mut host, mut port, acm } = fixture();
    let mut write = Transfer::write(acm.function().data_out, b"hello");
    let mut reader = port.reader.blocking(|| {
        host.exchange(&mut [&mut write], 100 * MICROSECOND);
        true
    });
    assert_eq!(reader.fill_buf(), Ok(&b"hello"[..]));
    assert_eq!(reader.fill_buf(), Ok(&b"hello"[..]));
    reader.consume(2);
    assert_eq!(reader.fill_buf(), Ok(&b"llo"[..]));
    reader.consume(100);
    assert_eq!(port.reader.blocking(give_up).fill_buf(), Err(IoError::TimedOut));
}

#[test]
fn a_wait_that_gives_up_is_a_time_out() {
    let mut fixture = fixture();
    let mut waits = 0;
    let three_times = || {
        waits += 1;
        waits < 3
    };
    let outcome = fixture.port.reader.blocking(three_times).read(&mut [0]);
    assert_eq!((outcome, waits), (Err(IoError::TimedOut), 3));
    while fixture.port.writer.write(&[7; 64]).is_ok() {}
    assert_eq!(fixture.port.writer.blocking(give_up).write(b"x"), Err(IoError::TimedOut));
    assert_eq!(fixture.port.writer.blocking(give_up).flush(), Err(IoError::TimedOut));
}

#[test]
fn the_end_of_a_session_is_an_error_once() {
    let mut fixture = fixture();
    fixture.set_dtr(true);
    fixture.port.writer.write(b"unread").unwrap();
    fixture.acm.write(&mut fixture.host, b"bye").unwrap();
    let _ = fixture.port.reader.fill_buf();
    let Fixture { mut host, mut port, acm } = fixture;
    acm.set_control_line_state(&mut host, false, false).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(port.reader.blocking(never).read(&mut buffer), Ok(3), "what was acknowledged");
    assert_eq!(port.reader.blocking(never).read(&mut buffer), Err(IoError::Disconnected));
    assert_eq!(port.reader.blocking(give_up).read(&mut buffer), Err(IoError::TimedOut));
    assert_eq!(port.writer.blocking(never).flush(), Err(IoError::Disconnected));
    assert_eq!(port.writer.blocking(never).flush(), Err(IoError::NotConnected));
    assert_eq!(port.writer.blocking(never).write(b"x"), Err(IoError::NotConnected));
}

#[test]
fn a_session_that_ends_during_a_wait_ends_the_wait() {
    let Fixture { mut host, mut port, acm } = fixture();
    assert!(port.reader.fill_buf().is_err());
    acm.set_control_line_state(&mut host, true, true).unwrap();
    let hang_up = || acm.set_control_line_state(&mut host, false, false).is_ok();
    assert_eq!(port.reader.blocking(hang_up).read(&mut [0]), Err(IoError::Disconnected));
    acm.set_control_line_state(&mut host, true, true).unwrap();
    while port.writer.write(&[7; 64]).is_ok() {}
    let hang_up = || acm.set_control_line_state(&mut host, false, false).is_ok();
    assert_eq!(port.writer.blocking(hang_up).flush(), Err(IoError::Disconnected));
}

#[test]
fn write_all_waits_for_room_and_flush_for_the_host() {
    let Fixture { mut host, mut port, acm } = fixture();
    // A multiple of the packet size: the zero-length packet belongs to it.
    let data: Vec<u8> = (0..640u32).map(|n| (n / 3).to_le_bytes()[0]).collect();
    let mut read = Transfer::read(acm.function().data_in, 4096);
    let mut writer = port.writer.blocking(|| {
        host.exchange(&mut [&mut read], 20 * MICROSECOND);
        true
    });
    writer.write_all(&data).unwrap();
    writer.flush().unwrap();
    assert_eq!(read.moved(), data);
    assert_eq!(read.outcome(), Some(Ok(())), "the zero-length packet was acknowledged");
}

#[test]
fn all_of_an_answer_goes_to_the_session_of_the_question_or_none() {
    let Fixture { mut host, mut port, mut acm } = fixture();
    let session = port.control.session();
    let data: Vec<u8> = (0..200).collect();
    let mut read = Transfer::read(acm.function().data_in, 4096);
    let mut writer = port.writer.blocking(|| {
        host.exchange(&mut [&mut read], 20 * MICROSECOND);
        true
    });
    assert_eq!(writer.write_all_in(session, &data), Ok(()));
    assert_eq!(writer.flush(), Ok(()));
    assert_eq!(read.moved(), data);
    for lines in [true, false, true] {
        acm.set_control_line_state(&mut host, lines, lines).unwrap();
    }
    let answer = port.writer.blocking(never).write_all_in(session, &data);
    assert_eq!(answer, Err(IoError::Disconnected));
    assert_eq!(acm.read_for(&mut host, MILLISECOND), Ok(vec![]));
}

#[test]
fn a_flush_with_nothing_to_flush_returns_at_once() {
    let mut fixture = fixture();
    assert_eq!(fixture.port.writer.blocking(never).flush(), Ok(()));
    assert_eq!(fixture.port.writer.blocking(never).write(&[]), Ok(0));
    fixture.port.writer.write(b"x").unwrap();
    fixture.acm.read(&mut fixture.host, 1).unwrap();
    assert_eq!(fixture.port.writer.blocking(never).flush(), Ok(()));
}

#[test]
fn formatted_text_goes_through_write() {
    let Fixture { mut host, mut port, mut acm } = fixture();
    write!(port.writer.blocking(never), "answer-{:#04x}\r\n", 42).unwrap();
    assert_eq!(acm.read(&mut host, 13).unwrap(), b"answer-0x2a\r\n");
}

#[test]
fn what_is_ready_does_not_wait() {
    let mut fixture = fixture();
    // Before anything was ever written or read.
    assert_eq!(fixture.port.writer.blocking(never).write_ready(), Ok(true));
    assert_eq!(fixture.port.reader.blocking(never).read_ready(), Ok(false));
    fixture.acm.write(&mut fixture.host, b"x").unwrap();
    assert_eq!(fixture.port.reader.blocking(never).read_ready(), Ok(true));
    assert_eq!(fixture.port.reader.blocking(never).read(&mut [0]), Ok(1));
    while fixture.port.writer.blocking(never).write_ready() == Ok(true) {
        assert!(fixture.port.writer.blocking(never).write(&[7; 10]).unwrap() > 0);
    }
    assert_eq!(fixture.port.writer.write(&[7]), Err(usbd_acm::WriteError::Full));
    // The end of a session is ready to be told.
    fixture.set_dtr(true);
    fixture.set_dtr(false);
    fixture.set_dtr(true);
    assert_eq!(fixture.port.reader.blocking(never).read_ready(), Ok(true));
    let read = fixture.port.reader.blocking(never).read(&mut [0]);
    assert_eq!(read, Err(IoError::Disconnected));
    assert_eq!(fixture.port.writer.blocking(never).write_ready(), Ok(true));
    let write = fixture.port.writer.blocking(never).write(b"x");
    assert_eq!(write, Err(IoError::Disconnected));
    assert_eq!(fixture.port.writer.blocking(never).write_ready(), Ok(true));
    assert_eq!(fixture.port.writer.blocking(never).write(b"x"), Ok(1));
    // Without a session nothing is.
    fixture.host.unplug();
    let _ = fixture.port.writer.is_flushed();
    let _ = fixture.port.reader.fill_buf();
    assert_eq!(fixture.port.writer.blocking(never).write_ready(), Ok(false));
    assert_eq!(fixture.port.reader.blocking(never).read_ready(), Ok(false));
}

#[test]
fn errors_have_the_kinds_that_generic_code_looks_at() {
    assert_eq!(IoError::Disconnected.kind(), ErrorKind::ConnectionReset);
    assert_eq!(IoError::NotConnected.kind(), ErrorKind::NotConnected);
    assert_eq!(IoError::TimedOut.kind(), ErrorKind::TimedOut);
    assert_eq!(IoError::TimedOut.to_string(), "gave up waiting");
}

#[test]
fn a_main_loop_polls_in_the_wait() {
    // The halves never block each other: a bridge of two waits that take turns.
    let Fixture { mut host, mut port, acm } = fixture();
    let mut write = Transfer::write(acm.function().data_out, b"ping");
    let mut read = Transfer::read(acm.function().data_in, 64);
    let mut buffer = [0; 4];
    let step = || {
        host.exchange(&mut [&mut write, &mut read], 50 * MICROSECOND);
        true
    };
    port.reader.blocking(step).read_exact(&mut buffer).unwrap();
    port.writer.blocking(never).write_all(&buffer).unwrap();
    host.exchange(&mut [&mut read], MILLISECOND);
    assert_eq!(read.moved(), b"ping");
    assert_eq!(host.port().wire().violations(), []);
}
