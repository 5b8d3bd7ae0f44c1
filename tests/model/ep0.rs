//! The default control pipe, token by token (USB 2.0 §8.5.3).

use std::collections::VecDeque;

use usbd_acm_virtual::{Handshake, InResponse, Pid};

/// bMaxPacketSize0.
const PACKET_SIZE: usize = 64;

/// What EP0 answers to a token.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Stage {
    /// No transfer.
    #[default]
    Idle,
    /// The firmware was not told yet: NAK.
    Unanswered,
    /// The first of these packets waits for IN; an early status stage may come instead.
    DataIn(VecDeque<Vec<u8>>),
    /// The line coding of this port may come.
    DataOut { port: usize },
    /// A zero-length packet waits for IN, and with its ACK this address counts.
    StatusIn { address: Option<u8> },
    /// A zero-length packet may come.
    StatusOut,
    /// STALL until the next SETUP.
    Stalled,
}

/// What a token to EP0 leaves for the firmware to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Told {
    /// A packet of the data IN stage is acknowledged; these are left.
    Sent(VecDeque<Vec<u8>>),
    /// A packet of a data OUT stage came.
    Received { port: usize, data: Vec<u8> },
    /// The status stage is over, and this address counts.
    Status { address: Option<u8> },
}

/// EP0 as the bus sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ep0 {
    pub(super) stage: Stage,
    pub(super) in_pid: Pid,
    /// What the next new OUT packet carries; `None` before the first SETUP.
    pub(super) out_pid: Option<Pid>,
}

/// What tells two states of EP0 apart, with the bytes of a data stage as lengths.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ep0Key {
    /// No transfer, or the firmware was not told yet.
    Quiet(bool),
    /// Lengths of the packets that are left.
    DataIn(Vec<usize>, Pid),
    /// A line coding may come.
    DataOut,
    /// A zero-length packet waits for IN: without an address, with 0, or with another.
    StatusIn(Option<bool>),
    /// A zero-length packet may come.
    StatusOut,
    /// STALL.
    Stalled(bool),
}

impl Default for Ep0 {
    fn default() -> Self {
        Self { stage: Stage::Idle, in_pid: Pid::Data1, out_pid: None }
    }
}

impl Ep0 {
    pub(super) fn key(&self) -> Ep0Key {
        // Where nothing is expected, a repeated data toggle is acknowledged all the same.
        let takes_data1 = self.out_pid == Some(Pid::Data1);
        match &self.stage {
            Stage::Idle | Stage::Unanswered => Ep0Key::Quiet(takes_data1),
            Stage::DataIn(packets) => {
                Ep0Key::DataIn(packets.iter().map(Vec::len).collect(), self.in_pid)
            }
            Stage::DataOut { .. } => Ep0Key::DataOut,
            Stage::StatusIn { address } => Ep0Key::StatusIn(address.map(|address| address == 0)),
            Stage::StatusOut => Ep0Key::StatusOut,
            Stage::Stalled => Ep0Key::Stalled(takes_data1),
        }
    }

    /// I2, I3: it is taken in any stage, and replaces whatever there was.
    pub(super) fn setup(&mut self) {
        *self = Self { stage: Stage::Unanswered, in_pid: Pid::Data1, out_pid: Some(Pid::Data1) };
    }

    /// What an IN token is answered with.
    pub(super) fn peek(&self) -> InResponse {
        let bytes = match &self.stage {
            Stage::DataIn(packets) => packets.front().cloned().unwrap_or_default(),
            Stage::StatusIn { .. } => Vec::new(),
            Stage::Stalled => return InResponse::Stall,
            _ => return InResponse::Nak,
        };
        InResponse::Data { pid: self.in_pid, bytes }
    }

    /// The host acknowledged what [`peek`](Self::peek) says.
    pub(super) fn acknowledge(&mut self) -> Option<Told> {
        match std::mem::take(&mut self.stage) {
            Stage::DataIn(mut packets) => {
                packets.pop_front();
                self.in_pid = self.in_pid.toggled();
                self.stage = Stage::Unanswered;
                Some(Told::Sent(packets))
            }
            Stage::StatusIn { address } => Some(Told::Status { address }),
            other => {
                self.stage = other;
                None
            }
        }
    }

    pub(super) fn out_token(&mut self, pid: Pid, data: &[u8]) -> (Handshake, Option<Told>) {
        if data.len() > PACKET_SIZE {
            return (Handshake::NoResponse, None);
        }
        let Some(expected) = self.out_pid else { return (Handshake::Nak, None) };
        let is_repeated = pid != expected;
        match &self.stage {
            Stage::Stalled => (Handshake::Stall, None),
            // USB 2.0 table 8-4: the host did not see our ACK.
            _ if is_repeated => (Handshake::Ack, None),
            Stage::DataOut { port } => {
                let told = Told::Received { port: *port, data: data.into() };
                self.take_out(Stage::Unanswered, told)
            }
            // USB 2.0 §8.5.3.3: the status stage also stands for the ACK of the last packet.
            Stage::StatusOut | Stage::DataIn(_) if data.is_empty() && pid == Pid::Data1 => {
                self.take_out(Stage::Idle, Told::Status { address: None })
            }
            Stage::StatusOut | Stage::DataIn(_) => {
                self.stage = Stage::Stalled;
                (Handshake::Stall, None)
            }
            Stage::Idle | Stage::Unanswered | Stage::StatusIn { .. } => (Handshake::Nak, None),
        }
    }

    fn take_out(&mut self, stage: Stage, told: Told) -> (Handshake, Option<Told>) {
        self.stage = stage;
        self.out_pid = self.out_pid.map(Pid::toggled);
        (Handshake::Ack, Some(told))
    }

    pub(super) fn ping(&self) -> Handshake {
        match self.stage {
            Stage::DataOut { .. } | Stage::StatusOut | Stage::DataIn(_) => Handshake::Ack,
            Stage::Stalled => Handshake::Stall,
            Stage::Idle | Stage::Unanswered | Stage::StatusIn { .. } => Handshake::Nak,
        }
    }

    /// A status stage IN: DATA1 (USB 2.0 §8.5.3).
    pub(super) fn status_in(&mut self, address: Option<u8>) {
        self.stage = Stage::StatusIn { address };
        self.in_pid = Pid::Data1;
    }
}

/// The packets of a data IN stage: full ones and a short one, which is empty where the host asked
/// for more than there is and the last one is full (USB 2.0 §5.5.3). No data stage without a packet.
pub(super) fn packets(bytes: &[u8], host_length: u16) -> VecDeque<Vec<u8>> {
    let mut packets: VecDeque<Vec<u8>> = bytes.chunks(PACKET_SIZE).map(Vec::from).collect();
    let is_short = bytes.len() < usize::from(host_length);
    if is_short && bytes.len().is_multiple_of(PACKET_SIZE) {
        packets.push_back(Vec::new());
    }
    packets
}
