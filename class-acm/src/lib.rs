//! Sans-IO CDC-ACM: typed requests, line coding, control lines, break, serial state, and the
//! packet FIFOs between application and bus. No bus, no clock, no I/O.
//!
//! Everything that a port's application and the bus side share is in a [`PortStorage`], which is
//! split into one half for each. The halves talk by atomic loads and stores only.
#![no_std]
#![deny(unsafe_code)]

mod control;
mod control_lines;
mod event;
pub mod fifo;
mod line_coding;
mod link;
mod pace;
#[cfg(not(loom))]
mod port;
mod request;
mod send_break;
mod serial_state;
mod setup;
mod sync;
mod waker;

pub use control::{BusControl, Control, ControlShared, DueNotification};
pub use control_lines::ControlLineState;
pub use event::Event;
pub use line_coding::{LineCoding, NotDefined, Parity, StopBits};
pub use link::{Link, Session, Wake};
pub use pace::{Pace, Reading, milliseconds_between};
#[cfg(not(loom))]
pub use port::{
    ApplicationHalf, BusHalf, BusHalves, ControlHalf, NoPacket, PortStorage, ReaderHalf, WriterHalf,
};
pub use request::{Request, RequestCode};
pub use send_break::Break;
pub use serial_state::{NOTIFICATION_LENGTH, SerialState};
pub use setup::{Recipient, RequestKind, SetupPacket};
pub use waker::WakerCell;
