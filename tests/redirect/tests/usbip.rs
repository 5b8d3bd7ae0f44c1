//! The USB/IP session, by bytes, against a device model.

mod model;

use std::cell::RefCell;
use std::rc::Rc;

use model::{BULK_IN, BULK_OUT, Model, NOTIFY, Panel};
use proptest::prelude::*;
use usbd_acm::Speed;
use usbd_acm_redirect::bus::Bus;
use usbd_acm_redirect::served::{Session as _, SessionEnd};
use usbd_acm_redirect::usbip::Session;

const EPIPE: i32 = -32;
const ECONNRESET: i32 = -104;
const ESHUTDOWN: i32 = -108;
const EREMOTEIO: i32 = -121;

struct Client {
    session: Session,
    bus: Bus,
    panel: Rc<RefCell<Panel>>,
}

fn operation(code: u16) -> Vec<u8> {
    [&[0x01, 0x11][..], &code.to_be_bytes(), &[0; 4]].concat()
}

fn import(bus_id: &[u8]) -> Vec<u8> {
    let mut name = bus_id.to_vec();
    name.resize(32, 0);
    [operation(0x8003), name].concat()
}

fn submit(
    sequence: u32,
    endpoint: u8,
    flags: u32,
    length: u32,
    setup: [u8; 8],
    data: &[u8],
) -> Vec<u8> {
    let direction = u32::from(endpoint & 0x80 != 0);
    let words = [
        1,
        sequence,
        0x10001,
        direction,
        u32::from(endpoint & 0x0F),
        flags,
        length,
        0,
        u32::MAX,
        0,
    ];
    [&words.map(u32::to_be_bytes).concat()[..], &setup, data].concat()
}

fn unlink(sequence: u32, target: u32) -> Vec<u8> {
    let mut words = [0u32; 12];
    words[..6].copy_from_slice(&[2, sequence, 0x10001, 0, 0, target]);
    words.map(u32::to_be_bytes).concat()
}

/// Command, sequence number, status, bytes moved, data.
type Answer = (u32, u32, i32, u32, Vec<u8>);

impl Client {
    fn new() -> Self {
        let (model, panel) = Model::new();
        Self { session: Session::new(), bus: Bus::new(Box::new(model), Speed::High), panel }
    }

    fn configured() -> Self {
        let mut client = Self::new();
        client.send(&import(b"1-1"));
        assert_eq!(client.session.output().len(), 8 + 312);
        client.session.output().clear();
        client.send(&submit(1, 0, 0, 0, [0, 9, 1, 0, 0, 0, 0, 0], &[]));
        assert_eq!(client.answers(&[]), [(3, 1, 0, 0, vec![])]);
        client
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), SessionEnd> {
        self.session.receive(bytes, &mut self.bus)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.receive(bytes).unwrap();
    }

    fn run(&mut self) {
        for _ in 0..200 {
            while self.session.step(&mut self.bus) {}
            self.bus.end_frame();
        }
    }

    /// Answers so far; `incoming` are the sequence numbers that bring data.
    fn answers(&mut self, incoming: &[u32]) -> Vec<Answer> {
        let bytes = std::mem::take(self.session.output());
        let mut rest = bytes.as_slice();
        let mut answers = Vec::new();
        while !rest.is_empty() {
            let word = |n: usize| u32::from_be_bytes(rest[4 * n..4 * n + 4].try_into().unwrap());
            let (command, sequence, status, moved) =
                (word(0), word(1), word(5).cast_signed(), word(6));
            let length =
                if command == 3 && incoming.contains(&sequence) { moved as usize } else { 0 };
            answers.push((command, sequence, status, moved, rest[48..48 + length].to_vec()));
            rest = &rest[48 + length..];
        }
        answers
    }
}

#[test]
fn the_device_is_listed_with_its_interfaces() {
    let mut client = Client::new();
    client.send(&operation(0x8005));
    let list = std::mem::take(client.session.output());
    assert_eq!(list[..12], [1, 0x11, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1]);
    let record = &list[12..];
    assert_eq!(record.len(), 312 + 2 * 4);
    assert_eq!(record[256..260], *b"1-1\0");
    // Bus 1, device 1, high speed.
    assert_eq!(record[288..300], [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3]);
    assert_eq!(record[300..312], [0x12, 0x09, 0x00, 0x01, 0x12, 0x34, 2, 0, 0, 1, 1, 2]);
    assert_eq!(record[312..], [2, 2, 1, 0, 10, 0, 0, 0]);
}

