//! The tests of the whole stack on firmware for the nRF52840 whose driver holds two packets for each IN
//! endpoint.

// The files call what they need by this name.
extern crate self as usbd_acm_tests;

#[path = "rig/mod.rs"]
mod rig;
mod suites;

pub use self::suites::{ADDRESS, Subject, each_device, each_device_in, model};

/// Which chip.
type Chip = usbd_acm_bench::soc::nrf52840::Nrf52840;
/// Of its firmware.
const FEATURES: &[&str] = &["suite", "two-packets"];
