//! A writer that asks for room, and the bus side that makes it, under every interleaving.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p usbd-acm-class --release --test loom_losses`
#![cfg(loom)]

use loom::thread;
use usbd_acm_class::fifo::{InFifo, PacketSender, TxPacket};

const SIZE: usize = 2;

/// A bus side with a driver of depth one.
struct Bus {
    sender: PacketSender<'static, 2, SIZE>,
    held: Option<TxPacket>,
    bytes: Vec<u8>,
    overruns: usize,
}

impl Bus {
    fn look(&mut self) {
        if self.sender.is_asked_for_room() {
            if self.sender.must_abort() {
                self.held = None;
                self.sender.aborted();
            }
            self.sender.drop_oldest(1);
        }
        if self.sender.is_asked_for_overrun() {
            self.sender.overrun_taken();
            self.overruns += 1;
        }
        self.pump();
    }

    fn pump(&mut self) {
        let held = &mut self.held;
        self.sender.pump_and_count(usize::MAX, 1, |packet| match held {
            Some(_) => Err(packet),
            None => {
                *held = Some(packet);
                Ok(())
            }
        });
    }

    fn acknowledge(&mut self) {
        let Some(packet) = self.held.take() else { return };
        let mut buffer = [0; SIZE];
        let length = packet.copy_to(&mut buffer);
        self.bytes.extend_from_slice(&buffer[..length]);
        drop(packet);
        self.sender.sent();
        self.sender.count_sent();
        self.pump();
    }
}

#[test]
fn loom_what_does_not_arrive_is_counted() {
    loom::model(|| {
        let (mut writer, sender) = Box::leak(Box::new(InFifo::<2, SIZE>::new())).split();
        let mut bus = Bus { sender, held: None, bytes: Vec::new(), overruns: 0 };
        assert_eq!(writer.write(1, &[1, 2, 3, 4]), 4);
        bus.look();
        let application = thread::spawn(move || {
            writer.ask_for_room();
            let taken = writer.write(1, &[5, 6]);
            writer.ask_for_overrun();
            (writer, taken)
        });
        bus.look();
        bus.acknowledge();
        let (mut writer, taken) = application.join().unwrap();
        bus.look();
        // The request was answered, and the next one is new.
        assert!(!bus.sender.is_asked_for_room() && bus.overruns == 1);
        writer.ask_for_overrun();
        bus.look();
        assert_eq!(bus.overruns, 2);
        while bus.held.is_some() {
            bus.acknowledge();
        }
        assert!(writer.is_flushed());
        assert_eq!(bus.bytes.len() + usize::from(writer.lost()), 4 + taken);
        // In order, and each once.
        let mut written = [1, 2, 3, 4, 5, 6].iter();
        assert!(bus.bytes.iter().all(|byte| written.any(|other| other == byte)));
    });
}
