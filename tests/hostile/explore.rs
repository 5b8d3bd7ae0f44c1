//! Every state that a device can be brought to, and every event in each of them.

use std::collections::{HashMap, VecDeque};

use usbd_acm::{Controller, Hooks};

use super::event::{Call, Event};
use super::host::{enumeration, transfer};
use super::twin::Twin;
use crate::model::StateKey;

/// The graph that was walked: all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Graph {
    /// States that can be reached.
    pub states: u64,
    /// Events in states.
    pub transitions: u64,
    /// Events in all that were judged, with those that lead to a state and look at it.
    pub events: u64,
    /// Length of the longest of the shortest ways to a state.
    pub depth: u64,
}

/// How states are told apart, and what can happen in them.
pub struct Plan {
    /// What can happen.
    pub alphabet: Vec<Event>,
    /// Whether states differ by what the ports move.
    pub with_data: bool,
}

/// Walks breadth first through every state that can be reached from power-off, and lets every event
/// of the alphabet happen in each. After each of them the device is asked over the bus for all it
/// knows; in each state it is told to start over, and must enumerate and move data.
///
/// A state is reached by its shortest way from power-off, so what two ways to it have left behind
/// beside the state is judged on one of them. Where states differ by data, each way is taken by a new
/// device; otherwise by one that was used before, after a loss of VBUS.
///
/// # Panics
/// When an outcome is not the one that the model names.
pub fn explore<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize>(
    plan: &Plan,
    make: impl Fn() -> Twin<C, H, PORTS, SIZE>,
) -> Graph {
    let mut twin = make();
    restart(&mut twin);
    let start = twin.key(plan.with_data);
    let mut ways: HashMap<StateKey, Vec<Event>> = HashMap::from([(start.clone(), Vec::new())]);
    let mut open = VecDeque::from([start.clone()]);
    let mut graph = Graph { states: 0, transitions: 0, events: 0, depth: 0 };
    while let Some(state) = open.pop_front() {
        let way = ways[&state].clone();
        graph.states += 1;
        graph.depth = graph.depth.max(way.len() as u64);
        let mut twin = make();
        for &event in &plan.alphabet {
            if plan.with_data {
                // How bytes become packets depends on where a FIFO was left.
                twin = make();
            }
            restart(&mut twin);
            assert_eq!(twin.key(plan.with_data), start, "power-off is where it starts");
            twin.apply_all(way.iter().copied());
            assert_eq!(twin.key(plan.with_data), state, "the same way, the same state");
            twin.apply(event);
            graph.transitions += 1;
            let next = twin.key(plan.with_data);
            if !ways.contains_key(&next) {
                ways.insert(next.clone(), [&way[..], &[event]].concat());
                open.push_back(next);
            }
            ask(&mut twin);
            graph.events += twin.forget_history();
        }
        restart(&mut twin);
        twin.apply_all(way.iter().copied());
        start_over(&mut twin);
        graph.events += twin.forget_history();
    }
    graph
}

/// Off, with nothing left that was not read.
fn restart<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize>(
    twin: &mut Twin<C, H, PORTS, SIZE>,
) {
    twin.apply_all([Event::Vbus(false), Event::Connect(true)]);
    for port in (0..=u8::MAX).take(PORTS) {
        let calls = [Call::Consume(512); 4];
        let calls = calls.into_iter().chain([Call::Flush, Call::Levels(0), Call::Events]);
        twin.apply_all(calls.map(|call| Event::Call(port, call)));
    }
}

/// Everything that can be asked for over the bus, if there is one.
fn ask<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize>(
    twin: &mut Twin<C, H, PORTS, SIZE>,
) {
    // What is armed now, without taking it.
    twin.apply_all((0..3).map(|number| Event::In { number, ack: false }));
    twin.apply(Event::Suspend(false));
    let questions = [
        [0x80, 0, 0, 0, 0, 0, 2, 0],
        [0x80, 8, 0, 0, 0, 0, 1, 0],
        [0x82, 0, 0, 0, 0x01, 0, 2, 0],
        [0x82, 0, 0, 0, 0x81, 0, 2, 0],
        [0x82, 0, 0, 0, 0x82, 0, 2, 0],
        [0xA1, 0x21, 0, 0, 0, 0, 7, 0],
        [0x80, 6, 0, 1, 0, 0, 18, 0],
    ];
    questions.into_iter().for_each(|setup| twin.apply_all(transfer(setup, 1)));
}

/// I8: whatever happened, the device is alive: it enumerates, and bytes go both ways.
fn start_over<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize>(
    twin: &mut Twin<C, H, PORTS, SIZE>,
) {
    twin.apply_all([Event::Connect(true), Event::Vbus(true)]);
    twin.apply_all(enumeration());
    twin.apply_all(transfer([0x21, 0x22, 3, 0, 0, 0, 0, 0], 0));
    let configured = twin.model().control.state;
    assert_eq!(configured, usbd_acm::State::Configured);
    let calls = [Call::Consume(512); 5].into_iter().chain([Call::Flush, Call::Write(5)]);
    twin.apply_all(calls.map(|call| Event::Call(0, call)));
    assert_eq!(twin.model().ports[0].pending(), 5);
    // A zero-length packet may come first.
    twin.apply_all([Event::In { number: 1, ack: true }; 2]);
    assert_eq!(twin.model().ports[0].pending(), 0);
    twin.apply(Event::Out { number: 1, data1: false, length: 5 });
    assert_eq!(twin.model().ports[0].readable().len(), 5);
    twin.apply(Event::Call(0, Call::Read(64)));
    assert_eq!(twin.model().ports[0].readable().len(), 0);
}
