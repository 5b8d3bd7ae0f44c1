//! Faults and enumerations without end on firmware for the STM32F405.

mod endurance;
#[path = "rig/mod.rs"]
mod rig;

use suites::plans::may_fail;
use usbd_acm::Speed;
use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::Chip as _;
use usbd_acm_bench::soc::stm32f405::Stm32f405 as Chip;

/// What it is called in figures.
const NAME: &str = "stm32f405";
/// The speed that it comes up with.
const BUS: Speed = Speed::Full;

fn chip() -> Chip {
    Chip::new()
}

fn firmware() -> Firmware {
    Firmware::example(Chip::EXAMPLES, "echo")
}
