//! Each policy, with a host that does not read.

use core::fmt;

use embedded_io::Write as _;
use usbd_acm::policy::{Clock, DropNewest, Fail, Frames, Wait};
use usbd_acm::{IoError, WriteError};
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_tests::probe::PREFER;
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{Pipe, Transfer, request};

use crate::{Asking, Logger, MICROSECOND, MILLISECOND, SharedHost, logger, numbers};

#[test]
fn fail_takes_what_fits_and_loses_nothing() {
    let mut logger = logger(|_| Fail);
    assert_eq!(logger.writer.write(&[1; 100]), Ok(100));
    assert_eq!(logger.writer.write(&[2; 100]), Ok(28));
    assert_eq!(logger.writer.write(&[3; 100]), Err(IoError::TimedOut));
    assert_eq!(logger.writer.flush(), Err(IoError::TimedOut));
    assert!(fmt::Write::write_str(&mut logger.writer, "x").is_err());
    assert_eq!(logger.writer.lost(), 0);
    assert_eq!(logger.received(), [[1; 100].as_slice(), &[2; 28]].concat());
    assert_eq!(logger.writer.flush(), Ok(()));
}

#[test]
fn fail_tells_of_the_end_of_a_session_once() {
    let mut logger = logger(|_| Fail);
    logger.set_dtr(true);
    assert_eq!(logger.writer.write(b"a"), Ok(1));
    logger.set_dtr(false);
    assert_eq!(logger.writer.write(b"b"), Err(IoError::Disconnected));
    assert_eq!(logger.writer.write(b"b"), Err(IoError::NotConnected));
    logger.set_dtr(true);
    assert_eq!(logger.writer.write(b"c"), Ok(1));
    assert_eq!(logger.received(), b"c");
    assert_eq!(logger.writer.lost(), 1, "the one that nobody read");
}

#[test]
fn drop_newest_keeps_the_beginning_and_counts_the_rest() {
    let mut logger = logger(|_| DropNewest);
    let data = numbers(100);
    assert_eq!(logger.writer.write(&data), Ok(400));
    assert_eq!(logger.writer.lost(), 400 - 128);
    logger.writer.write_all(b"nor this").unwrap();
    assert_eq!(logger.writer.lost(), 280);
    assert_eq!(logger.writer.flush(), Ok(()), "it does not wait");
    assert_eq!(logger.received(), data[..128]);
    fmt::Write::write_fmt(&mut logger.writer, format_args!("and {} goes on", "it")).unwrap();
    assert_eq!(logger.received(), b"and it goes on");
}

#[test]
fn bytes_without_a_session_are_lost_and_counted() {
    let mut logger = logger(|_| DropNewest);
    logger.set_dtr(true);
    assert_eq!(logger.writer.write(b"read"), Ok(4));
    assert_eq!(logger.received(), b"read");
    assert_eq!(logger.writer.write(b"unread"), Ok(6));
    logger.set_dtr(false);
    assert_eq!(logger.writer.write(b"nobody"), Ok(6));
    assert_eq!(logger.writer.lost(), 12, "what the session took with it, and what had none");
    logger.set_dtr(true);
    assert_eq!(logger.writer.write(b"hello"), Ok(5), "and is not what reports the end");
    assert_eq!(logger.received(), b"hello");
    assert_eq!(logger.writer.lost(), 12);
}

#[test]
fn losses_are_reported_as_one_overrun_until_the_host_was_told() {
    let mut logger = logger(|_| DropNewest);
    logger.acm.start_notifications(&mut logger.host.borrow_mut());
    for _ in 0..10 {
        logger.writer.write_all(&[7; 100]).unwrap();
    }
    logger.run(100 * MILLISECOND);
    let mut overruns = || {
        while logger.acm.notification(&mut logger.host.borrow_mut()).unwrap().is_some() {}
        logger.acm.counters().overruns
    };
    assert_eq!(overruns(), 1);
    logger.writer.write_all(&[7; 100]).unwrap();
    logger.host.borrow_mut().run(100 * MILLISECOND);
    assert_eq!(overruns(), 2);
}

fn frames(limit: u16) -> impl FnOnce(SharedHost) -> Wait<Frames, Box<dyn FnMut()>> {
    move |host| {
        let pause: Box<dyn FnMut()> = Box::new(move || host.borrow_mut().run(20 * MICROSECOND));
        Wait::frames(limit).pausing(pause)
    }
}

