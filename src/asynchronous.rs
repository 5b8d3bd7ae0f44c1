//! `embedded-io-async` on the halves of a port, and what else a task can wait for.
//!
//! Every future here is safe to drop: it moves bytes in the very poll that completes it, so a future
//! that was dropped before has read, written and lost nothing. What `read_exact` and `write_all`
//! moved before they were dropped stays moved, as for every stream; where that matters, loop over
//! `read` and `write`.
//!
//! The futures are plain functions that are polled, not state machines of the compiler's, which would
//! link a panic each.
//!
//! A half remembers the waker of one task: the one that polled last. The bus side wakes it; it may
//! do so for nothing, never too seldom.

use core::future::poll_fn;
use core::task::{Context, Poll};

use embedded_io_async::{BufRead, ErrorType, Read, Write};
use usbd_acm_class::{Event, WakerCell};

use crate::io::{flushed, unless_empty, unless_full};
use crate::{Controller, Device, Hooks, IoError, PortControl, Reader, Session, Writer};

impl<const SLOTS: usize, const SIZE: usize> Reader<SLOTS, SIZE> {
    /// Waits until there is something to read: [`read`](Self::read) or
    /// [`fill_buf`](Self::fill_buf) then return bytes at once.
    ///
    /// # Errors
    /// [`IoError::Disconnected`] when the session ended and every byte of it was read, once.
    pub fn readable(&mut self) -> impl Future<Output = Result<(), IoError>> {
        self.until(|reader| unless_empty(reader.fill_buf().map(|_| ())))
    }

    /// Waits until a session is open.
    pub fn connected(&mut self) -> impl Future<Output = ()> {
        let link = self.half.link();
        poll_fn(|context| link.reader().poll(context, || link.session().is_open().then_some(())))
    }

    /// Waits until `step` has a result.
    fn until<R>(
        &mut self,
        mut step: impl FnMut(&mut Self) -> Result<Option<R>, IoError>,
    ) -> impl Future<Output = Result<R, IoError>> {
        poll_fn(move |context| poll(self.half.link().reader(), context, || step(self)))
    }
}

impl<const SLOTS: usize, const SIZE: usize> Writer<SLOTS, SIZE> {
    /// Waits until there is room to write: [`write`](Self::write) or [`grant`](Self::grant) then take
    /// bytes at once, as long as the session lasts.
    ///
    /// # Errors
    /// [`IoError::NotConnected`] without a session, and [`IoError::Disconnected`] once when it ended.
    pub fn writable(&mut self) -> impl Future<Output = Result<(), IoError>> {
        self.until(|writer| unless_full(writer.grant().map(|_| ())))
    }

    /// Writes all of `bytes`, which belong to a session, such as an answer to what was read in it:
    /// none of them is sent in another one. See [`write_in`](Self::write_in). Dropped before it is
    /// done, it has written some of them.
    ///
    /// # Errors
    /// [`IoError::Disconnected`] whenever that session is over: what is left is to be dropped.
    pub fn write_all_in(
        &mut self,
        session: Session,
        bytes: &[u8],
    ) -> impl Future<Output = Result<(), IoError>> {
        let mut rest = bytes;
        self.until(move |writer| {
            while !rest.is_empty() {
                let Some(count) = unless_full(writer.write_in(session, rest))? else {
                    return Ok(None);
                };
                rest = rest.get(count..).unwrap_or_default();
            }
            Ok(Some(()))
        })
    }

    /// Waits until the host acknowledged every byte, and the zero-length packet where one was due.
    ///
    /// # Errors
    /// [`IoError::Disconnected`] when the session ended before, and [`IoError::NotConnected`] when
    /// there is none.
    pub fn flush(&mut self) -> impl Future<Output = Result<(), IoError>> {
        self.until(flushed)
    }

    /// Waits until a session is open.
    pub fn connected(&mut self) -> impl Future<Output = ()> {
        let link = self.half.link();
        poll_fn(|context| link.writer().poll(context, || link.session().is_open().then_some(())))
    }

    /// Waits until `step` has a result.
    fn until<R>(
        &mut self,
        mut step: impl FnMut(&mut Self) -> Result<Option<R>, IoError>,
    ) -> impl Future<Output = Result<R, IoError>> {
        poll_fn(move |context| poll(self.half.link().writer(), context, || step(self)))
    }
}

fn poll<R>(
    waker: &WakerCell,
    context: &mut Context<'_>,
    mut step: impl FnMut() -> Result<Option<R>, IoError>,
) -> Poll<Result<R, IoError>> {
    waker.poll(context, || step().transpose())
}

impl PortControl {
    /// Waits for the next event; otherwise as [`next_event`](Self::next_event).
    pub fn event(&mut self) -> impl Future<Output = Event> {
        poll_fn(|context| self.control.poll_event(context))
    }
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// Polls the device in a task, for ever: at the start, and each time `interrupt` is woken.
    ///
    /// The USB interrupt handler masks its line, which stays asserted until the device was polled,
    /// and calls `interrupt.wake()`; `unmask` is called after every poll. The interrupt also has to
    /// come after [`Controller::DOORBELL`].
    pub async fn run(&mut self, interrupt: &WakerCell, mut unmask: impl FnMut()) -> ! {
        poll_fn(|context| {
            // Before the device is looked at: an interrupt from here on polls again.
            interrupt.register(context.waker());
            self.poll();
            unmask();
            Poll::Pending
        })
        .await
    }
}

impl<const SLOTS: usize, const SIZE: usize> ErrorType for Reader<SLOTS, SIZE> {
    type Error = IoError;
}

impl<const SLOTS: usize, const SIZE: usize> Read for Reader<SLOTS, SIZE> {
    /// Waits for bytes. `Ok(0)` is for an empty `buffer` only: a zero-length packet is not the end.
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<usize, IoError>> {
        self.until(move |reader| match buffer {
            [] => Ok(Some(0)),
            _ => unless_empty(Self::read(reader, buffer)),
        })
    }
}

impl<const SLOTS: usize, const SIZE: usize> BufRead for Reader<SLOTS, SIZE> {
    async fn fill_buf(&mut self) -> Result<&[u8], IoError> {
        self.readable().await?;
        Self::fill_buf(self).map_err(|_| IoError::Disconnected)
    }

    fn consume(&mut self, count: usize) {
        Self::consume(self, count);
    }
}

impl<const SLOTS: usize, const SIZE: usize> ErrorType for Writer<SLOTS, SIZE> {
    type Error = IoError;
}

impl<const SLOTS: usize, const SIZE: usize> Write for Writer<SLOTS, SIZE> {
    /// Waits for room. `Ok(0)` is for empty `bytes` only.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<usize, IoError>> {
        self.until(move |writer| unless_full(Self::write(writer, bytes)))
    }

    fn flush(&mut self) -> impl Future<Output = Result<(), IoError>> {
        Self::flush(self)
    }
}
