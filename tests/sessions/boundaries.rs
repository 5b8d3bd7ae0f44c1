//! What happens to the bytes that are under way when a session ends.

use usbd_acm::{ReadError, WriteError};
use usbd_acm_tests::TokenHost;
use usbd_acm_tests::fixture::Fixture;
use usbd_acm_tests::model::Answer;
use usbd_acm_virtual::host::{Fault, PacketKind, Rule, Side, Transfer, request};
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Pid};

use crate::{Ignoring, MILLISECOND, Preferring, Requiring, fixture};

/// What [`TokenHost::configured`] gives its device.
const TOKEN_ADDRESS: u8 = 5;

fn hang_up_and_call_again(fixture: &mut Fixture) {
    fixture.set_dtr(false);
    fixture.set_dtr(true);
}

fn received(fixture: &mut Fixture) -> Vec<u8> {
    fixture.acm.read_for(&mut fixture.host, 5 * MILLISECOND).unwrap()
}

#[test]
fn bytes_in_ram_and_in_the_controller_do_not_reach_the_next_session() {
    let mut fixture = fixture(Preferring::default());
    fixture.set_dtr(true);
    // Two packets in the controller, two slots behind them.
    while fixture.port.writer.write(b"stale").is_ok() {
        fixture.host.run(1000);
    }
    hang_up_and_call_again(&mut fixture);
    assert_eq!(fixture.port.writer.write(b"x"), Err(WriteError::Disconnected));
    assert_eq!(fixture.port.writer.write(b"fresh"), Ok(5));
    assert_eq!(received(&mut fixture), b"fresh");
    assert_eq!(fixture.violations(), []);
}

#[test]
fn bytes_in_ram_and_in_the_controller_do_not_survive_a_reset() {
    let mut fixture = fixture(Ignoring::default());
    while fixture.port.writer.write(b"stale").is_ok() {
        fixture.host.run(1000);
    }
    fixture.host.reset().unwrap();
    fixture.host.control_out(request::set_address(3), &[]).unwrap();
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
    assert_eq!(fixture.port.writer.write(b"x"), Err(WriteError::Disconnected));
    assert_eq!(fixture.port.writer.write(b"fresh"), Ok(5));
    assert_eq!(received(&mut fixture), b"fresh");
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_lost_acknowledgement_at_the_end_of_a_session_costs_nothing_of_the_next() {
    let mut fixture = fixture(Preferring::default());
    fixture.set_dtr(true);
    fixture.port.writer.write(b"old").unwrap();
    let ack = PacketKind::Handshake(Handshake::Ack);
    fixture.host.faults().add(Rule::new(ack, Fault::Drop).from(Side::Host));
    let data_in = fixture.acm.function().data_in;
    let mut read = Transfer::read(data_in, 64);
    fixture.host.exchange(&mut [&mut read], MILLISECOND);
    assert_eq!(read.moved(), b"old");
    assert!(!fixture.host.faults().is_pending());
    // The device does not know that the host has it, and the host waits for the next data toggle.
    hang_up_and_call_again(&mut fixture);
    let _ = fixture.port.writer.is_flushed();
    assert_eq!(fixture.port.writer.write(b"new"), Ok(3));
    assert_eq!(received(&mut fixture), b"new");
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_transfer_that_a_hang_up_cut_after_a_full_packet_does_not_go_on_in_the_next_session() {
    let mut fixture = fixture(Preferring::default());
    fixture.set_dtr(true);
    assert_eq!(fixture.port.writer.write(&[b'o'; 128]), Ok(128));
    // A host that reads more than a packet at once, and keeps reading across the hang-up.
    let data_in = fixture.acm.function().data_in;
    let mut read = Transfer::read(data_in, 4096);
    fixture.host.exchange(&mut [&mut read], 60_000);
    assert_eq!(read.moved(), [b'o'; 64]);
    hang_up_and_call_again(&mut fixture);
    let _ = fixture.port.writer.is_flushed();
    assert_eq!(fixture.port.writer.write(b"new"), Ok(3));
    fixture.host.exchange(&mut [&mut read], MILLISECOND);
    assert_eq!((read.outcome(), read.moved()), (Some(Ok(())), &[b'o'; 64][..]));
    assert_eq!(received(&mut fixture), b"new");
}

/// Nothing but the data that begins the next session says that something is due: no request, and no writer.
#[test]
fn data_that_begins_a_session_ends_the_transfer_that_was_cut_off() {
    let mut host = TokenHost::configured();
    assert_eq!(host.control(request::set_control_line_state(0, true, true)), Answer::Ack);
    assert_eq!(host.ports[0].writer.write(&[1; 64]), Ok(64));
    host.poll();
    assert_eq!(host.control(request::set_control_line_state(0, false, false)), Answer::Ack);
    assert_eq!(host.wire.in_token(TOKEN_ADDRESS, 1, true), InResponse::Nak);
    assert_eq!(host.wire.out_token(TOKEN_ADDRESS, 1, Pid::Data0, &[2]), Handshake::Ack);
    host.poll();
    let ended = InResponse::Data { pid: Pid::Data0, bytes: vec![] };
    assert_eq!(host.wire.in_token(TOKEN_ADDRESS, 1, true), ended);
    assert_eq!(host.violations(), []);
}

#[test]
fn the_reader_drains_what_was_acknowledged_before_it_reports_the_end() {
    let mut fixture = fixture(Preferring::default());
    fixture.set_dtr(true);
    fixture.acm.write(&mut fixture.host, b"last words").unwrap();
    fixture.set_dtr(false);
    let mut buffer = [0; 4];
    assert_eq!(fixture.port.reader.read(&mut buffer), Ok(4));
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b" words"[..]));
    fixture.set_dtr(true);
    fixture.acm.write(&mut fixture.host, b"hello").unwrap();
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b" words"[..]));
    fixture.port.reader.consume(6);
    assert!(fixture.port.reader.is_ready());
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Disconnected));
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"hello"[..]));
    fixture.port.reader.consume(5);
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Empty));
}

