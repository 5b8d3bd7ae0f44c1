//! Sans-IO CDC-ACM: typed requests, line coding, control lines, break, serial state, and the
//! packet FIFOs between application and bus. No bus, no clock, no I/O.
#![no_std]
#![deny(unsafe_code)]

pub mod fifo;
mod link;
mod setup;
mod sync;

pub use link::{Link, Session, Wake};
pub use setup::{Recipient, RequestKind, SetupPacket};
