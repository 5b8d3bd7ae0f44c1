//! EP0: what is due, and what the hardware is told when it can take it.
//!
//! The chip says when a SETUP came and when a data packet went or came, and nothing of the status
//! stage. It answers SET_ADDRESS by itself: its status stage is sent, and the address taken, without
//! a task, and USBADDR is all that tells of it.

use crate::line::Line;

/// What the data stage waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// No data stage.
    Idle,
    /// A packet to the host is armed, or about to be.
    In,
    /// A packet from the host may come.
    Out,
}

/// What the hardware is to be told once no DMA runs: tasks of EP0 need the DMA to be idle too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Task {
    /// Nothing.
    None,
    /// A packet is loaded, to be sent, or is in the endpoint's buffer, to be read.
    Move(Line),
    /// One data packet may come: EP0RCVOUT.
    Receive,
    /// The status stage may come: EP0STATUS.
    Status,
    /// EP0STALL.
    Stall,
}

/// EP0.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) stage: Stage,
    pub(crate) task: Task,
    /// The address that the stack knows.
    pub(crate) address: u8,
    /// The status stage is over when USBADDR is this.
    pub(crate) status: Option<u8>,
}

impl Control {
    /// No transfer, at address 0.
    pub(crate) const NEW: Self =
        Self { stage: Stage::Idle, task: Task::None, address: 0, status: None };

    /// Whether the address that the chip answers to ends a status stage.
    pub(crate) fn status_ends(&mut self, address: u8) -> bool {
        let ends = self.status == Some(address);
        if ends {
            self.status = None;
            self.address = address;
        }
        ends
    }

    /// A SETUP came: nothing is left of the transfer before it.
    pub(crate) fn begin(&mut self) {
        *self = Self { address: self.address, ..Self::NEW };
    }
}
