//! Whether somebody reads: the zero-length packet that begins a session.

use std::ops::Range;

use usbd_acm::class::Event;
use usbd_acm::policy::DropNewest;
use usbd_acm_tests::fixture::{Fixture, Options, Polling};
use usbd_acm_tests::probe::{IGNORE, PREFER, REQUIRE};
use usbd_acm_tests::{ONE_PORT, TokenHost};
use usbd_acm_virtual::host::{Transfer, request};
use usbd_acm_virtual::{DevicePort, FullSpeed, InResponse, VirtualController};

use crate::{Asking, MILLISECOND, logger_on};

fn fixture<const DTR: u8, const HOLD: i32>(polling: Polling) -> Fixture {
    let options = Options { polling, ..Options::default() };
    Fixture::new::<FullSpeed>(options, Asking::<DTR, HOLD>::default())
}

fn events(fixture: &mut Fixture) -> Vec<Event> {
    std::iter::from_fn(|| fixture.port.control.next_event()).collect()
}

/// Reads for this long, and returns how many transfers ended and what they brought.
fn reads(fixture: &mut Fixture, duration: u64) -> (usize, Vec<u8>) {
    let end = fixture.host.now() + duration;
    let (mut transfers, mut bytes) = (0, Vec::new());
    while fixture.host.now() < end {
        let mut read = Transfer::read(fixture.acm.function().data_in, 4096);
        let left = end - fixture.host.now();
        fixture.host.exchange(&mut [&mut read], left);
        transfers += usize::from(read.outcome().is_some());
        bytes.extend(read.into_moved());
    }
    (transfers, bytes)
}

