//! CDC-ACM for [embassy-usb](embassy_usb).
#![no_std]
#![forbid(unsafe_code)]

mod bus;
mod class;
mod config;
mod handler;
mod runner;
mod shared;
mod wakeup;
mod writer;

pub use class::{AcmClass, Port, Storage};
pub use config::{Config, Flush};
pub use runner::Runner;
pub use usbd_acm::class::{
    Break, ControlLineState, Event, LineCoding, NotDefined, Parity, SerialState, StopBits,
};
pub use usbd_acm::{DtrPolicy, IoError, PortControl, ReadError, Reader, WriteError, WriteGrant};
pub use wakeup::Wakeup;
pub use writer::Writer;
