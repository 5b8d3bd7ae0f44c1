//! What the FIFO to the host drops, and that every byte of it is counted.
#![cfg(not(loom))]

use std::collections::VecDeque;

use proptest::prelude::*;
use usbd_acm_class::fifo::{InFifo, PacketSender, PacketWriter, TxPacket};

const SLOTS: usize = 4;
const SIZE: usize = 8;
/// Room for a high-speed packet: how long packets are, is known when the host has reset the device.
const LARGE: usize = 512;

struct Line<const SIZE: usize = 8> {
    writer: PacketWriter<'static, SLOTS, SIZE>,
    sender: PacketSender<'static, SLOTS, SIZE>,
    depth: usize,
    queue: VecDeque<TxPacket>,
    session: u16,
    written: usize,
    arrived: usize,
}

impl Line {
    fn new(depth: usize) -> Self {
        Self::with_packets_of(SIZE, depth)
    }
}

impl<const SIZE: usize> Line<SIZE> {
    fn with_packets_of(size: usize, depth: usize) -> Self {
        let (writer, mut sender) = Box::leak(Box::new(InFifo::<SLOTS, SIZE>::new())).split();
        sender.set_packet_size(u16::try_from(size).expect("a size of packets"));
        let queue = VecDeque::new();
        Self { writer, sender, depth, queue, session: 1, written: 0, arrived: 0 }
    }

    fn write(&mut self, count: usize) {
        self.written += self.writer.write(self.session, &vec![7; count]);
    }

    fn pump(&mut self) {
        self.sender.pump_and_count(self.depth, self.session, |packet| {
            if self.queue.len() == self.depth {
                return Err(packet);
            }
            self.queue.push_back(packet);
            Ok(())
        });
    }

    fn acknowledge(&mut self) {
        if let Some(packet) = self.queue.pop_front() {
            self.arrived += packet.len() as usize;
            drop(packet);
            self.sender.sent();
            self.sender.count_sent();
        }
        self.pump();
    }

    fn make_room(&mut self) {
        self.writer.ask_for_room();
        assert!(self.sender.is_asked_for_room());
        if self.sender.must_abort() {
            self.queue.clear();
            self.sender.aborted();
        }
        self.sender.drop_oldest(self.session);
        assert!(!self.sender.is_asked_for_room());
    }

    fn change_session(&mut self) {
        self.queue.clear();
        self.sender.discard_and_count();
        self.session = self.session.wrapping_add(1);
    }

    fn settle(&mut self) {
        self.pump();
        while !self.queue.is_empty() {
            self.acknowledge();
        }
        assert!(self.writer.is_flushed());
        assert_eq!(self.arrived + usize::from(self.writer.lost()), self.written);
    }
}

#[test]
fn a_packet_is_dropped_where_none_was_handed_over() {
    let mut line = Line::new(2);
    line.write(SLOTS * SIZE);
    line.make_room();
    assert_eq!(usize::from(line.writer.lost()), SIZE);
    assert!(line.writer.has_room());
    line.settle();
    assert_eq!(line.arrived, 3 * SIZE);
}

#[test]
fn what_the_driver_holds_is_the_oldest() {
    let mut line = Line::new(2);
    line.write(SLOTS * SIZE);
    line.pump();
    line.make_room();
    assert_eq!(usize::from(line.writer.lost()), 2 * SIZE);
    line.pump();
    assert_eq!(line.queue[0].len(), 0, "nobody knows whether the host has the first of them");
    line.settle();
}

/// Nothing is won by taking back a zero-length packet, and another one would follow it.
#[test]
fn what_has_no_bytes_is_not_taken_back() {
    let mut line = Line::new(1);
    line.write(SLOTS * SIZE);
    line.pump();
    assert!(line.sender.must_abort());
    line.make_room();
    line.pump();
    assert_eq!(line.queue[0].len(), 0);
    line.write(SIZE);
    assert!(!line.writer.has_room() && !line.sender.must_abort());
    line.make_room();
    assert_eq!((line.queue.len(), usize::from(line.writer.lost())), (1, 2 * SIZE));
    line.settle();
}

/// A host that comes back at another speed leaves a slot that has more bytes than a packet: the session
/// begins in the next one, and the bus half does not keep that slot.
#[test]
fn a_session_with_smaller_packets_has_every_slot() {
    let mut line = Line::<LARGE>::with_packets_of(LARGE, 2);
    line.write(65);
    line.sender.discard();
    line.sender.set_packet_size(64);
    line.session += 1;
    line.writer.begin(line.session);
    line.sender.pump(line.session, |_| panic!("nothing was written"));
    assert_eq!(line.writer.write(line.session, &[7; 64 * SLOTS + 1]), 64 * SLOTS);
}

