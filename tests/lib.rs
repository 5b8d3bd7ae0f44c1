//! What the integration tests share: our stack on the virtual controller, at the end of the
//! simulated host's cable.
#![forbid(unsafe_code)]

pub mod bridge;
pub mod compile_time;
mod deviations;
pub mod executor;
pub mod figures;
pub mod fixture;
pub mod hostile;
pub mod ledger;
pub mod plans;
pub mod probe;
pub mod traffic;

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm::descriptors::Descriptors;
use usbd_acm::{Controller, Device, Hooks, Port, Storage};
use usbd_acm_virtual::host::{Config, Host};
use usbd_acm_virtual::{
    Board, FullSpeed, Nanoseconds, Violation, VirtualController, VirtualHighSpeed,
};

pub mod model;
mod subject;
mod token_host;
mod wire;

pub use subject::{ADDRESS, Subject, each_device, each_device_in};
pub use token_host::{Firmware as TokenFirmware, TokenEnd, TokenHost};
pub use wire::TestWire;

/// The descriptors of the device under test, with `PORTS` ports.
#[macro_export]
macro_rules! test_descriptors {
    ($ports:expr, $high_speed:expr) => {
        $crate::reexport::descriptors! {
            endpoints: $crate::reexport::EndpointSet::first(15),
            ports: $ports,
            vendor_id: 0x1209,
            product_id: 0x0001,
            manufacturer: "usbd-acm",
            product: "Device under test",
            serial_number: "0123456789ABCDEF",
            power: $crate::reexport::Power::Bus { milliamps: 100 },
            remote_wakeup: true,
            high_speed: $high_speed,
        }
    };
}

/// For [`test_descriptors!`].
pub mod reexport {
    pub use usbd_acm::descriptors::{EndpointSet, Power, descriptors};
}

/// One full-speed port.
pub static ONE_PORT: Descriptors<1> = test_descriptors!(1, false);
/// Two full-speed ports.
pub static TWO_PORTS: Descriptors<2> = test_descriptors!(2, false);
/// One port that may run at high speed.
pub static HIGH_SPEED: Descriptors<1> = test_descriptors!(1, true);

/// Our stack as firmware: device and ports, polled while simulated time passes.
pub struct Firmware<C, H = (), const PORTS: usize = 1, const SIZE: usize = 64> {
    /// The device half.
    pub device: Device<C, H, PORTS, 2, SIZE>,
    /// The application halves.
    pub ports: [Port<2, SIZE>; PORTS],
}

/// The board under test, whatever runs on it.
pub type TestBoard = Board<Box<dyn FnMut(Nanoseconds)>, TestWire>;

/// A simulated host with our device on its cable.
pub struct Rig<C = VirtualController, H = (), const PORTS: usize = 1, const SIZE: usize = 64> {
    /// The host.
    pub host: Host<TestBoard>,
    /// The firmware, to look into and to act for while the host is quiet.
    pub firmware: Rc<RefCell<Firmware<C, H, PORTS, SIZE>>>,
}

/// A full-speed device with one port and an application that does nothing.
pub fn full_speed() -> Rig {
    full_speed_running(|_, _| ())
}

/// A full-speed device with one port and an application, run after every poll.
pub fn full_speed_running(application: impl FnMut(&mut [Port; 1], Nanoseconds) + 'static) -> Rig {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    Rig::new(controller, wire, &ONE_PORT, (), application)
}

/// A device that may run at high speed, with one port.
pub fn high_speed_running(
    application: impl FnMut(&mut [Port<2, 512>; 1], Nanoseconds) + 'static,
) -> Rig<VirtualHighSpeed, (), 1, 512> {
    let (controller, wire) = VirtualHighSpeed::new(2);
    Rig::new(controller, wire, &HIGH_SPEED, (), application)
}

/// A full-speed device with two ports.
pub fn two_ports_running(
    application: impl FnMut(&mut [Port; 2], Nanoseconds) + 'static,
) -> Rig<VirtualController, (), 2> {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    Rig::new(controller, wire, &TWO_PORTS, (), application)
}

impl<C, H, const PORTS: usize, const SIZE: usize> Rig<C, H, PORTS, SIZE>
where
    C: Controller + 'static,
    H: Hooks + 'static,
{
    /// A device with any controller, descriptors, hooks and application.
    pub fn new(
        controller: C,
        wire: impl Into<TestWire>,
        descriptors: &'static Descriptors<PORTS>,
        hooks: H,
        application: impl FnMut(&mut [Port<2, SIZE>; PORTS], Nanoseconds) + 'static,
    ) -> Self {
        Self::with_config(controller, wire, descriptors, hooks, application, Config::default())
    }

    /// The same on another kind of host.
    pub fn with_config(
        controller: C,
        wire: impl Into<TestWire>,
        descriptors: &'static Descriptors<PORTS>,
        hooks: H,
        mut application: impl FnMut(&mut [Port<2, SIZE>; PORTS], Nanoseconds) + 'static,
        config: Config,
    ) -> Self {
        let storage = Box::leak(Box::new(Storage::<PORTS, 2, SIZE>::new()));
        let (mut device, ports) = storage.split(controller, descriptors, hooks);
        device.connect();
        let firmware = Rc::new(RefCell::new(Firmware { device, ports }));
        let running = firmware.clone();
        let run: Box<dyn FnMut(Nanoseconds)> = Box::new(move |duration| {
            let Firmware { device, ports } = &mut *running.borrow_mut();
            device.poll();
            application(ports, duration);
            device.poll();
        });
        Self { host: Host::with_config(Board::new(wire.into(), run), config), firmware }
    }

    /// What the stack did against the contract of the controller; to be empty.
    pub fn violations(&self) -> Vec<Violation> {
        self.host.port().wire().violations()
    }
}

/// Echoes what was read, as long as it fits.
pub fn echo<const SIZE: usize>(port: &mut Port<2, SIZE>) {
    while let Ok(bytes) = port.reader.fill_buf() {
        match port.writer.write(bytes) {
            Ok(count) => port.reader.consume(count),
            Err(_) => break,
        }
    }
}

/// `times` with `SOAK=1` in the environment, which lets the tests run for long; 1 otherwise.
pub fn soak(times: u32) -> u32 {
    match std::env::var_os("SOAK") {
        Some(value) if value != "0" => times,
        _ => 1,
    }
}
