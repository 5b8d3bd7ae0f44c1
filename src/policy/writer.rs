//! A writer with a policy.

use core::fmt;

use embedded_io::{ErrorType, Write};

use super::{StuckPort, Then, WritePolicy};
use crate::{IoError, WriteError, Writer};

/// A [`Writer`] that knows what to do when the host does not read, and keeps account of what is lost
/// by that. Made by [`Writer::with_policy`].
pub struct PolicyWriter<P, const SLOTS: usize = 2, const SIZE: usize = 64> {
    writer: Writer<SLOTS, SIZE>,
    policy: P,
    /// Bytes lost, as far as the bus side's account was looked at.
    lost: u32,
    /// What the bus side's account said then.
    seen: u16,
    reports_overruns: bool,
}

impl<const SLOTS: usize, const SIZE: usize> Writer<SLOTS, SIZE> {
    /// The writer with a policy for bytes that the host does not take.
    pub fn with_policy<P: WritePolicy>(mut self, policy: P) -> PolicyWriter<P, SLOTS, SIZE> {
        let seen = self.half.packets().lost();
        PolicyWriter { writer: self, policy, lost: 0, seen, reports_overruns: false }
    }
}

impl<P: WritePolicy, const SLOTS: usize, const SIZE: usize> PolicyWriter<P, SLOTS, SIZE> {
    /// Tells the host of every loss by SERIAL_STATE.bOverRun, as far as a session was open (PSTN 1.2
    /// §6.5.4); losses merge until the notification is sent. Linux counts them in TIOCGICOUNT.
    /// Needs [`Hooks::LOSSY`](crate::Hooks::LOSSY).
    #[must_use]
    pub fn reporting_overruns(mut self) -> Self {
        self.reports_overruns = true;
        self
    }

    /// Writes `bytes`, and returns how many were taken or lost: all, where the policy loses bytes.
    /// Where it fails instead, as many as were taken before it did.
    ///
    /// Should the session end in between, the rest is not written into the next one.
    ///
    /// # Errors
    /// Those of the policy, when no byte was taken.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, P::Error> {
        self.collect();
        let mut rest = bytes;
        while !rest.is_empty() {
            let begun = rest.len() < bytes.len();
            let why = match self.writer.write(rest) {
                Ok(count) => {
                    self.policy.progressed();
                    rest = rest.get(count..).unwrap_or_default();
                    continue;
                }
                // The end of a session that these bytes do not belong to; told once.
                Err(WriteError::Disconnected) if !begun && self.ignores(IoError::Disconnected) => {
                    continue;
                }
                Err(WriteError::Disconnected) => IoError::Disconnected,
                Err(WriteError::NotConnected) => IoError::NotConnected,
                Err(WriteError::Full) if self.is_worth_another_look() => continue,
                Err(WriteError::Full) => IoError::TimedOut,
            };
            return match self.policy.given_up(why) {
                Ok(()) => {
                    self.lose(rest.len(), why);
                    Ok(bytes.len())
                }
                Err(_) if begun => Ok(bytes.len() - rest.len()),
                Err(error) => Err(error),
            };
        }
        self.collect_and_report();
        Ok(bytes.len())
    }

    /// Waits, as far as the policy does, until the host has acknowledged every byte and the
    /// zero-length packet where one was due. A policy that loses bytes does not tell whether it did:
    /// [`Writer::is_flushed`] does.
    ///
    /// # Errors
    /// Those of the policy.
    pub fn flush(&mut self) -> Result<(), P::Error> {
        loop {
            let why = match self.writer.is_flushed() {
                Ok(true) => {
                    self.policy.progressed();
                    return Ok(());
                }
                Ok(false) if self.policy.unflushed(&self.stuck()) => continue,
                Err(WriteError::Disconnected) => IoError::Disconnected,
                Err(WriteError::NotConnected) => IoError::NotConnected,
                Ok(false) | Err(WriteError::Full) => IoError::TimedOut,
            };
            return self.policy.given_up(why);
        }
    }

    /// Bytes lost since the policy was chosen, by that policy: at a full FIFO, or as there was no
    /// session. It saturates. With [`Hooks::LOSSY`](crate::Hooks::LOSSY) also those that were taken
    /// and never acknowledged because their session ended.
    ///
    /// The host may have got some bytes that count as lost, as its acknowledgement did not reach the
    /// device. It has got all that do not.
    pub fn lost(&mut self) -> u32 {
        self.collect();
        self.lost
    }

    /// The writer, for what does not depend on a policy.
    pub fn writer(&mut self) -> &mut Writer<SLOTS, SIZE> {
        &mut self.writer
    }

    /// The policy.
    pub fn policy(&mut self) -> &mut P {
        &mut self.policy
    }

    /// The writer without the policy.
    pub fn into_writer(self) -> Writer<SLOTS, SIZE> {
        self.writer
    }

    /// Asks the policy about a full FIFO.
    fn is_worth_another_look(&mut self) -> bool {
        match self.policy.full(&self.stuck()) {
            Then::GiveUp => return false,
            Then::Retry => {}
            Then::DropOldest => {
                // The account of the bus side wraps; it loses a FIFO at once at most.
                self.collect_and_report();
                self.writer.half.packets().ask_for_room();
                self.writer.half.link().ring();
            }
        }
        true
    }

    fn ignores(&self, why: IoError) -> bool {
        self.policy.given_up(why).is_ok()
    }

    fn lose(&mut self, count: usize, why: IoError) {
        self.collect_and_report();
        self.lost = self.lost.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        if why == IoError::TimedOut {
            self.report();
        }
    }

    fn report(&mut self) {
        if self.reports_overruns {
            self.writer.half.packets().ask_for_overrun();
            self.writer.half.link().ring();
        }
    }

    fn collect_and_report(&mut self) {
        if self.collect() {
            self.report();
        }
    }

    /// Takes over what the bus side lost since the last look, and returns whether that was anything.
    fn collect(&mut self) -> bool {
        let now = self.writer.half.packets().lost();
        let count = now.wrapping_sub(core::mem::replace(&mut self.seen, now));
        self.lost = self.lost.saturating_add(u32::from(count));
        count > 0
    }

    fn stuck(&self) -> StuckPort {
        let half = &self.writer.half;
        StuckPort { link: half.link(), pace: half.pace() }
    }
}

/// Where the policy loses bytes, this never fails.
impl<P: WritePolicy, const SLOTS: usize, const SIZE: usize> fmt::Write
    for PolicyWriter<P, SLOTS, SIZE>
{
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let count = self.write(rest).map_err(|_| fmt::Error)?;
            rest = rest.get(count..).unwrap_or_default();
        }
        Ok(())
    }
}

impl<P: WritePolicy, const SLOTS: usize, const SIZE: usize> ErrorType
    for PolicyWriter<P, SLOTS, SIZE>
{
    type Error = P::Error;
}

impl<P: WritePolicy, const SLOTS: usize, const SIZE: usize> Write for PolicyWriter<P, SLOTS, SIZE> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, P::Error> {
        PolicyWriter::write(self, bytes)
    }

    fn flush(&mut self) -> Result<(), P::Error> {
        PolicyWriter::flush(self)
    }
}