#[test]
fn the_end_is_reported_once_to_reader_and_writer() {
    let mut fixture = fixture(Preferring::default());
    assert_eq!(fixture.port.writer.write(b"a"), Ok(1));
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Empty));
    fixture.set_dtr(true);
    assert!(fixture.port.reader.is_connected() && fixture.port.writer.is_connected());
    fixture.set_dtr(false);
    assert!(fixture.port.reader.is_ready() && fixture.port.writer.is_ready());
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Disconnected));
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Empty));
    assert_eq!(fixture.port.writer.write(b"b"), Err(WriteError::Disconnected));
    assert_eq!(fixture.port.writer.write(b"b"), Err(WriteError::NotConnected));
    assert_eq!(fixture.port.writer.is_flushed(), Err(WriteError::NotConnected));
    assert!(fixture.port.writer.grant().is_err());
    assert!(!fixture.port.reader.is_ready() && !fixture.port.writer.is_ready());
    assert!(!fixture.port.reader.is_connected() && !fixture.port.writer.is_connected());
}

#[test]
fn an_application_that_was_away_for_several_sessions_is_told_of_one_end() {
    let mut fixture = fixture(Preferring::default());
    fixture.port.writer.write(b"a").unwrap();
    let _ = fixture.port.reader.fill_buf();
    for _ in 0..5 {
        hang_up_and_call_again(&mut fixture);
    }
    assert_eq!(fixture.port.writer.write(b"b"), Err(WriteError::Disconnected));
    assert_eq!(fixture.port.writer.write(b"b"), Ok(1));
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Disconnected));
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Empty));
}

#[test]
fn data_of_a_session_128_later_is_not_taken_for_data_of_this_one() {
    // A session is numbered by a byte on its packets, and two numbers make a session.
    for sessions in 120..=136 {
        let mut fixture = fixture(Preferring::default());
        fixture.set_dtr(true);
        assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Empty));
        for _ in 0..sessions {
            hang_up_and_call_again(&mut fixture);
        }
        fixture.acm.write(&mut fixture.host, b"later").unwrap();
        let first = fixture.port.reader.fill_buf();
        assert_eq!(first, Err(ReadError::Disconnected), "after {sessions} sessions");
        assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"later"[..]));
    }
}

#[test]
fn data_that_was_left_for_128_sessions_is_not_taken_for_data_of_that_one() {
    for sessions in 120..=136 {
        let mut fixture = fixture(Preferring::default());
        fixture.set_dtr(true);
        fixture.acm.write(&mut fixture.host, b"earlier").unwrap();
        for _ in 0..sessions {
            hang_up_and_call_again(&mut fixture);
        }
        fixture.acm.write(&mut fixture.host, b"later").unwrap();
        let mut buffer = [0; 64];
        assert_eq!(fixture.port.reader.read(&mut buffer), Ok(7));
        let second = fixture.port.reader.fill_buf();
        assert_eq!(second, Err(ReadError::Disconnected), "after {sessions} sessions");
        assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"later"[..]));
    }
}

#[test]
fn bytes_that_were_left_128_sessions_ago_are_not_sent() {
    for sessions in 120..=136 {
        let mut fixture = fixture(Preferring::default());
        fixture.set_dtr(true);
        fixture.port.writer.write(b"earlier").unwrap();
        for _ in 0..sessions {
            hang_up_and_call_again(&mut fixture);
        }
        assert_eq!(fixture.port.writer.write(b"later"), Err(WriteError::Disconnected));
        assert_eq!(fixture.port.writer.write(b"later"), Ok(5));
        assert_eq!(received(&mut fixture), b"later", "after {sessions} sessions");
    }
}

#[test]
fn ten_thousand_sessions() {
    let mut fixture = fixture(Requiring::default());
    for number in 0..10_000u32 {
        fixture.set_dtr(true);
        let (hello, answer) = (number.to_le_bytes(), number.to_be_bytes());
        let _ = fixture.port.writer.is_flushed();
        let _ = fixture.port.reader.fill_buf();
        assert_eq!(fixture.port.writer.write(&answer), Ok(4));
        let transferred = fixture.acm.transfer(&mut fixture.host, &hello, 4).unwrap();
        assert_eq!(transferred, answer);
        assert_eq!(fixture.port.reader.fill_buf(), Ok(&hello[..]));
        // Every other session ends with bytes on their way, in both directions.
        if number % 2 == 0 {
            fixture.port.reader.consume(4);
        } else {
            fixture.port.writer.write(b"stale").unwrap();
            fixture.host.run(1000);
        }
        fixture.set_dtr(false);
        let mut left = [0; 64];
        let drained = fixture.port.reader.read(&mut left);
        assert_eq!(drained.is_ok(), number % 2 == 1, "session {number}");
    }
    assert_eq!(fixture.violations(), []);
}
