//! A second opinion on the driver for the Synopsys core: firmware on the emulator `rsemu`, whose
//! processor, model of the core and host were written by others.
//!
//! Driver and model in `tests/bench` might agree on a mistake. This model knows no data toggles, no
//! suspend and no lost packets, but its author read the manual for himself. What it does otherwise
//! than the chip, [`Otg`] corrects from outside, and nothing else.

/// As in tests/bench, of which these are the same files.
pub mod cpu {
    pub use crate::image::{Function, Image};
}
#[path = "../../bench/src/firmware.rs"]
pub mod firmware;
#[path = "../../bench/src/cpu/image.rs"]
mod image;

mod chip;
mod correction;
mod host;
mod otg;

pub use host::{Host, Refusal};
pub use otg::Otg;
