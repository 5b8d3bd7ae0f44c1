//! The packet FIFOs against a driver and an application that do anything, in any order.
#![cfg(not(loom))]

use std::collections::VecDeque;

use proptest::prelude::*;
use usbd_acm_class::fifo::{
    InFifo, OutFifo, PacketReader, PacketReceiver, PacketSender, PacketWriter, RxSlot, TxPacket,
};
use usbd_acm_class::{NoPacket, PortStorage};

const SLOTS: usize = 4;
const SIZE: usize = 8;

fn in_fifo() -> (PacketWriter<'static, SLOTS, SIZE>, PacketSender<'static, SLOTS, SIZE>) {
    Box::leak(Box::new(InFifo::<SLOTS, SIZE>::new())).split()
}

fn out_fifo() -> (PacketReceiver<'static, SLOTS, SIZE>, PacketReader<'static, SLOTS, SIZE>) {
    Box::leak(Box::new(OutFifo::<SLOTS, SIZE>::new())).split()
}

/// A driver that holds up to `depth` packets.
struct Wire {
    depth: usize,
    queue: VecDeque<TxPacket>,
    received: Vec<Vec<u8>>,
}

impl Wire {
    fn new(depth: usize) -> Self {
        Self { depth, queue: VecDeque::new(), received: Vec::new() }
    }

    fn pump(&mut self, sender: &mut PacketSender<'static, SLOTS, SIZE>, session: u16) {
        sender.pump(session, |packet| {
            if self.queue.len() == self.depth {
                return Err(packet);
            }
            self.queue.push_back(packet);
            Ok(())
        });
    }

    /// The host takes and acknowledges the oldest packet.
    fn acknowledge(&mut self, sender: &mut PacketSender<'static, SLOTS, SIZE>) -> bool {
        let Some(packet) = self.queue.pop_front() else { return false };
        self.received.push(packet.to_vec());
        drop(packet);
        sender.sent();
        true
    }

    fn drain(&mut self, sender: &mut PacketSender<'static, SLOTS, SIZE>, session: u16) {
        self.pump(sender, session);
        while self.acknowledge(sender) {
            self.pump(sender, session);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        self.received.concat()
    }
}

#[test]
fn an_idle_wire_takes_the_open_slot_at_once() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(2);
    assert_eq!(writer.write(1, b"abc"), 3);
    wire.pump(&mut sender, 1);
    assert_eq!(&*wire.queue[0], b"abc");
}

#[test]
fn writes_coalesce_while_a_packet_is_in_flight() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(2);
    writer.write(1, b"a");
    wire.pump(&mut sender, 1);
    for byte in b"bcdefg" {
        assert_eq!(writer.write(1, &[*byte]), 1);
        wire.pump(&mut sender, 1);
    }
    assert_eq!(wire.queue.len(), 1, "one-byte writes wait for the packet in flight");
    wire.drain(&mut sender, 1);
    assert_eq!(wire.received, [b"a".to_vec(), b"bcdefg".to_vec()]);
}

#[test]
fn full_packets_fill_the_driver() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(2);
    assert_eq!(writer.write(1, &[7; 24]), 24);
    wire.pump(&mut sender, 1);
    assert_eq!(wire.queue.len(), 2);
}

/// A driver says how much it holds, so that it need not refuse more.
#[test]
fn a_driver_is_not_asked_for_more_than_it_holds() {
    for depth in 1..SLOTS {
        let (mut writer, mut sender) = in_fifo();
        writer.write(1, &[7; SLOTS * SIZE]);
        let mut packets = Vec::new();
        for _ in 0..SLOTS {
            sender.pump_to(depth, 1, |packet| {
                packets.push(packet);
                Ok(())
            });
        }
        assert_eq!(packets.len(), depth);
        packets.remove(0);
        sender.sent();
        sender.pump_to(depth, 1, |packet| {
            packets.push(packet);
            Ok(())
        });
        assert_eq!(packets.len(), depth);

        let (mut receiver, mut reader) = out_fifo();
        let mut slots = Vec::new();
        for _ in 0..SLOTS {
            receiver.pump_to(depth, |slot| {
                slots.push(slot);
                Ok(())
            });
        }
        assert_eq!(slots.len(), depth);
        let mut slot = slots.remove(0);
        let length = slot.fill(b"abc");
        receiver.received(1, slot, length);
        receiver.pump_to(depth, |slot| {
            slots.push(slot);
            Ok(())
        });
        assert_eq!((slots.len(), reader.front()), (depth, Some((1, &b"abc"[..]))));
    }
}

