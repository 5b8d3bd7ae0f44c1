//! The Feather STM32F405 Express: its clocks. What leads where is in the applications.
#![no_std]

use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Config;

/// The core at 168 MHz and USB at 48 MHz, from the crystal of 12 MHz.
pub fn clocks() -> Config {
    Config::hse(12.MHz()).sysclk(168.MHz()).require_pll48clk()
}
