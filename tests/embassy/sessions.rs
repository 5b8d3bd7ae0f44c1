//! Sessions: over resets, configurations, unplugging and DTR.

use std::iter::from_fn;

use usbd_acm_embassy::{DtrPolicy, Event, Port, ReadError, WriteError};
use usbd_acm_virtual::host::{AcmPort, TransferError, linux, request};

use crate::driver::OnClose;
use crate::rig::{LINE_CODING, Options, Rig, by_hand};

const MILLISECOND: u64 = 1_000_000;

/// Every way in which a driver treats what waits on a closed endpoint.
fn each_driver(mut test: impl FnMut(Options)) {
    for on_close in [OnClose::Fails, OnClose::Waits] {
        test(Options { on_close, ..Options::default() });
    }
}

fn events(port: &mut Port<2, 64>) -> Vec<Event> {
    from_fn(|| port.control.next_event()).collect()
}

fn read(port: &mut Port<2, 64>) -> Result<Vec<u8>, ReadError> {
    let mut buffer = [0; 64];
    port.reader.read(&mut buffer).map(|count| buffer[..count].into())
}

/// Enumerates and opens again.
fn reopen(rig: &mut Rig) -> AcmPort {
    let device = linux::enumerate(&mut rig.host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut rig.host, &mut port, LINE_CODING).unwrap();
    port
}

/// Bytes that nobody read, in each direction and wherever they can be.
fn leave_bytes(rig: &mut Rig, port: &mut Port<2, 64>, acm: &AcmPort) {
    acm.write(&mut rig.host, b"from the host").unwrap();
    while port.writer.write(b"to the host").is_ok() {
        rig.host.run(MILLISECOND);
    }
}

/// What both halves say after a session that ended with [`leave_bytes`], and in the next.
fn check_the_next(rig: &mut Rig, port: &mut Port<2, 64>) {
    assert_eq!(port.writer.write(b"x"), Err(WriteError::Disconnected));
    assert_eq!(read(port), Ok(b"from the host".to_vec()), "it came before the end");
    assert_eq!(read(port), Err(ReadError::Disconnected));
    assert_eq!(read(port), Err(ReadError::Empty), "said once");
    let mut acm = reopen(rig);
    assert_eq!(read(port), Err(ReadError::Empty));
    assert_eq!(port.writer.write(b"new"), Ok(3), "said once");
    acm.write(&mut rig.host, b"news").unwrap();
    assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"new");
    assert_eq!(read(port), Ok(b"news".to_vec()));
}

#[test]
fn embassy_a_reset_ends_the_session() {
    each_driver(|options| {
        let (mut rig, mut port) = by_hand(options);
        let acm = rig.open();
        for _ in 0..3 {
            leave_bytes(&mut rig, &mut port, &acm);
            events(&mut port);
            rig.host.reset().unwrap();
            rig.host.run(MILLISECOND);
            let seen = events(&mut port);
            assert!(seen.contains(&Event::SessionEnd) && seen.contains(&Event::Deconfigured));
            check_the_next(&mut rig, &mut port);
        }
    });
}

#[test]
fn embassy_deconfiguring_ends_the_session() {
    each_driver(|options| {
        let (mut rig, mut port) = by_hand(options);
        let acm = rig.open();
        leave_bytes(&mut rig, &mut port, &acm);
        rig.host.control_out(request::set_configuration(0), &[]).unwrap();
        rig.host.run(MILLISECOND);
        assert_eq!(port.control.milliamps(), 0);
        check_the_next(&mut rig, &mut port);
    });
}

#[test]
fn embassy_unplugging_ends_the_session() {
    each_driver(|options| {
        let (mut rig, mut port) = by_hand(options);
        let acm = rig.open();
        leave_bytes(&mut rig, &mut port, &acm);
        rig.host.unplug();
        rig.host.run(MILLISECOND);
        assert!(!port.writer.is_connected());
        rig.host.plug().unwrap();
        check_the_next(&mut rig, &mut port);
    });
}

#[test]
fn embassy_the_same_configuration_again_loses_nothing() {
    each_driver(|options| {
        let (mut rig, mut port) = by_hand(options);
        let mut acm = rig.open();
        events(&mut port);
        acm.write(&mut rig.host, b"from the host").unwrap();
        port.writer.write(b"to the host").unwrap();
        rig.host.run(MILLISECOND);
        rig.host.control_out(request::set_configuration(1), &[]).unwrap();
        assert_eq!(events(&mut port), []);
        assert_eq!(read(&mut port), Ok(b"from the host".to_vec()));
        assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"to the host");
        port.writer.write(b"more").unwrap();
        acm.write(&mut rig.host, b"more").unwrap();
        assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"more");
        assert_eq!(read(&mut port), Ok(b"more".to_vec()));
    });
}

