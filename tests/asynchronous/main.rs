//! What a task waits for, and what wakes it: futures polled by hand, on the simulated host.

mod device_task;
mod embassy;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use embedded_io_async::{BufRead, Error, ErrorKind, Read, Write};
use usbd_acm::IoError;
use usbd_acm::class::{Event, LineCoding};
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{Transfer, request};

const MILLISECOND: u64 = 1_000_000;

fn fixture() -> Fixture {
    Fixture::new::<FullSpeed>(Options::default(), ())
}

/// Counts how often it was woken.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counter {
    /// How often it was woken since this was last asked.
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// Polls a future once.
fn poll<F: Future>(future: Pin<&mut F>, counter: &Arc<Counter>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(counter.clone())))
}

/// The result of a future that has nothing to wait for.
fn now<F: Future>(future: F) -> F::Output {
    match poll(pin!(future), &Arc::default()) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn a_reader_is_woken_by_data_and_not_before() {
    let Fixture { mut host, mut port, acm } = fixture();
    let task = Arc::<Counter>::default();
    let mut buffer = [0; 8];
    {
        let mut read = pin!(Read::read(&mut port.reader, &mut buffer));
        assert!(poll(read.as_mut(), &task).is_pending());
        host.run(10 * MILLISECOND);
        assert_eq!(task.take(), 0, "nothing came");
        acm.write(&mut host, b"hello").unwrap();
        assert_eq!(task.take(), 1);
        assert_eq!(poll(read, &task), Poll::Ready(Ok(5)));
    }
    assert_eq!(&buffer[..5], b"hello");
}

#[test]
fn what_is_consumed_is_not_there_again() {
    let Fixture { mut host, mut port, acm } = fixture();
    acm.write(&mut host, b"hello").unwrap();
    assert_eq!(now(BufRead::fill_buf(&mut port.reader)), Ok(&b"hello"[..]));
    BufRead::consume(&mut port.reader, 2);
    assert_eq!(now(BufRead::fill_buf(&mut port.reader)), Ok(&b"llo"[..]));
}

#[test]
fn nothing_is_no_end() {
    let Fixture { mut host, mut port, acm } = fixture();
    let task = Arc::<Counter>::default();
    let data_out = acm.function().data_out;
    assert_eq!(now(Read::read(&mut port.reader, &mut [])), Ok(0));
    assert_eq!(now(Write::write(&mut port.writer, &[])), Ok(0));
    let mut buffer = [0; 8];
    let mut read = pin!(Read::read(&mut port.reader, &mut buffer));
    // More of them than there are slots: the task that is woken frees each.
    for _ in 0..10 {
        assert!(poll(read.as_mut(), &task).is_pending(), "a zero-length packet is no data");
        host.write(data_out, &[]).unwrap();
    }
    acm.write(&mut host, b"x").unwrap();
    assert_eq!(poll(read, &task), Poll::Ready(Ok(1)));
}

#[test]
fn a_writer_is_woken_by_room() {
    let Fixture { mut host, mut port, acm } = fixture();
    let task = Arc::<Counter>::default();
    while port.writer.write(&[7; 64]).is_ok() {
        host.run(MILLISECOND);
    }
    let mut write = pin!(Write::write(&mut port.writer, b"more"));
    assert!(poll(write.as_mut(), &task).is_pending());
    host.run(10 * MILLISECOND);
    assert!(poll(write.as_mut(), &task).is_pending());
    task.take();
    let mut read = Transfer::read(acm.function().data_in, 64);
    host.exchange(&mut [&mut read], MILLISECOND);
    assert!(task.take() > 0);
    assert_eq!(poll(write, &task), Poll::Ready(Ok(4)));
}

#[test]
fn flush_waits_for_the_zero_length_packet() {
    let Fixture { mut host, mut port, acm } = fixture();
    let task = Arc::<Counter>::default();
    assert_eq!(now(port.writer.flush()), Ok(()), "nothing to flush");
    port.writer.write(&[7; 64]).unwrap();
    let mut flush = pin!(port.writer.flush());
    assert!(poll(flush.as_mut(), &task).is_pending());
    // One packet, and no more: this read is over before the zero-length packet.
    let mut read = Transfer::read(acm.function().data_in, 64);
    host.exchange(&mut [&mut read], MILLISECOND);
    assert_eq!(read.moved().len(), 64);
    assert!(poll(flush.as_mut(), &task).is_pending(), "a zero-length packet is due");
    task.take();
    let mut read = Transfer::read(acm.function().data_in, 64);
    host.exchange(&mut [&mut read], MILLISECOND);
    assert_eq!((read.moved().len(), read.outcome()), (0, Some(Ok(()))));
    assert!(task.take() > 0);
    assert_eq!(poll(flush, &task), Poll::Ready(Ok(())));
}

#[test]
fn the_end_of_a_session_wakes_and_is_told_once() {
    let mut fixture = fixture();
    fixture.set_dtr(true);
    let Fixture { mut host, mut port, acm } = fixture;
    let (reading, writing) = (Arc::<Counter>::default(), Arc::<Counter>::default());
    while port.writer.write(&[7; 64]).is_ok() {}
    let mut buffer = [0; 8];
    {
        let mut read = pin!(port.reader.readable());
        let mut write = pin!(port.writer.writable());
        assert!(poll(read.as_mut(), &reading).is_pending());
        assert!(poll(write.as_mut(), &writing).is_pending());
        acm.set_control_line_state(&mut host, false, false).unwrap();
        assert!(reading.take() > 0 && writing.take() > 0);
        assert_eq!(poll(read, &reading), Poll::Ready(Err(IoError::Disconnected)));
        assert_eq!(poll(write, &writing), Poll::Ready(Err(IoError::Disconnected)));
    }
    assert_eq!(IoError::Disconnected.kind(), ErrorKind::ConnectionReset);
    assert_eq!(now(Write::write(&mut port.writer, b"x")), Err(IoError::NotConnected));
    assert_eq!(now(Write::flush(&mut port.writer)), Err(IoError::NotConnected));
    let mut read = pin!(Read::read(&mut port.reader, &mut buffer));
    let mut connected = pin!(port.writer.connected());
    assert!(poll(read.as_mut(), &reading).is_pending());
    assert!(poll(connected.as_mut(), &writing).is_pending());
    acm.set_control_line_state(&mut host, true, true).unwrap();
    assert!(writing.take() > 0);
    assert_eq!(poll(connected, &writing), Poll::Ready(()));
    assert!(poll(read, &reading).is_pending());
}

#[test]
fn what_was_read_in_place_and_not_consumed_is_there_again() {
    let Fixture { mut host, mut port, acm } = fixture();
    acm.write(&mut host, b"hello").unwrap();
    assert_eq!(now(BufRead::fill_buf(&mut port.reader)), Ok(&b"hello"[..]));
    port.reader.consume(2);
    assert_eq!(now(BufRead::fill_buf(&mut port.reader)), Ok(&b"llo"[..]));
    let mut buffer = [0; 3];
    assert_eq!(now(port.reader.read_exact(&mut buffer)), Ok(()));
    assert_eq!(&buffer, b"llo");
}

#[test]
fn a_future_that_is_dropped_has_moved_nothing() {
    let Fixture { mut host, mut port, acm } = fixture();
    let task = Arc::<Counter>::default();
    let read = |host: &mut _, wanted| {
        let mut read = Transfer::read(acm.function().data_in, wanted);
        usbd_acm_virtual::host::Host::exchange(host, &mut [&mut read], MILLISECOND);
        read.into_moved()
    };
    let mut buffer = [0; 8];
    {
        let mut reading = pin!(Read::read(&mut port.reader, &mut buffer));
        assert!(poll(reading.as_mut(), &task).is_pending());
        acm.write(&mut host, b"hello").unwrap();
        // Woken, and dropped instead of polled.
        assert_eq!(task.take(), 1);
    }
    assert_eq!(now(Read::read(&mut port.reader, &mut buffer)), Ok(5));
    while port.writer.write(&[7; 64]).is_ok() {}
    {
        let mut write = pin!(Write::write(&mut port.writer, b"lost?"));
        assert!(poll(write.as_mut(), &task).is_pending());
        assert_eq!(read(&mut host, 64).len(), 64);
    }
    port.writer.write(b"x").unwrap();
    let rest = read(&mut host, 1 << 10);
    assert_eq!(rest, [&[7; 64][..], b"x"].concat(), "no byte of the dropped write");
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let Fixture { mut host, mut port, acm } = fixture();
    let (first, second) = (Arc::<Counter>::default(), Arc::<Counter>::default());
    let mut read = pin!(port.reader.readable());
    assert!(poll(read.as_mut(), &first).is_pending());
    assert!(poll(read.as_mut(), &second).is_pending());
    acm.write(&mut host, b"x").unwrap();
    assert_eq!((first.take(), second.take()), (0, 1));
}

#[test]
fn every_kind_of_event_wakes() {
    let Fixture { mut host, mut port, acm } = fixture();
    while port.control.next_event().is_some() {}
    let task = Arc::<Counter>::default();
    let mut expect = |host: &mut _, act: &dyn Fn(&mut _), events: &[Event]| {
        {
            let mut event = pin!(port.control.event());
            assert!(poll(event.as_mut(), &task).is_pending(), "before {events:?}");
            act(host);
            assert!(task.take() > 0, "{events:?}");
            assert_eq!(poll(event, &task), Poll::Ready(events[0]));
        }
        events[1..].iter().for_each(|event| assert_eq!(now(port.control.event()), *event));
    };
    type Host<'a> = &'a mut usbd_acm_virtual::host::Host<usbd_acm_tests::TestBoard>;
    let coding = [0x00, 0xC2, 0x01, 0x00, 0, 0, 7];
    let (old, new) = (LineCoding::DEFAULT, LineCoding::from_bytes(coding));
    let act = |host: Host| acm.set_line_coding(host, coding).unwrap();
    expect(&mut host, &act, &[Event::LineCoding { old, new }]);
    let lines = |dtr, rts| {
        let acm = &acm;
        move |host: Host| acm.set_control_line_state(host, dtr, rts).unwrap()
    };
    expect(&mut host, &lines(false, true), &[Event::Rts(true)]);
    expect(&mut host, &lines(true, true), &[Event::Dtr(true)]);
    expect(&mut host, &lines(false, true), &[Event::Dtr(false), Event::SessionEnd]);
    expect(&mut host, &lines(true, true), &[Event::Dtr(true), Event::SessionStart]);
    let on = usbd_acm::class::Break::from_value(0xFFFF);
    let act = |host: Host| acm.send_break(host, 0xFFFF).unwrap();
    expect(&mut host, &act, &[Event::Break(on)]);
    let suspend = |host: Host| {
        host.suspend();
        host.run(MILLISECOND);
    };
    expect(&mut host, &suspend, &[Event::Suspended]);
    expect(&mut host, &|host: Host| host.resume(), &[Event::Resumed]);
    let act = |host: Host| host.control_out(request::set_configuration(0), &[]).unwrap();
    expect(&mut host, &act, &[Event::SessionEnd]);
    while port.control.next_event().is_some() {}
    let act = |host: Host| host.control_out(request::set_configuration(1), &[]).unwrap();
    let mut event = pin!(port.control.event());
    assert!(poll(event.as_mut(), &task).is_pending());
    act(&mut host);
    assert!(task.take() > 0);
    assert!(matches!(poll(event, &task), Poll::Ready(Event::Configured { .. })));
}

#[test]
fn futures_may_go_to_other_threads() {
    fn is_send<T: Send>(_: T) {}
    let mut port = fixture().port;
    is_send(port.reader.readable());
    is_send(port.writer.flush());
    is_send(port.control.event());
    is_send(Read::read(&mut port.reader, &mut []));
}
