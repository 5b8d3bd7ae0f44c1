//! Every kind of packet, every kind of fault, at every occurrence.

use usbd_acm::Speed;
use usbd_acm_tests::figures;
use usbd_acm_tests::fixture::{OnePort, Options, Polling};
use usbd_acm_tests::plans::{Hits, systems};
use usbd_acm_virtual::{FullSpeed, HighSpeed};

use crate::bench;

/// An interrupt that is served after this long makes the host see NAKs.
const LATE: Polling = Polling::OnInterrupt(30_000);

fn transfers<V: OnePort, const SIZE: usize>(options: Options) -> Hits {
    bench::<V, SIZE, _>(options, |bench| bench.conversations())
}

fn record(name: &str, hits: &[Hits]) -> u64 {
    let faults = hits.iter().map(|hits| hits.faults).sum();
    let started_over = hits.iter().map(|hits| hits.started_over).sum();
    figures::record(
        &format!("faults-{name}"),
        &[("faults", faults), ("started_over", started_over)],
    );
    faults
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
    assert!(record("enumeration", &hits) > 4000);
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
fn a_transfer_at_high_speed_survives_one_fault_anywhere() {
    let prompt = Options { host: Speed::High, ..Options::default() };
    let late = Options { polling: LATE, ..prompt };
    let hits = [
        transfers::<HighSpeed, 512>(prompt),
        transfers::<HighSpeed, 512>(late),
        transfers::<HighSpeed, 512>(Options { host: Speed::Full, ..late }),
    ];
    assert!(hits.iter().all(|hits| hits.faults > 100));
    record("high-speed", &hits);
}

/// What a device that is slow to run is given: every so many-th packet of every plan.
#[test]
fn a_sample_of_every_plan() {
    let hits = bench::<FullSpeed, 64, _>(Options::default(), |bench| {
        usbd_acm_tests::plans::Bench { every: 17, ..bench }.everything()
    });
    assert!(record("sample", &[hits]) > 200);
}
