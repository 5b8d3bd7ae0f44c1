//! Whatever the guest says, in whatever pieces.

use std::collections::BTreeMap;

use proptest::prelude::*;
use usbd_acm::Speed;
use usbd_acm_redirect::served::Session as _;
use usbd_acm_redirect::usbredir::Decoder;

use crate::guest::{Guest, bulk, control, hello, kind, packet};
use crate::model::{BULK_IN, BULK_OUT, NOTIFY};

fn setup_bytes() -> impl Strategy<Value = [u8; 8]> {
    (any::<[u8; 6]>(), 0..80u16).prop_map(|([a, b, c, d, e, f], length)| {
        let [low, high] = length.to_le_bytes();
        [a, b, c, d, e, f, low, high]
    })
}

/// A request that must get an answer, with its body.
fn answered_request() -> impl Strategy<Value = (u32, Vec<u8>)> {
    let endpoint = || prop_oneof![Just(BULK_IN), Just(BULK_OUT), Just(NOTIFY), any::<u8>()];
    prop_oneof![
        (0..3u8).prop_map(|value| (kind::SET_CONFIGURATION, vec![value])),
        Just((kind::GET_CONFIGURATION, vec![])),
        any::<[u8; 2]>().prop_map(|body| (kind::SET_ALTERNATE, body.to_vec())),
        any::<u8>().prop_map(|interface| (kind::GET_ALTERNATE, vec![interface])),
        endpoint().prop_map(|endpoint| (kind::START_INTERRUPT, vec![endpoint])),
        endpoint().prop_map(|endpoint| (kind::STOP_INTERRUPT, vec![endpoint])),
        (setup_bytes(), proptest::collection::vec(any::<u8>(), 0..80))
            .prop_map(|(setup, data)| (kind::CONTROL, control(setup, &data))),
        (endpoint(), 0..600u32).prop_map(|(endpoint, length)| {
            let data = if endpoint & 0x80 == 0 { vec![0x55; length as usize] } else { vec![] };
            (kind::BULK, bulk(endpoint, length, &data))
        }),
        (0..16u8).prop_map(|endpoint| (kind::INTERRUPT, vec![endpoint, 0, 1, 0, 0x55])),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Request(u32, Vec<u8>),
    Cancel(u64),
    Reset,
    Run,
    Unplug,
    Plug,
    Halt(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => answered_request().prop_map(|(kind, body)| Step::Request(kind, body)),
        2 => (0..40u64).prop_map(Step::Cancel),
        1 => Just(Step::Reset),
        2 => Just(Step::Run),
        1 => Just(Step::Unplug),
        2 => Just(Step::Plug),
        1 => any::<bool>().prop_map(Step::Halt),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_request_is_answered_exactly_once(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let mut guest = Guest::configured(Speed::Full);
        let mut answers: BTreeMap<u64, usize> = BTreeMap::new();
        let mut asked = BTreeMap::new();
        for (id, step) in (100u64..).zip(steps) {
            match step {
                Step::Request(kind, body) => {
                    asked.insert(id, kind);
                    guest.send(kind, id, &body);
                }
                Step::Cancel(back) => guest.send(kind::CANCEL, id.saturating_sub(back), &[]),
                Step::Reset => guest.send(kind::RESET, 0, &[]),
                Step::Run => guest.run(),
                Step::Unplug => guest.session.unplug(&mut guest.bus),
                Step::Plug => guest.session.plug(&mut guest.bus),
                Step::Halt(halted) => guest.panel.borrow_mut().halted = halted,
            }
        }
        guest.session.unplug(&mut guest.bus);
        let received = guest.take();
        for packet in received.iter().filter(|packet| packet.id >= 100) {
            *answers.entry(packet.id).or_default() += 1;
        }
        prop_assert_eq!(answers.keys().collect::<Vec<_>>(), asked.keys().collect::<Vec<_>>());
        prop_assert!(answers.values().all(|&count| count == 1), "{:?}", answers);
        guest.no_violations();
    }

    #[test]
    fn any_bytes_leave_the_session_standing(bytes: Vec<u8>, start in any::<bool>()) {
        let mut guest = Guest::silent(Speed::Full);
        let mut stream = if start { hello(0xFF) } else { Vec::new() };
        stream.extend(bytes);
        if guest.receive(&stream).is_ok() {
            guest.run();
        }
        guest.session.unplug(&mut guest.bus);
    }

    #[test]
    fn any_packet_type_and_body_leaves_the_session_standing(
        packets in proptest::collection::vec(
            (0..110u32, any::<u64>(), proptest::collection::vec(any::<u8>(), 0..100)), 0..10),
    ) {
        let mut guest = Guest::attached(Speed::Full);
        for (kind, id, body) in packets {
            if guest.receive(&packet(kind, id, &body)).is_err() {
                break;
            }
            guest.session.step(&mut guest.bus);
        }
        guest.session.unplug(&mut guest.bus);
    }

    #[test]
    fn a_stream_may_be_cut_anywhere(
        requests in proptest::collection::vec(answered_request(), 0..10),
        cuts in proptest::collection::vec(1..50usize, 1..20),
    ) {
        let mut stream = hello(0xFF);
        for (id, (kind, body)) in (1..).zip(&requests) {
            stream.extend(packet(*kind, id, body));
        }
        let mut whole = Decoder::default();
        whole.push(&stream);
        let mut pieces = Decoder::default();
        let mut cuts = cuts.iter().cycle();
        let mut rest = stream.as_slice();
        let mut from_pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            rest = later;
            pieces.push(piece);
            while let Some(request) = pieces.next_request().unwrap() {
                from_pieces.push(request);
            }
        }
        let mut from_whole = Vec::new();
        while let Some(request) = whole.next_request().unwrap() {
            from_whole.push(request);
        }
        prop_assert_eq!(from_whole.len(), requests.len() + 1);
        prop_assert_eq!(from_whole, from_pieces);
    }
}
