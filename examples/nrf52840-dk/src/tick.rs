//! A millisecond tick, when something waits for it.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// Cycles of 64 MHz in a millisecond.
const MILLISECOND: u32 = 64_000;

/// The SysTick exception, each millisecond while it runs.
pub struct Tick(SYST);

impl Tick {
    /// Stopped.
    pub fn new(mut syst: SYST) -> Self {
        syst.set_clock_source(SystClkSource::Core);
        syst.set_reload(MILLISECOND - 1);
        syst.enable_interrupt();
        Self(syst)
    }

    /// Whether a millisecond passed since this was asked last.
    pub fn has_passed(&mut self) -> bool {
        self.0.has_wrapped()
    }

    /// Starts or stops it; the first millisecond is a whole one.
    pub fn run(&mut self, running: bool) {
        if running {
            self.0.clear_current();
            self.0.enable_counter();
        } else {
            self.0.disable_counter();
        }
    }
}
