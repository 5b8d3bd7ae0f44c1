//! EP0: what is due, and what the hardware is told when it can take it.
//!
//! The chip says when a SETUP came and when a data packet went or came, and nothing of the status
//! stage. It answers SET_ADDRESS by itself: its status stage is sent, and the address taken, without
//! a task.

/// How far a control transfer has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Ep0 {
    /// Nothing is due.
    Idle,
    /// A packet is in the endpoint's buffer, or on its way there: EP0DATADONE when the host has it.
    Sending,
    /// A packet may come: EP0DATADONE when it did.
    Receiving,
    /// The status stage was allowed, which is to be told: no event of the chip tells when it is over.
    Ended,
    /// Due is the task EP0RCVOUT, which lets one data packet in. This and what follows waits until no
    /// DMA runs: tasks of EP0 need the DMA to be idle, too.
    Receive,
    /// Due is the task EP0STATUS, which lets the status stage come.
    Status,
    /// Due is the task EP0STALL.
    Stall,
    /// A packet is loaded, and is to be moved to the endpoint's buffer.
    Send,
    /// A packet is in the endpoint's buffer, and is to be moved from there.
    Fetch,
}

impl Ep0 {
    /// Whether the hardware is to be told something.
    pub(crate) fn is_due(self) -> bool {
        self >= Self::Receive
    }
}
