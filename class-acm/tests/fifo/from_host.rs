//! Packets from the host, one thing at a time.

use std::collections::VecDeque;

use usbd_acm_class::fifo::{PacketReceiver, RxSlot};
use usbd_acm_class::{NoPacket, PortStorage};

use super::wire::{SIZE, SLOTS, out_fifo};

/// What a driver is lent that takes every slot.
fn lent(receiver: &mut PacketReceiver<'static, SLOTS, SIZE>) -> VecDeque<RxSlot> {
    let mut slots = VecDeque::new();
    receiver.pump(|slot| {
        slots.push_back(slot);
        Ok(())
    });
    slots
}

#[test]
fn a_slot_is_lent_once() {
    let (mut receiver, _reader) = out_fifo();
    let mut slots = VecDeque::new();
    for _ in 0..3 {
        slots.extend(lent(&mut receiver));
    }
    assert_eq!(slots.len(), SLOTS);
}

/// What a driver still held when its endpoint was closed, and what it tells out of order.
#[test]
fn a_slot_that_is_not_the_oldest_lent_is_dropped() {
    for is_reclaimed in [false, true] {
        let (mut receiver, mut reader) = out_fifo();
        let mut slots = lent(&mut receiver);
        let mut slot = slots.remove(if is_reclaimed { 0 } else { 1 }).unwrap();
        if is_reclaimed {
            receiver.reclaim();
        }
        let length = slot.fill(b"stale");
        receiver.received(1, slot, length);
        assert_eq!(reader.front(), None, "{is_reclaimed}");
        if !is_reclaimed {
            let mut slot = slots.pop_front().unwrap();
            let length = slot.fill(b"ours");
            receiver.received(1, slot, length);
            assert_eq!(reader.front(), Some((1, &b"ours"[..])));
            reader.consume(4);
            assert_eq!(reader.front(), None, "what was told out of order");
        }
    }
}

#[test]
fn a_foreign_slot_is_dropped() {
    let (mut receiver, mut reader) = out_fifo();
    let (mut other, _) = out_fifo();
    let (mut mine, mut foreign) = (lent(&mut receiver), lent(&mut other));
    receiver.received(1, foreign.pop_front().unwrap(), 5);
    assert!(reader.front().is_none());
    let mut slot = mine.pop_front().unwrap();
    let length = slot.fill(b"ours");
    receiver.received(1, slot, length);
    assert_eq!(reader.front(), Some((1, &b"ours"[..])));
}

#[test]
fn zero_length_packets_are_not_read() {
    let (mut receiver, mut reader) = out_fifo();
    let mut slots = lent(&mut receiver);
    for packet in [&b""[..], b"a", b"", b"b"] {
        let mut slot = slots.pop_front().unwrap();
        let length = slot.fill(packet);
        receiver.received(1, slot, length);
    }
    assert_eq!(reader.front(), Some((1, &b"a"[..])));
    reader.consume(1);
    assert_eq!(reader.front(), Some((1, &b"b"[..])));
    reader.consume(5);
    assert_eq!(reader.front(), None);
}

#[test]
fn a_starved_receiver_asks_for_the_doorbell() {
    let (mut receiver, mut reader) = out_fifo();
    let mut slots = lent(&mut receiver);
    while let Some(mut slot) = slots.pop_front() {
        let length = slot.fill(b"x");
        receiver.received(1, slot, length);
    }
    assert!(reader.oldest(|| panic!("nothing was skipped")).is_some());
    receiver.pump(|_| panic!("no slot is free"));
    assert!(reader.consume(1));
    let slots = lent(&mut receiver);
    assert_eq!(slots.len(), 1);
    assert!(!reader.consume(1), "the driver has a slot");
    assert!(reader.oldest(|| panic!("nothing was skipped")).is_some());
}

#[test]
fn a_receiver_starved_by_zero_length_packets_asks_for_the_doorbell() {
    let (mut receiver, mut reader) = out_fifo();
    let mut slots = lent(&mut receiver);
    while let Some(slot) = slots.pop_front() {
        receiver.received(1, slot, 0);
    }
    let mut rings = 0;
    assert!(reader.oldest(|| rings += 1).is_none());
    assert_eq!(rings, 1);
    assert!(reader.oldest(|| rings += 1).is_none());
    assert_eq!(rings, 1);
}

#[test]
fn a_session_of_nothing_but_zero_length_packets_was_not_read() {
    let ports = Box::leak(Box::new([PortStorage::<2, 64>::new()]));
    let (mut bus, [mut application]) = PortStorage::split(ports);
    let mut half = bus.only();
    half.begin_session(|_| ());
    let number = half.link().own_session().number();
    let mut slots = Vec::new();
    half.receiver().pump(|slot| {
        slots.push(slot);
        Ok(())
    });
    half.receiver().received(number, slots.remove(0), 0);
    half.end_session(|_| ());
    let packet = application.reader.oldest_with_data();
    assert_eq!(packet.err(), Some(NoPacket::Empty));
}
