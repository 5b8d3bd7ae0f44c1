//! From SETUP to the first answer that is no NAK.

use usbd_acm_virtual::Handshake;
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::host::{Content, Fate, Observer, Packet, Side, Token};

/// Listens on the wire for the longest time that a SETUP was left without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Latency {
    /// When the last SETUP began that has no answer.
    setup: Option<Nanoseconds>,
    /// The longest time so far.
    pub worst: Nanoseconds,
}

impl Observer for Latency {
    fn packet(&mut self, at: Nanoseconds, packet: &Packet<'_>, _fate: Fate) {
        if packet.endpoint != 0 {
            return;
        }
        match (packet.from, packet.content) {
            (_, Content::Token(Token::Setup)) => self.setup = Some(at),
            // The ACK to SETUP comes from hardware.
            (Side::Device, Content::Handshake(Handshake::Ack)) if self.setup == Some(at) => {}
            (Side::Device, Content::Data(..) | Content::Handshake(Handshake::Stall))
            | (Side::Device, Content::Handshake(Handshake::Ack)) => {
                if let Some(setup) = self.setup.take() {
                    self.worst = self.worst.max(at - setup);
                }
            }
            _ => {}
        }
    }
}
