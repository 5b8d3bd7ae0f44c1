//! Counts of everything that crosses the wire.

use super::observer::{Content, Fate, LineEvent, Observer, Packet, Side, Token};
use super::{ControlRecord, TransferError};
use crate::{Handshake, Nanoseconds};

/// Counts of packets and bytes, while it [listens](super::Host::observe).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Frames, or microframes at high speed.
    pub frames: u64,
    /// SETUP tokens.
    pub setups: u64,
    /// Data packets from the device on endpoints other than EP0, also lost and repeated ones.
    pub packets_in: u64,
    /// Data packets to the device on endpoints other than EP0, also refused and lost ones.
    pub packets_out: u64,
    /// Bytes in `packets_in`.
    pub bytes_in: u64,
    /// Bytes in `packets_out`.
    pub bytes_out: u64,
    /// Packets without data in `packets_in`.
    pub zero_length_in: u64,
    /// Packets without data in `packets_out`.
    pub zero_length_out: u64,
    /// NAKs of the device.
    pub naks: u64,
    /// STALLs of the device.
    pub stalls: u64,
    /// Packets lost or corrupted.
    pub spoilt: u64,
    /// Bus resets.
    pub resets: u64,
    /// Control transfers that ended well.
    pub completed_requests: u64,
    /// Control transfers that ended in STALL.
    pub stalled_requests: u64,
    /// Control transfers that ended in any other way.
    pub failed_requests: u64,
}

impl Observer for Statistics {
    fn packet(&mut self, _at: Nanoseconds, packet: &Packet<'_>, fate: Fate) {
        self.spoilt += u64::from(fate != Fate::Intact);
        match (packet.content, packet.from) {
            (Content::Sof(_), _) => self.frames += 1,
            (Content::Token(Token::Setup), _) => self.setups += 1,
            (Content::Data(_, bytes), Side::Device) if packet.endpoint != 0 => {
                self.packets_in += 1;
                self.bytes_in += bytes.len() as u64;
                self.zero_length_in += u64::from(bytes.is_empty());
            }
            (Content::Data(_, bytes), Side::Host) if packet.endpoint != 0 => {
                self.packets_out += 1;
                self.bytes_out += bytes.len() as u64;
                self.zero_length_out += u64::from(bytes.is_empty());
            }
            (Content::Handshake(Handshake::Nak), _) => self.naks += 1,
            (Content::Handshake(Handshake::Stall), _) => self.stalls += 1,
            _ => {}
        }
    }

    fn line(&mut self, _at: Nanoseconds, event: LineEvent) {
        self.resets += u64::from(matches!(event, LineEvent::Reset(_)));
    }

    fn control(&mut self, record: &ControlRecord<'_>) {
        match record.outcome {
            Ok(()) => self.completed_requests += 1,
            Err(TransferError::Stall) => self.stalled_requests += 1,
            Err(_) => self.failed_requests += 1,
        }
    }
}
