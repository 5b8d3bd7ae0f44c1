//! Random hosts, schedules and drops: nothing is lost, doubled or carried into another session.

use std::cell::Cell;
use std::rc::Rc;

use embedded_io_async::{Read, Write};
use usbd_acm_embassy::{DtrPolicy, IoError, Port};
use usbd_acm_tests::ledger::Ledger;
use usbd_acm_tests::soak;
use usbd_acm_virtual::host::{AcmPort, Noise, linux, request};

use crate::driver::OnClose;
use crate::rig::{LINE_CODING, Options, Parts, Rig, start};
use crate::{Shared, shared};

const MILLISECOND: u64 = 1_000_000;

/// What the tasks and the host agree on.
#[derive(Clone)]
struct Books {
    to_host: Shared<Ledger>,
    from_host: Shared<Ledger>,
    /// Nothing more is written.
    quiet: Rc<Cell<bool>>,
    flushed: Rc<Cell<u32>>,
    disconnected: Rc<Cell<u32>>,
}

impl Books {
    fn new() -> Self {
        Self {
            to_host: shared(Ledger::default()),
            from_host: shared(Ledger::default()),
            quiet: Rc::default(),
            flushed: Rc::default(),
            disconnected: Rc::default(),
        }
    }
}

fn application(parts: Parts<'_, 2>, books: Books) {
    let Parts { executor, mut ports, whims, .. } = parts;
    let Port { mut reader, mut writer, .. } = ports.remove(0);
    let (ledger, patience) = (books.from_host.clone(), whims.clone());
    executor.spawn(async move {
        let mut buffer = [0; 100];
        loop {
            let size = 1 + patience.below(buffer.len());
            match patience.maybe(Read::read(&mut reader, &mut buffer[..size])).await {
                Some(Ok(count)) => ledger.borrow_mut().receive(&buffer[..count]),
                Some(Err(_)) => ledger.borrow_mut().end_segment(),
                None => {}
            }
        }
    });
    executor.spawn(async move {
        let ledger = &books.to_host;
        let failed = |error| {
            if error == IoError::Disconnected {
                books.disconnected.set(books.disconnected.get() + 1);
                ledger.borrow_mut().end_stream();
            }
        };
        while !books.quiet.get() {
            writer.connected().await;
            let data = ledger.borrow().upcoming(1 + whims.below(150));
            match whims.maybe(Write::write(&mut writer, &data)).await {
                Some(Ok(count)) => ledger.borrow_mut().take(count),
                Some(Err(error)) => failed(error),
                None => {}
            }
            if whims.below(3) > 0 {
                continue;
            }
            match whims.maybe(writer.flush()).await {
                Some(Ok(())) => {
                    books.flushed.set(books.flushed.get() + 1);
                    ledger.borrow_mut().acknowledge_all_but(0);
                }
                Some(Err(error)) => failed(error),
                None => {}
            }
        }
        // What was written last goes without a flush; who drops a writer drops nothing of it.
    });
}

struct Conversation {
    rig: Rig,
    books: Books,
    acm: AcmPort,
    /// The seed of the faults, if there are any.
    noise: Option<u64>,
    faults: u64,
}

impl Conversation {
    fn start(options: Options, noise: Option<u64>) -> Self {
        let books = Books::new();
        let of_application = books.clone();
        let mut rig = start::<2>(options, |parts| application(parts, of_application));
        let acm = rig.open();
        Self { rig, books, acm, noise, faults: 0 }
    }

    fn write(&mut self, count: usize) {
        let data = self.books.from_host.borrow().upcoming(count);
        self.acm.write(&mut self.rig.host, &data).unwrap();
        self.books.from_host.borrow_mut().take(count);
    }

    fn read(&mut self, duration: u64) -> usize {
        let bytes = self.acm.read_for(&mut self.rig.host, duration).unwrap();
        self.books.to_host.borrow_mut().receive(&bytes);
        bytes.len()
    }

    /// The host ends the session in this way, and begins another, without faults: the ACK of
    /// SET_ADDRESS must not be lost.
    fn renew(&mut self, how: usize) {
        self.rig.host.faults().clear();
        match how {
            0 => drop(self.rig.host.reset().unwrap()),
            1 => self.rig.host.control_out(request::set_configuration(0), &[]).unwrap(),
            _ => {
                self.rig.host.unplug();
                self.rig.host.plug().unwrap();
            }
        }
        self.books.to_host.borrow_mut().end_segment();
        let mut from_host = self.books.from_host.borrow_mut();
        // What lies in hardware is gone by right.
        from_host.excuse();
        from_host.end_stream();
        drop(from_host);
        if how == 1 {
            return self.rig.host.control_out(request::set_configuration(1), &[]).unwrap();
        }
        let device = linux::enumerate(&mut self.rig.host).unwrap();
        self.acm = AcmPort::all(&device).remove(0);
        linux::open(&mut self.rig.host, &mut self.acm, LINE_CODING).unwrap();
    }

    fn step(&mut self, what: usize, amount: usize) {
        match what {
            0..=3 => self.write(1 + amount % 300),
            4..=7 => drop(self.read(MILLISECOND)),
            8 => {
                self.renew(amount % 3);
                self.make_noise();
            }
            9 => {
                self.rig.host.suspend();
                self.rig.host.resume();
            }
            _ => self.rig.host.control_out(request::set_configuration(1), &[]).unwrap(),
        }
    }

    fn make_noise(&mut self) {
        if let Some(seed) = self.noise {
            let noise =
                Noise { drop: 300, corrupt: 300, duplicate: 300, nak_storm: 300, delay: 300 };
            self.rig.host.faults().add_noise(seed, noise);
        }
    }

    fn settle(&mut self) {
        self.faults = self.rig.host.faults().hits();
        self.rig.host.faults().clear();
        self.books.quiet.set(true);
        while self.read(5 * MILLISECOND) > 0 {}
        self.rig.host.port_mut().audit();
        self.books.to_host.borrow_mut().settle();
        self.books.from_host.borrow_mut().settle();
    }
}

#[test]
fn embassy_random_conversations() {
    let (mut flushed, mut disconnected, mut given_up, mut faults) = (0, 0, 0, 0);
    for seed in 0..u64::from(100 * soak(50)) {
        let mut options = Options { seed, drops_runner: seed % 2 == 1, ..Options::default() };
        options.on_close = if seed % 4 < 2 { OnClose::Fails } else { OnClose::Waits };
        options.config.dtr = DtrPolicy::Ignore;
        let is_noisy = seed % 3 == 0;
        let mut conversation = Conversation::start(options, is_noisy.then_some(seed));
        let whims = conversation.rig.whims.clone();
        conversation.make_noise();
        // A toggle that is reset after the host's ACK was lost doubles the packet: whoever selects a
        // configuration again on such a wire gets what USB 2.0 §8.6.4 cannot prevent.
        let steps = if is_noisy { 10 } else { 11 };
        for _ in 0..40 {
            conversation.step(whims.below(steps), whims.below(10_000));
        }
        whims.be_patient();
        conversation.settle();
        faults += conversation.faults;
        flushed += conversation.books.flushed.get();
        disconnected += conversation.books.disconnected.get();
        given_up += whims.given_up();
    }
    println!(
        "{flushed} flushes, {disconnected} sessions ended, {given_up} futures dropped, {faults} faults"
    );
    assert!(flushed > 500 && disconnected > 100 && given_up > 1000 && faults > 100);
}
