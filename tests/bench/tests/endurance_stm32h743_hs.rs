//! Faults and enumerations without end on firmware for the STM32H743 at high speed.

mod endurance;
#[path = "rig/mod.rs"]
mod rig;

use suites::plans::may_fail;
use usbd_acm::Speed;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::Chip as _;
use usbd_acm_bench::soc::stm32h743::Stm32h743 as Chip;

/// What it is called in figures.
const NAME: &str = "stm32h743-high-speed";
/// The speed that it comes up with.
const BUS: Speed = Speed::High;

fn chip() -> Chip {
    Chip::new()
}

fn firmware() -> Firmware {
    Firmware::peer("stm32h743-usbd-acm", App::Echo)
}
