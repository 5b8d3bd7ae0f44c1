//! The application of the echoes.

use usbd_acm::{Port, ReadError, WriteError};

/// Sends back what comes in, in the session it came in.
pub struct Echo {
    port: Port,
    /// The session of the bytes to be read next is over for the writer: they have nobody to go to.
    is_over: bool,
}

impl Echo {
    /// An echo on this port.
    pub fn new(port: Port) -> Self {
        Self { port, is_over: false }
    }

    /// Moves the bytes that came next. Returns whether there were any, or an end.
    pub fn step(&mut self) -> bool {
        // Said once, and before the next session is written to.
        self.is_over |= self.port.writer.is_flushed() == Err(WriteError::Disconnected);
        let count = match self.port.reader.fill_buf() {
            Err(error) => {
                self.is_over = false;
                return error == ReadError::Disconnected;
            }
            Ok(bytes) if self.is_over => bytes.len(),
            Ok(bytes) => match self.port.writer.write(bytes) {
                Ok(count) => count,
                Err(_) => return false,
            },
        };
        self.port.reader.consume(count);
        true
    }
}
