//! The class for embassy-usb, over a driver that does as embassy's drivers do.
#![forbid(unsafe_code)]

mod chip;
mod data;
mod driver;
mod enumeration;
mod power;
mod requests;
mod rig;
mod sessions;

use std::cell::RefCell;
use std::rc::Rc;

use embedded_io_async::{BufRead, Write};
use usbd_acm_embassy::{IoError, Port};
use usbd_acm_tests::executor::Executor;

/// A place for what a task leaves for the test.
pub type Shared<T> = Rc<RefCell<T>>;

/// An empty one.
pub fn shared<T>(value: T) -> Shared<T> {
    Rc::new(RefCell::new(value))
}

/// Sends back what comes, in the session it came in.
pub fn echo<const SLOTS: usize>(executor: &mut Executor, port: Port<SLOTS, 64>) {
    let Port { mut reader, mut writer, control } = port;
    executor.spawn(async move {
        // Kept, that its events are there for nobody.
        let _control = control;
        loop {
            let Ok(bytes) = BufRead::fill_buf(&mut reader).await else { continue };
            let count = match Write::write(&mut writer, bytes).await {
                Ok(count) => count,
                Err(IoError::Disconnected) => 0,
                Err(_) => bytes.len(),
            };
            reader.consume(count);
        }
    });
}
