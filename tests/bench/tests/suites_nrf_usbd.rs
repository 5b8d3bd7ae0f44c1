//! The tests of the whole stack on firmware for the nRF52840 that goes by way of `FromUsbBus` and the
//! driver nrf-usbd from crates.io.

// The files call what they need by this name.
extern crate self as usbd_acm_tests;

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
const NAME: &str = "usbd-acm on nrf-usbd";
/// Its firmware.
const PACKAGE: &str = "nrf52840-usbd-acm-nrf-usbd";
/// Features of that.
const FEATURES: &[&str] = &["suite"];
/// What is known to be otherwise.
const DEVIATIONS: &[suites::Deviation] = &[
    // nrf-usbd waits for another packet where the last one of a reply is full, and lets no status stage
    // come: here after 64 bytes of a configuration descriptor, of which wLength asked for no more.
    ("td_9_2_configuration_descriptor", "length: 64 }: NAK until the time was over"),
    // A reply whose packets are left over goes on in that to the next request, or stands in its way.
    ("wire_3_2_25_aborts", "left: (50, 75)"),
    ("wire_3_2_early_status_stage", "length: 18 }: NAK until the time was over"),
    ("wire_3_2_lost_packets", "Drop of packet 2"),
    // The end of a halt leaves the data toggle as it is.
    ("cdc_6_linux_clears_halts", "left: Err(ToggleError)"),
];

/// It has a main loop that polls, which takes long where nothing happens.
fn config() -> Config {
    Config { control_timeout: 50_000_000, ..Config::default() }
}