#[test]
fn embassy_halted_endpoints_lose_nothing() {
    let (mut rig, mut port) = by_hand(Options::default());
    let mut acm = rig.open();
    port.writer.write(b"to the host").unwrap();
    rig.host.run(MILLISECOND);
    let function = *acm.function();
    for pipe in [function.data_in, function.data_out] {
        rig.host.control_out(request::set_halt(pipe.address), &[]).unwrap();
    }
    assert_eq!(acm.read(&mut rig.host, 1), Err(TransferError::Stall));
    for pipe in [function.data_in, function.data_out] {
        rig.host.control_out(request::clear_halt(pipe.address), &[]).unwrap();
    }
    assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"to the host");
    acm.write(&mut rig.host, b"from the host").unwrap();
    assert_eq!(read(&mut port), Ok(b"from the host".to_vec()));
}

#[test]
fn embassy_dtr_falling_ends_the_session_of_a_port_that_prefers_it() {
    let (mut rig, mut port) = by_hand(Options::default());
    let mut acm = rig.open();
    acm.write(&mut rig.host, b"hello").unwrap();
    assert_eq!(read(&mut port), Ok(b"hello".to_vec()));
    port.writer.write(b"seen").unwrap();
    assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"seen");
    acm.set_control_line_state(&mut rig.host, false, false).unwrap();
    assert_eq!(port.writer.write(b"x"), Err(WriteError::Disconnected));
    assert_eq!(port.writer.write(b"x"), Err(WriteError::NotConnected));
    assert_eq!(read(&mut port), Err(ReadError::Disconnected));

    // Data shows that somebody is there.
    acm.write(&mut rig.host, b"here").unwrap();
    assert!(port.writer.is_connected());
    assert_eq!(read(&mut port), Ok(b"here".to_vec()));
    assert_eq!(port.writer.write(b"welcome"), Ok(7));
    assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"welcome");
}

#[test]
fn embassy_what_dtr_cut_off_never_comes_but_for_what_the_hardware_had() {
    let (mut rig, mut port) = by_hand(Options::default());
    let mut acm = rig.open();
    let stale: Vec<u8> = vec![b'-'; 64];
    while port.writer.write(&stale).is_ok() {
        rig.host.run(MILLISECOND);
    }
    acm.set_control_line_state(&mut rig.host, false, false).unwrap();
    acm.set_control_line_state(&mut rig.host, true, true).unwrap();
    assert_eq!(port.writer.write(b"x"), Err(WriteError::Disconnected));
    assert_eq!(port.writer.write(b"new"), Ok(3));
    let came = acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap();
    assert_eq!(came, [&stale[..], b"new"].concat(), "one packet was out of reach");
    // A zero-length packet between them ends the transfer of the session before.
    assert_eq!(rig.packets(), [64, 0, 3]);
}

#[test]
fn embassy_a_port_that_requires_dtr_neither_sends_nor_takes_without() {
    let mut options = Options::default();
    options.config.dtr = DtrPolicy::Require;
    let (mut rig, mut port) = by_hand(options);
    let mut acm = rig.enumerate().1.remove(0);
    assert_eq!(port.writer.write(b"x"), Err(WriteError::NotConnected));
    let mut waiting = usbd_acm_virtual::host::Transfer::write(acm.function().data_out, &[7; 100]);
    rig.host.exchange(&mut [&mut waiting], 10 * MILLISECOND);
    assert_eq!(waiting.moved().len(), 64, "a packet that the hardware took by itself");
    assert_eq!(read(&mut port), Err(ReadError::Empty));

    acm.set_control_line_state(&mut rig.host, true, true).unwrap();
    assert_eq!(events(&mut port).last(), Some(&Event::SessionStart));
    rig.host.exchange(&mut [&mut waiting], 10 * MILLISECOND);
    assert_eq!(waiting.outcome(), Some(Ok(())));
    assert_eq!(port.writer.write(b"hello"), Ok(5));
    assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"hello");
    acm.set_control_line_state(&mut rig.host, false, true).unwrap();
    assert_eq!(port.writer.write(b"x"), Err(WriteError::Disconnected));
}

#[test]
fn embassy_a_port_that_requires_dtr_works_again_and_again() {
    let mut options = Options::default();
    options.config.dtr = DtrPolicy::Require;
    let (mut rig, mut port) = by_hand(options);
    let mut acm = rig.open();
    for round in 0..5 {
        acm.write(&mut rig.host, &[round; 200]).unwrap_err();
        for _ in 0..2 {
            assert_eq!(read(&mut port), Ok(vec![round; 64]));
        }
        rig.host.run(MILLISECOND);
        assert_eq!(read(&mut port), Ok(vec![round; 64]));
        assert_eq!(port.writer.write(&[round; 5]), Ok(5));
        assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), [round; 5]);
        acm.set_control_line_state(&mut rig.host, false, false).unwrap();
        assert_eq!(port.writer.write(b"x"), Err(WriteError::Disconnected));
        assert_eq!(read(&mut port), Err(ReadError::Disconnected));
        acm.set_control_line_state(&mut rig.host, true, true).unwrap();
    }
}

#[test]
fn embassy_a_port_that_ignores_dtr_is_connected_while_configured() {
    let mut options = Options::default();
    options.config.dtr = DtrPolicy::Ignore;
    let (mut rig, mut port) = by_hand(options);
    let mut acm = rig.open();
    linux::close(&mut rig.host, &mut acm).unwrap();
    assert_eq!(port.writer.write(b"still"), Ok(5));
    assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"still");
}
