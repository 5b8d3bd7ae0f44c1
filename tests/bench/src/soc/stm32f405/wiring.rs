//! Which pins of a USART lead to its line, on the boards of examples/.

use super::rcc::Rcc;
use super::usart::Pins;
use crate::soc::stm32::gpio::Gpio;

/// A USART: where it is in the chip, and its pins: port A begins at 0, and each port has 16.
pub struct Wiring {
    /// Address of its registers.
    pub base: u32,
    /// In the vector table.
    pub interrupt: u32,
    /// Of APB1ENR.
    pub clock_bit: u32,
    txd: u32,
    rxd: u32,
    cts: u32,
    /// A pin that software drives.
    rts: u32,
}

/// USART2 as on the black pill, USART3 as on the Feather.
pub const USARTS: [Wiring; 2] = [
    Wiring { base: 0x4000_4400, interrupt: 38, clock_bit: 17, txd: 2, rxd: 3, cts: 0, rts: 1 },
    Wiring { base: 0x4000_4800, interrupt: 39, clock_bit: 18, txd: 26, rxd: 27, cts: 29, rts: 30 },
];

/// The alternate function of both.
const USART: u32 = 7;

impl Wiring {
    /// What the USART finds around it.
    pub fn pins(&self, gpio: &Gpio, rcc: &Rcc) -> Pins {
        let is_own = |pin| gpio.alternate_function(pin) == Some(USART);
        Pins {
            clock: rcc.pclk1(),
            txd: is_own(self.txd),
            rxd: is_own(self.rxd),
            cts: is_own(self.cts),
            ready: !gpio.level(self.rts),
        }
    }
}
