//! The usbredir session, by bytes, against a device model.

mod model;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use model::{BULK_IN, BULK_OUT, Model, NOTIFY, Panel};
use proptest::prelude::*;
use usbd_acm::Speed;
use usbd_acm_redirect::bus::Bus;
use usbd_acm_redirect::served::{Session as _, SessionEnd};
use usbd_acm_redirect::usbredir::{Decoder, Session};

const SUCCESS: u8 = 0;
const CANCELLED: u8 = 1;
const INVALID: u8 = 2;
const STALL: u8 = 4;
const TIMEOUT: u8 = 5;

mod kind {
    pub const HELLO: u32 = 0;
    pub const DEVICE_CONNECT: u32 = 1;
    pub const DEVICE_DISCONNECT: u32 = 2;
    pub const RESET: u32 = 3;
    pub const INTERFACE_INFO: u32 = 4;
    pub const EP_INFO: u32 = 5;
    pub const SET_CONFIGURATION: u32 = 6;
    pub const GET_CONFIGURATION: u32 = 7;
    pub const CONFIGURATION_STATUS: u32 = 8;
    pub const SET_ALTERNATE: u32 = 9;
    pub const GET_ALTERNATE: u32 = 10;
    pub const ALTERNATE_STATUS: u32 = 11;
    pub const START_INTERRUPT: u32 = 15;
    pub const STOP_INTERRUPT: u32 = 16;
    pub const INTERRUPT_STATUS: u32 = 17;
    pub const CANCEL: u32 = 21;
    pub const CONTROL: u32 = 100;
    pub const BULK: u32 = 101;
    pub const INTERRUPT: u32 = 103;
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Packet {
    kind: u32,
    id: u64,
    body: Vec<u8>,
}

/// QEMU's end of the connection.
struct Guest {
    session: Session,
    bus: Bus,
    panel: Rc<RefCell<Panel>>,
    input: Vec<u8>,
    greeted: bool,
}

fn hello(capabilities: u32) -> Vec<u8> {
    let mut bytes = [0u32, 68, 0].map(u32::to_le_bytes).concat();
    let mut version = b"test guest".to_vec();
    version.resize(64, 0);
    bytes.extend(version);
    bytes.extend(capabilities.to_le_bytes());
    bytes
}

fn packet(kind: u32, id: u64, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    let mut bytes = [kind, length].map(u32::to_le_bytes).concat();
    bytes.extend(id.to_le_bytes());
    bytes.extend(body);
    bytes
}

fn control(setup: [u8; 8], data: &[u8]) -> Vec<u8> {
    let [request_type, request, fields @ ..] = setup;
    let endpoint = request_type & 0x80;
    [&[endpoint, request, request_type, 0], &fields[..], data].concat()
}

fn bulk(endpoint: u8, length: u32, data: &[u8]) -> Vec<u8> {
    let [l0, l1, l2, l3] = length.to_le_bytes();
    [&[endpoint, 0, l0, l1, 0, 0, 0, 0, l2, l3], data].concat()
}

impl Guest {
    fn silent(speed: Speed) -> Self {
        let (model, panel) = Model::new();
        let bus = Bus::new(Box::new(model), speed);
        Self { session: Session::new(), bus, panel, input: Vec::new(), greeted: false }
    }

    fn attached(speed: Speed) -> Self {
        let mut guest = Self::silent(speed);
        guest.receive(&hello(0xFF)).unwrap();
        guest.take();
        guest
    }

    /// Attached and configured.
    fn configured(speed: Speed) -> Self {
        let mut guest = Self::attached(speed);
        guest.send(kind::SET_CONFIGURATION, 1, &[1]);
        let status = guest.take().pop().unwrap();
        assert_eq!((status.kind, status.body), (kind::CONFIGURATION_STATUS, vec![SUCCESS, 1]));
        guest
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), SessionEnd> {
        self.session.receive(bytes, &mut self.bus)
    }