#[test]
fn a_full_fifo_takes_no_more() {
    let (mut writer, _sender) = in_fifo();
    assert_eq!(writer.write(1, &[7; SLOTS * SIZE + 5]), SLOTS * SIZE);
    assert_eq!(writer.write(1, &[7]), 0);
    assert!(!writer.has_room());
    assert!(writer.grant(1).is_none());
}

#[test]
fn a_full_last_packet_is_closed_by_a_zero_length_packet() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(2);
    writer.write(1, &[7; 2 * SIZE]);
    wire.pump(&mut sender, 1);
    wire.acknowledge(&mut sender);
    wire.acknowledge(&mut sender);
    assert!(!writer.is_flushed(), "the host still waits for more");
    wire.pump(&mut sender, 1);
    assert!(wire.queue[0].is_empty());
    assert!(!writer.is_flushed());
    wire.acknowledge(&mut sender);
    assert!(writer.is_flushed());
    wire.pump(&mut sender, 1);
    assert!(wire.queue.is_empty(), "one zero-length packet is enough");
}

#[test]
fn data_behind_a_full_packet_makes_the_zero_length_packet_needless() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(1);
    writer.write(1, &[7; SIZE]);
    wire.pump(&mut sender, 1);
    writer.write(1, b"x");
    wire.drain(&mut sender, 1);
    assert_eq!(wire.received, [vec![7; SIZE], b"x".to_vec()]);
}

#[test]
fn data_queued_behind_a_zero_length_packet_in_flight_is_kept() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(2);
    writer.write(1, &[1; SIZE]);
    wire.pump(&mut sender, 1);
    wire.acknowledge(&mut sender);
    wire.pump(&mut sender, 1);
    writer.write(1, &[2; SIZE]);
    wire.pump(&mut sender, 1);
    assert_eq!(wire.queue.len(), 2);
    writer.write(1, &[3; SIZE]);
    wire.drain(&mut sender, 1);
    assert_eq!(wire.bytes(), [vec![1; SIZE], vec![2; SIZE], vec![3; SIZE]].concat());
    assert!(writer.is_flushed());
}

#[test]
fn flushed_means_acknowledged() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(1);
    assert!(writer.is_flushed());
    writer.write(1, b"abc");
    assert!(!writer.is_flushed());
    wire.pump(&mut sender, 1);
    assert!(!writer.is_flushed());
    wire.acknowledge(&mut sender);
    assert!(writer.is_flushed());
}

/// A driver may say so after a reset that it did not expect.
#[test]
fn an_acknowledgement_of_nothing_changes_nothing() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(1);
    sender.sent();
    assert!(writer.is_flushed());
    writer.write(1, b"abc");
    sender.sent();
    assert!(!writer.is_flushed());
    wire.drain(&mut sender, 1);
    assert_eq!(wire.received, [b"abc"]);
    assert!(writer.is_flushed());
}

#[test]
fn a_grant_that_is_dropped_writes_nothing() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(1);
    writer.grant(1).unwrap()[0] = 9;
    let mut grant = writer.grant(1).unwrap();
    grant[..2].copy_from_slice(b"hi");
    grant.commit(2);
    wire.drain(&mut sender, 1);
    assert_eq!(wire.bytes(), b"hi");
}

#[test]
fn bytes_of_an_ended_session_are_not_sent() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(1);
    writer.write(1, &[1; 20]);
    wire.pump(&mut sender, 1);
    wire.queue.clear();
    sender.discard();
    // A write that started before the end and is published after it.
    writer.write(1, &[1; 3]);
    wire.pump(&mut sender, 3);
    assert!(wire.queue.is_empty());
    writer.write(3, b"new");
    wire.drain(&mut sender, 3);
    assert_eq!(wire.bytes(), b"new");
    assert!(writer.is_flushed());
}

/// The application learns of a session when that is over already, and begins it all the same.
#[test]
fn a_session_that_is_begun_too_late_is_skipped() {
    let (mut writer, mut sender) = in_fifo();
    let mut wire = Wire::new(1);
    writer.write(1, &[1; 3]);
    sender.discard();
    sender.discard();
    writer.write(3, &[3; 4]);
    wire.pump(&mut sender, 5);
    assert!(wire.queue.is_empty());
    writer.write(5, b"new");
    wire.drain(&mut sender, 5);
    assert_eq!(wire.bytes(), b"new");
    assert!(writer.is_flushed());
}

