//! The receive FIFO, which all OUT endpoints share.

use std::collections::VecDeque;

use usbd_acm_virtual::Pid;

/// Words that are kept for SETUP packets (RM0090 §34.13).
const FOR_SETUP: u32 = 10;

/// PKTSTS of GRXSTSR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PacketStatus {
    GlobalOutNak = 1,
    OutData = 2,
    OutComplete = 3,
    SetupComplete = 4,
    SetupData = 6,
}

/// What GRXSTSR says of one entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Status {
    pub status: PacketStatus,
    pub endpoint: usize,
    pub bytes: usize,
    pub pid: Pid,
    pub frame: u16,
    pub notice: Notice,
}

/// What an entry of newer cores tells that is no end of a transfer, as it seems to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    None,
    /// STPKTRX: a SETUP packet was received.
    SetupReceived,
    /// STSPHST: the status stage of a write begins.
    StatusStage,
}

impl Status {
    fn is_of_setup(self) -> bool {
        matches!(self.status, PacketStatus::SetupData | PacketStatus::SetupComplete)
            || self.notice == Notice::SetupReceived
    }

    fn ends_transfer_of(self, endpoint: usize) -> bool {
        let is_end = self.status == PacketStatus::OutComplete && self.notice == Notice::None;
        is_end && self.endpoint == endpoint
    }

    fn word(self) -> u32 {
        let pid = if self.pid == Pid::Data0 { 0 } else { 2 };
        let (endpoint, bytes) = (self.endpoint as u32, self.bytes as u32);
        let frame = u32::from(self.frame) & 0xF;
        u32::from(self.notice == Notice::StatusStage) << 27
            | frame << 21
            | (self.status as u32) << 17
            | pid << 15
            | bytes << 4
            | endpoint
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    Status(Status),
    Data(u32),
}

impl Word {
    pub fn value(self) -> u32 {
        match self {
            Word::Status(status) => status.word(),
            Word::Data(word) => word,
        }
    }
}

/// Words in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct RxFifo {
    words: VecDeque<Word>,
}

impl RxFifo {
    /// Words in use.
    fn used(&self) -> u32 {
        self.words.len() as u32
    }

    /// Whether a packet of this many bytes, its status and the end of its transfer have room.
    pub fn has_room(&self, depth: u32, bytes: usize) -> bool {
        self.used_by_others() + words(bytes) + 2 + FOR_SETUP <= depth
    }

    /// Words in use that are not of a SETUP.
    fn used_by_others(&self) -> u32 {
        let mut is_setup = false;
        let others = self.words.iter().filter(|word| {
            if let Word::Status(status) = word {
                is_setup = status.is_of_setup();
            }
            !is_setup
        });
        others.count() as u32
    }

    /// Adds an entry, if there is room for it.
    pub fn push(&mut self, depth: u32, status: Status, data: &[u8]) -> bool {
        if self.used() + 1 + words(data.len()) > depth {
            return false;
        }
        self.words.push_back(Word::Status(status));
        for chunk in data.chunks(4) {
            let mut bytes = [0; 4];
            bytes[..chunk.len()].copy_from_slice(chunk);
            self.words.push_back(Word::Data(u32::from_le_bytes(bytes)));
        }
        true
    }

    /// GINTSTS.RXFLVL: an entry is there whose status was not read.
    pub fn has_entry(&self) -> bool {
        self.words.iter().any(|word| matches!(word, Word::Status(_)))
    }

    /// Whether the end of a transfer of this endpoint is there, not read yet.
    pub fn has_complete(&self, endpoint: usize) -> bool {
        self.words.iter().any(|word| match word {
            Word::Status(status) => status.ends_transfer_of(endpoint),
            Word::Data(_) => false,
        })
    }

    pub fn peek(&self) -> Option<Word> {
        self.words.front().copied()
    }

    pub fn pop(&mut self) -> Option<Word> {
        self.words.pop_front()
    }

    pub fn flush(&mut self) {
        self.words.clear();
    }
}

/// Words of so many bytes.
pub(super) fn words(bytes: usize) -> u32 {
    bytes.div_ceil(4) as u32
}
