//! Nothing is lost, duplicated, reordered, or leaked from one session to another, whatever
//! application, host and cable do.

mod application;
mod bridges;
mod bulk;
mod tasks;
mod terminal;

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::test_runner::Config;
use usbd_acm::{DtrPolicy, Hooks, Port, Speed};
use usbd_acm_tests::fixture::{Application, OnePort, Options, Polling, board};
use usbd_acm_tests::probe::{IGNORE, PREFER, REQUIRE, Recorder};
use usbd_acm_tests::traffic::InTraffic;
use usbd_acm_tests::{TestBoard, soak};
use usbd_acm_virtual::host::{AcmPort, Host, SplitMix64, linux};
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

/// What application and host write down, and what the host acknowledges.
type Shared = (Rc<RefCell<Books>>, Rc<RefCell<InTraffic>>);

/// An application that runs in a loop.
fn in_a_loop<const SLOTS: usize, const SIZE: usize>(
    port: Port<SLOTS, SIZE>,
    seed: u64,
    (books, traffic): Shared,
) -> Application {
    let mut application = Fickle { port, random: SplitMix64::new(seed), books, traffic };
    Box::new(move |_| application.run())
}

fn play<V: OnePort, const DTR: u8, const SLOTS: usize, const SIZE: usize>(scenario: &Scenario) {
    play_with::<V, DTR, SLOTS, SIZE>(scenario, in_a_loop);
}

fn play_with<V: OnePort, const DTR: u8, const SLOTS: usize, const SIZE: usize>(
    scenario: &Scenario,
    start: fn(Port<SLOTS, SIZE>, u64, Shared) -> Application,
) {
    let books = Rc::new(RefCell::new(Books::default()));
    let high_speed = V::HIGH_SPEED && scenario.options.host == Speed::High;
    let packet_size = if high_speed { 512 } else { 64 };
    let [endpoints] = V::descriptors().ports();
    let traffic = InTraffic::new(endpoints.data_in.number(), packet_size);
    let traffic = Rc::new(RefCell::new(traffic));
    let shared = (books.clone(), traffic.clone());
    let theirs = shared.clone();
    let hooks = Recorder::<DTR>;
    let host = board::<V, _, SLOTS, SIZE>(scenario.options, hooks, |port| {
        start(port, scenario.seed, theirs)
    });
    let mut terminal = terminal(host, <Recorder<DTR> as Hooks>::DTR, shared);
    assert_eq!(terminal.acm.function().data_in.max_packet_size, packet_size);
    terminal.sluggish = matches!(scenario.options.polling, Polling::OnInterrupt(1..));
    converse(terminal, scenario);
}

/// The user of a device that is being plugged in.
fn terminal(mut host: Host<TestBoard>, policy: DtrPolicy, shared: Shared) -> Terminal {
    host.observe(shared.1.clone());
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let acm = AcmPort::all(&device).remove(0);
    Terminal::new(host, acm, policy, shared)
}

/// The host's part of a scenario.
fn converse(mut terminal: Terminal, scenario: &Scenario) {
    scenario.actions.iter().for_each(|action| terminal.perform(*action));
    terminal.settle();
    assert_eq!(terminal.host.port().wire().violations(), []);
}

fn property<V: OnePort, const DTR: u8, const SLOTS: usize, const SIZE: usize>() {
    property_of::<V, DTR, SLOTS, SIZE>(in_a_loop);
}

fn property_of<V: OnePort, const DTR: u8, const SLOTS: usize, const SIZE: usize>(
    start: fn(Port<SLOTS, SIZE>, u64, Shared) -> Application,
) {
    proptest!(config(), |(scenario in scenarios(SIZE))| {
        play_with::<V, DTR, SLOTS, SIZE>(&scenario, start);
    });
}

fn config() -> Config {
    let asked_for = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if asked_for { Config::default().cases } else { 40 * soak(50) };
    Config { cases, failure_persistence: None, ..Config::default() }
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

#[test]
fn tasks_dtr_preferred() {
    property_of::<FullSpeed, PREFER, 2, 64>(tasks::start);
}

#[test]
fn tasks_dtr_ignored() {
    property_of::<FullSpeed, IGNORE, 4, 64>(tasks::start);
}

#[test]
fn tasks_dtr_required() {
    property_of::<FullSpeed, REQUIRE, 2, 64>(tasks::start);
}

#[test]
fn tasks_at_high_speed() {
    property_of::<HighSpeed, PREFER, 2, 512>(tasks::start);
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
