//! The device: the stack on the virtual controller, and an application on its port.

use std::cell::RefCell;
use std::mem::size_of;
use std::rc::Rc;

use usbd_acm::class::Event;
use usbd_acm::descriptors::{Descriptors, Power, descriptors};
use usbd_acm::{Device, EndpointSet, Port, Speed, Storage};
use usbd_acm_virtual::host::{Config, Host};
use usbd_acm_virtual::{
    Board, FullSpeed, HighSpeed, Nanoseconds, Variant, VirtualController, VirtualWire,
};

use crate::serve::device::{PortApp, Running};

/// Packets that the controller holds per direction and endpoint.
const DEPTH: usize = 2;
/// Packets of the port's FIFO, each way: the fewest there can be.
const SLOTS: usize = 2;
/// Rounds of device and application in one go: enough to empty what one packet can fill.
const ROUNDS: usize = 4;

macro_rules! bridge {
    ($high_speed:literal) => {
        descriptors! {
            endpoints: EndpointSet::first(15),
            vendor_id: 0x1209,
            product_id: 0x0001,
            manufacturer: "usbd-acm",
            product: "USB-serial bridge",
            serial_number: "DEMO0001",
            power: Power::Bus { milliamps: 100 },
            remote_wakeup: true,
            high_speed: $high_speed,
        }
    };
}

static FULL_SPEED: Descriptors<1> = bridge!(false);
static HIGH_SPEED: Descriptors<1> = bridge!(true);

pub type DemoHost = Host<Board<Box<dyn FnMut(Nanoseconds)>>>;

/// The simulated host, with the device on its cable, not plugged in yet.
pub struct Bench {
    pub host: DemoHost,
    pub application: Rc<RefCell<dyn Application>>,
    pub footprint: Footprint,
}

/// What the demo sees of the application.
pub trait Application {
    fn start(&mut self, running: Running);
    fn running(&self) -> &Running;
    fn next_event(&mut self) -> Option<Event>;
}

impl<const SLOTS: usize, const SIZE: usize> Application for PortApp<SLOTS, SIZE> {
    fn start(&mut self, running: Running) {
        self.start(running);
    }

    fn running(&self) -> &Running {
        self.running()
    }

    fn next_event(&mut self) -> Option<Event> {
        self.next_event()
    }
}

/// RAM of the stack on this machine, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Footprint {
    /// The device half, without the controller in it.
    pub device: usize,
    pub port: usize,
    pub storage: usize,
    /// Packets of the port's FIFO, each way.
    pub slots: usize,
    /// Bytes of such a packet.
    pub packet: usize,
}

impl Footprint {
    pub fn total(&self) -> usize {
        self.device + self.port + self.storage
    }
}

impl Bench {
    pub fn new(speed: Speed, running: Running, config: Config) -> Self {
        match speed {
            Speed::Full => Self::with::<FullSpeed, 64>(&FULL_SPEED, running, config),
            Speed::High => Self::with::<HighSpeed, 512>(&HIGH_SPEED, running, config),
        }
    }

    fn with<V: Variant + 'static, const SIZE: usize>(
        descriptors: &'static Descriptors<1>,
        running: Running,
        config: Config,
    ) -> Self {
        let (controller, wire) = VirtualController::<V>::new(DEPTH);
        // Once a process: the storage is for good, as on a board.
        let storage = Box::leak(Box::new(Storage::<1, SLOTS, SIZE>::new()));
        let (mut device, [port]) = storage.split(controller, descriptors, ());
        device.connect();
        let application = Rc::new(RefCell::new(PortApp::new(port, running)));
        let firmware = firmware(device, wire.clone(), application.clone());
        Self {
            host: Host::with_config(Board::new(wire, firmware), config),
            application,
            footprint: footprint::<V, SIZE>(),
        }
    }

    /// What the stack did against the contract of its controller; there must be nothing.
    pub fn violations(&self) -> Vec<String> {
        let violations = self.host.port().wire().violations();
        violations.iter().map(|violation| format!("{violation:?}")).collect()
    }
}

fn firmware<V: Variant + 'static, const SIZE: usize>(
    mut device: Device<VirtualController<V>, (), 1, SLOTS, SIZE>,
    wire: VirtualWire,
    application: Rc<RefCell<PortApp<SLOTS, SIZE>>>,
) -> Box<dyn FnMut(Nanoseconds)> {
    Box::new(move |duration| {
        let mut application = application.borrow_mut();
        application.pass(duration);
        for _ in 0..ROUNDS {
            device.poll();
            if !application.step() && !wire.interrupt() {
                break;
            }
        }
        device.poll();
    })
}

fn footprint<V: Variant, const SIZE: usize>() -> Footprint {
    let controller = size_of::<VirtualController<V>>();
    Footprint {
        device: size_of::<Device<VirtualController<V>, (), 1, SLOTS, SIZE>>() - controller,
        port: size_of::<Port<SLOTS, SIZE>>(),
        storage: size_of::<Storage<1, SLOTS, SIZE>>(),
        slots: SLOTS,
        packet: SIZE,
    }
}
