//! An emulated Cortex-M: instructions by unicorn-engine, everything around them by this folder.
//!
//! [`Core`] runs an [`Image`] until a point in time. Time is counted in [`Cycles`]: one for each
//! instruction, what an exception costs on entry and return, and what passes asleep. Nothing depends
//! on the clock of the machine, so that a run repeats to the instruction.

mod account;
mod core;
mod exception;
mod image;
mod instruction;
mod machine;
mod nvic;
mod processor;
mod scs;
mod systick;

pub use self::account::Account;
pub use self::core::{Core, Fault};
pub use self::image::{Function, Image};
pub use self::nvic::Lines;
pub use self::processor::Processor;

/// Processor cycles since power-on.
pub type Cycles = u64;
