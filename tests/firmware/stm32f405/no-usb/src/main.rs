//! The same firmware without USB: what is left is not counted as USB's share.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use panic_halt as _;
use stm32f4xx_hal as _;

#[entry]
fn main() -> ! {
    #[cfg(feature = "hal")]
    start_clocks();
    loop {
        cortex_m::asm::wfe();
    }
}

#[cfg(feature = "hal")]
fn start_clocks() {
    use stm32f4xx_hal::prelude::*;
    use stm32f4xx_hal::rcc::Config;

    let Some(peripherals) = stm32f4xx_hal::pac::Peripherals::take() else { return };
    let clocks = Config::hse(12.MHz()).sysclk(168.MHz()).require_pll48clk();
    let mut rcc = peripherals.RCC.freeze(clocks);
    let _pins = peripherals.GPIOA.split(&mut rcc);
}
