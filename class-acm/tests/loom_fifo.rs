//! The packet FIFOs under every interleaving of their two halves that the memory model allows.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p usbd-acm-class --release --test loom_fifo`
#![cfg(loom)]

use loom::thread;
use usbd_acm_class::fifo::{InFifo, OutFifo, PacketSender, RxSlot, TxPacket};

const SIZE: usize = 2;

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// A driver of depth one whose host acknowledges at the next look.
fn serve(
    sender: &mut PacketSender<'static, 2, SIZE>,
    held: &mut Option<TxPacket>,
    bytes: &mut Vec<u8>,
) {
    let Some(packet) = held.take() else {
        return sender.pump(1, |packet| hold(held, packet));
    };
    let mut buffer = [0; SIZE];
    let length = packet.copy_to(&mut buffer);
    bytes.extend_from_slice(&buffer[..length]);
    drop(packet);
    sender.pump_after(true, 1, 1, |packet| hold(held, packet));
}

fn hold(held: &mut Option<TxPacket>, packet: TxPacket) -> Result<(), TxPacket> {
    match held {
        Some(_) => Err(packet),
        None => {
            *held = Some(packet);
            Ok(())
        }
    }
}

#[test]
fn in_fifo_loses_nothing_and_leaves_nothing_behind() {
    loom::model(|| {
        let (mut writer, mut sender) = leak(InFifo::<2, SIZE>::new()).split();
        let application = thread::spawn(move || {
            let mut rings = false;
            for bytes in [&[1][..], &[2, 3]] {
                assert_eq!(writer.write(1, bytes), bytes.len());
                rings |= writer.needs_doorbell();
            }
            (writer, rings)
        });
        let (mut held, mut bytes) = (None, Vec::new());
        serve(&mut sender, &mut held, &mut bytes);
        serve(&mut sender, &mut held, &mut bytes);
        let (writer, rings) = application.join().unwrap();
        // From here on the bus side looks only when it has a reason to: a packet in flight, or the
        // doorbell.
        if rings || held.is_some() {
            serve(&mut sender, &mut held, &mut bytes);
        }
        while held.is_some() {
            serve(&mut sender, &mut held, &mut bytes);
        }
        assert_eq!(bytes, [1, 2, 3]);
        assert!(writer.is_flushed());
    });
}

#[test]
fn in_fifo_reuses_a_slot_only_when_it_is_free() {
    loom::model(|| {
        let (mut writer, mut sender) = leak(InFifo::<2, SIZE>::new()).split();
        assert_eq!(writer.write(1, &[1, 2, 3]), 3);
        let application = thread::spawn(move || {
            let taken = writer.write(1, &[4, 5]);
            (writer, taken)
        });
        let (mut held, mut bytes) = (None, Vec::new());
        for _ in 0..3 {
            serve(&mut sender, &mut held, &mut bytes);
        }
        let (_writer, taken) = application.join().unwrap();
        serve(&mut sender, &mut held, &mut bytes);
        while held.is_some() {
            serve(&mut sender, &mut held, &mut bytes);
        }
        assert_eq!(bytes, [1, 2, 3, 4, 5][..3 + taken]);
    });
}

#[test]
fn in_fifo_drops_a_session_that_ends_during_a_write() {
    loom::model(|| {
        let (mut writer, mut sender) = leak(InFifo::<2, SIZE>::new()).split();
        let application = thread::spawn(move || {
            writer.write(1, &[1, 1]);
            writer
        });
        sender.discard();
        let mut writer = application.join().unwrap();
        let mut sent = Vec::new();
        assert_eq!(writer.write(3, &[9]), 1);
        sender.pump(3, |packet| {
            let mut buffer = [0; SIZE];
            let length = packet.copy_to(&mut buffer);
            sent.extend_from_slice(&buffer[..length]);
            Ok(())
        });
        assert_eq!(sent, [9]);
    });
}

#[test]
fn out_fifo_loses_nothing_and_starves_nobody() {
    loom::model(|| {
        let (mut receiver, mut reader) = leak(OutFifo::<2, SIZE>::new()).split();
        let mut armed: Vec<RxSlot> = Vec::new();
        for packet in [&[1][..], &[2, 3]] {
            receiver.pump(|slot| {
                armed.push(slot);
                Ok(())
            });
            let mut slot = armed.remove(0);
            let length = slot.fill(packet);
            receiver.received(1, slot, length);
        }
        armed.clear();
        let application = thread::spawn(move || {
            let (mut bytes, mut rings) = (Vec::new(), false);
            let mut buffer = [0; SIZE];
            while let Some(packet) = reader.oldest(|| rings = true) {
                let count = packet.read(&mut buffer, || rings = true);
                bytes.extend_from_slice(&buffer[..count]);
            }
            (bytes, rings)
        });
        let mut lent = 0;
        receiver.pump(|slot| {
            lent += 1;
            armed.push(slot);
            Ok(())
        });
        let (bytes, rings) = application.join().unwrap();
        assert_eq!(bytes, [1, 2, 3]);
        assert!(lent > 0 || rings, "the endpoint would NAK for ever");
    });
}

#[test]
fn out_fifo_that_fills_up_starves_nobody() {
    loom::model(|| {
        let (mut receiver, mut reader) = leak(OutFifo::<2, SIZE>::new()).split();
        let mut armed: Vec<RxSlot> = Vec::new();
        receiver.pump(|slot| {
            armed.push(slot);
            Ok(())
        });
        let mut filled = armed.drain(..).map(|mut slot| {
            let length = slot.fill(&[7]);
            (slot, length)
        });
        let (Some((slot, length)), Some(last)) = (filled.next(), filled.next()) else {
            panic!("two slots");
        };
        receiver.received(1, slot, length);
        let application = thread::spawn(move || {
            let (mut buffer, mut rings) = ([0; SIZE], false);
            let first =
                reader.oldest(|| ()).map(|packet| packet.read(&mut buffer, || rings = true));
            assert_eq!(first, Some(1));
            rings
        });
        let mut lent = 0;
        receiver.pump_after(Some(last), 2, 1, |slot| {
            lent += 1;
            drop(slot);
            Ok(())
        });
        assert!(application.join().unwrap() || lent > 0, "the endpoint would NAK for ever");
    });
}
