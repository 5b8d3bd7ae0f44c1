//! Pins of the HAL, which has `embedded-hal` 0.2, as 1.0 has them.

use core::convert::Infallible;

use embedded_hal::digital::{self, ErrorType};
use embedded_hal_02::digital::v2;

/// A pin that is driven.
pub struct OutputPin<P>(pub P);

impl<P> ErrorType for OutputPin<P> {
    type Error = Infallible;
}

impl<P: v2::OutputPin<Error = Infallible>> digital::OutputPin for OutputPin<P> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.set_low()
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.set_high()
    }
}
