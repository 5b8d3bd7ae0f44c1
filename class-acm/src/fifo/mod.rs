//! The packet FIFOs between application and bus.

mod slot;

pub use slot::{RxSlot, TxPacket};