#[test]
fn the_host_is_known_to_read_when_it_does() {
    let mut fixture = fixture::<PREFER, 0>(Polling::Always);
    events(&mut fixture);
    fixture.host.run(100 * MILLISECOND);
    assert!(!fixture.port.writer.is_read_by_host() && !fixture.port.control.is_read_by_host());
    assert_eq!(events(&mut fixture), []);
    let (transfers, bytes) = reads(&mut fixture, MILLISECOND);
    assert_eq!((transfers, bytes.len()), (1, 0), "a zero-length packet, once");
    assert!(fixture.port.writer.is_read_by_host() && fixture.port.control.is_read_by_host());
    assert_eq!(events(&mut fixture), [Event::HostReads]);
    fixture.host.reset().unwrap();
    assert!(!fixture.port.writer.is_read_by_host());
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_port_to_which_nothing_was_written_is_flushed() {
    let mut fixture = fixture::<PREFER, 0>(Polling::Always);
    fixture.host.run(MILLISECOND);
    assert_eq!(fixture.port.writer.is_flushed(), Ok(true));
    assert_eq!(fixture.port.writer.write(b"x"), Ok(1));
    assert_eq!(fixture.port.writer.is_flushed(), Ok(false));
    assert_eq!(reads(&mut fixture, 2 * MILLISECOND).1, b"x");
    assert_eq!(fixture.port.writer.is_flushed(), Ok(true));
}

/// Whether or not frames interrupt, and without another write.
#[test]
fn boot_messages_wait_until_somebody_reads_and_for_the_hold() {
    for polling in [Polling::Always, Polling::OnInterrupt(0)] {
        let mut fixture = fixture::<PREFER, 100>(polling);
        assert_eq!(fixture.port.writer.write(b"booted\n"), Ok(7));
        fixture.host.run(500 * MILLISECOND);
        let opened = fixture.host.now();
        let mut read = Transfer::read(fixture.acm.function().data_in, 64);
        fixture.host.exchange(&mut [&mut read], MILLISECOND);
        assert_eq!((read.outcome(), read.moved().len()), (Some(Ok(())), 0));
        assert_eq!(reads(&mut fixture, 95 * MILLISECOND), (0, vec![]), "held");
        let mut read = Transfer::read(fixture.acm.function().data_in, 64);
        fixture.host.exchange(&mut [&mut read], 10 * MILLISECOND);
        assert_eq!(read.moved(), b"booted\n");
        let waited = fixture.host.now() - opened;
        assert!((99..=102).contains(&(waited / MILLISECOND)), "{waited} ns, {polling:?}");
        // From here on nothing is held.
        fixture.port.writer.write(b"at once").unwrap();
        assert_eq!(reads(&mut fixture, MILLISECOND).1, b"at once");
        assert_eq!(fixture.violations(), []);
    }
}

/// Every frame interrupts during the hold, so that it ends in time, and none before and after.
#[test]
fn frames_interrupt_during_the_hold_alone() {
    let (controller, wire) = VirtualController::new(2);
    let hooks = Asking::<PREFER, 10>::default();
    let mut host = TokenHost::<_, _>::new(controller, wire, &ONE_PORT, hooks);
    host.configure();
    let interrupts = |host: &mut TokenHost<VirtualController, _>, frames: Range<u16>| {
        let frames = frames.filter(|frame| {
            host.wire.sof(*frame);
            let interrupts = host.wire.interrupt();
            host.poll();
            interrupts
        });
        frames.collect::<Vec<_>>()
    };
    assert_eq!(interrupts(&mut host, 0..20), []);
    let probe = host.wire.in_token(host.address, 1, true);
    assert!(matches!(probe, InResponse::Data { bytes, .. } if bytes.is_empty()));
    host.poll();
    assert_eq!(interrupts(&mut host, 20..50), (20..30).collect::<Vec<_>>());
    assert_eq!(host.violations(), []);
}

/// Linux echoes between open() and tcsetattr(): reads, echo still on, then raw.
#[test]
fn linux_does_not_feed_boot_messages_back() {
    let mut fixture = fixture::<PREFER, 100>(Polling::OnInterrupt(0));
    fixture.port.writer.write(b"login: ").unwrap();
    fixture.host.run(100 * MILLISECOND);
    // open(): the reads are submitted, then DTR rises, which begins no new session here.
    fixture.set_dtr(true);
    let echoed = reads(&mut fixture, 20 * MILLISECOND).1;
    fixture.acm.write(&mut fixture.host, &echoed).unwrap();
    // tcsetattr(): raw from here on.
    fixture.acm.set_line_coding(&mut fixture.host, [0, 0xC2, 1, 0, 0, 0, 8]).unwrap();
    assert_eq!(reads(&mut fixture, 100 * MILLISECOND).1, b"login: ");
    assert!(fixture.port.reader.fill_buf().is_err(), "nothing came back");
}

#[test]
fn every_session_is_probed() {
    let mut fixture = fixture::<REQUIRE, 0>(Polling::OnInterrupt(0));
    for _ in 0..3 {
        fixture.set_dtr(true);
        let _ = fixture.port.writer.is_flushed();
        fixture.port.writer.write(b"hello").unwrap();
        fixture.host.run(MILLISECOND);
        assert!(!fixture.port.writer.is_read_by_host());
        assert_eq!(reads(&mut fixture, MILLISECOND), (2, b"hello".to_vec()));
        assert!(fixture.port.writer.is_read_by_host());
        fixture.set_dtr(false);
        assert!(!fixture.port.writer.is_read_by_host());
    }
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_session_that_ends_during_the_hold_takes_what_was_held_with_it() {
    let mut logger = logger_on(Asking::<PREFER, 100>::default(), |_| DropNewest);
    logger.set_dtr(true);
    logger.writer.write(b"old").unwrap();
    logger.received();
    assert!(logger.control.is_read_by_host());
    logger.set_dtr(false);
    logger.set_dtr(true);
    assert_eq!(logger.writer.lost(), 3);
    logger.writer.write(b"new").unwrap();
    assert_eq!(logger.received(), b"");
    logger.run(100 * MILLISECOND);
    assert_eq!(logger.received(), b"new");
}

#[test]
fn suspend_and_reset_in_the_hold_harm_nothing() {
    let mut fixture = fixture::<IGNORE, 50>(Polling::OnInterrupt(0));
    fixture.port.writer.write(b"kept").unwrap();
    reads(&mut fixture, 10 * MILLISECOND);
    assert!(fixture.port.writer.is_read_by_host());
    fixture.host.suspend();
    fixture.host.run(20 * MILLISECOND);
    fixture.host.resume();
    assert_eq!(reads(&mut fixture, 60 * MILLISECOND).1, b"kept");
    fixture.host.reset().unwrap();
    fixture.host.control_out(request::set_address(3), &[]).unwrap();
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
    let _ = fixture.port.writer.is_flushed();
    fixture.port.writer.write(b"again").unwrap();
    assert_eq!(reads(&mut fixture, 20 * MILLISECOND).1, b"", "a new session is held anew");
    assert_eq!(reads(&mut fixture, 60 * MILLISECOND).1, b"again");
    assert_eq!(fixture.violations(), []);
}