    fn send(&mut self, kind: u32, id: u64, body: &[u8]) {
        self.receive(&packet(kind, id, body)).unwrap();
    }

    /// Frames pass, until nothing moves any more.
    fn run(&mut self) {
        for _ in 0..200 {
            while self.session.step(&mut self.bus) {}
            self.bus.end_frame();
        }
    }

    fn take(&mut self) -> Vec<Packet> {
        self.input.append(self.session.output());
        let mut packets = Vec::new();
        while !self.input.is_empty() {
            let word = |at: usize| u32::from_le_bytes(self.input[at..at + 4].try_into().unwrap());
            let (kind, length) = (word(0), word(4) as usize);
            // The first hello has a short header.
            let header = if self.greeted { 16 } else { 12 };
            let id = if self.greeted {
                u64::from_le_bytes(self.input[8..16].try_into().unwrap())
            } else {
                word(8).into()
            };
            let body = self.input[header..header + length].to_vec();
            self.input.drain(..header + length);
            self.greeted = true;
            packets.push(Packet { kind, id, body });
        }
        packets
    }

    fn answer(&mut self) -> Packet {
        let mut packets = self.take();
        assert_eq!(packets.len(), 1, "{packets:x?}");
        packets.remove(0)
    }

    fn no_violations(&self) {
        assert_eq!(self.panel.borrow().violations, Vec::<String>::new());
    }
}

#[test]
fn the_device_is_introduced_after_the_guests_hello() {
    let mut guest = Guest::silent(Speed::High);
    let ours = guest.answer();
    assert_eq!((ours.kind, ours.body.len()), (kind::HELLO, 68));
    // connect_device_version, ep_info_max_packet_size, 64bits_ids, 32bits_bulk_length.
    assert_eq!(ours.body[64..], 0b111_0010u32.to_le_bytes());
    guest.run();
    assert_eq!(guest.take(), []);
    guest.receive(&hello(0xFF)).unwrap();
    let packets = guest.take();
    let kinds: Vec<_> = packets.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [kind::EP_INFO, kind::INTERFACE_INFO, kind::DEVICE_CONNECT]);
    assert_eq!(packets[0].body.len(), 32 * 5);
    assert_eq!(packets[1].body.len(), 4 + 32 * 4);
    assert_eq!(packets[1].body[..4], 2u32.to_le_bytes());
    assert_eq!(packets[2].body, [2, 2, 0, 0, 0x09, 0x12, 0x01, 0x00, 0x34, 0x12]);
}

#[test]
fn a_guest_without_the_needed_capabilities_is_refused() {
    for missing in [1, 4, 5, 6] {
        let mut guest = Guest::silent(Speed::Full);
        assert!(guest.receive(&hello(0xFF & !(1 << missing))).is_err(), "capability {missing}");
    }
}

#[test]
fn something_else_than_a_hello_is_refused() {
    let mut guest = Guest::silent(Speed::Full);
    assert!(guest.receive(&packet(kind::RESET, 0, &[])).is_err());
}

#[test]
fn the_endpoint_table_follows_the_configuration() {
    let mut guest = Guest::attached(Speed::Full);
    guest.send(kind::SET_CONFIGURATION, 7, &[1]);
    let packets = guest.take();
    let kinds: Vec<_> = packets.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [kind::EP_INFO, kind::INTERFACE_INFO, kind::CONFIGURATION_STATUS]);
    let table = &packets[0].body;
    for (slot, kind, interval, interface, size) in
        [(0x11, 3, 8, 0, 16u16), (0x02, 2, 0, 1, 64), (0x12, 2, 0, 1, 64)]
    {
        assert_eq!([table[slot], table[32 + slot], table[64 + slot]], [kind, interval, interface]);
        assert_eq!(table[96 + 2 * slot..98 + 2 * slot], size.to_le_bytes());
    }
    assert_eq!(table[..32].iter().filter(|&&kind| kind == 255).count(), 27);
    assert_eq!(packets[2].id, 7);
    // The SETUP packet was made from the packet.
    assert_eq!(guest.panel.borrow().setups.last(), Some(&[0, 9, 1, 0, 0, 0, 0, 0]));
}