/// Nobody knows whether the host has what was taken back, however often that is said.
#[test]
fn packets_taken_back_are_followed_by_a_zero_length_packet() {
    for times in 1..4 {
        let (mut writer, mut sender) = in_fifo();
        let mut wire = Wire::new(1);
        writer.write(1, &[1; SIZE]);
        wire.pump(&mut sender, 1);
        wire.queue.clear();
        (0..times).for_each(|_| sender.aborted());
        sender.discard();
        writer.write(2, b"new");
        wire.drain(&mut sender, 2);
        assert_eq!(wire.received, [vec![], b"new".to_vec()], "{times} times");
    }
}

/// A zero-length packet more would end a read of the host that had nothing yet.
#[test]
fn no_zero_length_packet_where_the_host_has_everything_or_starts_anew() {
    for is_opened in [false, true] {
        let (mut writer, mut sender) = in_fifo();
        let mut wire = Wire::new(1);
        writer.write(1, b"old");
        wire.pump(&mut sender, 1);
        if is_opened {
            wire.queue.clear();
        } else {
            wire.drain(&mut sender, 1);
            wire.received.clear();
        }
        sender.aborted();
        sender.discard();
        if is_opened {
            sender.opened();
        }
        // Of the session that is over.
        writer.write(1, b"late");
        writer.write(2, b"new");
        wire.drain(&mut sender, 2);
        assert_eq!(wire.bytes(), b"new");
        assert!(wire.received.iter().all(|packet| !packet.is_empty()), "{:?}", wire.received);
    }
}

#[test]
fn a_leaked_packet_costs_a_slot_and_nothing_else() {
    let (mut writer, mut sender) = in_fifo();
    writer.write(1, &[1; SIZE]);
    let mut held = Vec::new();
    sender.pump(1, |packet| {
        if held.is_empty() {
            held.push(packet);
            Ok(())
        } else {
            Err(packet)
        }
    });
    sender.discard();
    assert_eq!(writer.write(3, &[2; SLOTS * SIZE]), (SLOTS - 1) * SIZE);
    assert_eq!(&*held[0], &[1; SIZE], "nobody wrote over a packet that a driver holds");
}

#[test]
fn a_slot_is_lent_once() {
    let (mut receiver, _reader) = out_fifo();
    let mut slots = Vec::new();
    for _ in 0..3 {
        receiver.pump(|slot| {
            slots.push(slot);
            Ok(())
        });
    }
    assert_eq!(slots.len(), SLOTS);
}

