//! The class for embassy-usb, over a driver that does as embassy's drivers do.
#![forbid(unsafe_code)]

mod chip;
mod data;
mod driver;
mod enumeration;
mod power;
mod random;
mod requests;
mod rig;
mod sessions;

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm_embassy::{Port, WriteError};
use usbd_acm_tests::executor::Executor;

/// A place for what a task leaves for the test.
pub type Shared<T> = Rc<RefCell<T>>;

/// An empty one.
pub fn shared<T>(value: T) -> Shared<T> {
    Rc::new(RefCell::new(value))
}

/// Sends back what comes, in the session it came in.
pub fn echo<const SLOTS: usize>(executor: &mut Executor, mut port: Port<SLOTS, 64>) {
    executor.spawn(async move {
        loop {
            let Ok(()) = port.reader.readable().await else { continue };
            let Ok((session, bytes)) = port.reader.front() else { continue };
            let count = match port.writer.write_in(session, bytes) {
                Ok(count) => count,
                Err(WriteError::Full) => {
                    let _ = port.writer.writable().await;
                    continue;
                }
                Err(_) => bytes.len(),
            };
            port.reader.consume(count);
        }
    });
}
