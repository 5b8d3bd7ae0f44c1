//! Each policy, with each meaning of DTR, with and without the probe, while host and cable do
//! anything: what does not arrive is counted, nothing arrives twice or in another session, and no
//! write takes longer than its policy says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::test_runner::Config;
use usbd_acm::policy::{DropNewest, DropOldest, Fail, PolicyWriter, Wait, WritePolicy};
use usbd_acm::{PortControl, Reader};
use usbd_acm_tests::fixture::{Fixture, Options, Polling};
use usbd_acm_tests::probe::{IGNORE, PREFER, REQUIRE, policy as policy_of};
use usbd_acm_tests::soak;
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{Noise, SplitMix64};

use crate::cable::{Cable, SharedCable};
use crate::{Asking, MICROSECOND, MILLISECOND};

/// Something that application, host or cable do.
#[derive(Clone, Copy, Debug)]
enum Action {
    Write(usize),
    Flush,
    Run(u64),
    Read(bool),
    Dtr(bool),
    HostWrites(usize),
    Suspend(u64),
    Deconfigure,
    Reset,
    Replug,
    Noise(Option<u64>),
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => (1usize..300).prop_map(Action::Write),
        1 => Just(Action::Flush),
        8 => (1u64..3_000_000).prop_map(Action::Run),
        4 => prop::bool::weighted(0.75).prop_map(Action::Read),
        3 => any::<bool>().prop_map(Action::Dtr),
        1 => (1usize..64).prop_map(Action::HostWrites),
        1 => (0u64..5_000_000).prop_map(Action::Suspend),
        1 => Just(Action::Deconfigure),
        1 => Just(Action::Reset),
        1 => Just(Action::Replug),
        2 => any::<Option<u64>>().prop_map(Action::Noise),
    ]
}

/// One run.
#[derive(Clone, Debug)]
struct Scenario {
    options: Options,
    seed: u64,
    actions: Vec<Action>,
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    let polling = prop_oneof![
        2 => Just(Polling::Always),
        1 => (0u64..60_000).prop_map(Polling::OnInterrupt),
    ];
    let options = (prop_oneof![Just(1), Just(2), Just(4)], polling)
        .prop_map(|(depth, polling)| Options { depth, polling, ..Options::default() });
    (options, any::<u64>(), prop::collection::vec(actions(), 1..60))
        .prop_map(|(options, seed, actions)| Scenario { options, seed, actions })
}

/// What happened in all runs of a property.
#[derive(Clone, Copy, Default, Debug)]
struct Figures {
    runs: u64,
    sessions: u64,
    faults: u64,
    offered: u64,
    arrived: u64,
    lost: u64,
    /// Neither arrived nor counted.
    unaccounted: u64,
    /// More arrived than was written, or than is left of it.
    duplicated: u64,
}

/// The longest that any policy here waits, and a turn of the host.
const LONGEST_WAIT: u64 = 3 * MILLISECOND;

/// One in ten packets comes to harm.
const NOISE: Noise =
    Noise { drop: 1500, corrupt: 1500, duplicate: 1500, nak_storm: 1500, delay: 0 };

struct Play<P> {
    cable: SharedCable,
    writer: PolicyWriter<P>,
    reader: Reader,
    control: PortControl,
    random: SplitMix64,
    /// Bytes written and arrived, by session.
    written: BTreeMap<u16, Vec<u8>>,
    arrived: BTreeMap<u16, Vec<u8>>,
    offered: u64,
    /// Whether device and host always agree on what was acknowledged.
    exact: bool,
}

