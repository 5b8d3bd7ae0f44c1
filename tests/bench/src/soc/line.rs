//! What the pins of a UART lead to.

use std::collections::VecDeque;

use crate::cpu::Cycles;

/// A frame from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UartFrame {
    /// Data.
    pub byte: u8,
    /// The parity bit is wrong.
    pub parity_error: bool,
    /// The stop bit is missing.
    pub framing_error: bool,
    /// The line stayed low for longer than a frame.
    pub is_break: bool,
}

impl UartFrame {
    /// A frame without errors.
    pub const fn of(byte: u8) -> Self {
        Self { byte, parity_error: false, framing_error: false, is_break: false }
    }

    /// A break.
    pub const BREAK: Self =
        Self { byte: 0, parity_error: false, framing_error: true, is_break: true };
}

/// A frame that firmware sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent<F> {
    /// When its stop bit was over.
    pub at: Cycles,
    /// Data.
    pub byte: u8,
    /// How it was sent.
    pub format: F,
}

/// The next frame from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Arrival {
    /// There is none.
    Nothing,
    /// It begins when the line is looked at next.
    Begins,
    /// It is complete then.
    At(Cycles),
}

/// The line of a UART whose frames have the format `F`, and who is at its other end.
#[derive(Clone, Debug)]
pub struct Line<F> {
    /// TXD is connected to RXD, and RTS to CTS.
    pub loopback: bool,
    /// RTS is not connected: the other end sends whether there is room or not.
    pub ignores_rts: bool,
    /// Everything that was sent, where it is not looped back.
    pub sent: Vec<Sent<F>>,
    /// What is going to arrive, a frame after the other.
    incoming: VecDeque<UartFrame>,
    next: Arrival,
    clear_to_send: bool,
}

impl<F> Default for Line<F> {
    fn default() -> Self {
        Self {
            loopback: false,
            ignores_rts: false,
            sent: Vec::new(),
            incoming: VecDeque::new(),
            next: Arrival::Nothing,
            clear_to_send: true,
        }
    }
}

impl<F> Line<F> {
    /// Lets these arrive, at the speed at which the UART listens.
    pub fn feed(&mut self, frames: impl IntoIterator<Item = UartFrame>) {
        self.incoming.extend(frames);
        if self.next == Arrival::Nothing && !self.incoming.is_empty() {
            self.next = Arrival::Begins;
        }
    }

    /// Frames that have not arrived.
    pub fn waiting(&self) -> usize {
        self.incoming.len()
    }

    pub(super) fn clear_to_send(&self, own_receiver: bool) -> bool {
        if self.loopback { own_receiver } else { self.clear_to_send }
    }

    /// Whether this is news.
    pub(super) fn set_clear_to_send(&mut self, clear: bool) -> bool {
        std::mem::replace(&mut self.clear_to_send, clear) != clear
    }

    pub(super) fn next_arrival(&self) -> Option<Cycles> {
        match self.next {
            Arrival::Nothing => None,
            Arrival::Begins => Some(0),
            Arrival::At(at) => Some(at),
        }
    }

    pub(super) fn send(&mut self, at: Cycles, byte: u8, format: F) {
        if self.loopback {
            self.incoming.push_back(UartFrame::of(byte));
            self.next = Arrival::At(at);
        } else {
            self.sent.push(Sent { at, byte, format });
        }
    }

    /// What has arrived. `stops` says that RTS holds the other end off; a frame that was begun still
    /// comes.
    pub(super) fn arrivals(
        &mut self,
        now: Cycles,
        frame_time: Cycles,
        stops: bool,
    ) -> Option<UartFrame> {
        match self.next {
            Arrival::Nothing => return None,
            Arrival::At(at) if at > now => return None,
            Arrival::At(_) if !stops => {}
            // The other end begins now, or looks again a frame later.
            Arrival::Begins | Arrival::At(_) => {
                self.next = self.complete_at(now + frame_time);
                return None;
            }
        }
        let frame = self.incoming.pop_front();
        // What is looped back comes when it was sent.
        let pause = if self.loopback { 1 } else { frame_time };
        self.next = self.complete_at(now + pause);
        frame
    }

    fn complete_at(&self, at: Cycles) -> Arrival {
        if self.incoming.is_empty() { Arrival::Nothing } else { Arrival::At(at) }
    }
}
