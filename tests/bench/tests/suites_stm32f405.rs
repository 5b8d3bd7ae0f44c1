//! The tests of the whole stack on firmware for the STM32F405.

// The files call what they need by this name.
extern crate self as usbd_acm_tests;

#[path = "rig/mod.rs"]
mod rig;
mod suites;

pub use self::suites::{ADDRESS, Subject, each_device, each_device_in, model};

/// Which chip.
type Chip = usbd_acm_bench::soc::stm32f405::Stm32f405;
/// Of its firmware.
const FEATURES: &[&str] = &["suite"];
