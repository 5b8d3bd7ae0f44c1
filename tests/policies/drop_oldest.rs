//! Dropping the oldest.

use std::cell::RefCell;

use embedded_io::Write;
use usbd_acm::policy::{DropNewest, DropOldest};
use usbd_acm::{Hooks, Storage};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_tests::probe::{Bell, Probe, Recorder};
use usbd_acm_virtual::host::{AcmPort, Fault, Host, PacketKind, Rule, Side, linux};
use usbd_acm_virtual::{Board, FullSpeed, Handshake, VirtualController};

use crate::{Asking, MICROSECOND, MILLISECOND, SharedHost, logger, logger_on, numbers};

fn waiting(host: SharedHost) -> DropOldest<impl FnMut() -> bool> {
    DropOldest::new().waiting(move || {
        host.borrow_mut().run(MICROSECOND);
        true
    })
}

#[test]
fn the_end_of_what_was_written_arrives_and_the_rest_is_counted() {
    let mut logger = logger(waiting);
    let data = numbers(1000);
    for message in data.chunks(20) {
        logger.writer.write_all(message).unwrap();
    }
    let lost = logger.writer.lost();
    let received = logger.received();
    assert_eq!(received, data[lost as usize..], "{lost} bytes lost");
    assert!((60..=128).contains(&received.len()));
}

#[test]
fn what_the_host_took_is_not_lost() {
    let mut logger = logger(waiting);
    let data = numbers(5000);
    let mut received = Vec::new();
    for (number, message) in data.chunks(50).enumerate() {
        logger.writer.write_all(message).unwrap();
        if number % 3 == 0 {
            received.extend(logger.read_packet());
        }
    }
    let lost = logger.writer.lost();
    received.extend(logger.received());
    assert_eq!(received.len() + lost as usize, data.len());
    // It reads a packet for every 150 bytes written, and every other one may be empty.
    assert!(received.len() > 133 * 64 / 3, "{lost} lost, {} received", received.len());
    // A subsequence, in order.
    let mut from = data.chunks(1);
    assert!(received.chunks(1).all(|byte| from.any(|other| other == byte)));
}

#[test]
fn flushed_means_that_nothing_is_left() {
    let mut logger = logger(waiting);
    logger.writer.write_all(&numbers(100)).unwrap();
    assert_eq!(logger.writer.writer().is_flushed(), Ok(false));
    logger.received();
    assert_eq!(logger.writer.writer().is_flushed(), Ok(true));
    // A FIFO that ends on a full packet after something was dropped is closed as ever.
    logger.writer.write_all(&[5; 256]).unwrap();
    assert_eq!(logger.writer.writer().is_flushed(), Ok(false));
    let lost = logger.writer.lost();
    assert!(lost > 300, "{lost} with those of before");
    assert!(!logger.received().is_empty());
    assert_eq!(logger.writer.writer().is_flushed(), Ok(true));
}

#[test]
fn without_a_wait_it_happens_at_the_next_poll() {
    let mut logger = logger(|_| DropOldest::new());
    logger.writer.write_all(&[1; 128]).unwrap();
    logger.run(MILLISECOND);
    logger.writer.write_all(&[2; 40]).unwrap();
    assert_eq!(logger.writer.lost(), 40, "nobody polled: the newest");
    logger.run(MILLISECOND);
    assert_eq!(logger.writer.lost(), 168, "both packets of the controller");
    logger.writer.write_all(&[3; 40]).unwrap();
    assert_eq!(logger.received(), [3; 40]);
}

#[test]
fn a_suspended_controller_is_left_alone() {
    let mut logger = logger(waiting);
    logger.writer.write_all(&[1; 128]).unwrap();
    logger.run(MILLISECOND);
    logger.host.borrow_mut().suspend();
    logger.run(MILLISECOND);
    logger.writer.write_all(&[2; 40]).unwrap();
    assert_eq!(logger.writer.lost(), 40);
    logger.host.borrow_mut().resume();
    assert_eq!(logger.received(), [1; 128]);
}

