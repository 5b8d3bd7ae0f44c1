//! What the firmware of every board does, whatever the chip: the applications, over `embedded-hal` pins and
//! a [`Uart`], and what they need of a Cortex-M.
//!
//! The folder of a board has the rest: its clocks, its pins, its UART, its interrupts.
#![cfg_attr(not(test), no_std)]

pub mod bridge;
pub mod buffered;
pub mod echo;
pub mod frame;
pub mod handed;
#[cfg(target_os = "none")]
mod panic;
pub mod ring;
pub mod sleeper;
pub mod tick;
pub mod txd;
pub mod uart;

pub use bridge::Bridge;
pub use buffered::{Buffered, ByteUart};
pub use echo::Echo;
pub use frame::Frame;
pub use handed::Handed;
pub use ring::Ring;
pub use sleeper::Sleeper;
pub use tick::{CoreTick, Tick};
pub use txd::Txd;
pub use uart::{LineErrors, Uart};
