//! The application of the echoes.

use usbd_acm::{Port, ReadError, WriteError};

/// Sends back what comes in, in the session it came in.
pub struct Echo {
    port: Port,
}

impl Echo {
    /// An echo on this port.
    pub fn new(port: Port) -> Self {
        Self { port }
    }

    /// Moves the bytes that came next. Returns whether there were any, or an end.
    pub fn step(&mut self) -> bool {
        let (session, bytes) = match self.port.reader.front() {
            Ok(front) => front,
            Err(error) => return error == ReadError::Disconnected,
        };
        let count = match self.port.writer.write_in(session, bytes) {
            Ok(count) => count,
            Err(WriteError::Full) => return false,
            // Whoever sent that is gone.
            Err(_) => bytes.len(),
        };
        self.port.reader.consume(count);
        true
    }
}
