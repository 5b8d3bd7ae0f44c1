//! Every kind of packet, every kind of fault, at every occurrence.

use usbd_acm::Speed;
use usbd_acm_tests::fixture::{OnePort, Options, Polling};
use usbd_acm_tests::plans::{Bench, Hits, may_fail, systems};
use usbd_acm_virtual::{FullSpeed, HighSpeed};

use crate::bench;

/// An interrupt that is served after this long makes the host see NAKs.
const LATE: Polling = Polling::OnInterrupt(30_000);

fn transfers<V: OnePort, const SIZE: usize>(options: Options) -> Hits {
    bench::<V, SIZE, _>(options, |bench| bench.conversations())
}

/// Of all of these.
fn record(name: &str, hits: &[Hits]) -> Hits {
    let sum = hits.iter().fold(Hits::default(), |sum, hits| sum.and(*hits));
    sum.record(&format!("faults-{name}"));
    sum
}

#[test]
fn an_enumeration_survives_one_fault_anywhere() {
    let prompt = Options::default();
    let late = Options { polling: LATE, ..prompt };
    let mut hits = Vec::new();
    for enumerate in systems() {
        hits.push(bench::<FullSpeed, 64, _>(prompt, |bench| bench.enumerations(enumerate)));
    }
    let [linux, ..] = systems();
    hits.push(bench::<FullSpeed, 64, _>(late, |bench| bench.enumerations(linux)));
    let hits = record("enumeration", &hits);
    assert!(hits.faults > 4000);
    hits.assert_exact(Speed::Full, may_fail);
}

#[test]
fn a_transfer_survives_one_fault_anywhere() {
    let prompt = Options::default();
    let late = Options { polling: LATE, ..prompt };
    let hits = [
        transfers::<FullSpeed, 64>(prompt),
        transfers::<FullSpeed, 64>(late),
        transfers::<FullSpeed, 64>(Options { depth: 1, ..late }),
        transfers::<FullSpeed, 64>(Options { depth: 4, ..prompt }),
    ];
    assert!(hits.iter().all(|hits| hits.faults > 200));
    record("transfer", &hits);
}

#[test]
fn high_speed_survives_one_fault_anywhere() {
    let prompt = Options { host: Speed::High, ..Options::default() };
    let late = Options { polling: LATE, ..prompt };
    let [linux, windows, macos] = systems()
        .map(|enumerate| bench::<HighSpeed, 512, _>(prompt, |bench| bench.enumerations(enumerate)));
    let hits = [
        transfers::<HighSpeed, 512>(prompt),
        transfers::<HighSpeed, 512>(late),
        transfers::<HighSpeed, 512>(Options { host: Speed::Full, ..late }),
        linux,
        windows,
        macos,
    ];
    assert!(hits.iter().all(|hits| hits.faults > 100));
    record("high-speed", &hits).assert_exact(Speed::High, may_fail);
}

/// What a device that is slow to run is given: every so many-th packet of every plan.
#[test]
fn a_sample_of_every_plan() {
    let hits = bench::<FullSpeed, 64, _>(Options::default(), |bench| {
        Bench { every: 17, ..bench }.everything()
    });
    let hits = record("sample", &[hits]);
    assert!(hits.faults > 200);
    hits.assert_all_tried(Speed::Full);
}
