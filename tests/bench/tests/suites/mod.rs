//! The tests of the whole stack, the very same files, on firmware: Chapter 9, CDC, requests of every
//! kind, and what Linux' usbtest asks. The crate that has this module says on which chip and
//! which firmware, what is known to be otherwise there, and gives the files what they need under the name that
//! they call it by.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use usbd_acm::State;
use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::Image;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_virtual::host::Host;

#[path = "../../../cdc/descriptors.rs"]
mod cdc_descriptors;
#[path = "../../../cdc/requests.rs"]
mod cdc_requests;
#[path = "../../../cdc/systems.rs"]
mod cdc_systems;
#[path = "../../../chapter9/descriptors.rs"]
mod chapter9_descriptors;
#[path = "../../../chapter9/endpoints.rs"]
mod chapter9_endpoints;
#[path = "../../../chapter9/features.rs"]
mod chapter9_features;
#[path = "../../../chapter9/power.rs"]
mod chapter9_power;
#[path = "../../../chapter9/parsed.rs"]
mod parsed;
#[path = "../../../usbtest/chapter9.rs"]
mod usbtest_chapter9;
#[path = "../../../wire/every_device.rs"]
mod wire_every_device;
#[path = "../../../wire/requests.rs"]
mod wire_requests;

use crate::rig::is_well;
use crate::{Chip, DEVIATIONS, FEATURES, GOLDEN, NAME, PACKAGE, config};

pub use ::suites::{ADDRESS, model};

/// Our firmware in an emulated chip.
pub type Subject = ::suites::Subject<Board<Chip>>;

/// Tests, by how their names begin, that fail where a device is known to differ from what it should do, and
/// what they fail with. They are expected to, and so an improvement is noticed.
pub type Deviation = (&'static str, &'static str);

/// The nRF52840 takes the status stage of a control read only after the last packet of its data was
/// acknowledged: not where a host is content with less.
#[allow(dead_code, reason = "of one chip")]
pub const EARLY_STATUS: Deviation =
    ("wire_3_2_early_status_stage", "left: Err(Timeout)\n right: Ok([])");

/// Nor where that acknowledgement is lost, as the host does not ask again.
#[allow(dead_code, reason = "of one chip")]
pub const LOST_ACKNOWLEDGEMENT: Deviation =
    ("wire_3_2_lost_packets", "length: 4096 }: NAK until the time was over");

/// What the test that runs is expected to fail with.
fn deviation() -> Option<&'static str> {
    let thread = std::thread::current();
    let name = thread.name().and_then(|name| name.rsplit("::").next()).unwrap_or_default();
    assert!(!matches!(name, "" | "main"), "each test needs a thread of its own");
    let known = DEVIATIONS.iter().find(|(test, _)| name.starts_with(test));
    known.map(|(_, message)| *message)
}

fn image() -> Image {
    let firmware = Firmware::peer(PACKAGE, App::Echo);
    let features = FEATURES.iter().map(|feature| feature.to_string()).collect();
    Firmware { features, ..firmware }.image().expect("it builds")
}

/// Runs `test` on the firmware. Whatever it does, nothing is done against the chip's manual.
pub fn each_device<F: FnMut(&mut Subject)>(mut test: F) {
    check(&image(), &mut test);
}

/// Runs `test` in each of these states.
pub fn each_device_in<F: FnMut(&mut Subject)>(states: &[State], mut test: F) {
    let image = image();
    for &state in states {
        check(&image, &mut |subject| {
            subject.enter(state);
            test(subject);
        });
    }
}

fn check(image: &Image, test: &mut dyn FnMut(&mut Subject)) {
    let board = Board::new(image.clone()).expect("an emulated chip");
    let host = Host::with_config(board, config());
    let mut subject = Subject::new(NAME.to_owned(), host, GOLDEN);
    subject.host.plug().expect("the device attaches");
    let outcome = catch_unwind(AssertUnwindSafe(|| test(&mut subject)));
    match (outcome, deviation()) {
        (Ok(()), None) => {}
        (Ok(()), Some(message)) => panic!("it does not fail any more with: {message}"),
        (Err(cause), Some(message))
            if cause.downcast_ref::<String>().is_some_and(|cause| cause.contains(message)) => {}
        (Err(cause), _) => resume_unwind(cause),
    }
    is_well(&mut subject.host);
}
