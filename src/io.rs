//! `embedded-io` on the halves of a port.
//!
//! The traits wait; the halves themselves never do. [`Reader::blocking`] and [`Writer::blocking`]
//! say what happens while they wait: poll the device in a bare main loop, sleep until the interrupt,
//! or give up after a time.

use embedded_io::{BufRead, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};

use crate::{ReadError, Reader, Session, WriteError, Writer};

/// A half of a port that waits by calling `W`.
pub struct Blocking<'a, T, W> {
    half: &'a mut T,
    wait: W,
}

/// Why a waiting read or write ended without moving a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum IoError {
    /// The session ended. Reported once.
    Disconnected,
    /// There is no session to write to.
    NotConnected,
    /// The wait was given up.
    TimedOut,
}

impl core::fmt::Display for IoError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Disconnected => "the session ended",
            Self::NotConnected => "no session",
            Self::TimedOut => "gave up waiting",
        })
    }
}

impl core::error::Error for IoError {}

impl embedded_io::Error for IoError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Disconnected => ErrorKind::ConnectionReset,
            Self::NotConnected => ErrorKind::NotConnected,
            Self::TimedOut => ErrorKind::TimedOut,
        }
    }
}

impl<const SLOTS: usize, const SIZE: usize> Reader<SLOTS, SIZE> {
    /// The `embedded-io` reader that calls `wait` until there is something to read, or `wait`
    /// returns `false`.
    pub fn blocking<W: FnMut() -> bool>(&mut self, wait: W) -> Blocking<'_, Self, W> {
        Blocking { half: self, wait }
    }
}

impl<const SLOTS: usize, const SIZE: usize> Writer<SLOTS, SIZE> {
    /// The `embedded-io` writer that calls `wait` until there is room to write, or `wait` returns
    /// `false`.
    pub fn blocking<W: FnMut() -> bool>(&mut self, wait: W) -> Blocking<'_, Self, W> {
        Blocking { half: self, wait }
    }
}

impl<T, W: FnMut() -> bool> Blocking<'_, T, W> {
    /// Waits until `step` has a result.
    fn until<R>(
        &mut self,
        mut step: impl FnMut(&mut T) -> Result<Option<R>, IoError>,
    ) -> Result<R, IoError> {
        loop {
            if let Some(result) = step(self.half)? {
                return Ok(result);
            }
            if !(self.wait)() {
                return Err(IoError::TimedOut);
            }
        }
    }
}

impl<W: FnMut() -> bool, const SLOTS: usize, const SIZE: usize>
    Blocking<'_, Writer<SLOTS, SIZE>, W>
{
    /// Writes all of `bytes`, which belong to a session, such as an answer to what was read in it:
    /// none of them is sent in another one. See [`Writer::write_in`].
    ///
    /// # Errors
    /// [`IoError::Disconnected`] whenever that session is over: what is left is to be dropped.
    pub fn write_all_in(&mut self, session: Session, bytes: &[u8]) -> Result<(), IoError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = self.until(|writer| unless_full(writer.write_in(session, rest)))?;
            rest = rest.get(count..).unwrap_or_default();
        }
        Ok(())
    }
}

impl<T, W> ErrorType for Blocking<'_, T, W> {
    type Error = IoError;
}

impl<W: FnMut() -> bool, const SLOTS: usize, const SIZE: usize> Read
    for Blocking<'_, Reader<SLOTS, SIZE>, W>
{
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, IoError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.until(|reader| unless_empty(reader.read(buffer)))
    }
}

impl<W: FnMut() -> bool, const SLOTS: usize, const SIZE: usize> BufRead
    for Blocking<'_, Reader<SLOTS, SIZE>, W>
{
    fn fill_buf(&mut self) -> Result<&[u8], IoError> {
        self.until(|reader| unless_empty(reader.fill_buf().map(|_| ())))?;
        self.half.fill_buf().map_err(|_| IoError::Disconnected)
    }

    fn consume(&mut self, count: usize) {
        self.half.consume(count);
    }
}

impl<W, const SLOTS: usize, const SIZE: usize> ReadReady for Blocking<'_, Reader<SLOTS, SIZE>, W> {
    fn read_ready(&mut self) -> Result<bool, IoError> {
        Ok(self.half.is_ready())
    }
}

impl<W: FnMut() -> bool, const SLOTS: usize, const SIZE: usize> Write
    for Blocking<'_, Writer<SLOTS, SIZE>, W>
{
    fn write(&mut self, bytes: &[u8]) -> Result<usize, IoError> {
        self.until(|writer| unless_full(writer.write(bytes)))
    }

    /// Waits until the host acknowledged every byte, and the zero-length packet where one was due.
    fn flush(&mut self) -> Result<(), IoError> {
        self.until(flushed)
    }
}

impl<W, const SLOTS: usize, const SIZE: usize> WriteReady for Blocking<'_, Writer<SLOTS, SIZE>, W> {
    fn write_ready(&mut self) -> Result<bool, IoError> {
        Ok(self.half.is_ready())
    }
}

pub(crate) fn unless_empty<R>(result: Result<R, ReadError>) -> Result<Option<R>, IoError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ReadError::Empty) => Ok(None),
        Err(ReadError::Disconnected) => Err(IoError::Disconnected),
    }
}

/// Whether everything is flushed; `None` while it is not.
pub(crate) fn flushed<const SLOTS: usize, const SIZE: usize>(
    writer: &mut Writer<SLOTS, SIZE>,
) -> Result<Option<()>, IoError> {
    unless_full(writer.is_flushed()).map(|done| done.filter(|done| *done).map(|_| ()))
}

pub(crate) fn unless_full<R>(result: Result<R, WriteError>) -> Result<Option<R>, IoError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(WriteError::Full) => Ok(None),
        Err(WriteError::NotConnected) => Err(IoError::NotConnected),
        Err(WriteError::Disconnected) => Err(IoError::Disconnected),
    }
}