#[test]
fn a_bus_side_that_takes_no_part_loses_the_newest() {
    let mut logger = logger_on(Recorder::<1>, waiting);
    logger.writer.write_all(&numbers(100)).unwrap();
    assert_eq!(logger.writer.lost(), 400 - 128);
    assert_eq!(logger.received(), numbers(32));
}

#[test]
fn losses_are_reported() {
    let mut logger = logger(waiting);
    logger.acm.start_notifications(&mut logger.host.borrow_mut());
    logger.writer.write_all(&numbers(100)).unwrap();
    logger.run(100 * MILLISECOND);
    while logger.acm.notification(&mut logger.host.borrow_mut()).unwrap().is_some() {}
    let overruns = logger.acm.counters().overruns;
    assert!((1..=2).contains(&overruns), "{overruns}: one notification is on its way at a time");
}

/// The host has a packet, and the device does not know: the next one must not be taken for a
/// repetition of it (USB 2.0 §8.6.4).
#[test]
fn a_lost_acknowledgement_costs_nothing_that_is_not_counted() {
    let mut logger = logger(waiting);
    logger.writer.write_all(&[1; 128]).unwrap();
    let ack = PacketKind::Handshake(Handshake::Ack);
    logger.host.borrow_mut().faults().add(Rule::new(ack, Fault::Drop).from(Side::Host));
    assert_eq!(logger.read_packet(), [1; 64]);
    assert!(!logger.host.borrow_mut().faults().is_pending());
    logger.writer.write_all(&[2; 60]).unwrap();
    assert_eq!(logger.writer.lost(), 128, "one of them has arrived all the same");
    assert_eq!(logger.received(), [2; 60]);
}

thread_local! {
    /// The USB interrupt of the device under test.
    static INTERRUPT: RefCell<Option<Box<dyn FnMut()>>> = const { RefCell::new(None) };
}

/// Pends the interrupt, which comes at once, unless it is running.
struct AtOnce;

impl Bell for AtOnce {
    fn ring() {
        let Some(mut poll) = INTERRUPT.take() else { return };
        poll();
        INTERRUPT.set(Some(poll));
    }
}

fn interrupt_driven(
    hooks: impl Hooks + 'static,
) -> (Host<Board<impl FnMut(u64)>>, AcmPort, usbd_acm::Port) {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let storage = Box::leak(Box::new(Storage::<1, 2, 64>::new()));
    let (mut device, [port]) = storage.split(Probe::<_, AtOnce>::new(controller), &ONE_PORT, hooks);
    device.connect();
    INTERRUPT.set(Some(Box::new(move || device.poll())));
    let line = wire.clone();
    let board = Board::new(wire, move |_| {
        while line.interrupt() {
            AtOnce::ring();
        }
    });
    let mut host = Host::new(board);
    host.plug().unwrap();
    let known = linux::enumerate(&mut host).unwrap();
    (host, AcmPort::all(&known).remove(0), port)
}

#[test]
fn the_doorbell_makes_room_at_once() {
    let (mut host, mut acm, port) = interrupt_driven(Asking::<1>::default());
    let mut writer = port.writer.with_policy(DropOldest::new());
    let data = numbers(500);
    for message in data.chunks(16) {
        writer.write_all(message).unwrap();
    }
    let lost = writer.lost();
    let received = acm.read_for(&mut host, 5 * MILLISECOND).unwrap();
    assert_eq!(received, data[lost as usize..]);
    assert!(received.len() > 60);
    // Nothing of that has to do with a policy that does not ask.
    let mut writer = writer.into_writer().with_policy(DropNewest);
    writer.write_all(&numbers(100)).unwrap();
    let received = acm.read_for(&mut host, 5 * MILLISECOND).unwrap();
    assert_eq!(received, numbers(100)[..400 - writer.lost() as usize]);
    assert_eq!(host.port().wire().violations(), []);
}
