//! A task that waits for a half of a port is woken, under every interleaving with the bus side that
//! the memory model allows. A wake-up that is lost is a deadlock to the model checker.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p usbd-acm-class --release --test loom_waker`
#![cfg(loom)]

use std::future::poll_fn;
use std::task::Poll;

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;
use usbd_acm_class::fifo::{InFifo, OutFifo, RxSlot, TxPacket};
use usbd_acm_class::{
    BusControl, ControlLineState, ControlShared, Event, LineCoding, Link, Session, WakerCell,
};

const SIZE: usize = 2;

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// Waits on `waker` until `look` finds something.
fn wait<T>(waker: &WakerCell, mut look: impl FnMut() -> Option<T>) -> T {
    block_on(poll_fn(|context| waker.poll(context, &mut look)))
}

/// Every interleaving with up to this many preemptions: all of them take minutes.
fn within_preemptions(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

/// Wakes whom the storage still remembers: it is leaked, and wakers must not be.
fn let_go(mut bus: BusControl<'static>) {
    bus.suspended();
}

#[test]
fn loom_a_reader_is_woken_by_a_packet() {
    loom::model(|| {
        let (mut receiver, mut reader) = leak(OutFifo::<2, SIZE>::new()).split();
        let waker = Arc::new(WakerCell::new());
        let theirs = waker.clone();
        let mut armed: Vec<RxSlot> = Vec::new();
        receiver.pump(|slot| {
            armed.push(slot);
            Ok(())
        });
        let bus = thread::spawn(move || {
            for packet in [&[1][..], &[2, 3]] {
                let mut slot = armed.remove(0);
                let length = slot.fill(packet);
                receiver.received(1, slot, length);
                theirs.wake();
            }
        });
        let mut bytes = Vec::new();
        while bytes.len() < 3 {
            let mut buffer = [0; SIZE];
            let mut read = || reader.oldest(|| ()).map(|packet| packet.read(&mut buffer, || ()));
            let count = wait(&waker, &mut read);
            bytes.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(bytes, [1, 2, 3]);
        bus.join().unwrap();
    });
}

#[test]
fn loom_a_writer_is_woken_by_room_and_by_the_last_acknowledgement() {
    within_preemptions(|| {
        let (mut writer, mut sender) = leak(InFifo::<2, SIZE>::new()).split();
        let waker = Arc::new(WakerCell::new());
        let theirs = waker.clone();
        // Full, and one packet with the driver.
        assert_eq!(writer.write(1, &[1, 2, 3, 4, 5]), 4);
        let mut held: Vec<TxPacket> = Vec::new();
        let mut pump = move || {
            sender.pump(1, |packet| {
                if held.len() == 1 {
                    return Err(packet);
                }
                held.push(packet);
                Ok(())
            });
            let Some(packet) = held.pop() else { return 0 };
            let length = packet.len();
            drop(packet);
            sender.sent();
            theirs.wake();
            length
        };
        let bus = thread::spawn(move || {
            let sent = pump() + pump();
            (pump, sent)
        });
        assert_eq!(wait(&waker, || Some(writer.write(1, &[5])).filter(|count| *count > 0)), 1);
        let (mut pump, mut sent) = bus.join().unwrap();
        let bus = thread::spawn(move || {
            // The byte and, after a packet that was full, nothing more.
            while sent < 5 {
                sent += pump();
            }
        });
        wait(&waker, || writer.is_flushed().then_some(()));
        bus.join().unwrap();
    });
}

#[test]
fn loom_both_halves_are_woken_by_a_session() {
    loom::model(|| {
        let link: &'static Link = leak(Link::new());
        let bus = thread::spawn(|| {
            link.set_session(Session::NONE.next());
            link.set_session(Session::NONE.next().next());
        });
        let end = Session::NONE.next().next();
        wait(link.reader(), || (link.session() == end).then_some(()));
        wait(link.writer(), || (link.session() == end).then_some(()));
        bus.join().unwrap();
        link.reader().wake();
        link.writer().wake();
    });
}

#[test]
fn loom_the_last_event_wakes() {
    within_preemptions(|| {
        let (mut bus, mut control) = leak(ControlShared::new()).split();
        let host = thread::spawn(move || {
            bus.set_control_lines(ControlLineState::DTR);
            bus.set_line_coding(LineCoding::from_bytes([1; 7]));
            bus
        });
        let mut event = || block_on(poll_fn(|context| control.poll_event(context)));
        assert_eq!(event(), Event::Dtr(true));
        assert!(matches!(event(), Event::LineCoding { .. }));
        let_go(host.join().unwrap());
    });
}

/// The rise that comes again before it was taken merges with the one in the queue, and is told last.
#[test]
fn loom_an_event_that_merged_wakes() {
    within_preemptions(|| {
        let (mut bus, mut control) = leak(ControlShared::new()).split();
        let host = thread::spawn(move || {
            for lines in [ControlLineState::DTR, ControlLineState::empty(), ControlLineState::DTR] {
                bus.set_control_lines(lines);
            }
            bus
        });
        for on in [true, false, true] {
            let event = block_on(poll_fn(|context| control.poll_event(context)));
            assert_eq!(event, Event::Dtr(on));
        }
        let_go(host.join().unwrap());
    });
}

#[test]
fn loom_a_task_that_takes_over_is_the_one_that_is_woken() {
    within_preemptions(|| {
        let (mut bus, mut control) = leak(ControlShared::new()).split();
        let host = thread::spawn(move || {
            bus.set_control_lines(ControlLineState::DTR);
            bus
        });
        // A task looks once, and drops its future.
        let first = block_on(poll_fn(|context| match control.poll_event(context) {
            Poll::Ready(event) => Poll::Ready(Some(event)),
            Poll::Pending => Poll::Ready(None),
        }));
        let event = first.unwrap_or_else(|| {
            let take_over =
                thread::spawn(move || block_on(poll_fn(|context| control.poll_event(context))));
            take_over.join().unwrap()
        });
        assert_eq!(event, Event::Dtr(true));
        let_go(host.join().unwrap());
    });
}
