//! The host's side: everything that a user, a bad cable and a host may do to a port.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;
use usbd_acm::{DtrPolicy, Speed};
use usbd_acm_tests::TestBoard;
use usbd_acm_tests::traffic::InTraffic;
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::host::{AcmPort, Host, Noise, Pipe, Transfer, request};

use crate::application::Books;

/// Something that the host's side does.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Lets the transfers go on for this long.
    Run(Nanoseconds),
    /// Writes this much, once everything before was written.
    Write(usize),
    /// The same, with a zero-length packet after a full last one, or nothing but that.
    WriteTerminated(usize),
    /// Reads, or does not.
    Read(bool),
    /// Suspends the bus for this long.
    Suspend(Nanoseconds),
    /// Resets the bus and configures the device again.
    Reset,
    /// Unplugs it and plugs it in again.
    Replug,
    /// Takes the configuration back and sets it again.
    Deconfigure,
    /// Sets DTR.
    Dtr(bool),
    /// A bad cable, or a good one.
    Noise(Option<u64>),
}

impl Action {
    /// Any action; `size` is a packet.
    pub fn any(size: usize) -> impl Strategy<Value = Self> {
        prop_oneof![
            8 => (1u64..2_000_000).prop_map(Self::Run),
            8 => (1usize..6 * size).prop_map(Self::Write),
            2 => (1usize..5).prop_map(move |packets| Self::Write(packets * size)),
            2 => (0usize..3).prop_map(move |packets| Self::WriteTerminated(packets * size)),
            2 => any::<bool>().prop_map(Self::Read),
            1 => (0u64..8_000_000).prop_map(Self::Suspend),
            1 => Just(Self::Reset),
            1 => Just(Self::Replug),
            1 => Just(Self::Deconfigure),
            4 => any::<bool>().prop_map(Self::Dtr),
            2 => any::<Option<u64>>().prop_map(Self::Noise),
        ]
    }
}

/// The host's user of one port.
pub struct Terminal {
    pub host: Host<TestBoard>,
    pub acm: AcmPort,
    pub books: Rc<RefCell<Books>>,
    pub traffic: Rc<RefCell<InTraffic>>,
    pub policy: DtrPolicy,
    /// Whether the device may lose at a reset what it was sent just before.
    pub sluggish: bool,
    /// Whether the hardware takes packets that the device has no room for.
    pub eager: bool,
    noise: Option<u64>,
    dtr: bool,
    /// Whether a session is open.
    open: bool,
    reading: bool,
    out: Option<Transfer>,
    /// Length of `out`.
    written: usize,
    read: Transfer,
}

impl Terminal {
    /// A user of a device that was just configured.
    pub fn new(
        host: Host<TestBoard>,
        acm: AcmPort,
        policy: DtrPolicy,
        (books, traffic): (Rc<RefCell<Books>>, Rc<RefCell<InTraffic>>),
    ) -> Self {
        let read = fresh_read(&acm);
        let open = policy != DtrPolicy::Require;
        Self {
            host,
            acm,
            books,
            traffic,
            policy,
            sluggish: false,
            eager: false,
            noise: None,
            dtr: false,
            open,
            reading: true,
            out: None,
            written: 0,
            read,
        }
    }

    pub fn perform(&mut self, action: Action) {
        match action {
            Action::Run(duration) => self.run(duration),
            Action::Write(count) => self.write(count, Transfer::write),
            Action::WriteTerminated(count) => self.write(count, Transfer::write_terminated),
            Action::Read(reading) => self.reading = reading,
            Action::Suspend(duration) => {
                self.host.suspend();
                self.host.run(duration);
                self.host.resume();
            }
            Action::Reset => {
                self.acknowledge_or_excuse();
                self.host.reset().unwrap();
                self.finish();
                self.configure();
            }
            Action::Replug => {
                self.acknowledge_or_excuse();
                self.host.unplug();
                self.finish();
                self.host.plug().unwrap();
                self.host.reset().unwrap();
                self.configure();
            }
            Action::Deconfigure => {
                self.host.control_out(request::set_configuration(0), &[]).unwrap();
                self.acknowledge_or_excuse();
                self.finish();
                self.host.control_out(request::set_configuration(1), &[]).unwrap();
                self.begin_unless_required();
            }
            Action::Dtr(dtr) => self.set_dtr(dtr),
            Action::Noise(seed) => {
                self.noise = seed;
                self.apply_noise();
            }
        }
    }

    /// Everything arrives, now that nobody disturbs.
    pub fn settle(&mut self) {
        self.host.faults().clear();
        self.reading = true;
        if !self.open {
            self.set_dtr(true);
        }
        self.books.borrow_mut().quiet = true;
        for _ in 0..200 {
            self.run(1_000_000);
        }
        assert!(self.out.is_none(), "the device takes nothing more");
        assert_eq!(self.read.moved(), [], "a transfer that does not end");
        assert!(self.traffic.borrow().is_terminated());
        let books = &mut *self.books.borrow_mut();
        assert_eq!(books.flushed, Ok(true));
        books.to_host.settle();
        books.from_host.settle();
    }