#[test]
fn a_wait_in_frames_ends_in_time_and_is_not_repeated() {
    let mut logger = logger(frames(10));
    let before = logger.host.borrow().now();
    logger.writer.write_all(&numbers(40)).unwrap();
    let waited = logger.host.borrow().now() - before;
    assert!((9..=10).contains(&(waited / MILLISECOND)), "{waited} ns");
    assert_eq!(logger.writer.lost(), 32);
    // It is over for this host, until it reads.
    let before = logger.host.borrow().now();
    logger.writer.write_all(&[0; 100]).unwrap();
    logger.writer.flush().unwrap();
    assert_eq!(logger.host.borrow().now(), before);
    assert_eq!(logger.received(), numbers(32));
    logger.writer.write_all(&[1; 129]).unwrap();
    let waited = logger.host.borrow().now() - before;
    assert!(waited > 9 * MILLISECOND, "{waited} ns");
    assert_eq!(logger.writer.lost(), 133);
}

/// Frames come round after 2047, so that a longer wait would have no end.
#[test]
fn a_wait_in_frames_is_of_two_seconds_at_most() {
    for limit in [2001, u16::MAX] {
        let mut logger = logger(|host| {
            let pause: Box<dyn FnMut()> = Box::new(move || host.borrow_mut().run(MILLISECOND / 2));
            Wait::frames(limit).pausing(pause)
        });
        let before = logger.host.borrow().now();
        logger.writer.write_all(&[1; 200]).unwrap();
        let waited = logger.host.borrow().now() - before;
        assert!((1999..=2001).contains(&(waited / MILLISECOND)), "{waited} ns");
    }
}

#[test]
fn a_wait_in_frames_does_not_outlast_suspend_nor_need_frames() {
    let mut logger = logger(frames(1000));
    logger.host.borrow_mut().suspend();
    logger.run(MILLISECOND);
    let before = logger.host.borrow().now();
    logger.writer.write_all(&[1; 200]).unwrap();
    assert!(logger.host.borrow().now() - before < MILLISECOND);
    assert_eq!(logger.writer.lost(), 72);
}

/// A main loop that does not poll while it waits.
#[test]
fn a_wait_in_frames_that_nobody_polls_for_ends_all_the_same() {
    let mut logger = logger(|_| Wait::frames(10));
    logger.writer.write_all(&[1; 200]).unwrap();
    assert_eq!(logger.writer.lost(), 72);
}

type ByClock = Wait<Clock<Box<dyn FnMut() -> u32>>, Box<dyn FnMut()>, IoError>;

fn clock(limit: u32) -> impl FnOnce(SharedHost) -> ByClock {
    move |host| {
        let clock = host.clone();
        let now: Box<dyn FnMut() -> u32> =
            Box::new(move || u32::try_from(clock.borrow().now() / MICROSECOND).unwrap());
        let pause: Box<dyn FnMut()> = Box::new(move || host.borrow_mut().run(20 * MICROSECOND));
        Wait::clock(now, limit).pausing(pause).or_fail()
    }
}

#[test]
fn a_wait_by_the_callers_clock_may_fail_instead() {
    let mut logger = logger(clock(5000));
    let before = logger.host.borrow().now();
    assert_eq!(logger.writer.write(&[1; 128]), Ok(128));
    assert_eq!(logger.writer.write(b"x"), Err(IoError::TimedOut));
    assert!(logger.host.borrow().now() - before >= 5 * MILLISECOND);
    assert_eq!(logger.writer.flush(), Err(IoError::TimedOut));
    assert_eq!(logger.received(), [1; 128]);
    assert_eq!(logger.writer.flush(), Ok(()));
    assert_eq!(logger.writer.lost(), 0);
}

/// It is over for this host, until it reads.
#[test]
fn a_wait_that_failed_is_not_repeated_before_there_is_progress() {
    let mut logger = logger(clock(5000));
    let host = logger.host.clone();
    let write = |logger: &mut Logger<ByClock>, bytes: &[u8]| {
        let before = host.borrow().now();
        let outcome = logger.writer.write(bytes);
        (outcome, (host.borrow().now() - before) / MILLISECOND)
    };
    assert_eq!(write(&mut logger, &[1; 128]), (Ok(128), 0));
    assert_eq!(write(&mut logger, b"x"), (Err(IoError::TimedOut), 5));
    assert_eq!(write(&mut logger, b"x"), (Err(IoError::TimedOut), 0));
    assert_eq!(logger.received(), [1; 128]);
    assert_eq!(write(&mut logger, &[2; 128]), (Ok(128), 0));
    assert_eq!(write(&mut logger, b"x"), (Err(IoError::TimedOut), 5));
}

/// Lets the host read while a policy waits.
fn reading(host: SharedHost, data_in: Pipe) -> Box<dyn FnMut()> {
    let mut read = Transfer::read(data_in, 64);
    Box::new(move || host.borrow_mut().exchange(&mut [&mut read], 100 * MICROSECOND))
}