/// Room of a slot that no packet can have is nobody's loss, wherever the account begins: it is kept in
/// 16 bits, which wrap after 128 slots.
#[test]
fn bytes_are_counted_and_not_slots() {
    for size in [64, LARGE] {
        for start in 0..if cfg!(miri) { 2 } else { 130 } {
            let mut line = Line::<LARGE>::with_packets_of(size, 2);
            for _ in 0..start {
                line.write(size);
                line.pump();
                line.acknowledge();
            }
            line.settle();
            line.write(SLOTS * size);
            line.pump();
            // What follows a zero-length packet that was taken is spared at first.
            for _ in 0..9 {
                if line.writer.lost() == 0 {
                    line.make_room();
                }
            }
            assert_eq!(usize::from(line.writer.lost()), 2 * size, "from slot {start}");
            line.settle();
        }
    }
}

#[test]
fn what_was_acknowledged_of_a_packet_is_not_lost() {
    let mut line = Line::new(2);
    line.write(3);
    line.pump();
    line.acknowledge();
    line.write(SLOTS * SIZE);
    assert_eq!(line.written, SLOTS * SIZE);
    line.pump();
    line.make_room();
    assert_eq!(usize::from(line.writer.lost()), 2 * SIZE - 3);
    line.settle();
}

#[test]
fn room_that_is_there_by_now_costs_nothing() {
    let mut line = Line::new(2);
    line.write(SLOTS * SIZE);
    line.pump();
    line.writer.ask_for_room();
    line.acknowledge();
    line.make_room();
    assert_eq!(line.writer.lost(), 0);
    line.settle();
}

#[test]
fn a_host_that_took_a_zero_length_packet_is_given_time_to_take_data() {
    let mut line = Line::new(2);
    line.write(SLOTS * SIZE);
    line.pump();
    line.make_room();
    line.write(2 * SIZE);
    line.pump();
    line.acknowledge();
    let lost = line.writer.lost();
    for _ in 0..8 {
        line.make_room();
        assert_eq!(line.writer.lost(), lost, "spared");
    }
    line.make_room();
    assert!(line.writer.lost() > lost, "it seems to have gone");
    line.settle();
}

#[test]
fn bytes_written_for_a_session_that_is_over_are_counted_when_they_are_skipped() {
    let mut line = Line::new(2);
    line.write(5);
    // The application is behind: it writes on for the session that it knows.
    line.change_session();
    line.session = 1;
    line.write(6);
    line.session = 2;
    line.pump();
    assert!(line.queue.is_empty());
    assert_eq!(line.writer.lost(), 11);
    line.write(4);
    line.settle();
    assert_eq!(line.arrived, 4);
}

#[test]
fn what_a_session_left_in_a_slot_is_counted_once() {
    let mut line = Line::new(2);
    line.write(2);
    line.change_session();
    line.sender.restart();
    // The rest of the slot, behind a zero-length packet.
    line.write(SIZE - 2);
    line.pump();
    line.acknowledge();
    line.change_session();
    assert_eq!(usize::from(line.writer.lost()), SIZE);
    line.settle();
}

#[test]
fn requests_merge_until_they_are_answered() {
    let mut line = Line::new(2);
    line.writer.ask_for_overrun();
    line.writer.ask_for_overrun();
    assert!(line.sender.is_asked_for_overrun() && !line.sender.is_asked_for_room());
    line.sender.overrun_taken();
    assert!(!line.sender.is_asked_for_overrun());
    line.writer.ask_for_overrun();
    assert!(line.sender.is_asked_for_overrun());
}

fn every_byte_arrives_or_is_counted<const SIZE: usize>(
    mut line: Line<SIZE>,
    steps: Vec<(u8, usize)>,
) {
    for (step, count) in steps {
        match step {
            0..3 => line.write(count * SIZE / 8),
            3 => line.pump(),
            4..6 => line.acknowledge(),
            6 => line.make_room(),
            _ if count == 1 => line.change_session(),
            _ => {
                line.make_room();
                line.pump();
            }
        }
    }
    line.settle();
}

proptest! {
    #[test]
    fn every_byte_of_a_full_speed_packet_arrives_or_is_counted(
        depth in 1usize..4,
        steps in prop::collection::vec((0u8..8, 1usize..20), 0..200),
    ) {
        every_byte_arrives_or_is_counted(Line::new(depth), steps);
    }

    #[test]
    fn every_byte_of_any_packet_arrives_or_is_counted(
        depth in 1usize..4,
        size in prop::sample::select(vec![64, LARGE]),
        steps in prop::collection::vec((0u8..8, 1usize..20), 0..200),
    ) {
        every_byte_arrives_or_is_counted(Line::<LARGE>::with_packets_of(size, depth), steps);
    }
}