    fn run(&mut self, duration: Nanoseconds) {
        let end = self.host.now() + duration;
        while self.host.now() < end {
            let left = (end - self.host.now()).min(100_000);
            let mut transfers: Vec<&mut Transfer> = self.out.iter_mut().collect();
            if self.reading {
                transfers.push(&mut self.read);
            }
            match transfers.is_empty() {
                true => self.host.run(left),
                false => self.host.exchange(&mut transfers, left),
            }
            self.collect();
        }
    }

    fn collect(&mut self) {
        let books = &mut *self.books.borrow_mut();
        if let Some(outcome) = self.read.outcome() {
            outcome.unwrap();
            books.to_host.receive(self.read.moved());
            self.read = fresh_read(&self.acm);
        }
        let Some(out) = &self.out else { return };
        if let Some(outcome) = out.outcome() {
            outcome.unwrap();
            books.from_host.acknowledge_all_but(0);
            self.out = None;
        }
    }

    fn write(&mut self, count: usize, transfer: impl Fn(Pipe, &[u8]) -> Transfer) {
        if self.out.is_some() {
            return;
        }
        match (self.open, self.policy) {
            (false, DtrPolicy::Require) => return,
            // An empty packet is no data, and begins no session.
            (false, _) if count > 0 => self.begin(),
            _ => {}
        }
        let books = &mut *self.books.borrow_mut();
        let data = books.from_host.upcoming(count);
        books.from_host.take(count);
        self.written = count;
        self.out = Some(transfer(self.acm.function().data_out, &data));
    }

    fn apply_noise(&mut self) {
        self.host.faults().clear();
        if let Some(seed) = self.noise {
            self.host.faults().add_noise(seed, NOISE);
        }
    }

    /// A host that gives a transfer up between two attempts of a packet does not know whether the
    /// device has it, and would lose the next one. So no attempt is left without an answer.
    fn await_answer(&mut self) {
        let Some(out) = &mut self.out else { return };
        self.host.faults().clear();
        self.host.exchange(&mut [out], 100_000);
        self.apply_noise();
        self.collect();
    }

    fn set_dtr(&mut self, dtr: bool) {
        self.await_answer();
        self.acm.set_control_line_state(&mut self.host, dtr, true).unwrap();
        let changed = std::mem::replace(&mut self.dtr, dtr) != dtr;
        match (self.policy, dtr) {
            (DtrPolicy::Ignore, _) => {}
            (_, true) if !self.open => self.begin(),
            (_, false) if changed => self.end(),
            _ => {}
        }
    }

    /// Where the acknowledgement of the status stage of SET_ADDRESS is lost, the device stays at
    /// its old address, and the host, as every host does, starts over.
    fn configure(&mut self) {
        for _ in 0..10 {
            if self.host.control_out(request::set_address(5), &[]).is_ok()
                && self.host.control_out(request::set_configuration(1), &[]).is_ok()
            {
                return self.begin_unless_required();
            }
            self.host.reset().unwrap();
        }
        panic!("not configured after ten attempts");
    }

    fn begin_unless_required(&mut self) {
        self.dtr = false;
        if self.policy != DtrPolicy::Require {
            self.begin();
        }
    }

    fn begin(&mut self) {
        // A packet that was taken too early begins a session, too, where data does.
        assert!(self.eager || self.read.moved().is_empty(), "data of no session");
        self.open = true;
    }

    /// The session is over, if there was one.
    fn end(&mut self) {
        self.acknowledge();
        self.finish();
    }

    /// Before a reset or deconfiguration, which drops what the device was not asked for yet.
    fn acknowledge_or_excuse(&mut self) {
        if self.sluggish || self.eager {
            self.books.borrow_mut().from_host.excuse();
        } else {
            self.acknowledge();
        }
    }

    fn acknowledge(&mut self) {
        if let Some(out) = &self.out {
            let left = self.written - out.moved().len();
            self.books.borrow_mut().from_host.acknowledge_all_but(left);
        }
    }

    fn finish(&mut self) {
        self.open = false;
        self.out = None;
        let books = &mut *self.books.borrow_mut();
        books.to_host.receive(self.read.moved());
        books.to_host.end_segment();
        self.read = fresh_read(&self.acm);
        books.from_host.end_stream();
        self.traffic.borrow_mut().cut();
    }
}

/// Long enough to go on over many packets, so that only a short packet ends it.
fn fresh_read(acm: &AcmPort) -> Transfer {
    Transfer::read(acm.function().data_in, 1 << 20)
}

/// One packet in ten comes to harm. No delays: the host's clock would run on between a packet that
/// the device knows to be acknowledged and its acknowledgement.
const NOISE: Noise =
    Noise { drop: 1500, corrupt: 1500, duplicate: 1500, nak_storm: 1500, delay: 0 };

/// Both speeds of a host.
pub fn any_speed() -> impl Strategy<Value = Speed> {
    prop_oneof![Just(Speed::Full), Just(Speed::High)]
}