impl<P: WritePolicy> Play<P> {
    fn perform(&mut self, action: Action) {
        match action {
            Action::Write(count) => self.write(count),
            Action::Flush => self.timed(|play| _ = play.writer.flush()),
            Action::Run(duration) => self.cable.borrow_mut().run(duration),
            Action::Read(reading) => self.cable.borrow_mut().reading = reading,
            Action::Dtr(dtr) => self.cable.borrow_mut().set_dtr(dtr),
            Action::HostWrites(count) if self.control.is_connected() => {
                self.cable.borrow_mut().write(&vec![0; count]);
                // So that it is in the FIFO when the application looks.
                self.cable.borrow_mut().run(100 * MICROSECOND);
            }
            Action::HostWrites(_) => {}
            Action::Suspend(duration) => self.cable.borrow_mut().suspend(duration),
            Action::Deconfigure => self.cable.borrow_mut().deconfigure(),
            Action::Reset => self.cable.borrow_mut().reset(),
            Action::Replug => self.cable.borrow_mut().replug(),
            Action::Noise(seed) => {
                self.exact &= seed.is_none();
                self.cable.borrow_mut().set_noise(seed.map(|seed| (seed, NOISE)));
            }
        }
        while let Ok(bytes) = self.reader.fill_buf() {
            let count = bytes.len();
            self.reader.consume(count);
        }
    }

    fn write(&mut self, count: usize) {
        let bytes: Vec<u8> =
            (0..count).map(|_| u8::try_from(self.random.below(256)).unwrap()).collect();
        let session = self.control.session().number();
        let mut taken = 0;
        self.timed(|play| taken = play.writer.write(&bytes).unwrap_or(0));
        self.offered += taken as u64;
        self.written.entry(session).or_default().extend(&bytes[..taken]);
    }

    fn timed(&mut self, act: impl FnOnce(&mut Self)) {
        let before = self.cable.borrow().now();
        act(self);
        let took = self.cable.borrow().now() - before;
        assert!(took <= LONGEST_WAIT, "{took} ns");
    }

    /// What arrived is of the session that is open, before anything could end it.
    fn collect(&mut self, session: u16) {
        let bytes = self.cable.borrow_mut().take_received();
        if !bytes.is_empty() {
            self.arrived.entry(session).or_default().extend(bytes);
        }
    }

    /// Everything that is left arrives.
    fn settle(&mut self) {
        let mut cable = self.cable.borrow_mut();
        cable.set_noise(None);
        cable.reading = true;
        cable.set_dtr(true);
        cable.run(30 * MILLISECOND);
        drop(cable);
        let _ = self.writer.writer().is_flushed();
        assert_eq!(self.writer.writer().is_flushed(), Ok(true));
    }

    fn check(&mut self) -> Figures {
        for (session, arrived) in &self.arrived {
            let empty = Vec::new();
            let mut written = self.written.get(session).unwrap_or(&empty).iter();
            let in_order = arrived.iter().all(|byte| written.any(|other| other == byte));
            assert!(in_order, "session {session} has bytes of another: {arrived:?}");
        }
        let arrived = self.arrived.values().map(|bytes| bytes.len() as u64).sum::<u64>();
        let lost = u64::from(self.writer.lost());
        let accounted = arrived + lost;
        // An acknowledgement that the device did not see makes bytes count twice.
        let surplus = if self.exact { accounted - self.offered.min(accounted) } else { 0 };
        Figures {
            runs: 1,
            sessions: self.written.keys().filter(|session| *session % 2 == 1).count() as u64,
            faults: self.cable.borrow_mut().faults(),
            offered: self.offered,
            arrived,
            lost,
            unaccounted: self.offered - self.offered.min(accounted),
            duplicated: surplus + arrived - self.offered.min(arrived),
        }
    }
}