#[test]
fn a_refused_configuration_is_a_stall() {
    let mut guest = Guest::attached(Speed::Full);
    guest.send(kind::SET_CONFIGURATION, 7, &[9]);
    let answer = guest.answer();
    assert_eq!((answer.kind, answer.body[0]), (kind::CONFIGURATION_STATUS, STALL));
}

#[test]
fn configuration_and_interface_are_read_back() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::GET_CONFIGURATION, 2, &[]);
    assert_eq!(guest.answer().body, [SUCCESS, 1]);
    guest.send(kind::GET_ALTERNATE, 3, &[1]);
    let answer = guest.answer();
    assert_eq!((answer.kind, answer.body), (kind::ALTERNATE_STATUS, vec![SUCCESS, 1, 0]));
    guest.send(kind::SET_ALTERNATE, 4, &[1, 0]);
    let answer = guest.take().pop().unwrap();
    assert_eq!((answer.kind, answer.body), (kind::ALTERNATE_STATUS, vec![SUCCESS, 1, 0]));
}

#[test]
fn control_transfers_carry_their_data_stage() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::CONTROL, 2, &control([0x80, 6, 0, 1, 0, 0, 64, 0], &[]));
    let answer = guest.answer();
    assert_eq!(answer.body[..4], [0x80, 6, 0x80, SUCCESS]);
    assert_eq!(answer.body[8..10], [18, 0]);
    assert_eq!(answer.body.len(), 10 + 18);
    let coding = [0x80, 0x25, 0, 0, 0, 2, 7];
    guest.send(kind::CONTROL, 3, &control([0x21, 0x20, 0, 0, 0, 0, 7, 0], &coding));
    let answer = guest.answer();
    assert_eq!((answer.body[3], &answer.body[8..]), (SUCCESS, &[7, 0][..]));
    guest.send(kind::CONTROL, 4, &control([0xA1, 0x21, 0, 0, 0, 0, 7, 0], &[]));
    assert_eq!(guest.answer().body[10..], coding);
    guest.no_violations();
}

#[test]
fn a_refused_request_is_a_stall_and_a_blocked_one_times_out() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::CONTROL, 2, &control([0xC0, 1, 0, 0, 0, 0, 64, 0], &[]));
    assert_eq!(guest.answer().body[3], STALL);
    guest.panel.borrow_mut().control_blocked = true;
    guest.send(kind::CONTROL, 3, &control([0x80, 6, 0, 1, 0, 0, 64, 0], &[]));
    assert_eq!(guest.answer().body[3], TIMEOUT);
}

#[test]
fn a_guest_cannot_take_the_address_away() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::CONTROL, 2, &control([0, 5, 9, 0, 0, 0, 0, 0], &[]));
    assert_eq!(guest.answer().body[3], INVALID);
    guest.send(kind::GET_CONFIGURATION, 3, &[]);
    assert_eq!(guest.answer().body, [SUCCESS, 1]);
}

#[test]
fn bulk_out_is_cut_into_packets() {
    for (speed, sizes) in [(Speed::Full, vec![64, 64, 22]), (Speed::High, vec![150])] {
        let mut guest = Guest::configured(speed);
        guest.send(kind::BULK, 2, &bulk(BULK_OUT, 150, &[7; 150]));
        guest.run();
        let answer = guest.answer();
        assert_eq!((answer.id, answer.body), (2, bulk(BULK_OUT, 150, &[])));
        let received = &guest.panel.borrow().received;
        assert_eq!(received.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
    }
}

#[test]
fn an_empty_bulk_out_is_an_empty_packet() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::BULK, 2, &bulk(BULK_OUT, 64, &[7; 64]));
    guest.send(kind::BULK, 3, &bulk(BULK_OUT, 0, &[]));
    guest.run();
    assert_eq!(guest.take().len(), 2);
    assert_eq!(guest.panel.borrow().received, [vec![7; 64], vec![]]);
}

