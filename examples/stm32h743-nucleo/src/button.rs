//! The button of the board, which interrupts also while everything else sleeps.

use stm32h7xx_hal::gpio::{Edge, ExtiPin, Input, PC13};
use stm32h7xx_hal::pac::{EXTI, SYSCFG};

/// The button at PC13, high when pressed.
pub struct Button(PC13<Input>);

impl Button {
    /// Pressed, it makes the interrupt of its EXTI line run, once that is enabled.
    pub fn new(pin: PC13, exti: &mut EXTI, syscfg: &mut SYSCFG) -> Self {
        let mut pin = pin.into_pull_down_input();
        pin.make_interrupt_source(syscfg);
        pin.trigger_on_edge(exti, Edge::Rising);
        pin.enable_interrupt(exti);
        Self(pin)
    }

    /// Whether it is pressed.
    pub fn is_pressed(&self) -> bool {
        self.0.is_high()
    }
}

/// For the handler of the interrupt: ends it. The next press is the next one.
pub fn interrupted() {
    // SAFETY: a pointer to the registers of the chip.
    let exti = unsafe { &*EXTI::ptr() };
    exti.cpupr1.write(|w| w.pr13().set_bit());
}
