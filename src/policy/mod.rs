//! What a writer does with bytes that the host does not take.
//!
//! [`Writer::with_policy`](crate::Writer::with_policy) makes a [`PolicyWriter`] that settles this once
//! for all, so that whoever logs through it need not care whether a terminal is open. Every policy
//! ends: nothing waits for ever for somebody to read. The chapter
//! [choosing a policy](crate::guide::policies) compares them.
//!
//! | policy | when the FIFO is full | needs |
//! |---|---|---|
//! | [`Fail`] | an error, and the caller decides | – |
//! | [`DropNewest`] | what does not fit is lost | – |
//! | [`DropOldest`] | the oldest packets are lost | [`Hooks::LOSSY`](crate::Hooks::LOSSY) |
//! | [`Wait::frames`] | waits, then drops the newest or fails | [`Hooks::FRAMES`](crate::Hooks::FRAMES) |
//! | [`Wait::clock`] | the same, by a clock of the caller | – |

mod wait;
mod writer;

use core::convert::Infallible;

use usbd_acm_class::{Link, Pace};

pub use wait::{Bound, Clock, Frames, Wait};
pub use writer::PolicyWriter;

use crate::IoError;

/// What a writer does when the FIFO is full.
///
/// # For policy authors
///
/// - [`full`](Self::full) is called again and again until there is room or it gives up: it must give
///   up after a bounded number of calls, whatever the port says.
/// - A policy whose `Error` is [`Infallible`] loses bytes; one that fails loses none.
pub trait WritePolicy {
    /// Why a write failed; [`Infallible`] for a policy that rather loses bytes.
    type Error: embedded_io::Error;

    /// There is no room, or not for the rest of what is being written.
    fn full(&mut self, port: &StuckPort) -> Then;

    /// The host has not acknowledged everything: whether to look again. By default a flush does not
    /// wait.
    fn unflushed(&mut self, port: &StuckPort) -> bool {
        let _ = port;
        false
    }

    /// The policy gave up, or there is no session: `Ok` when the bytes are to be lost and counted.
    ///
    /// # Errors
    /// The error that the writer returns.
    fn given_up(&self, why: IoError) -> Result<(), Self::Error>;

    /// The port took bytes, or everything was acknowledged.
    fn progressed(&mut self) {}
}

/// What to do about a full FIFO.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// Look again.
    Retry,
    /// Ask the bus side to drop the oldest bytes, and look again.
    DropOldest,
    /// Nothing more: the bytes are lost, or the write fails.
    GiveUp,
}

/// A port that takes no bytes, as a policy sees it.
pub struct StuckPort {
    link: &'static Link,
    pace: &'static Pace,
}

impl StuckPort {
    /// The time on the bus side, in milliseconds modulo 2048; `None` where it tells none
    /// ([`Hooks::FRAMES`](crate::Hooks::FRAMES)). Makes the bus side look at its clock again.
    pub fn milliseconds(&self) -> Option<u16> {
        self.link.ring();
        self.pace.time()
    }

    /// Whether the bus is suspended: then the host takes nothing, and frames stand still.
    pub fn is_suspended(&self) -> bool {
        self.link.is_suspended()
    }
}

/// Fails when the FIFO is full, with [`IoError::TimedOut`]: it does not wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fail;

impl WritePolicy for Fail {
    type Error = IoError;

    fn full(&mut self, _: &StuckPort) -> Then {
        Then::GiveUp
    }

    fn given_up(&self, why: IoError) -> Result<(), IoError> {
        Err(why)
    }
}

/// Loses what does not fit: the host sees the beginning of what was written while it did not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DropNewest;

impl WritePolicy for DropNewest {
    type Error = Infallible;

    fn full(&mut self, _: &StuckPort) -> Then {
        Then::GiveUp
    }

    fn given_up(&self, _: IoError) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Loses what was written first: the host sees the end of what was written while it did not read.
///
/// The bus side drops, as it alone may free packets: those that the controller holds, which are the
/// oldest, and one at least; so up to as many packets at once as the controller holds. A
/// zero-length packet follows, as nobody knows whether the host has just taken the first of them
/// (USB 2.0 §8.6.4); what it took of them counts as lost all the same.
///
/// - Where the device is polled by interrupt, the doorbell makes that happen at once.
/// - Where the main loop polls it, it happens in the next [`poll`](crate::Device::poll), and until
///   then the newest bytes are lost; unless there is something to [wait](Self::waiting) with that
///   polls.
/// - While the bus is suspended the controller is left alone: the newest bytes are lost.
/// - Without [`Hooks::LOSSY`](crate::Hooks::LOSSY) nobody answers: the newest bytes are lost.
#[derive(Clone, Copy, Debug)]
pub struct DropOldest<W = fn() -> bool> {
    wait: W,
    /// Looks since there was room last.
    rounds: u8,
}

/// Looks for which a doorbell's interrupt, pending by now, may take to come.
const INTERRUPT_ROUNDS: u8 = 4;

impl DropOldest {
    /// Never waits.
    pub const fn new() -> Self {
        Self { wait: || false, rounds: 0 }
    }

    /// Calls `wait` until the bus side has made room, `wait` returns `false`, or it was called 250
    /// times: a `wait` that polls the device is called once.
    pub fn waiting<W: FnMut() -> bool>(self, wait: W) -> DropOldest<W> {
        DropOldest { wait, rounds: 0 }
    }
}

impl Default for DropOldest {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: FnMut() -> bool> WritePolicy for DropOldest<W> {
    type Error = Infallible;

    fn full(&mut self, port: &StuckPort) -> Then {
        let round = self.rounds;
        self.rounds = round.wrapping_add(1);
        match round {
            _ if port.is_suspended() => {}
            0 => return Then::DropOldest,
            1..INTERRUPT_ROUNDS => {
                core::hint::spin_loop();
                return Then::Retry;
            }
            INTERRUPT_ROUNDS..254 if (self.wait)() => return Then::Retry,
            _ => {}
        }
        self.rounds = 0;
        Then::GiveUp
    }

    fn given_up(&self, _: IoError) -> Result<(), Infallible> {
        Ok(())
    }

    fn progressed(&mut self) {
        self.rounds = 0;
    }
}
