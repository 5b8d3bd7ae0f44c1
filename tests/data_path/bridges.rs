//! The same by way of `usb-device`.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;
use usbd_acm::{Hooks, Port, Speed};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_tests::bridge::{Bridge, board};
use usbd_acm_tests::fixture::{Application, Options, Polling};
use usbd_acm_tests::ledger::Ledger;
use usbd_acm_tests::probe::{IGNORE, PREFER, REQUIRE, Recorder};
use usbd_acm_tests::traffic::InTraffic;

use super::application::Books;
use super::terminal::Action;
use super::{Scenario, Shared, config, converse, in_a_loop, scenarios, terminal};

/// A `UsbBus` takes packets before anybody has room for them: one, or two that an `AsUsbBus` gives to
/// hardware that buffers twice.
const TAKEN_EARLY: usize = 2 * 64;

fn play<const DTR: u8>(bridge: Bridge, scenario: &Scenario) {
    let [endpoints] = ONE_PORT.ports();
    let traffic = InTraffic::new(endpoints.data_in.number(), 64);
    let books = Books { from_host: Ledger::with_tolerance(TAKEN_EARLY), ..Books::default() };
    let shared: Shared = (Rc::new(RefCell::new(books)), Rc::new(RefCell::new(traffic)));
    let theirs = shared.clone();
    let start = |[port]: [Port; 1]| -> Application { in_a_loop(port, scenario.seed, theirs) };
    let host = board(bridge, &ONE_PORT, Recorder::<DTR>, start);
    let mut terminal = terminal(host, <Recorder<DTR> as Hooks>::DTR, shared);
    terminal.eager = true;
    converse(terminal, &without_vbus(bridge, scenario));
}

/// No `UsbBus` tells of lost VBUS: to firmware the session goes on until the bus is reset, while host
/// and books know better.
fn without_vbus(bridge: Bridge, scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    if bridge != Bridge::ClassOnController {
        let unplugs = scenario.actions.iter_mut().filter(|a| matches!(a, Action::Replug));
        unplugs.for_each(|action| *action = Action::Reset);
    }
    scenario
}

fn property<const DTR: u8>(bridge: Bridge) {
    proptest!(config(), |(scenario in scenarios(64))| play::<DTR>(bridge, &scenario));
}

#[test]
fn device_on_bus_dtr_preferred() {
    property::<PREFER>(Bridge::DeviceOnBus);
}

#[test]
fn device_on_bus_dtr_ignored() {
    property::<IGNORE>(Bridge::DeviceOnBus);
}

#[test]
fn device_on_bus_dtr_required() {
    property::<REQUIRE>(Bridge::DeviceOnLentBus);
}

#[test]
fn class_on_controller_dtr_preferred() {
    property::<PREFER>(Bridge::ClassOnController);
}

#[test]
fn class_on_controller_dtr_ignored() {
    property::<IGNORE>(Bridge::ClassOnController);
}

#[test]
fn class_on_controller_dtr_required() {
    property::<REQUIRE>(Bridge::ClassOnController);
}

#[test]
fn class_on_bus_dtr_preferred() {
    property::<PREFER>(Bridge::ClassOnBus);
}

#[test]
fn class_on_bus_dtr_ignored() {
    property::<IGNORE>(Bridge::ClassOnBus);
}

#[test]
fn class_on_bus_dtr_required() {
    property::<REQUIRE>(Bridge::ClassOnBus);
}

/// Two packets that the hardware took in a session that was hung up are lost with the reset that
/// follows, which the books held against the device.
#[test]
fn a_reset_drops_what_hardware_took_in_a_session_that_is_over() {
    let scenario = Scenario {
        options: Options { depth: 1, host: Speed::Full, polling: Polling::Always },
        seed: 4_369_485_637_061_573_485,
        actions: vec![
            Action::Dtr(true),
            Action::Read(false),
            Action::Write(193),
            Action::Run(51_335),
            Action::Dtr(false),
            Action::Reset,
        ],
    };
    play::<REQUIRE>(Bridge::ClassOnController, &scenario);
}

/// The class read in suspend, and the bus gave the free slot to a chip whose clock was off.
#[test]
fn reading_in_suspend_leaves_the_chip_alone() {
    let scenario = Scenario {
        options: Options { depth: 1, host: Speed::Full, polling: Polling::Always },
        seed: 7_128_594_761_343_782_560,
        actions: vec![
            Action::Write(81),
            Action::Run(795_998),
            Action::Write(333),
            Action::Run(616_677),
            Action::Suspend(0),
        ],
    };
    play::<IGNORE>(Bridge::ClassOnController, &scenario);
}
