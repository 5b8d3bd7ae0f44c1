//! A driver, and FIFOs that live for ever.

use std::collections::VecDeque;

use usbd_acm_class::fifo::{
    InFifo, OutFifo, PacketReader, PacketReceiver, PacketSender, PacketWriter, TxPacket,
};

pub const SLOTS: usize = 4;
pub const SIZE: usize = 8;

pub fn in_fifo() -> (PacketWriter<'static, SLOTS, SIZE>, PacketSender<'static, SLOTS, SIZE>) {
    Box::leak(Box::new(InFifo::<SLOTS, SIZE>::new())).split()
}

pub fn out_fifo() -> (PacketReceiver<'static, SLOTS, SIZE>, PacketReader<'static, SLOTS, SIZE>) {
    Box::leak(Box::new(OutFifo::<SLOTS, SIZE>::new())).split()
}

/// A driver that holds up to `depth` packets.
pub struct Wire {
    depth: usize,
    pub queue: VecDeque<TxPacket>,
    pub received: Vec<Vec<u8>>,
}

impl Wire {
    pub fn new(depth: usize) -> Self {
        Self { depth, queue: VecDeque::new(), received: Vec::new() }
    }

    pub fn pump(&mut self, sender: &mut PacketSender<'static, SLOTS, SIZE>, session: u16) {
        sender.pump(session, |packet| {
            if self.queue.len() == self.depth {
                return Err(packet);
            }
            self.queue.push_back(packet);
            Ok(())
        });
    }

    /// The host takes and acknowledges the oldest packet.
    pub fn acknowledge(&mut self, sender: &mut PacketSender<'static, SLOTS, SIZE>) -> bool {
        let Some(packet) = self.queue.pop_front() else { return false };
        self.received.push(packet.to_vec());
        drop(packet);
        sender.sent();
        true
    }

    pub fn drain(&mut self, sender: &mut PacketSender<'static, SLOTS, SIZE>, session: u16) {
        self.pump(sender, session);
        while self.acknowledge(sender) {
            self.pump(sender, session);
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.received.concat()
    }
}
