//! A device of any depth, slots, speed and hooks, polled as firmware would poll it.

use usbd_acm::descriptors::Descriptors;
use usbd_acm::{Device, Hooks, Port, Speed, Storage};
use usbd_acm_virtual::host::{AcmPort, Config, Host, linux};
use usbd_acm_virtual::{
    Board, FullSpeed, HighSpeed, Nanoseconds, Variant, Violation, VirtualController, VirtualWire,
};

use crate::probe::{Probe, bell};
use crate::{HIGH_SPEED, ONE_PORT, TestBoard};

/// When the device is polled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polling {
    /// By a main loop, again and again.
    Always,
    /// Only this long after its interrupt or its doorbell, and then until neither has more to tell.
    OnInterrupt(Nanoseconds),
}

/// What the device under test is like, beside its types.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Packets that the controller holds per direction and endpoint.
    pub depth: usize,
    /// Speed of the host.
    pub host: Speed,
    /// When the device is polled.
    pub polling: Polling,
}

impl Default for Options {
    fn default() -> Self {
        Self { depth: 2, host: Speed::High, polling: Polling::Always }
    }
}

/// The descriptors of a one-port device with this controller.
pub trait OnePort: Variant + Send + 'static {
    /// One port, at every speed that the controller has.
    fn descriptors() -> &'static Descriptors<1>;
}

impl OnePort for FullSpeed {
    fn descriptors() -> &'static Descriptors<1> {
        &ONE_PORT
    }
}

impl OnePort for HighSpeed {
    fn descriptors() -> &'static Descriptors<1> {
        &HIGH_SPEED
    }
}

/// What the application does each time it runs; its argument is the simulated time since.
pub type Application = Box<dyn FnMut(Nanoseconds)>;

/// A host with the device on its cable, not plugged in yet. `start` makes the application from the
/// port.
pub fn board<V: OnePort, H: Hooks + 'static, const SLOTS: usize, const SIZE: usize>(
    options: Options,
    hooks: H,
    start: impl FnOnce(Port<SLOTS, SIZE>) -> Application,
) -> Host<TestBoard> {
    let (controller, wire) = VirtualController::<V>::new(options.depth);
    let storage = Box::leak(Box::new(Storage::<1, SLOTS, SIZE>::new()));
    let (mut device, [port]) = storage.split(Probe::<_>::new(controller), V::descriptors(), hooks);
    bell::take();
    device.connect();
    let mut firmware =
        Firmware { device, wire: wire.clone(), polling: options.polling, waited: None };
    let mut application = start(port);
    let run = move |duration| {
        firmware.run(duration);
        application(duration);
        firmware.run(0);
    };
    let config = Config { speed: options.host, ..Config::default() };
    Host::with_config(Board::new(wire.into(), Box::new(run)), config)
}

struct Firmware<C, H, const SLOTS: usize, const SIZE: usize> {
    device: Device<C, H, 1, SLOTS, SIZE>,
    wire: VirtualWire,
    polling: Polling,
    /// How long the interrupt or the doorbell has been waiting.
    waited: Option<Nanoseconds>,
}

impl<C: usbd_acm::Controller, H: Hooks, const SLOTS: usize, const SIZE: usize>
    Firmware<C, H, SLOTS, SIZE>
{
    fn run(&mut self, duration: Nanoseconds) {
        let Polling::OnInterrupt(latency) = self.polling else { return self.device.poll() };
        // The first run after an interrupt comes when the transaction that raised it is over.
        self.waited = match self.waited {
            Some(waited) => Some(waited + duration),
            None => self.is_due().then_some(0),
        };
        if self.waited.is_none_or(|waited| waited < latency) {
            return;
        }
        self.waited = None;
        while self.is_due() {
            bell::take();
            self.device.poll();
        }
    }

    fn is_due(&self) -> bool {
        self.wire.interrupt() || bell::is_ringing()
    }
}

/// A device whose application is the test itself.
pub struct Fixture<const SLOTS: usize = 2, const SIZE: usize = 64> {
    /// The host; the device runs while its time passes.
    pub host: Host<TestBoard>,
    /// The application half.
    pub port: Port<SLOTS, SIZE>,
    /// The host's driver.
    pub acm: AcmPort,
}

impl<const SLOTS: usize, const SIZE: usize> Fixture<SLOTS, SIZE> {
    /// A device that Linux has just enumerated; nobody has opened the tty.
    pub fn new<V: OnePort>(options: Options, hooks: impl Hooks + 'static) -> Self {
        let mut application = None;
        let mut host = board::<V, _, SLOTS, SIZE>(options, hooks, |port| {
            application = Some(port);
            Box::new(|_| ())
        });
        host.plug().unwrap();
        let device = linux::enumerate(&mut host).unwrap();
        let acm = AcmPort::all(&device).remove(0);
        Self { host, port: application.unwrap(), acm }
    }

    /// DTR and RTS as one.
    pub fn set_dtr(&mut self, dtr: bool) {
        self.acm.set_control_line_state(&mut self.host, dtr, dtr).unwrap();
    }

    /// What the stack did against the contract of the controller; to be empty.
    pub fn violations(&self) -> Vec<Violation> {
        self.host.port().wire().violations()
    }
}
