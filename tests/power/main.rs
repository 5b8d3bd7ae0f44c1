//! Suspend, resume and remote wake-up: what the board is told, and what the host sees.

mod clock_tree;
mod suspend;
mod wakeup;

use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_tests::probe::{PREFER, Recorder, power_calls};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::request;

const MILLISECOND: u64 = 1_000_000;

/// A configured device; calls up to here are forgotten.
fn fixture<const WAKE_ON_WRITE: bool>(hooks: Recorder<PREFER, WAKE_ON_WRITE>) -> Fixture {
    let fixture = Fixture::new::<FullSpeed>(Options::default(), hooks);
    power_calls();
    fixture
}

fn allow_remote_wakeup(fixture: &mut Fixture) {
    let feature = request::set_device_feature(request::DEVICE_REMOTE_WAKEUP);
    fixture.host.control_out(feature, &[]).unwrap();
}

/// Address 3 and the configuration, after a reset.
fn reconfigure(fixture: &mut Fixture) {
    fixture.host.control_out(request::set_address(3), &[]).unwrap();
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
}
