//! What firmware on a chip goes through in years: every fault at every packet, every plug pulled, every
//! brown-out, and enumerations without end. The crate that has this module says what firmware, on which chip,
//! and after which faults a host may have to start over.
//!
//! A slice of it here, all with `SOAK=1`. What was done is left for `cargo xtask scorecard`.

use std::fmt::Debug;

use suites::figures;
use suites::plans::{Bench, Hits, converse, systems};
use suites::soak;
use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::Image;
use usbd_acm_bench::soc::ResetCause;
use usbd_acm_virtual::host::{Fault, Host, PacketKind, Rule, linux};

use crate::rig::{is_well, plugged_image};
use crate::{BUS, Chip, NAME, chip, firmware, may_fail};

fn image() -> Image {
    firmware().image().expect("it builds")
}

fn plugged(image: &Image) -> Host<Board<Chip>> {
    plugged_image(chip(), image.clone())
}

/// Whether it is all of them.
fn is_long() -> bool {
    soak(2) == 2
}

/// All of them with `SOAK=1`, else one in so many.
fn every(slice: u32) -> u32 {
    if is_long() { 1 } else { slice }
}

fn run(every: u32, plans: impl FnOnce(&Bench<'_, Board<Chip>>) -> Hits) -> Hits {
    let image = image();
    plans(&Bench { make: &|| plugged(&image), check: &is_well, every, may_fail })
}

/// Leaves figures, and whether they are of all there is.
fn record(name: &str, counted: &[(&str, u64)]) {
    let figures = [counted, &[("whole", u64::from(is_long()))]].concat();
    figures::record(&format!("firmware-{name}-{NAME}"), &figures);
}

#[test]
fn every_fault_at_every_packet_of_a_conversation() {
    let hits = run(every(13), |bench| bench.conversations());
    assert!(hits.faults > 100 && hits.started_over > 20, "{hits:?}");
    record("conversation", &hits.figures());
}

#[test]
fn every_fault_at_every_packet_of_an_enumeration() {
    let hits = run(every(17), |bench| {
        let all = systems().map(|enumerate| bench.enumerations(enumerate));
        all.into_iter().fold(Hits::default(), Hits::and)
    });
    assert!(hits.faults > 300 && hits.started_over > 60, "{hits:?}");
    match is_long() {
        true => hits.assert_exact(BUS, may_fail),
        false => hits.assert_all_tried(BUS),
    }
    record("enumeration", &hits.figures());
}

/// Of an enumeration and of the transfers after it.
#[test]
fn an_unplugged_cable_and_a_reset_at_every_token_and_packet() {
    for (name, fault) in [("unplug", Fault::Unplug), ("reset", Fault::Reset)] {
        let hits = run(every(7), |bench| {
            let kinds = [PacketKind::AnyToken, PacketKind::Any];
            let counts = kinds.map(|kind| u64::from(bench.break_off(kind, fault)));
            assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
            Hits::broken_off(counts.iter().sum())
        });
        record(name, &hits.figures());
    }
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
        is_well(&mut host);
        count += 1;
    }
    assert!(count > 20, "{count}");
    record("brown-out", &Hits::broken_off(count).figures());
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
    is_well(&mut host);
    record("cycles", &[("cycles", cycles.into())]);
}
