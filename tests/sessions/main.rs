//! When sessions begin and end, and that nothing crosses from one to the next.

mod boundaries;
mod policies;

use usbd_acm::class::Event;
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_tests::probe::Recorder;
use usbd_acm_virtual::FullSpeed;

type Ignoring = Recorder<{ usbd_acm_tests::probe::IGNORE }>;
type Preferring = Recorder<{ usbd_acm_tests::probe::PREFER }>;
type Requiring = Recorder<{ usbd_acm_tests::probe::REQUIRE }>;

const MILLISECOND: u64 = 1_000_000;

fn fixture<const DTR: u8>(hooks: Recorder<DTR>) -> Fixture {
    Fixture::new::<FullSpeed>(Options::default(), hooks)
}

/// Every event there is.
fn events(fixture: &mut Fixture) -> Vec<Event> {
    std::iter::from_fn(|| fixture.port.control.next_event()).collect()
}
