//! The "black pill": its clocks. What leads where is in the applications.
#![no_std]

use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Config;

/// The core at 96 MHz and USB at 48 MHz, from the crystal of 25 MHz.
pub fn clocks() -> Config {
    Config::hse(25.MHz()).sysclk(96.MHz()).require_pll48clk()
}
