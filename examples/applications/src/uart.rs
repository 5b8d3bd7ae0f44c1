//! A UART, as the serial adapter needs it.

use usbd_acm::class::LineCoding;

/// What went wrong with received bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LineErrors {
    /// Times that bytes were lost because nobody took them, or the bytes, where that can be known.
    pub overruns: u32,
    /// Wrong parity.
    pub parity: bool,
    /// No stop bit, and no break either.
    pub framing: bool,
    /// The line was low for longer than a character.
    pub is_break: bool,
}

/// A UART with its pins. Whenever one of its methods may answer otherwise than it did, it makes the interrupt
/// come that runs the [`Bridge`](crate::Bridge).
pub trait Uart {
    /// Takes the line coding over, if the hardware can do all of it; else it keeps the last one that it
    /// could. It is not sending.
    fn configure(&mut self, coding: &LineCoding);

    /// What went wrong since this was asked last.
    fn errors(&mut self) -> LineErrors;

    /// The byte that came next, until it is [consumed](Self::consume). What comes after it waits, in the
    /// UART or at the other end.
    fn front(&mut self) -> Option<u8>;

    /// The byte that [`front`](Self::front) returned is off its hands.
    fn consume(&mut self);

    /// Sends a packet, and returns whether all of it has been sent, stop bit included. Until then it is to
    /// be called with the same packet again.
    ///
    /// # Safety
    /// The bytes stay where and as they are until this returned true: hardware may read them.
    unsafe fn transmit(&mut self, packet: &[u8]) -> bool;

    /// Holds TXD low, or ends that. It is not sending, and does not while it is low. What it received by
    /// then is still there.
    fn hold_low(&mut self, low: bool);
}
