//! Applications that join reader and writer: what was read in one session is not written into the
//! next.

use usbd_acm::{ReadError, WriteError};
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_tests::probe::Recorder;
use usbd_acm_virtual::FullSpeed;

use crate::MILLISECOND;

fn fixture() -> Fixture {
    Fixture::new::<FullSpeed>(Options::default(), Recorder::<1>)
}

/// Moves what can be moved.
fn echo(fixture: &mut Fixture) {
    while let Ok((session, bytes)) = fixture.port.reader.front() {
        let count = match fixture.port.writer.write_in(session, bytes) {
            Ok(count) => count,
            Err(WriteError::Full) => return,
            Err(_) => bytes.len(),
        };
        fixture.port.reader.consume(count);
    }
}

#[test]
fn what_was_read_in_one_session_is_not_echoed_into_the_next() {
    let mut fixture = fixture();
    fixture.set_dtr(true);
    fixture.acm.write(&mut fixture.host, b"stale").unwrap();
    fixture.set_dtr(false);
    fixture.set_dtr(true);
    fixture.acm.write(&mut fixture.host, b"fresh").unwrap();
    while fixture.port.reader.is_ready() {
        echo(&mut fixture);
    }
    assert_eq!(fixture.acm.read_for(&mut fixture.host, 5 * MILLISECOND).unwrap(), b"fresh");
}

#[test]
fn the_first_bytes_of_a_session_are_not_what_tells_of_the_end_of_the_last() {
    let mut fixture = fixture();
    fixture.set_dtr(true);
    for _ in 0..3 {
        fixture.acm.write(&mut fixture.host, b"hello").unwrap();
        echo(&mut fixture);
        assert_eq!(fixture.acm.read_for(&mut fixture.host, 5 * MILLISECOND).unwrap(), b"hello");
        fixture.set_dtr(false);
        fixture.set_dtr(true);
        echo(&mut fixture);
    }
}

#[test]
fn every_half_knows_the_session() {
    let mut fixture = fixture();
    fixture.set_dtr(true);
    let first = fixture.port.control.session();
    assert!(first.is_open() && fixture.port.control.is_connected());
    assert_eq!(fixture.port.writer.session(), first);
    fixture.acm.write(&mut fixture.host, b"last words").unwrap();
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"last words"[..]));
    fixture.set_dtr(false);
    assert!(!fixture.port.control.is_connected());
    assert_eq!(fixture.port.reader.session(), first, "that of the bytes");
    assert_eq!(fixture.port.reader.front(), Ok((first, &b"last words"[..])));
    assert_eq!(fixture.port.writer.write_in(first, b"answer"), Err(WriteError::Disconnected));
    fixture.port.reader.consume(10);
    assert_eq!(fixture.port.reader.front(), Err(ReadError::Disconnected));
    fixture.set_dtr(true);
    let second = fixture.port.writer.session();
    assert_ne!(first, second);
    assert_eq!(fixture.port.writer.write_in(first, b"answer"), Err(WriteError::Disconnected));
    assert_eq!(fixture.port.writer.write_in(second, b"new"), Ok(3));
    assert_eq!(fixture.port.writer.write_in(fixture.port.writer.session(), &[]), Ok(0));
    assert_eq!(fixture.acm.read_for(&mut fixture.host, 5 * MILLISECOND).unwrap(), b"new");
}
