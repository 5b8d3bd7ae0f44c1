//! Bytes to the host.

use core::ops::{Deref, DerefMut};

use embedded_io_async::{ErrorType, Write};
use usbd_acm::class::Link;
use usbd_acm::{IoError, WriteError};

use crate::Flush;
use crate::shared::{Shared, until};

/// Bytes from the application to the host: a [`usbd_acm::Writer`] with a `flush` that knows the
/// drivers of embassy-usb.
pub struct Writer<const SLOTS: usize = 2, const SIZE: usize = 64> {
    inner: usbd_acm::Writer<SLOTS, SIZE>,
    link: &'static Link,
    shared: &'static Shared,
    flush: Flush,
}

impl<const SLOTS: usize, const SIZE: usize> Writer<SLOTS, SIZE> {
    pub(crate) fn new(
        inner: usbd_acm::Writer<SLOTS, SIZE>,
        link: &'static Link,
        shared: &'static Shared,
        flush: Flush,
    ) -> Self {
        Self { inner, link, shared, flush }
    }

    /// The writer of `usbd-acm`, for a [policy](usbd_acm::Writer::with_policy). Its flush is that of
    /// [`Flush::Taken`].
    pub fn into_inner(self) -> usbd_acm::Writer<SLOTS, SIZE> {
        self.inner
    }

    /// Waits until the host has every byte written, as surely as [`Config::flush`] asks for.
    ///
    /// Waits for ever where nobody reads: a host with no program that has the port open. The future
    /// may be dropped.
    ///
    /// # Errors
    /// [`IoError::Disconnected`], once, when the session ended before, and
    /// [`IoError::NotConnected`] when there is none.
    ///
    /// [`Config::flush`]: crate::Config::flush
    pub async fn flush(&mut self) -> Result<(), IoError> {
        self.inner.flush().await?;
        if self.flush == Flush::Taken {
            return Ok(());
        }
        let Self { inner, link, shared, .. } = self;
        let number = shared.ask();
        link.leave_work();
        until(link.writer(), || match inner.is_flushed() {
            Ok(_) => shared.is_confirmed(number).then_some(Ok(())),
            Err(WriteError::NotConnected) => Some(Err(IoError::NotConnected)),
            Err(_) => Some(Err(IoError::Disconnected)),
        })
        .await
    }
}

impl<const SLOTS: usize, const SIZE: usize> Deref for Writer<SLOTS, SIZE> {
    type Target = usbd_acm::Writer<SLOTS, SIZE>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl<const SLOTS: usize, const SIZE: usize> DerefMut for Writer<SLOTS, SIZE> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.inner
    }
}

impl<const SLOTS: usize, const SIZE: usize> ErrorType for Writer<SLOTS, SIZE> {
    type Error = IoError;
}

impl<const SLOTS: usize, const SIZE: usize> Write for Writer<SLOTS, SIZE> {
    /// Waits for room. `Ok(0)` is for empty `bytes` only.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<usize, IoError>> {
        Write::write(&mut self.inner, bytes)
    }

    async fn flush(&mut self) -> Result<(), IoError> {
        self.flush().await
    }
}
