//! A button that interrupts, also while everything else sleeps.

use embedded_hal::digital::InputPin;

use crate::Register;
use crate::gpio::{Input, Pull};

const fn gpiote(offset: u32) -> Register {
    // SAFETY: the offsets below are those of GPIOTE, which reads and writes no memory.
    unsafe { Register::at(0x4000_6000 + offset) }
}

const PORT: Register = gpiote(0x17C);
const INTENSET: Register = gpiote(0x304);
/// INTENSET: PORT.
const PORT_INTERRUPT: u32 = 1 << 31;

/// A button to ground at a pin of port 0.
pub struct Button(Input);

impl Button {
    /// The button at P0.`pin`. Pressed, it makes the GPIOTE interrupt run, once it is enabled.
    pub fn new(pin: u8) -> Self {
        let input = Input::new(pin, Pull::Up);
        input.sense_low();
        PORT.write(0);
        INTENSET.write(PORT_INTERRUPT);
        Self(input)
    }

    /// Whether it is pressed.
    pub fn is_pressed(&mut self) -> bool {
        self.0.is_low().unwrap_or(false)
    }
}

/// The handler of GPIOTE: ends the interrupt. The next press is the next one.
pub fn interrupt() {
    PORT.write(0);
}
