//! Faults and enumerations without end on firmware for the black pill, on the STM32F405 with its crystal.

mod endurance;
#[path = "rig/mod.rs"]
mod rig;

use suites::plans::may_fail;
use usbd_acm::Speed;
use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::stm32f405::Stm32f405 as Chip;

/// What it is called in figures.
const NAME: &str = "stm32f411";
/// The speed that it comes up with.
const BUS: Speed = Speed::Full;

fn chip() -> Chip {
    Chip::with_crystal(25_000_000)
}

fn firmware() -> Firmware {
    Firmware::example("stm32f411-blackpill", "echo")
}
