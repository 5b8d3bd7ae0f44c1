//! Writers that do not wait for ever, the probe whether the host reads, the 1200-baud touch, and what
//! an application that joins reader and writer needs.

mod cable;
mod drop_oldest;
mod joined;
mod joined_model;
mod model;
mod probe;
mod touch;
mod writers;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use usbd_acm::policy::{PolicyWriter, WritePolicy};
use usbd_acm::{DtrPolicy, Hooks, PortControl, Probe};
use usbd_acm_tests::TestBoard;
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_tests::probe::{PREFER, policy};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{AcmPort, Host, Transfer};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;

/// A board that asks for everything; `HOLD` is that of the probe, and -1 is none.
#[derive(Default)]
struct Asking<const DTR: u8 = PREFER, const HOLD: i32 = -1> {
    touched: Rc<Cell<Option<usize>>>,
}

impl<const DTR: u8, const HOLD: i32> Hooks for Asking<DTR, HOLD> {
    const DTR: DtrPolicy = policy(DTR);
    const PROBE: Probe = match HOLD {
        -1 => Probe::Off,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        hold => Probe::ZeroLengthPacket { hold: hold as u16 },
    };
    const FRAMES: bool = true;
    const LOSSY: bool = true;
    const TOUCH_1200: bool = true;

    fn touched(&mut self, port: usize) {
        self.touched.set(Some(port));
    }
}

/// A host that a writer can wait for.
type SharedHost = Rc<RefCell<Host<TestBoard>>>;

/// A configured device whose application writes by a policy.
struct Logger<P> {
    host: SharedHost,
    acm: AcmPort,
    writer: PolicyWriter<P>,
    control: PortControl,
}

fn logger<P: WritePolicy>(policy: impl FnOnce(SharedHost) -> P) -> Logger<P> {
    logger_on(Asking::<PREFER>::default(), policy)
}

fn logger_on<P: WritePolicy>(
    hooks: impl Hooks + 'static,
    policy: impl FnOnce(SharedHost) -> P,
) -> Logger<P> {
    let Fixture { host, port, acm } = Fixture::new::<FullSpeed>(Options::default(), hooks);
    let host = Rc::new(RefCell::new(host));
    let writer = port.writer.with_policy(policy(host.clone())).reporting_overruns();
    Logger { host, acm, writer, control: port.control }
}

impl<P: WritePolicy> Logger<P> {
    /// Everything that the host gets within 5 ms.
    fn received(&mut self) -> Vec<u8> {
        self.acm.read_for(&mut self.host.borrow_mut(), 5 * MILLISECOND).unwrap()
    }

    /// Reads one packet.
    fn read_packet(&mut self) -> Vec<u8> {
        let mut read = Transfer::read(self.acm.function().data_in, 64);
        self.host.borrow_mut().exchange(&mut [&mut read], MILLISECOND);
        read.into_moved()
    }

    fn run(&mut self, duration: u64) {
        self.host.borrow_mut().run(duration);
    }

    fn set_dtr(&mut self, dtr: bool) {
        self.acm.set_control_line_state(&mut self.host.borrow_mut(), dtr, dtr).unwrap();
    }
}

impl<P> Drop for Logger<P> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.host.borrow().port().wire().violations(), []);
        }
    }
}

/// The numbers from 0 on, four bytes each.
fn numbers(count: u32) -> Vec<u8> {
    (0..count).flat_map(u32::to_le_bytes).collect()
}
