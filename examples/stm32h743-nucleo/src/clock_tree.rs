//! The clocks that a suspended device does without.

use applications::sleeper::Clocks;
use cortex_m::peripheral::SCB;
use stm32h7xx_hal::pac::{RCC, rcc::RegisterBlock};

/// Reads of a register in the wait for a clock, which take more than a microsecond while the core runs at
/// 4 MHz. The clock of the debugger runs always, and a PLL locks within 0.1 ms.
const PATIENCE: u32 = 50_000;

/// The clock of the debugger, and the PLLs of core and USB, which run outside of suspend.
pub struct ClockTree(());

impl ClockTree {
    /// As the HAL set it up.
    ///
    /// # Safety
    /// Nobody else changes the clocks from now on.
    pub unsafe fn new() -> Self {
        Self(())
    }

    fn rcc(&self) -> &RegisterBlock {
        // SAFETY: nobody else changes the registers that are used here, as the caller of `new` promised.
        unsafe { &*RCC::ptr() }
    }

    /// Waits for a clock. Without it there is no USB: then the device starts anew.
    fn wait(&self, is_ready: impl Fn(&RegisterBlock) -> bool) {
        if !(0..PATIENCE).any(|_| is_ready(self.rcc())) {
            SCB::sys_reset();
        }
    }
}

impl Clocks for ClockTree {
    /// The core at 4 MHz, from CSI. To draw no more than 2.5 mA (USB 2.0 §7.2.3) a board would stop it.
    fn gate(&mut self) {
        self.rcc().cr.modify(|_, w| w.csion().on());
        self.wait(|rcc| rcc.cr.read().csirdy().is_ready());
        self.rcc().cfgr.modify(|_, w| w.sw().csi());
        self.wait(|rcc| rcc.cfgr.read().sws().is_csi());
        // §8.7.2: none can be switched off while the core runs from it.
        self.rcc().cr.modify(|_, w| w.pll1on().off().pll3on().off());
        self.rcc().cr.modify(|_, w| w.hseon().off());
    }

    fn restore(&mut self) {
        self.rcc().cr.modify(|_, w| w.hseon().on());
        self.wait(|rcc| rcc.cr.read().hserdy().is_ready());
        self.rcc().cr.modify(|_, w| w.pll1on().on().pll3on().on());
        self.wait(|rcc| {
            let ready = rcc.cr.read();
            ready.pll1rdy().is_ready() && ready.pll3rdy().is_ready()
        });
        self.rcc().cfgr.modify(|_, w| w.sw().pll1());
        self.wait(|rcc| rcc.cfgr.read().sws().is_pll1());
    }
}