fn play<P: WritePolicy, const DTR: u8, const HOLD: i32>(
    scenario: &Scenario,
    policy: fn(SharedCable) -> P,
) -> Figures {
    let hooks = Asking::<DTR, HOLD>::default();
    let Fixture { host, port, acm } = Fixture::new::<FullSpeed>(scenario.options, hooks);
    let cable = Rc::new(RefCell::new(Cable::new(host, acm)));
    let mut play = Play {
        writer: port.writer.with_policy(policy(cable.clone())).reporting_overruns(),
        reader: port.reader,
        control: port.control,
        cable,
        random: SplitMix64::new(scenario.seed),
        written: BTreeMap::new(),
        arrived: BTreeMap::new(),
        offered: 0,
        exact: scenario.options.polling == Polling::Always,
    };
    for action in &scenario.actions {
        let session = play.control.session().number();
        play.perform(*action);
        play.collect(match action {
            // They may begin a session, in which something arrives at once; or end one, at the end.
            Action::HostWrites(_) | Action::Dtr(true) => play.control.session().number(),
            _ => session,
        });
    }
    play.settle();
    play.collect(play.control.session().number());
    assert_eq!(play.cable.borrow().violations(), []);
    play.check()
}

fn property<P: WritePolicy, const DTR: u8, const HOLD: i32>(
    name: &str,
    policy: fn(SharedCable) -> P,
) {
    let total = RefCell::new(Figures::default());
    let config = Config { cases: 48 * soak(100), failure_persistence: None, ..Config::default() };
    proptest!(config, |(scenario in scenarios())| {
        let figures = play::<P, DTR, HOLD>(&scenario, policy);
        prop_assert_eq!((figures.unaccounted, figures.duplicated), (0, 0), "{:?}", figures);
        let total = &mut *total.borrow_mut();
        total.runs += figures.runs;
        total.sessions += figures.sessions;
        total.faults += figures.faults;
        total.offered += figures.offered;
        total.arrived += figures.arrived;
        total.lost += figures.lost;
    });
    let total = total.into_inner();
    println!("{name}, DTR {:?}, probe hold {HOLD}: {total:?}", policy_of(DTR));
    assert!(total.arrived > 0 && total.sessions > 0);
}

fn pause(cable: SharedCable) -> impl FnMut() {
    move || cable.borrow_mut().run(20 * MICROSECOND)
}

fn fail(_: SharedCable) -> Fail {
    Fail
}

fn drop_newest(_: SharedCable) -> DropNewest {
    DropNewest
}

fn drop_oldest(_: SharedCable) -> DropOldest {
    DropOldest::new()
}

/// As it is where the doorbell pends an interrupt.
fn drop_oldest_at_once(cable: SharedCable) -> impl WritePolicy {
    DropOldest::new().waiting(move || {
        cable.borrow_mut().run(1);
        true
    })
}

fn wait(cable: SharedCable) -> impl WritePolicy {
    Wait::frames(2).pausing(pause(cable))
}

fn wait_or_fail(cable: SharedCable) -> impl WritePolicy {
    let clock = cable.clone();
    let now = move || u32::try_from(clock.borrow().now() / MICROSECOND).unwrap();
    Wait::clock(now, 2000).pausing(pause(cable)).or_fail()
}

macro_rules! properties {
    ($($policy:ident),*) => {$(
        mod $policy {
            use super::{IGNORE, PREFER, REQUIRE, property};

            #[test]
            fn dtr_ignored() {
                property::<_, IGNORE, -1>(stringify!($policy), super::$policy);
            }

            #[test]
            fn dtr_ignored_and_probed() {
                property::<_, IGNORE, 3>(stringify!($policy), super::$policy);
            }

            #[test]
            fn dtr_preferred() {
                property::<_, PREFER, -1>(stringify!($policy), super::$policy);
            }

            #[test]
            fn dtr_preferred_and_probed() {
                property::<_, PREFER, 3>(stringify!($policy), super::$policy);
            }

            #[test]
            fn dtr_required() {
                property::<_, REQUIRE, -1>(stringify!($policy), super::$policy);
            }

            #[test]
            fn dtr_required_and_probed() {
                property::<_, REQUIRE, 3>(stringify!($policy), super::$policy);
            }
        }
    )*};
}

properties!(fail, drop_newest, drop_oldest, drop_oldest_at_once, wait, wait_or_fail);
