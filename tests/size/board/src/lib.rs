//! What every firmware of the comparison shares.
//!
//! Functions of the stubbed controller live in the section `.stub`, those of the application in
//! `.app`, so that `.text`, `.rodata`, `.data` and `.bss` hold the USB stack and nothing else.
#![no_std]

mod app;
mod critical;
#[cfg(any(feature = "defmt", feature = "log"))]
mod logger;
mod panic;
pub mod registers;

#[cfg(feature = "log")]
pub use logger::log_to_nowhere;

pub use app::{
    MODE_ECHO, MODE_IDLE, MODE_SINK, MODE_SOURCE, Serial, copy, mode, packet, pattern, run, sink,
};
