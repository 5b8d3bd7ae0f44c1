//! What the host acknowledged of a bulk IN endpoint, and whether its transfers are terminated.

use usbd_acm_virtual::host::{Content, Fate, LineEvent, Observer, Packet, Side};
use usbd_acm_virtual::{Handshake, Nanoseconds};

/// Listens on one IN endpoint.
#[derive(Debug)]
pub struct InTraffic {
    endpoint: u8,
    max_packet_size: usize,
    /// The data packet of the transaction under way.
    pending: Option<Vec<u8>>,
    /// Bytes acknowledged since the last cut.
    bytes: Vec<u8>,
    /// Length of the last packet acknowledged since the last cut.
    last: Option<usize>,
    /// What both were when the bus was reset, until something is acknowledged again: a device that has
    /// not looked yet goes by that.
    before_reset: (Vec<u8>, Option<usize>),
    data_packets: usize,
    zero_length_packets: usize,
}

impl InTraffic {
    /// A listener on this endpoint number, with wMaxPacketSize.
    pub fn new(endpoint: u8, max_packet_size: u16) -> Self {
        Self {
            endpoint,
            max_packet_size: usize::from(max_packet_size),
            pending: None,
            bytes: Vec::new(),
            last: None,
            before_reset: (Vec::new(), None),
            data_packets: 0,
            zero_length_packets: 0,
        }
    }

    /// A session is over.
    pub fn cut(&mut self) {
        self.bytes.clear();
        self.last = None;
        self.before_reset = (Vec::new(), None);
    }

    /// Bytes acknowledged since the last cut.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the last transfer since the last cut ended: with a short packet.
    pub fn is_terminated(&self) -> bool {
        self.last != Some(self.max_packet_size)
    }

    /// The bytes acknowledged, and whether they are terminated, as far as a device can know that
    /// may not have looked since the bus was reset.
    pub fn known_to_device(&self) -> (&[u8], bool) {
        match self.last {
            Some(_) => (&self.bytes, self.is_terminated()),
            None => (&self.before_reset.0, self.before_reset.1 != Some(self.max_packet_size)),
        }
    }

    /// Packets with data that were acknowledged.
    pub fn data_packets(&self) -> usize {
        self.data_packets
    }

    /// Zero-length packets that were acknowledged.
    pub fn zero_length_packets(&self) -> usize {
        self.zero_length_packets
    }

    fn acknowledged(&mut self, packet: &[u8]) {
        assert!(packet.len() <= self.max_packet_size, "a packet of {} bytes", packet.len());
        if packet.is_empty() {
            // The first of a session may be the rest of the one before.
            assert!(
                self.last.is_none_or(|last| last == self.max_packet_size),
                "a zero-length packet after one of {:?} bytes",
                self.last
            );
            self.zero_length_packets += 1;
        } else {
            self.data_packets += 1;
        }
        self.bytes.extend(packet);
        self.last = Some(packet.len());
    }
}

impl Observer for InTraffic {
    fn packet(&mut self, _at: Nanoseconds, packet: &Packet<'_>, fate: Fate) {
        if packet.endpoint != self.endpoint {
            return;
        }
        match (packet.from, packet.content) {
            (_, Content::Token(_)) => self.pending = None,
            (Side::Device, Content::Data(_, bytes)) if fate == Fate::Intact => {
                self.pending = Some(bytes.to_vec());
            }
            (Side::Host, Content::Handshake(Handshake::Ack)) if fate == Fate::Intact => {
                if let Some(packet) = self.pending.take() {
                    self.acknowledged(&packet);
                }
            }
            _ => {}
        }
    }

    fn line(&mut self, _at: Nanoseconds, event: LineEvent) {
        if matches!(event, LineEvent::Reset(_) | LineEvent::Unplugged) {
            self.pending = None;
            self.before_reset = (std::mem::take(&mut self.bytes), self.last.take());
        }
    }
}
