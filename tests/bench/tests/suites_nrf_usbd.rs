//! The tests of the whole stack on firmware for the nRF52840 that goes by way of `FromUsbBus` and the
//! driver nrf-usbd from crates.io.

// The files call what they need by this name.
extern crate self as usbd_acm_tests;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use usbd_acm::State;
use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::Image;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::nrf52840::Nrf52840;
use usbd_acm_virtual::host::{Config, Host};

#[path = "../../cdc/descriptors.rs"]
mod cdc_descriptors;
#[path = "../../cdc/requests.rs"]
mod cdc_requests;
#[path = "../../chapter9/descriptors.rs"]
mod chapter9_descriptors;
#[path = "../../chapter9/endpoints.rs"]
mod chapter9_endpoints;
#[path = "../../chapter9/features.rs"]
mod chapter9_features;
#[path = "../../chapter9/parsed.rs"]
mod parsed;
#[path = "rig/mod.rs"]
mod rig;
#[path = "../../usbtest/chapter9.rs"]
mod usbtest_chapter9;
#[path = "../../wire/requests.rs"]
mod wire_requests;

use rig::is_well;

pub use suites::{ADDRESS, model};

/// Our firmware in an emulated chip.
pub type Subject = suites::Subject<Board<Nrf52840>>;

/// Where it is known to differ from what it should do: the tests whose names begin so, and what they
/// fail with. They are expected to, and so an improvement is noticed.
const DEVIATIONS: &[(&str, &str)] = &[
    // nrf-usbd waits for another packet where the last one of a reply is full, and lets no status stage
    // come: here after 64 bytes of a configuration descriptor, of which wLength asked for no more.
    ("td_9_2_configuration_descriptor", "length: 64 }: NAK until the time was over"),
];

/// What the test that runs is expected to fail with.
fn deviation() -> Option<&'static str> {
    let thread = std::thread::current();
    let name = thread.name().and_then(|name| name.rsplit("::").next()).unwrap_or_default();
    assert!(!matches!(name, "" | "main"), "each test needs a thread of its own");
    let known = DEVIATIONS.iter().find(|(test, _)| name.starts_with(test));
    known.map(|(_, message)| *message)
}

fn image() -> Image {
    let firmware = Firmware::peer("nrf52840-usbd-acm-nrf-usbd", App::Echo);
    Firmware { features: vec!["suite".to_owned()], ..firmware }.image().expect("it builds")
}

/// Runs `test` on the firmware.
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
    // It has a main loop that polls, which takes long where nothing happens.
    let config = Config { control_timeout: 50_000_000, ..Config::default() };
    let host = Host::with_config(board, config);
    let mut subject = Subject::new("usbd-acm on nrf-usbd".to_owned(), host, &model::FULL_SPEED);
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
