//! Packets to the host, one thing at a time.

use super::wire::{SIZE, SLOTS, Wire, in_fifo, out_fifo};

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