#[test]
fn bulk_in_ends_on_a_short_packet_or_when_full() {
    let mut guest = Guest::configured(Speed::Full);
    let queue = [vec![1; 64], vec![2; 64], vec![3; 10], vec![4; 64], vec![], vec![5; 64]];
    guest.panel.borrow_mut().queued.extend(queue);
    for id in 2..6 {
        guest.send(kind::BULK, id, &bulk(BULK_IN, 128, &[]));
    }
    guest.run();
    let lengths: Vec<_> = guest.take().iter().map(|p| (p.id, p.body.len() - 10)).collect();
    // The last one is not full and the device has no more: no answer yet.
    assert_eq!(lengths, [(2, 128), (3, 10), (4, 64)]);
    guest.panel.borrow_mut().queued.push_back(vec![6]);
    guest.run();
    assert_eq!(guest.answer().body[10..], [&[5; 64][..], &[6]].concat());
    guest.no_violations();
}

#[test]
fn nak_is_no_answer_yet() {
    let mut guest = Guest::configured(Speed::High);
    guest.panel.borrow_mut().out_blocked = true;
    guest.send(kind::BULK, 2, &bulk(BULK_OUT, 3, &[1, 2, 3]));
    guest.send(kind::BULK, 3, &bulk(BULK_IN, 512, &[]));
    guest.run();
    assert_eq!(guest.take(), []);
    guest.panel.borrow_mut().out_blocked = false;
    guest.run();
    let ids: Vec<_> = guest.take().iter().map(|p| p.id).collect();
    assert_eq!(ids, [2, 3]);
    guest.no_violations();
}

#[test]
fn a_halted_endpoint_is_a_stall() {
    let mut guest = Guest::configured(Speed::Full);
    guest.panel.borrow_mut().halted = true;
    guest.send(kind::BULK, 2, &bulk(BULK_OUT, 3, &[1, 2, 3]));
    guest.send(kind::BULK, 3, &bulk(BULK_IN, 64, &[]));
    guest.run();
    let statuses: Vec<_> = guest.take().iter().map(|p| p.body[1]).collect();
    assert_eq!(statuses, [STALL, STALL]);
}

#[test]
fn toggles_start_over_with_halts_interfaces_and_configurations() {
    let mut guest = Guest::configured(Speed::Full);
    let resets: [(u32, Vec<u8>); 3] = [
        (kind::CONTROL, control([2, 1, 0, 0, BULK_OUT, 0, 0, 0], &[])),
        (kind::SET_ALTERNATE, vec![1, 0]),
        (kind::SET_CONFIGURATION, vec![1]),
    ];
    for (kind, body) in resets {
        guest.send(kind::BULK, 2, &bulk(BULK_OUT, 1, &[1]));
        guest.send(kind::BULK, 3, &bulk(BULK_IN, 64, &[]));
        guest.run();
        // CLEAR_FEATURE of the model resets both directions, as does the test.
        if kind == kind::CONTROL {
            guest.send(kind, 5, &control([2, 1, 0, 0, BULK_IN, 0, 0, 0], &[]));
        }
        guest.send(kind, 4, &body);
        guest.take();
    }
    guest.send(kind::BULK, 2, &bulk(BULK_OUT, 1, &[9]));
    guest.send(kind::BULK, 3, &bulk(BULK_IN, 64, &[]));
    guest.run();
    assert_eq!(guest.take().last().unwrap().body[10..], [9]);
    guest.no_violations();
}

