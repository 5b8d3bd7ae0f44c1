//! Chips: registers and what is behind them, nothing of the processor.

mod chip;
mod line;
pub mod nrf52840;
pub mod stm32;
pub mod stm32f405;
pub mod stm32h743;
pub mod synopsys_otg;
mod violation;

pub use self::chip::{Chip, Transaction};
pub use self::line::{Line, Sent, UartFrame};
pub use self::violation::{Violation, Violations};

use crate::cpu::{Cycles, Lines, Processor};

/// A piece of the memory map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// First address.
    pub start: u32,
    /// Length in bytes, a multiple of 4096.
    pub size: u32,
}

impl Region {
    /// Whether `length` bytes from `address` on lie in it.
    pub const fn contains(self, address: u32, length: u32) -> bool {
        address >= self.start && length <= self.size && address - self.start <= self.size - length
    }
}

/// Why a chip starts anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResetCause {
    /// AIRCR.SYSRESETREQ.
    Software,
    /// The reset pin.
    Pin,
    /// The supply fell below what the chip needs.
    BrownOut,
}

/// The memory of a chip, as its DMA sees it.
pub trait Memory {
    /// Reads; false when nothing is at the address.
    fn read(&mut self, address: u32, buffer: &mut [u8]) -> bool;
    /// Writes; false when nothing is at the address.
    fn write(&mut self, address: u32, bytes: &[u8]) -> bool;
}

/// The peripherals of a chip.
pub trait Soc: 'static {
    /// Where code is.
    const FLASH: Region;
    /// Where data is.
    const RAM: &'static [Region];
    /// Where registers are.
    const PERIPHERALS: &'static [Region];
    /// The processor.
    const PROCESSOR: Processor = Processor::CortexM4;
    /// Implemented bits of an interrupt priority.
    const PRIORITY_BITS: u32;
    /// Processor clock, in hertz.
    const FREQUENCY: u64;

    /// A register is read.
    fn read(&mut self, address: u32, now: Cycles) -> u32;
    /// A register is written.
    fn write(&mut self, address: u32, value: u32, now: Cycles);
    /// Does everything that is due at `now` or was before.
    fn advance(&mut self, now: Cycles, memory: &mut dyn Memory);
    /// When something is due next.
    fn next_event(&self) -> Option<Cycles>;
    /// The interrupt lines.
    fn interrupts(&self) -> Lines;
    /// Every register has its reset value, but for those that survive this cause.
    fn reset(&mut self, cause: ResetCause, now: Cycles);
}
