//! Any order of calls: what comes out is what went in.

use std::collections::VecDeque;

use proptest::prelude::*;
use usbd_acm_class::fifo::RxSlot;

use super::wire::{SIZE, Wire, in_fifo, out_fifo};

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