#[test]
fn only_our_device_can_be_imported() {
    let mut client = Client::new();
    client.send(&import(b"3-2"));
    assert_eq!(*client.session.output(), [1, 0x11, 0, 3, 0, 0, 0, 1]);
}

#[test]
fn control_and_bulk_transfers_move_data() {
    let mut client = Client::configured();
    client.send(&submit(2, 0x80, 0, 18, [0x80, 6, 0, 1, 0, 0, 18, 0], &[]));
    let answers = client.answers(&[2]);
    assert_eq!((answers[0].2, answers[0].3, answers[0].4.len()), (0, 18, 18));
    client.send(&submit(3, 0x80, 0, 64, [0xC0, 1, 0, 0, 0, 0, 64, 0], &[]));
    assert_eq!(client.answers(&[3]), [(3, 3, EPIPE, 0, vec![])]);
    client.send(&submit(4, BULK_IN, 0, 512, [0; 8], &[]));
    client.send(&submit(5, BULK_OUT, 0, 3, [0; 8], &[1, 2, 3]));
    client.run();
    assert_eq!(client.answers(&[4]), [(3, 5, 0, 3, vec![]), (3, 4, 0, 3, vec![1, 2, 3])]);
    assert_eq!(client.panel.borrow().violations, Vec::<String>::new());
}

#[test]
fn a_zero_packet_ends_a_transfer_that_asks_for_it() {
    let mut client = Client::configured();
    client.send(&submit(2, BULK_OUT, 0x40, 512, [0; 8], &[7; 512]));
    client.send(&submit(3, BULK_OUT, 0, 512, [0; 8], &[8; 512]));
    client.run();
    let sizes: Vec<_> = client.panel.borrow().received.iter().map(Vec::len).collect();
    assert_eq!(sizes, [512, 0, 512]);
}

#[test]
fn short_is_an_error_for_those_who_say_so() {
    let mut client = Client::configured();
    client.panel.borrow_mut().queued.extend([vec![1; 5], vec![2; 5]]);
    client.send(&submit(2, BULK_IN, 1, 512, [0; 8], &[]));
    client.send(&submit(3, BULK_IN, 0, 512, [0; 8], &[]));
    client.run();
    let statuses: Vec<_> = client.answers(&[2, 3]).iter().map(|answer| answer.2).collect();
    assert_eq!(statuses, [EREMOTEIO, 0]);
}

#[test]
fn notifications_arrive() {
    let mut client = Client::configured();
    client.send(&submit(2, NOTIFY, 0, 16, [0; 8], &[]));
    client.run();
    assert_eq!(client.answers(&[2]), []);
    client.panel.borrow_mut().notifications.push_back(vec![0xA1; 10]);
    client.run();
    assert_eq!(client.answers(&[2]), [(3, 2, 0, 10, vec![0xA1; 10])]);
}

#[test]
fn an_unlinked_urb_is_not_answered_itself() {
    let mut client = Client::configured();
    client.send(&submit(2, BULK_IN, 0, 512, [0; 8], &[]));
    client.send(&unlink(3, 2));
    assert_eq!(client.answers(&[]), [(4, 3, ECONNRESET, 0, vec![])]);
    client.send(&unlink(4, 2));
    assert_eq!(client.answers(&[]), [(4, 4, 0, 0, vec![])]);
}

#[test]
fn unplugging_answers_everything_and_ends_the_connection() {
    let mut client = Client::configured();
    client.send(&submit(2, BULK_IN, 0, 512, [0; 8], &[]));
    client.session.unplug(&mut client.bus);
    assert_eq!(client.answers(&[]), [(3, 2, ESHUTDOWN, 0, vec![])]);
    assert!(client.session.is_over());
}

proptest! {
    #[test]
    fn any_bytes_leave_the_session_standing(bytes: Vec<u8>, start in any::<bool>()) {
        let mut client = Client::new();
        let mut stream = if start { import(b"1-1") } else { Vec::new() };
        stream.extend(bytes);
        if client.receive(&stream).is_ok() {
            client.run();
        }
        client.session.unplug(&mut client.bus);
    }

    #[test]
    fn any_urb_leaves_the_session_standing(
        words in any::<[u32; 10]>(), setup in any::<[u8; 8]>(), command in 1..3u32, length in 0..2000u32,
    ) {
        let mut client = Client::configured();
        let mut words = words;
        words[0] = command;
        words[6] = length;
        let bytes = [&words.map(u32::to_be_bytes).concat()[..], &setup, &[0; 2000]].concat();
        if client.receive(&bytes).is_ok() {
            client.run();
        }
        client.session.unplug(&mut client.bus);
    }
}
