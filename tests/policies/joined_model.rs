//! An echo over any number of sessions: every byte that comes back was sent in the session in which it
//! comes back, in order.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::test_runner::Config;
use usbd_acm::{Port, WriteError};
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_tests::probe::{PREFER, REQUIRE};
use usbd_acm_tests::soak;
use usbd_acm_virtual::FullSpeed;

use crate::cable::Cable;
use crate::{Asking, MICROSECOND, MILLISECOND};

#[derive(Clone, Copy, Debug)]
enum Action {
    /// The host sends this many bytes, at most two packets.
    Send(usize),
    /// The application echoes this many packets.
    Echo(usize),
    Run(u64),
    Read(bool),
    /// DTR falls and rises.
    HangUp,
    Reset,
    Deconfigure,
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (1usize..128).prop_map(Action::Send),
        6 => (0usize..4).prop_map(Action::Echo),
        4 => (1u64..300_000).prop_map(Action::Run),
        2 => any::<bool>().prop_map(Action::Read),
        3 => Just(Action::HangUp),
        1 => Just(Action::Reset),
        1 => Just(Action::Deconfigure),
    ]
}

struct Play {
    cable: Cable,
    port: Port,
    /// Number of the session, as the host counts, and what it sent and got in that.
    session: u8,
    sent: Vec<u8>,
    came: Vec<u8>,
    /// Bytes that came back in all.
    echoed: usize,
}

impl Play {
    fn perform(&mut self, action: Action) {
        match action {
            Action::Send(count) => self.send(count),
            Action::Echo(packets) => (0..packets).for_each(|_| self.echo()),
            Action::Run(duration) => self.cable.run(duration),
            Action::Read(reading) => self.cable.reading = reading,
            Action::HangUp => {
                self.cable.set_dtr(false);
                self.end_session();
                self.cable.set_dtr(true);
            }
            Action::Reset => {
                self.cable.reset();
                self.end_session();
                self.cable.set_dtr(true);
            }
            Action::Deconfigure => {
                self.cable.set_dtr(false);
                self.cable.deconfigure();
                self.end_session();
                self.cable.set_dtr(true);
            }
        }
        self.came.extend(self.cable.take_received());
    }

    /// As much as the device has room for.
    fn send(&mut self, count: usize) {
        while self.port.reader.is_ready() {
            self.echo();
        }
        if self.port.reader.is_ready() {
            return;
        }
        let numbers = (0..=0x0F).cycle().skip(self.sent.len() % 0x10);
        let bytes: Vec<u8> = numbers.take(count).map(|i: u8| self.session << 4 | i).collect();
        self.cable.write(&bytes);
        self.sent.extend(&bytes);
        self.cable.run(100 * MICROSECOND);
    }

    fn echo(&mut self) {
        let Ok((session, bytes)) = self.port.reader.front() else { return };
        let count = match self.port.writer.write_in(session, bytes) {
            Ok(count) => count,
            // The host does not read: the echo is lost, but not kept for others.
            Err(WriteError::Full) if !self.cable.reading => bytes.len(),
            Err(WriteError::Full) => {
                self.cable.run(MILLISECOND);
                0
            }
            Err(_) => bytes.len(),
        };
        self.port.reader.consume(count);
    }

    fn end_session(&mut self) {
        self.came.extend(self.cable.take_received());
        let mut sent = self.sent.iter();
        let in_order = self.came.iter().all(|byte| sent.any(|other| other == byte));
        assert!(in_order, "{:x?} came of {:x?}", self.came, self.sent);
        self.echoed += self.came.len();
        self.sent.clear();
        self.came.clear();
        self.session = (self.session + 1) & 0x0F;
    }
}

fn property<const DTR: u8>() {
    let echoed = Rc::new(RefCell::new(0));
    let config = Config { cases: 200 * soak(50), failure_persistence: None, ..Config::default() };
    proptest!(config, |(actions in prop::collection::vec(actions(), 1..80))| {
        let hooks = Asking::<DTR>::default();
        let Fixture { host, port, acm } = Fixture::new::<FullSpeed>(Options::default(), hooks);
        let mut cable = Cable::new(host, acm);
        cable.set_dtr(true);
        cable.reading = true;
        let (sent, came) = (Vec::new(), Vec::new());
        let mut play = Play { cable, port, session: 0, sent, came, echoed: 0 };
        actions.iter().for_each(|action| play.perform(*action));
        play.end_session();
        assert_eq!(play.cable.violations(), []);
        *echoed.borrow_mut() += play.echoed;
    });
    println!("{} bytes echoed, none in another session", echoed.borrow());
    assert!(*echoed.borrow() > 1000);
}

#[test]
fn dtr_preferred() {
    property::<PREFER>();
}

#[test]
fn dtr_required() {
    property::<REQUIRE>();
}
