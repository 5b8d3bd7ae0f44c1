//! Every bmRequestType, bRequest and wValue there is: 2^32 requests, in each half those of one
//! direction. wIndex and wLength are what makes the request right, where there is one.
//!
//! A slice of them here; all with `SOAK=1`, where a bar tells how far it is.

use indicatif::{ProgressBar, ProgressStyle};
use usbd_acm::{SetupPacket, State};
use usbd_acm_tests::{figures, soak};

use crate::requests::right;
use crate::walk::{Condition, one_port};

/// wValues are a slice apart here: prime, so that every bit changes.
const APART: usize = 4099;

fn sweep(name: &str, request_types: std::ops::RangeInclusive<u8>) {
    let apart = if soak(2) == 2 { 1 } else { APART };
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {elapsed} of {duration}");
    let bar = ProgressBar::new(request_types.clone().count() as u64 * 256)
        .with_message(name.to_owned())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut walk = one_port(Condition::In(State::Configured));
    for request_type in request_types {
        for request in 0..=255 {
            let (_, index, length) = right((request_type, request));
            let first = usize::from(request_type) * 31 + usize::from(request);
            for value in (first % apart..=usize::from(u16::MAX)).step_by(apart) {
                let value = u16::try_from(value).expect("a wValue");
                walk.visit(SetupPacket { request_type, request, value, index, length });
            }
            // Alive, and nothing was left behind.
            walk.enumerate();
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let requests = walk.finish();
    figures::record(&format!("sweep-{name}"), &[("requests", requests)]);
    assert!(requests >= 128 * 256 * (65_536 / apart as u64));
}

#[test]
fn exhaustive_sweep_of_requests_to_the_device() {
    sweep("out", 0x00..=0x7F);
}

#[test]
fn exhaustive_sweep_of_requests_from_the_device() {
    sweep("in", 0x80..=0xFF);
}
