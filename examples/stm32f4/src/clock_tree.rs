//! The clocks that a suspended device does without.

use applications::sleeper::Clocks;
use cortex_m::peripheral::SCB;
use stm32f4xx_hal::pac::rcc::cfgr::{HPRE, SW};
use stm32f4xx_hal::rcc::Rcc;

/// Reads of a register in the wait for a clock. An oscillator takes 2 ms to start, and a read more than a
/// microsecond, as the core runs at 1 MHz meanwhile.
const PATIENCE: u32 = 50_000;

/// Crystal, PLL, and with it the 48 MHz of USB, which run outside of suspend. The core runs from the PLL.
pub struct ClockTree(Rcc);

impl ClockTree {
    /// As the HAL set it up, with the AHB at the speed of the core.
    pub fn new(rcc: Rcc) -> Self {
        Self(rcc)
    }

    /// Waits for a clock. Without it there is no USB: then the device starts anew.
    fn wait(&self, is_ready: impl Fn(&Rcc) -> bool) {
        if !(0..PATIENCE).any(|_| is_ready(&self.0)) {
            SCB::sys_reset();
        }
    }
}

impl Clocks for ClockTree {
    /// The core at 1 MHz: what is awake in suspend may draw 2.5 mA (USB 2.0 §7.2.3).
    fn gate(&mut self) {
        self.0.cr().modify(|_, w| w.hsion().on());
        self.wait(|rcc| rcc.cr().read().hsirdy().is_ready());
        self.0.cfgr().modify(|_, w| w.sw().hsi());
        self.wait(|rcc| rcc.cfgr().read().sws().is_hsi());
        self.0.cfgr().modify(|_, w| w.hpre().variant(HPRE::Div16));
        // §7.3.1: neither can be switched off while the core runs from it.
        self.0.cr().modify(|_, w| w.pllon().off().hseon().off());
    }

    fn restore(&mut self) {
        self.0.cr().modify(|_, w| w.hseon().on());
        self.wait(|rcc| rcc.cr().read().hserdy().is_ready());
        self.0.cr().modify(|_, w| w.pllon().on());
        self.wait(|rcc| rcc.cr().read().pllrdy().is_ready());
        self.0.cfgr().modify(|_, w| w.hpre().variant(HPRE::Div1).sw().variant(SW::Pll));
        self.wait(|rcc| rcc.cfgr().read().sws().is_pll());
    }
}
