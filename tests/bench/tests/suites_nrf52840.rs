//! The tests of the whole stack on firmware for the nRF52840.

// The files call what they need by this name.
extern crate self as usbd_acm_tests;

// Not on firmware that polls, of which every instruction between two requests is executed.
#[path = "../../chapter9/enumeration.rs"]
mod chapter9_enumeration;
#[path = "rig/mod.rs"]
mod rig;
mod suites;

use usbd_acm_virtual::host::Config;

pub use self::suites::{ADDRESS, Subject, each_device, each_device_in, model};

/// Which chip.
type Chip = usbd_acm_bench::soc::nrf52840::Nrf52840;
/// What is expected of its descriptors.
const GOLDEN: &model::Golden = &model::FULL_SPEED;
/// In messages.
const NAME: &str = "usbd-acm on nrf52840";
/// Its firmware.
const PACKAGE: &str = "nrf52840-usbd-acm";
/// Features of that.
const FEATURES: &[&str] = &["suite"];
/// What is known to be otherwise.
const DEVIATIONS: &[suites::Deviation] = &[suites::EARLY_STATUS, suites::LOST_ACKNOWLEDGEMENT];

/// How the host is.
fn config() -> Config {
    Config::default()
}
