//! A millisecond tick, when something waits for it.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// Milliseconds that pass. While it runs, each makes an interrupt come.
pub trait Tick {
    /// Whether a millisecond passed since this was asked last.
    fn has_passed(&mut self) -> bool;

    /// Starts or stops it; the first millisecond is a whole one.
    fn run(&mut self, running: bool);
}

/// The SysTick exception, each millisecond while it runs.
pub struct CoreTick(SYST);

impl CoreTick {
    /// Stopped. `millisecond` is in cycles of the core, 1 to 2^24.
    pub fn new(mut syst: SYST, millisecond: u32) -> Self {
        syst.set_clock_source(SystClkSource::Core);
        syst.set_reload(millisecond.saturating_sub(1));
        syst.enable_interrupt();
        Self(syst)
    }
}

impl Tick for CoreTick {
    fn has_passed(&mut self) -> bool {
        self.0.has_wrapped()
    }

    fn run(&mut self, running: bool) {
        if running {
            self.0.clear_current();
            self.0.enable_counter();
        } else {
            self.0.disable_counter();
        }
    }
}