/// What a driver still held when its endpoint was closed, and what it tells out of order.
#[test]
fn a_slot_that_is_not_the_oldest_lent_is_dropped() {
    for is_reclaimed in [false, true] {
        let (mut receiver, mut reader) = out_fifo();
        let mut slots = Vec::new();
        receiver.pump(|slot| {
            slots.push(slot);
            Ok(())
        });
        let mut slot = slots.remove(if is_reclaimed { 0 } else { 1 });
        if is_reclaimed {
            receiver.reclaim();
        }
        let length = slot.fill(b"stale");
        receiver.received(1, slot, length);
        assert_eq!(reader.front(), None, "{is_reclaimed}");
        if !is_reclaimed {
            let mut slot = slots.remove(0);
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
    let (mut mine, mut foreign) = (Vec::new(), Vec::new());
    receiver.pump(|slot| {
        mine.push(slot);
        Ok(())
    });
    other.pump(|slot| {
        foreign.push(slot);
        Ok(())
    });
    receiver.received(1, foreign.remove(0), 5);
    assert!(reader.front().is_none());
    let mut slot = mine.remove(0);
    let length = slot.fill(b"ours");
    receiver.received(1, slot, length);
    assert_eq!(reader.front(), Some((1, &b"ours"[..])));
}

#[test]
fn zero_length_packets_are_not_read() {
    let (mut receiver, mut reader) = out_fifo();
    let mut slots = VecDeque::new();
    receiver.pump(|slot| {
        slots.push_back(slot);
        Ok(())
    });
    for packet in [&b""[..], b"a", b"", b"b"] {
        let mut slot: RxSlot = slots.pop_front().unwrap();
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
    let mut slots = VecDeque::new();
    receiver.pump(|slot| {
        slots.push_back(slot);
        Ok(())
    });
    while let Some(mut slot) = slots.pop_front() {
        let length = slot.fill(b"x");
        receiver.received(1, slot, length);
    }
    assert!(reader.oldest(|| panic!("nothing was skipped")).is_some());
    receiver.pump(|_| panic!("no slot is free"));
    assert!(reader.consume(1));
    receiver.pump(|slot| {
        slots.push_back(slot);
        Ok(())
    });
    assert_eq!(slots.len(), 1);
    assert!(!reader.consume(1), "the driver has a slot");
    assert!(reader.oldest(|| panic!("nothing was skipped")).is_some());
}

#[test]
fn a_receiver_starved_by_zero_length_packets_asks_for_the_doorbell() {
    let (mut receiver, mut reader) = out_fifo();
    let mut slots = VecDeque::new();
    receiver.pump(|slot| {
        slots.push_back(slot);
        Ok(())
    });
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

/// Miri takes seconds for what else takes microseconds.
const STEPS: usize = if cfg!(miri) { 40 } else { 200 };

#[derive(Clone, Debug)]
enum Step {
    Write(usize),
    Grant(usize, usize),
    Pump,
    Acknowledge,
    EndSession,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3 * SIZE).prop_map(Step::Write),
        2 => (0..2 * SIZE, 0..2 * SIZE).prop_map(|(a, b)| Step::Grant(a, b)),
        4 => Just(Step::Pump),
        4 => Just(Step::Acknowledge),
        1 => Just(Step::EndSession),
    ]
}

proptest! {
    /// Nothing is lost, duplicated, reordered or carried into another session.
    #[test]
    fn in_fifo_is_a_stream(steps in prop::collection::vec(step(), 1..STEPS), depth in 1..3usize) {
        let (mut writer, mut sender) = in_fifo();
        let mut wire = Wire::new(depth);
        let (mut session, mut next, mut written) = (1u16, 0u8, Vec::new());
        let mut fresh = |count: usize| -> Vec<u8> {
            (0..count).map(|_| { next = next.wrapping_add(1); next }).collect()
        };
        for step in steps {
            match step {
                Step::Write(count) => {
                    let bytes = fresh(count);
                    let taken = writer.write(session, &bytes);
                    written.extend_from_slice(&bytes[..taken]);
                }
                Step::Grant(fill, commit) => if let Some(mut grant) = writer.grant(session) {
                    let bytes = fresh(fill.min(grant.len()));
                    grant[..bytes.len()].copy_from_slice(&bytes);
                    let commit = commit.min(bytes.len());
                    grant.commit(commit);
                    written.extend_from_slice(&bytes[..commit]);
                },
                Step::Pump => wire.pump(&mut sender, session),
                Step::Acknowledge => { wire.acknowledge(&mut sender); }
                Step::EndSession => {
                    prop_assert!(written.starts_with(&wire.bytes()));
                    wire.queue.clear();
                    wire.received.clear();
                    sender.discard();
                    session = session.wrapping_add(2);
                    written.clear();
                }
            }
            prop_assert!(written.starts_with(&wire.bytes()));
        }
        wire.drain(&mut sender, session);
        prop_assert_eq!(wire.bytes(), written);
        prop_assert!(writer.is_flushed());
        if let Some(last) = wire.received.last() {
            prop_assert!(last.len() < SIZE, "the last packet of a transfer is short");
        }
    }

    /// What the host sent is read once, in order, and told apart by session.
    #[test]
    fn out_fifo_is_a_stream(
        steps in prop::collection::vec((0..4u8, 0..=SIZE), 1..STEPS),
        depth in 1..3usize,
    ) {
        let (mut receiver, mut reader) = out_fifo();
        let mut armed = VecDeque::<RxSlot>::new();
        let (mut session, mut next) = (1u16, 0u8);
        let (mut sent, mut read) = (Vec::new(), Vec::new());
        for (what, count) in steps {
            match what {
                0 => receiver.pump(|slot| {
                    if armed.len() == depth { return Err(slot); }
                    armed.push_back(slot);
                    Ok(())
                }),
                1 => if let Some(mut slot) = armed.pop_front() {
                    let packet: Vec<u8> =
                        (0..count).map(|_| { next = next.wrapping_add(1); next }).collect();
                    let length = slot.fill(&packet);
                    receiver.received(session, slot, length);
                    sent.extend(packet.iter().map(|byte| (session, *byte)));
                },
                2 => {
                    if let Some((session, bytes)) = reader.front() {
                        let count = count.min(bytes.len());
                        read.extend(bytes[..count].iter().map(|byte| (session, *byte)));
                        reader.consume(count);
                    }
                }
                _ if count == 0 => {
                    armed.clear();
                    receiver.reclaim();
                    session = session.wrapping_add(2);
                }
                _ => {}
            }
        }
        while let Some((session, bytes)) = reader.front() {
            read.extend(bytes.iter().map(|byte| (session, *byte)));
            reader.consume(usize::MAX);
        }
        prop_assert_eq!(read, sent);
    }
}
