//! Which pins of a USART lead to its line, on the boards of examples/.

use super::gpio::Gpio;
use super::usart::Pins;

/// Pins: port A begins at 0, and each port has 16. RTS is one that software drives.
pub struct Wiring {
    pub txd: u32,
    pub rxd: u32,
    pub cts: u32,
    pub rts: u32,
}

/// The alternate function of all of them.
const USART: u32 = 7;

impl Wiring {
    /// What a USART finds around it, with the clocks of processor and bus in hertz.
    pub fn pins(&self, gpio: &Gpio, processor: u64, clock: u32) -> Pins {
        let is_own = |pin| gpio.alternate_function(pin) == Some(USART);
        Pins {
            processor,
            clock,
            txd: is_own(self.txd),
            rxd: is_own(self.rxd),
            cts: is_own(self.cts),
            ready: !gpio.level(self.rts),
        }
    }
}
