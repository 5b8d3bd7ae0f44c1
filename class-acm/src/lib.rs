//! Sans-IO CDC-ACM: typed requests, line coding, control lines, break, serial state, and the
//! packet FIFOs between application and bus. No bus, no clock, no I/O.
#![no_std]
#![deny(unsafe_code)]

mod control;
mod control_lines;
mod event;
pub mod fifo;
mod interface;
mod line_coding;
mod line_coding_latch;
mod link;
mod notification;
mod request;
mod send_break;
mod serial_state;
mod serial_state_sender;
mod setup;
mod sync;

pub use control::{BusControl, Control, ControlReader, ControlShared};
pub use control_lines::ControlLineState;
pub use event::Event;
pub use interface::InterfaceNumber;
pub use line_coding::{DataBits, LineCoding, Parity, StopBits, Unspecified};
pub use link::{Link, Session, Wake};
pub use notification::{SERIAL_STATE_LENGTH, SerialStateNotification};
pub use request::{Operation, Request, SET_LINE_CODING_LENGTH};
pub use send_break::{Break, BreakDuration};
pub use serial_state::SerialState;
pub use setup::{Recipient, RequestKind, SetupPacket};
