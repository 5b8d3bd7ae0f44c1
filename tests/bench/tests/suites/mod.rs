//! The tests of the whole stack, the very same files, on firmware: Chapter 9, CDC, requests of every
//! kind, and what Linux' usbtest asks. The crate that has this module says on which chip, and gives the
//! files what they need under the name that they call it by.

use usbd_acm::State;
use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::Image;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::Chip as _;
use usbd_acm_virtual::host::Host;

#[path = "../../../cdc/descriptors.rs"]
mod cdc_descriptors;
#[path = "../../../cdc/requests.rs"]
mod cdc_requests;
#[path = "../../../chapter9/descriptors.rs"]
mod chapter9_descriptors;
#[path = "../../../chapter9/endpoints.rs"]
mod chapter9_endpoints;
#[path = "../../../chapter9/features.rs"]
mod chapter9_features;
#[path = "../../../chapter9/parsed.rs"]
mod parsed;
#[path = "../../../usbtest/chapter9.rs"]
mod usbtest_chapter9;
#[path = "../../../wire/requests.rs"]
mod wire_requests;

use crate::rig::is_well;
use crate::{Chip, FEATURES};

pub use ::suites::{ADDRESS, model};

/// Our firmware in an emulated chip.
pub type Subject = ::suites::Subject<Board<Chip>>;

fn image() -> Image {
    let firmware = Firmware::peer(&format!("{}-usbd-acm", Chip::NAME), App::Echo);
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
    let name = format!("usbd-acm on {}", Chip::NAME);
    let mut subject = Subject::new(name, Host::new(board), &model::FULL_SPEED);
    subject.host.plug().expect("the device attaches");
    test(&mut subject);
    is_well(&mut subject.host);
}
