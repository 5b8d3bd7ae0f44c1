//! A device of embassy-usb with our class, at the end of the simulated host's cable.

use std::cell::RefCell;
use std::rc::Rc;

use embassy_futures::select::{Either, select};
use embassy_usb::class::hid;
use embassy_usb::{Builder, UsbDevice};
use usbd_acm::Speed;
use usbd_acm_embassy::{AcmClass, Config, Port, Storage, Wakeup};
use usbd_acm_tests::executor::{Executor, Whims};
use usbd_acm_virtual::host::{AcmPort, Host, KnownDevice, linux};
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};

use crate::Shared;
use crate::chip::Chip;
use crate::driver::{ChipDriver, OnClose};

/// Number of the first port's data endpoint to the host; its notifications have 1.
pub const DATA_IN: usize = 2;

/// A line coding that is not the default.
pub const LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 7];

/// The chip, and the tasks that run while simulated time passes.
pub struct Board {
    pub chip: Rc<RefCell<Chip>>,
    executor: Executor,
}

impl Board {
    /// Polls every task that nobody woke: none of them may go on.
    pub fn audit(&mut self) {
        self.executor.audit();
    }
}

impl DevicePort for Board {
    fn set_vbus(&mut self, present: bool) {
        self.chip.borrow_mut().set_vbus(present);
    }

    fn attached(&self) -> bool {
        self.chip.borrow().attached()
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        self.chip.borrow_mut().bus_reset(speed)
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        self.chip.borrow_mut().setup(address, endpoint, data)
    }

    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse {
        self.chip.borrow_mut().in_token(address, endpoint, ack)
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        self.chip.borrow_mut().out_token(address, endpoint, pid, data)
    }

    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake {
        self.chip.borrow_mut().ping(address, endpoint)
    }

    fn sof(&mut self, frame: u16) {
        self.chip.borrow_mut().sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.chip.borrow_mut().set_suspended(suspended);
    }

    fn wakeup_signalled(&self) -> bool {
        self.chip.borrow().wakeup_signalled()
    }

    fn run(&mut self, _: Nanoseconds) {
        assert!(self.executor.run(10_000), "the tasks wake themselves for ever");
    }
}

/// What the device is like.
#[derive(Clone, Copy)]
pub struct Options {
    pub ports: usize,
    /// One of embassy-usb's own HIDs comes first.
    pub with_hid: bool,
    pub config: Config,
    pub on_close: OnClose,
    /// The future of the runner is dropped now and then, and another one goes on.
    pub drops_runner: bool,
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let config = Config::default();
        Self {
            ports: 1,
            with_hid: false,
            config,
            on_close: OnClose::Fails,
            drops_runner: false,
            seed: 1,
        }
    }
}

/// embassy-usb's HID, as far as it goes here.
pub type Hid = hid::HidWriter<'static, ChipDriver, 8>;

/// What an application is made from.
pub struct Parts<'a, const SLOTS: usize> {
    /// For tasks.
    pub executor: &'a mut Executor,
    /// All ports.
    pub ports: Vec<Port<SLOTS, 64>>,
    /// The HID, if the device has one.
    pub hid: Option<Hid>,
    /// To look at.
    pub chip: Shared<Chip>,
    /// For tasks that are capricious.
    pub whims: Whims,
}

impl<const SLOTS: usize> Parts<'_, SLOTS> {
    /// The first port.
    pub fn port(&mut self) -> Port<SLOTS, 64> {
        self.ports.remove(0)
    }
}

/// A device on a cable.
pub struct Rig {
    pub host: Host<Board>,
    pub whims: Whims,
}

