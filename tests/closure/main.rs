//! Closure: the whole graph of states that a host can bring the device to, and every event in each.
//!
//! Two graphs, each complete under its alphabet. In one, states differ by everything but the bytes
//! on their way: device state, stage of the control pipe, halts, wake-up, suspend, session and DTR.
//! In the other they differ by what the ports move, too, and fewer requests happen: with `SOAK=1`
//! also halts, suspend and notifications. `--nocapture` prints how large they are.

use usbd_acm_tests::figures;
use usbd_acm_tests::hostile::{Call, Event, Graph, Plan, REQUESTS, closure_twin, explore, probing};
use usbd_acm_tests::model::Polling;
use usbd_acm_tests::probe::{IGNORE, PREFER, REQUIRE};
use usbd_acm_tests::soak;

/// Requests that no state accepts: of every field, one that is off.
const REFUSED: [[u8; 8]; 12] = [
    // GET_DESCRIPTOR of what there is not, and of an interface.
    [0x80, 6, 0, 0x42, 0, 0, 64, 0],
    [0x80, 6, 0, 15, 0, 0, 5, 0],
    [0x81, 6, 0, 4, 0, 0, 9, 0],
    // Addresses and configurations that are none.
    [0x00, 5, 128, 0, 0, 0, 0, 0],
    [0x00, 9, 2, 0, 0, 0, 0, 0],
    // Halt of EP0, reserved bits of wIndex, a test mode.
    [0x02, 3, 0, 0, 0, 0, 0, 0],
    [0x02, 3, 0, 0, 0x91, 0, 0, 0],
    [0x00, 3, 2, 0, 0, 1, 0, 0],
    // OUT data that fits nowhere (I4), class requests to the data interface, vendor and reserved.
    [0x21, 0x20, 0, 0, 0, 0, 8, 0],
    [0x21, 0x22, 3, 0, 1, 0, 0, 0],
    [0xC0, 1, 0, 0, 0, 0, 255, 255],
    [0x60, 9, 1, 0, 0, 0, 0, 0],
];

fn requests<'a>(list: impl IntoIterator<Item = &'a [u8; 8]>) -> impl Iterator<Item = Event> {
    let setups: Vec<[u8; 8]> = list.into_iter().copied().collect();
    setups.into_iter().map(|data| Event::Setup { number: 0, data })
}

/// What a bus does beside transactions of bulk and interrupt endpoints.
fn control() -> Vec<Event> {
    let out = |data1, length| Event::Out { number: 0, data1, length };
    let mut events = vec![
        Event::In { number: 0, ack: true },
        Event::In { number: 0, ack: false },
        out(true, 0),
        out(false, 0),
        out(true, 7),
        out(false, 7),
        out(true, 8),
        out(true, 65),
        Event::Ping { number: 0 },
        Event::Setup { number: 1, data: [0x80, 8, 0, 0, 0, 0, 1, 0] },
        Event::Elsewhere,
        Event::Reset { high: false },
        Event::Vbus(false),
        Event::Vbus(true),
        Event::Suspend(true),
        Event::Suspend(false),
        Event::Run(3),
        Event::Connect(false),
        Event::Connect(true),
        Event::Call(0, Call::Wake),
    ];
    events.extend(requests(&REQUESTS));
    events.extend(requests(&REFUSED));
    events
}

/// What moves data, and what ends a session or begins one.
fn data() -> Vec<Event> {
    let call = |call| Event::Call(0, call);
    let out = |data1, length| Event::Out { number: 1, data1, length };
    let mut events = vec![
        Event::In { number: 0, ack: true },
        Event::In { number: 1, ack: true },
        Event::In { number: 1, ack: false },
        out(false, 64),
        out(true, 5),
        out(false, 0),
        call(Call::Write(64)),
        call(Call::Write(5)),
        call(Call::Flush),
        call(Call::Read(3)),
        call(Call::Consume(64)),
        Event::Reset { high: false },
        Event::Vbus(false),
        Event::Vbus(true),
    ];
    events.extend(requests(&[
        [0x00, 5, 5, 0, 0, 0, 0, 0],
        [0x00, 9, 1, 0, 0, 0, 0, 0],
        [0x00, 9, 0, 0, 0, 0, 0, 0],
        [0x02, 1, 0, 0, 0x81, 0, 0, 0],
        [0x02, 1, 0, 0, 0x01, 0, 0, 0],
        [0x21, 0x22, 1, 0, 0, 0, 0, 0],
        [0x21, 0x22, 0, 0, 0, 0, 0, 0],
    ]));
    if soak(2) == 2 {
        events.extend(beside_data());
    }
    events
}

/// What multiplies the states of the data path by eight.
fn beside_data() -> Vec<Event> {
    let mut events = vec![
        Event::In { number: 2, ack: true },
        Event::Call(0, Call::Raise(0x40)),
        Event::Suspend(true),
        Event::Suspend(false),
    ];
    events.extend(requests(&[[0x02, 3, 0, 0, 0x81, 0, 0, 0]]));
    events
}

fn walk<const DTR: u8>(name: &str, alphabet: Vec<Event>, with_data: bool) {
    let plan = Plan { alphabet, with_data };
    record(name, &plan, explore(&plan, || closure_twin::<DTR, true>(Polling::Prompt, 2)));
}

fn record(name: &str, plan: &Plan, graph: Graph) {
    figures::record(
        &format!("closure-{name}"),
        &[
            ("states", graph.states),
            ("transitions", graph.transitions),
            ("events", graph.events),
            ("depth", graph.depth),
        ],
    );
    assert_eq!(graph.transitions, graph.states * plan.alphabet.len() as u64);
}

#[test]
fn closure_of_the_control_pipe_where_dtr_is_preferred() {
    walk::<PREFER>("control-prefer", control(), false);
}

#[test]
fn closure_of_the_control_pipe_where_dtr_is_ignored() {
    walk::<IGNORE>("control-ignore", control(), false);
}

#[test]
fn closure_of_the_control_pipe_where_dtr_is_required() {
    walk::<REQUIRE>("control-require", control(), false);
}

#[test]
fn closure_of_the_data_path_where_dtr_is_preferred() {
    walk::<PREFER>("data-prefer", data(), true);
}

#[test]
fn closure_of_the_data_path_where_dtr_is_required() {
    walk::<REQUIRE>("data-require", data(), true);
}

#[test]
fn closure_of_the_data_path_where_the_host_is_asked_whether_it_reads() {
    let plan = Plan { alphabet: data(), with_data: true };
    record("data-probe", &plan, explore(&plan, || probing::<PREFER>(Polling::Prompt, 2)));
}
