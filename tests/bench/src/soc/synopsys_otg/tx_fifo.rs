//! The transmit FIFO of one IN endpoint.

use std::collections::VecDeque;

use super::rx_fifo::words;

/// Whole packets, and one that firmware is writing.
#[derive(Clone, Debug, Default)]
pub(super) struct TxFifo {
    packets: VecDeque<Vec<u8>>,
    partial: Vec<u8>,
    /// The erratum has struck: the next word is wrong.
    corrupt: bool,
}

impl TxFifo {
    /// Words that are free, of `depth`.
    pub fn free(&self, depth: u32) -> u32 {
        let whole: u32 = self.packets.iter().map(|packet| words(packet.len())).sum();
        depth.saturating_sub(whole + words(self.partial.len()))
    }

    /// Adds a word to a packet of `length` bytes. Whether that is whole now.
    pub fn write(&mut self, word: u32, length: usize) -> bool {
        let wrong = if std::mem::take(&mut self.corrupt) { !0 } else { 0 };
        self.partial.extend((word ^ wrong).to_le_bytes());
        if self.partial.len() < length {
            return false;
        }
        let mut packet = std::mem::take(&mut self.partial);
        packet.truncate(length);
        self.packets.push_back(packet);
        true
    }

    /// The packet that goes next.
    pub fn front(&self) -> Option<&Vec<u8>> {
        self.packets.front()
    }

    /// The host has it.
    pub fn sent(&mut self) {
        self.packets.pop_front();
    }

    /// A packet is being written.
    pub fn is_being_written(&self) -> bool {
        !self.partial.is_empty()
    }

    /// The writing of a packet was interrupted.
    pub fn corrupt(&mut self) {
        self.corrupt = true;
    }

    pub fn flush(&mut self) {
        *self = Self::default();
    }
}
