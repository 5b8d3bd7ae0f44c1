//! A button to ground that interrupts, also while everything else sleeps.

use stm32f4xx_hal::gpio::{Edge, ExtiPin, Input, Pin, Pull};
use stm32f4xx_hal::pac::{EXTI, SYSCFG};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Rcc;

/// A button between pin and ground.
pub struct Button<const P: char, const N: u8>(Pin<P, N, Input>);

impl<const P: char, const N: u8> Button<P, N> {
    /// Pressed, it makes the interrupt of its EXTI line run, once that is enabled.
    pub fn new(pin: Pin<P, N>, (exti, syscfg): (&mut EXTI, SYSCFG), rcc: &mut Rcc) -> Self {
        let mut pin = pin.internal_resistor(Pull::Up);
        pin.make_interrupt_source(&mut syscfg.constrain(rcc));
        pin.trigger_on_edge(exti, Edge::Falling);
        pin.enable_interrupt(exti);
        Self(pin)
    }

    /// Whether it is pressed.
    pub fn is_pressed(&self) -> bool {
        self.0.is_low()
    }

    /// For the handler of the interrupt: ends it. The next press is the next one.
    pub fn interrupted() {
        // SAFETY: a pointer to the registers of the chip.
        let exti = unsafe { &*EXTI::ptr() };
        // SAFETY: this ends one line and changes nothing else (§12.3.6).
        exti.pr().write(|w| unsafe { w.bits(1 << N) });
    }
}
