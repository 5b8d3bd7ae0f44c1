//! Nothing is lost, duplicated, reordered, or leaked from one session to another, whatever
//! application, host and cable do.

mod application;
mod bulk;
mod terminal;

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::test_runner::Config;
use usbd_acm::{Hooks, Speed};
use usbd_acm_tests::fixture::{OnePort, Options, Polling, board};
use usbd_acm_tests::probe::{IGNORE, PREFER, REQUIRE, Recorder};
use usbd_acm_tests::soak;
use usbd_acm_tests::traffic::InTraffic;
use usbd_acm_virtual::host::{AcmPort, SplitMix64, linux};
use usbd_acm_virtual::{FullSpeed, HighSpeed};

use application::{Books, Fickle};
use terminal::{Action, Terminal, any_speed};

/// One run.
#[derive(Clone, Debug)]
struct Scenario {
    options: Options,
    seed: u64,
    actions: Vec<Action>,
}

fn scenarios(size: usize) -> impl Strategy<Value = Scenario> {
    let polling = prop_oneof![
        Just(Polling::Always),
        Just(Polling::OnInterrupt(0)),
        (1u64..60_000).prop_map(Polling::OnInterrupt),
    ];
    let options = (prop_oneof![Just(1), Just(2), Just(4)], any_speed(), polling)
        .prop_map(|(depth, host, polling)| Options { depth, host, polling });
    let actions = prop::collection::vec(Action::any(size), 1..40);
    (options, any::<u64>(), actions).prop_map(|(options, seed, actions)| Scenario {
        options,
        seed,
        actions,
    })
}

fn play<V: OnePort, const DTR: u8, const SLOTS: usize, const SIZE: usize>(scenario: &Scenario) {
    let books = Rc::new(RefCell::new(Books::default()));
    let high_speed = V::HIGH_SPEED && scenario.options.host == Speed::High;
    let packet_size = if high_speed { 512 } else { 64 };
    let [endpoints] = V::descriptors().ports();
    let traffic = InTraffic::new(endpoints.data_in.number(), packet_size);
    let traffic = Rc::new(RefCell::new(traffic));
    let shared = (books.clone(), traffic.clone());
    let hooks = Recorder::<DTR>;
    let policy = <Recorder<DTR> as Hooks>::DTR;
    let mut host = board::<V, _, SLOTS, SIZE>(scenario.options, hooks, |port| {
        let random = SplitMix64::new(scenario.seed);
        let mut application = Fickle { port, random, books, traffic };
        Box::new(move |_| application.run())
    });
    host.observe(shared.1.clone());
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let acm = AcmPort::all(&device).remove(0);
    assert_eq!(acm.function().data_in.max_packet_size, packet_size);
    let mut terminal = Terminal::new(host, acm, policy, shared);
    terminal.sluggish = matches!(scenario.options.polling, Polling::OnInterrupt(1..));
    scenario.actions.iter().for_each(|action| terminal.perform(*action));
    terminal.settle();
    assert_eq!(terminal.host.port().wire().violations(), []);
}

fn property<V: OnePort, const DTR: u8, const SLOTS: usize, const SIZE: usize>() {
    let asked_for = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if asked_for { Config::default().cases } else { 40 * soak(50) };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    proptest!(config, |(scenario in scenarios(SIZE))| {
        play::<V, DTR, SLOTS, SIZE>(&scenario);
    });
}

#[test]
fn full_speed_two_slots_dtr_preferred() {
    property::<FullSpeed, PREFER, 2, 64>();
}

#[test]
fn full_speed_two_slots_dtr_ignored() {
    property::<FullSpeed, IGNORE, 2, 64>();
}

#[test]
fn full_speed_two_slots_dtr_required() {
    property::<FullSpeed, REQUIRE, 2, 64>();
}

#[test]
fn full_speed_four_slots() {
    property::<FullSpeed, PREFER, 4, 64>();
}

#[test]
fn full_speed_eight_slots() {
    property::<FullSpeed, REQUIRE, 8, 64>();
}

#[test]
fn high_speed_two_slots() {
    property::<HighSpeed, PREFER, 2, 512>();
}

#[test]
fn high_speed_four_slots() {
    property::<HighSpeed, REQUIRE, 4, 512>();
}

#[test]
fn high_speed_eight_slots() {
    property::<HighSpeed, PREFER, 8, 512>();
}

/// Noise spoilt three transactions in a row, which it promises not to.
#[test]
fn noise_on_a_ping_alone_never_exhausts_the_host() {
    play::<HighSpeed, PREFER, 2, 512>(&Scenario {
        options: Options { depth: 2, host: Speed::High, polling: Polling::OnInterrupt(48401) },
        seed: 13_317_909_446_381_955_111,
        actions: vec![
            Action::Run(817_664),
            Action::Replug,
            Action::Dtr(false),
            Action::Write(1025),
            Action::Dtr(true),
            Action::Replug,
            Action::Write(1810),
            Action::Noise(Some(15_242_869_808_411_066_482)),
            Action::Run(933_018),
        ],
    });
}
