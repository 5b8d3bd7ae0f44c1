//! What a stack did against the contract of [`Controller`](usbd_acm::Controller).

use usbd_acm::{Endpoint, EndpointAddress, TestMode};

/// A call that the contract of [`Controller`](usbd_acm::Controller) does not allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Violation {
    /// An endpoint that the controller does not have, or a wMaxPacketSize that the speed does not
    /// allow, or an endpoint opened before a bus reset.
    IllegalEndpoint(Endpoint),
    /// A call on an endpoint that is not open.
    NotOpen(EndpointAddress),
    /// `send` on an OUT endpoint, or `receive` on an IN endpoint.
    WrongDirection(EndpointAddress),
    /// A packet that is longer than wMaxPacketSize, in bytes.
    PacketTooLong(EndpointAddress, u16),
    /// A slot that is shorter than wMaxPacketSize, in bytes.
    SlotTooShort(EndpointAddress, u16),
    /// A packet for EP0 that is longer than bMaxPacketSize0, in bytes.
    Ep0PacketTooLong(usize),
    /// An EP0 method that answers no stage that is due, or arms a stage twice.
    StageNotDue(&'static str),
    /// `ep0_read` without a packet.
    NothingToRead,
    /// A device address above 127.
    IllegalAddress(u8),
    /// `suspend` or `remote_wakeup` on a bus that is not suspended.
    NotSuspended(&'static str),
    /// `test_mode` at full speed, or before the status stage of the request was over.
    IllegalTestMode(TestMode),
    /// A call between `suspend` and `resume`.
    Gated(&'static str),
}
