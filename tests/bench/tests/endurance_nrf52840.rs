//! Faults and enumerations without end on firmware for the nRF52840.

mod endurance;
#[path = "rig/mod.rs"]
mod rig;

use suites::plans::nrf52840_may_fail as may_fail;
use usbd_acm::Speed;
use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::Chip as _;
use usbd_acm_bench::soc::nrf52840::Nrf52840 as Chip;

/// What it is called in figures.
const NAME: &str = "nrf52840";
/// The speed that it comes up with.
const BUS: Speed = Speed::Full;

fn chip() -> Chip {
    Chip::new()
}

fn firmware() -> Firmware {
    Firmware::example(Chip::EXAMPLES, "echo")
}
