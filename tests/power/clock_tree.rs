//! A board that gates its clock tree in suspend: in which order, and how long it takes to resume, in
//! simulated time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use usbd_acm::{Hooks, Port, Storage};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_tests::probe::{PowerCall, Probe, ThisThread, power_calls};
use usbd_acm_virtual::host::{AcmPort, Host, Transfer, linux};
use usbd_acm_virtual::{Board, FullSpeed, Nanoseconds, VirtualController};

use crate::MILLISECOND;

/// A crystal takes this long to swing, and a PLL to lock; both are usual.
const CRYSTAL: Nanoseconds = 2 * MILLISECOND;
const PLL: Nanoseconds = MILLISECOND / 5;
/// A device must answer this long after resume (USB 2.0 §7.1.7.7).
const RECOVERY: Nanoseconds = 10 * MILLISECOND;

/// A node of the tree, from the root on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Node {
    Crystal,
    Pll,
    UsbClock,
}

/// What happened to the tree, or to the driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Off(Node),
    On(Node),
    /// The driver was told to gate or to restore the chip.
    Driver(PowerCall),
}

#[derive(Default)]
struct Tree {
    now: Cell<Nanoseconds>,
    /// The processor waits for a clock until then.
    busy_until: Cell<Nanoseconds>,
    steps: RefCell<Vec<Step>>,
}

impl Tree {
    /// Takes over what the driver was told since.
    fn note(&self, step: Option<Step>) {
        let mut steps = self.steps.borrow_mut();
        steps.extend(power_calls().into_iter().map(Step::Driver));
        steps.extend(step);
    }

    fn take_steps(&self) -> Vec<Step> {
        self.note(None);
        self.steps.take()
    }

    fn wait(&self, duration: Nanoseconds) {
        let begin = self.now.get().max(self.busy_until.get());
        self.busy_until.set(begin + duration);
    }
}

struct Clocks(Rc<Tree>);

impl Hooks for Clocks {
    fn suspended(&mut self) {
        for node in [Node::UsbClock, Node::Pll, Node::Crystal] {
            self.0.note(Some(Step::Off(node)));
        }
    }

    fn resumed(&mut self) {
        self.0.note(Some(Step::On(Node::Crystal)));
        self.0.wait(CRYSTAL);
        self.0.note(Some(Step::On(Node::Pll)));
        self.0.wait(PLL);
        self.0.note(Some(Step::On(Node::UsbClock)));
    }
}

type ClockedBoard = Board<Box<dyn FnMut(Nanoseconds)>>;

/// A device whose firmware stands still while it waits for a clock.
fn enumerated(tree: &Rc<Tree>) -> (Host<ClockedBoard>, AcmPort, Port) {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let storage = Box::leak(Box::new(Storage::<1, 2, 64>::new()));
    let probe = Probe::<_, ThisThread>::new(controller);
    let (mut device, [port]) = storage.split(probe, &ONE_PORT, Clocks(tree.clone()));
    device.connect();
    let time = tree.clone();
    let run: Box<dyn FnMut(Nanoseconds)> = Box::new(move |duration| {
        time.now.set(time.now.get() + duration);
        if time.now.get() >= time.busy_until.get() {
            device.poll();
        }
    });
    let mut host = Host::new(Board::new(wire, run));
    host.plug().unwrap();
    let known = linux::enumerate(&mut host).unwrap();
    tree.take_steps();
    (host, AcmPort::all(&known).remove(0), port)
}

const DOWN: [Step; 4] = [
    Step::Driver(PowerCall::Gate),
    Step::Off(Node::UsbClock),
    Step::Off(Node::Pll),
    Step::Off(Node::Crystal),
];
const UP: [Step; 4] = [
    Step::On(Node::Crystal),
    Step::On(Node::Pll),
    Step::On(Node::UsbClock),
    Step::Driver(PowerCall::Ungate),
];

#[test]
fn the_tree_is_gated_from_the_leaves_and_restored_from_the_root() {
    let tree = Rc::new(Tree::default());
    let (mut host, mut acm, mut port) = enumerated(&tree);
    for _ in 0..3 {
        host.suspend();
        host.run(50 * MILLISECOND);
        assert_eq!(tree.take_steps(), DOWN);
        host.resume();
        assert_eq!(tree.take_steps(), UP);
        port.writer.write(b"still here").unwrap();
        assert_eq!(acm.read(&mut host, 10).unwrap(), b"still here");
        assert_eq!(tree.take_steps(), []);
    }
    assert_eq!(host.port().wire().violations(), []);
}

#[test]
fn a_reset_in_suspend_restores_it_as_well() {
    let tree = Rc::new(Tree::default());
    let (mut host, _, _port) = enumerated(&tree);
    host.suspend();
    host.run(MILLISECOND);
    tree.take_steps();
    host.reset().unwrap();
    assert_eq!(tree.take_steps(), UP);
    assert!(linux::enumerate(&mut host).is_ok());
    assert_eq!(host.port().wire().violations(), []);
}

/// The bytes were written in suspend, and the host reads from the end of its recovery time on.
#[test]
fn time_to_resume() {
    let tree = Rc::new(Tree::default());
    let (mut host, acm, mut port) = enumerated(&tree);
    host.suspend();
    host.run(50 * MILLISECOND);
    port.writer.write(b"good morning").unwrap();
    let resumed = host.now() + 20 * MILLISECOND;
    host.resume();
    let clocks = tree.busy_until.get();
    let mut read = Transfer::read(acm.function().data_in, 64);
    while read.outcome().is_none() {
        host.exchange(&mut [&mut read], 1000);
        assert!(host.now() < resumed + 2 * RECOVERY, "nothing came");
    }
    assert_eq!(read.moved(), b"good morning");
    // The board counts from its first poll, the host from plugging in: both run at one rate.
    let offset = host.now() - tree.now.get();
    let (ready, first) = (clocks + offset - resumed, host.now() - resumed);
    println!("clocks {ready} ns after the end of resume signalling, first packet {first} ns after");
    assert!((CRYSTAL + PLL..RECOVERY).contains(&ready), "{ready} ns");
    assert!((RECOVERY..RECOVERY + MILLISECOND).contains(&first), "{first} ns");
    assert_eq!(host.port().wire().violations(), []);
}