/// Whether the policy loses bytes or fails, and with a time that nothing but the wait lets pass.
#[test]
fn a_flush_waits_until_the_host_has_read() {
    let hooks = Asking::<PREFER>::default();
    let fixture: Fixture = Fixture::new::<FullSpeed>(Options::default(), hooks);
    let Fixture { host, port, acm } = fixture;
    let (host, data_in) = (SharedHost::new(host.into()), acm.function().data_in);
    let losing = Wait::frames(1000).pausing(reading(host.clone(), data_in));
    let mut writer = port.writer.with_policy(losing);
    assert_eq!(writer.write(b"lost if need be"), Ok(15));
    assert_eq!(writer.writer().is_flushed(), Ok(false));
    assert_eq!(writer.flush(), Ok(()));
    assert_eq!(writer.writer().is_flushed(), Ok(true));

    let failing = Wait::frames(1000).pausing(reading(host, data_in)).or_fail();
    let mut writer = writer.into_writer().with_policy(failing);
    assert_eq!(writer.write(b"or an error"), Ok(11));
    assert_eq!(writer.writer().is_flushed(), Ok(false));
    assert_eq!(writer.flush(), Ok(()));
    assert_eq!(writer.writer().is_flushed(), Ok(true));
}

#[test]
fn a_flush_through_the_trait_is_one() {
    let mut logger = logger(|_| Fail);
    assert_eq!(logger.writer.write(b"x"), Ok(1));
    assert_eq!(embedded_io::Write::flush(&mut logger.writer), Err(IoError::TimedOut));
    assert_eq!(logger.received(), b"x");
    assert_eq!(embedded_io::Write::flush(&mut logger.writer), Ok(()));
}

#[test]
fn nothing_lost_is_no_overrun() {
    let mut logger = logger(|_| DropNewest);
    logger.acm.start_notifications(&mut logger.host.borrow_mut());
    for _ in 0..3 {
        assert_eq!(logger.writer.write(b"all of it"), Ok(9));
        assert_eq!(logger.received(), b"all of it");
    }
    logger.run(100 * MILLISECOND);
    while logger.acm.notification(&mut logger.host.borrow_mut()).unwrap().is_some() {}
    assert_eq!((logger.acm.counters().overruns, logger.writer.lost()), (0, 0));
}

#[test]
fn a_wait_by_the_callers_clock_goes_on_in_suspend() {
    let mut logger = logger(clock(5000));
    logger.host.borrow_mut().suspend();
    logger.run(MILLISECOND);
    let before = logger.host.borrow().now();
    assert_eq!(logger.writer.write(&[1; 130]), Ok(128));
    assert!(logger.host.borrow().now() - before >= 5 * MILLISECOND);
}

#[test]
fn no_policy_waits_where_there_is_no_session() {
    let mut logger = logger(clock(u32::MAX));
    let host = logger.host.clone();
    host.borrow_mut().control_out(request::set_configuration(0), &[]).unwrap();
    let before = host.borrow().now();
    assert_eq!(logger.writer.write(b"x"), Err(IoError::NotConnected));
    assert_eq!(logger.writer.flush(), Err(IoError::NotConnected));
    assert_eq!(host.borrow().now(), before);
}

#[test]
fn the_writer_itself_is_still_there() {
    let mut logger = logger(|_| DropNewest);
    assert_eq!(logger.writer.writer().write(&[1; 128]), Ok(128));
    assert_eq!(logger.writer.writer().write(b"x"), Err(WriteError::Full));
    assert_eq!(logger.writer.writer().is_flushed(), Ok(false));
}

/// A session ends while a write waits: the rest of the message is not the beginning of the next.
#[test]
fn a_message_is_not_continued_in_the_next_session() {
    let mut logger = logger(|host| {
        let mut rounds = 0;
        let pause: Box<dyn FnMut()> = Box::new(move || {
            rounds += 1;
            let mut host = host.borrow_mut();
            host.run(100 * MICROSECOND);
            if rounds == 3 {
                for lines in [0, 3] {
                    let mut setup = request::set_control_line_state(0, false, false);
                    setup.value = lines;
                    host.control_out(setup, &[]).unwrap();
                }
            }
        });
        Wait::frames(100).pausing(pause)
    });
    logger.set_dtr(true);
    logger.writer.write_all(&[b'o'; 200]).unwrap();
    assert_eq!(logger.writer.lost(), 200);
    logger.writer.write_all(b"new").unwrap();
    assert_eq!(logger.received(), b"new");
}