#[test]
fn a_cancel_is_answered_once_by_the_request_it_cancels() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::BULK, 2, &bulk(BULK_IN, 64, &[]));
    guest.run();
    guest.send(kind::CANCEL, 2, &[]);
    let answer = guest.answer();
    assert_eq!((answer.kind, answer.id, answer.body[1]), (kind::BULK, 2, CANCELLED));
    guest.send(kind::CANCEL, 2, &[]);
    assert_eq!(guest.take(), []);
}

#[test]
fn a_reset_answers_what_is_under_way_and_gives_the_address_back() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::START_INTERRUPT, 5, &[NOTIFY]);
    guest.send(kind::BULK, 2, &bulk(BULK_IN, 64, &[]));
    guest.send(kind::BULK, 3, &bulk(BULK_IN, 64, &[]));
    guest.take();
    guest.send(kind::RESET, 0, &[]);
    let answers: Vec<_> = guest.take().iter().map(|p| (p.id, p.body[1])).collect();
    assert_eq!(answers, [(2, CANCELLED), (3, CANCELLED)]);
    guest.run();
    guest.send(kind::GET_CONFIGURATION, 6, &[]);
    assert_eq!(guest.answer().body, [SUCCESS, 0]);
    assert_eq!(guest.panel.borrow().resets, 2);
}

#[test]
fn notifications_come_between_start_and_stop_only() {
    let mut guest = Guest::configured(Speed::High);
    let notify = |guest: &Guest| guest.panel.borrow_mut().notifications.push_back(vec![0xA1, 0x20]);
    notify(&guest);
    guest.run();
    assert_eq!(guest.take(), []);
    guest.send(kind::START_INTERRUPT, 2, &[NOTIFY]);
    let answer = guest.answer();
    assert_eq!((answer.kind, answer.body), (kind::INTERRUPT_STATUS, vec![SUCCESS, NOTIFY]));
    guest.run();
    let answer = guest.answer();
    assert_eq!(answer.body, [NOTIFY, SUCCESS, 2, 0, 0xA1, 0x20]);
    assert_eq!(answer.kind, kind::INTERRUPT);
    guest.send(kind::STOP_INTERRUPT, 3, &[NOTIFY]);
    guest.take();
    notify(&guest);
    guest.run();
    assert_eq!(guest.take(), []);
    guest.send(kind::START_INTERRUPT, 4, &[BULK_IN]);
    assert_eq!(guest.answer().body, [INVALID, BULK_IN]);
}

#[test]
fn a_reset_does_not_stop_notifications_but_a_configuration_does() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::START_INTERRUPT, 2, &[NOTIFY]);
    guest.send(kind::RESET, 0, &[]);
    guest.run();
    // Configured behind the back of the session, so that polling goes on.
    guest.send(kind::CONTROL, 3, &control([0, 9, 1, 0, 0, 0, 0, 0], &[]));
    guest.take();
    guest.panel.borrow_mut().notifications.push_back(vec![1]);
    guest.run();
    assert_eq!(guest.answer().kind, kind::INTERRUPT);
    guest.send(kind::SET_CONFIGURATION, 4, &[1]);
    guest.panel.borrow_mut().notifications.push_back(vec![2]);
    guest.take();
    guest.run();
    assert_eq!(guest.take(), []);
}

#[test]
fn unplug_answers_everything_and_plug_starts_over() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::BULK, 2, &bulk(BULK_IN, 64, &[]));
    guest.session.unplug(&mut guest.bus);
    let kinds: Vec<_> = guest.take().iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [kind::BULK, kind::DEVICE_DISCONNECT]);
    guest.send(kind::CONTROL, 3, &control([0x80, 6, 0, 1, 0, 0, 64, 0], &[]));
    assert_ne!(guest.answer().body[3], SUCCESS);
    guest.session.plug(&mut guest.bus);
    assert_eq!(guest.take().last().unwrap().kind, kind::DEVICE_CONNECT);
    guest.send(kind::GET_CONFIGURATION, 6, &[]);
    assert_eq!(guest.answer().body, [SUCCESS, 0]);
}

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