/// Starts a device; `application` gets its ports and starts tasks of its own.
pub fn start<const SLOTS: usize>(
    options: Options,
    application: impl FnOnce(Parts<'_, SLOTS>),
) -> Rig {
    let chip = Rc::new(RefCell::new(Chip::default()));
    let whims = Whims::new(options.seed);
    let mut executor = Executor::new(whims.clone());
    let mut builder = builder(ChipDriver { chip: chip.clone(), on_close: options.on_close });
    let hid = options.with_hid.then(|| hid(&mut builder));
    let mut ports = Vec::new();
    let mut wakeups = Vec::new();
    for _ in 0..options.ports {
        let storage = leak(Storage::<SLOTS, 64>::new());
        let AcmClass { mut runner, port, wakeup } =
            AcmClass::new(&mut builder, storage, options.config);
        let (drops, whims) = (options.drops_runner, whims.clone());
        executor.spawn(async move {
            if drops {
                loop {
                    whims.maybe(runner.run()).await;
                }
            }
            runner.run().await
        });
        ports.push(port);
        wakeups.push(wakeup);
    }
    let wakeup = wakeups.remove(0);
    executor.spawn(run_device(builder.build(), wakeup));
    application(Parts {
        executor: &mut executor,
        ports,
        hid,
        chip: chip.clone(),
        whims: whims.clone(),
    });
    Rig { whims, host: Host::new(Board { chip, executor }) }
}

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

fn builder(driver: ChipDriver) -> Builder<'static, ChipDriver> {
    let mut config = embassy_usb::Config::new(0x1209, 0x0001);
    config.manufacturer = Some("usbd-acm");
    config.product = Some("Device under test");
    config.serial_number = Some("1");
    config.supports_remote_wakeup = true;
    let [configuration, bos, msos, control] = [256, 32, 32, 64].map(|size| vec![0; size].leak());
    Builder::new(driver, config, configuration, bos, msos, control)
}

/// A mouse with one button.
const REPORT_DESCRIPTOR: [u8; 26] = [
    0x05, 0x01, 0x09, 0x02, 0xA1, 0x01, 0x05, 0x09, 0x19, 0x01, 0x29, 0x01, 0x15, 0x00, 0x25, 0x01,
    0x95, 0x01, 0x75, 0x08, 0x81, 0x02, 0xC0, 0x00, 0x00, 0x00,
];

fn hid(builder: &mut Builder<'static, ChipDriver>) -> Hid {
    let config = hid::Config {
        report_descriptor: &REPORT_DESCRIPTOR,
        request_handler: None,
        poll_ms: 8,
        max_packet_size: 8,
        hid_subclass: hid::HidSubclass::No,
        hid_boot_protocol: hid::HidBootProtocol::None,
    };
    Hid::new(builder, leak(hid::State::new()), config)
}

async fn run_device(mut device: UsbDevice<'static, ChipDriver>, mut wakeup: Wakeup) {
    loop {
        device.run_until_suspend().await;
        if let Either::Second(()) = select(device.wait_resume(), wakeup.requested()).await {
            device.remote_wakeup().await.expect("the host allows it");
        }
    }
}

impl Rig {
    /// Plugs in, and enumerates as Linux does. Nobody has opened a tty.
    pub fn enumerate(&mut self) -> (KnownDevice, Vec<AcmPort>) {
        self.host.plug().unwrap();
        let device = linux::enumerate(&mut self.host).unwrap();
        let ports = AcmPort::all(&device);
        (device, ports)
    }

    /// The packets of the first port that the host acknowledged, by length.
    pub fn packets(&self) -> Vec<usize> {
        std::mem::take(&mut self.host.port().chip.borrow_mut().endpoints[0][DATA_IN].acknowledged)
    }

    /// The same, with the tty of the first port open.
    pub fn open(&mut self) -> AcmPort {
        let mut port = self.enumerate().1.remove(0);
        linux::open(&mut self.host, &mut port, LINE_CODING).unwrap();
        port
    }
}

/// A device whose application is the test itself.
pub fn by_hand(options: Options) -> (Rig, Port<2, 64>) {
    let mut port = None;
    let rig = start::<2>(options, |mut parts| port = Some(parts.port()));
    (rig, port.unwrap())
}
