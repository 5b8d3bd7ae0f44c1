//! What firmware on a chip goes through in years: every fault at every packet, every plug pulled, every
//! brown-out, and enumerations without end. The crate that has this module says on which chip.
//!
//! A slice of it here, all with `SOAK=1`. What was done is left for `cargo xtask scorecard`.

use std::fmt::Debug;

use suites::figures;
use suites::plans::{Bench, Hits, chip_may_fail, converse, systems};
use suites::soak;
use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::Image;
use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::{Chip as _, ResetCause};
use usbd_acm_virtual::host::{Fault, Host, PacketKind, Rule, linux};

use crate::Chip;

fn image() -> Image {
    Firmware::example(Chip::EXAMPLES, "echo").image().expect("it builds")
}

fn plugged(image: &Image) -> Host<Board<Chip>> {
    let mut host = Host::new(Board::new(image.clone()).expect("an emulated chip"));
    host.plug().expect("the device attaches");
    host
}

/// Nothing crashed, and nothing was done against the chip's manual.
fn check(host: &Host<Board<Chip>>) {
    assert_eq!(host.port().violations(), []);
    assert_eq!(host.port().fault(), None);
}

/// All of them with `SOAK=1`, else one in so many.
fn every(slice: u32) -> u32 {
    if soak(2) == 2 { 1 } else { slice }
}

fn run(every: u32, plans: impl FnOnce(&Bench<'_, Board<Chip>>) -> Hits) -> Hits {
    let image = image();
    plans(&Bench { make: &|| plugged(&image), check: &check, every, may_fail: chip_may_fail })
}

fn record(name: &str, hits: Hits) {
    let figures = [("faults", hits.faults), ("started_over", hits.started_over)];
    figures::record(&format!("firmware-{name}-{}", Chip::NAME), &figures);
}

#[test]
fn every_fault_at_every_packet_of_a_conversation() {
    let hits = run(every(13), |bench| bench.conversations());
    assert!(hits.faults > 100 && hits.started_over > 20, "{hits:?}");
    record("conversation", hits);
}

#[test]
fn every_fault_at_every_packet_of_an_enumeration() {
    let [_, windows, _] = systems();
    let hits = run(every(17), |bench| bench.enumerations(windows));
    assert!(hits.faults > 100 && hits.started_over > 20, "{hits:?}");
    record("enumeration", hits);
}

/// Of an enumeration and of the transfers after it.
#[test]
fn an_unplugged_cable_at_every_token() {
    let hits = run(every(7), |bench| {
        let count = u64::from(bench.break_off(PacketKind::AnyToken, Fault::Unplug));
        Hits { faults: count, started_over: count }
    });
    assert!(hits.faults > 10, "{hits:?}");
    record("unplug", hits);
}

/// The supply breaks down in the middle of anything, and comes back with the firmware at its beginning.
#[test]
fn a_brown_out_at_every_packet() {
    let image = image();
    let mut count = 0;
    for packet in (0..).step_by(every(7) as usize) {
        let mut host = plugged(&image);
        // Where the cable is pulled, the chip goes down as well.
        let rule = Rule::new(PacketKind::Any, Fault::Unplug).after(packet);
        host.faults().add(rule);
        let outcome = converse(&mut host);
        if host.faults().is_pending() {
            succeeded(outcome, packet);
            break;
        }
        host.faults().clear();
        host.port_mut().reset(ResetCause::BrownOut);
        host.plug().unwrap_or_else(|error| panic!("at packet {packet}: {error}"));
        succeeded(converse(&mut host), packet);
        check(&host);
        count += 1;
    }
    assert!(count > 20, "{count}");
    record("brown-out", Hits { faults: count, started_over: count });
}

fn succeeded<T, E: Debug>(outcome: Result<T, E>, packet: u32) {
    assert!(outcome.is_ok(), "at packet {packet}: {:?}", outcome.err());
}

/// 10 000 with `SOAK=1`; a bus reset begins each, and an unplugged cable each tenth.
#[test]
fn enumerations_one_after_the_other() {
    let cycles = 100 * soak(100);
    let mut host = plugged(&image());
    for cycle in 0..cycles {
        if cycle % 10 == 9 {
            host.unplug();
            host.plug().unwrap_or_else(|error| panic!("cycle {cycle}: {error}"));
        }
        let enumerate = systems()[cycle as usize % 3];
        enumerate(&mut host).unwrap_or_else(|error| panic!("cycle {cycle}: {error}"));
    }
    linux::enumerate(&mut host).expect("alive");
    succeeded(converse(&mut host), 0);
    check(&host);
    figures::record(&format!("firmware-cycles-{}", Chip::NAME), &[("cycles", cycles.into())]);
}
