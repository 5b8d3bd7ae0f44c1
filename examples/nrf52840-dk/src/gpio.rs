//! Pins of port 0, as `embedded-hal` has them.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};

use crate::Register;

const fn p0(offset: u32) -> Register {
    // SAFETY: the offsets below are those of GPIO, which reads and writes no memory.
    unsafe { Register::at(0x5000_0000 + offset) }
}

const OUTSET: Register = p0(0x508);
const OUTCLR: Register = p0(0x50C);
const IN: Register = p0(0x510);
const DIRSET: Register = p0(0x518);

const fn pin_cnf(pin: u8) -> Register {
    p0(0x700 + 4 * (pin as u32 & 31))
}

/// A pull resistor.
#[derive(Clone, Copy)]
pub enum Pull {
    /// To ground.
    Down = 1,
    /// To the supply.
    Up = 3,
}

/// A pin that is driven.
pub struct Output(u8);

impl Output {
    /// P0.`pin` (0 to 31), driven high at first.
    pub fn high(pin: u8) -> Self {
        let output = Self(pin & 31);
        OUTSET.write(output.bit());
        DIRSET.write(output.bit());
        output
    }

    fn bit(&self) -> u32 {
        1 << self.0
    }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        OUTCLR.write(self.bit());
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        OUTSET.write(self.bit());
        Ok(())
    }
}

/// A pin that is read.
pub struct Input(u8);

impl Input {
    /// P0.`pin` (0 to 31).
    pub fn new(pin: u8, pull: Pull) -> Self {
        let input = Self(pin & 31);
        pin_cnf(input.0).write((pull as u32) << 2);
        input
    }

    /// Has the pin watched: GPIO tells GPIOTE when it is low.
    pub(crate) fn sense_low(&self) {
        const SENSE_LOW: u32 = 3 << 16;
        pin_cnf(self.0).write(pin_cnf(self.0).read() | SENSE_LOW);
    }
}

impl ErrorType for Input {
    type Error = Infallible;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(IN.read() >> self.0 & 1 == 1)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}
