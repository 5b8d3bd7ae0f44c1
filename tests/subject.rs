//! The devices under test, each on the cable of a simulated host.

use usbd_acm::{Port, SetupPacket, Speed, State};
use usbd_acm_virtual::host::{
    AcmPort, Conduct, Config, Host, KnownDevice, TransferError, linux, request,
};
use usbd_acm_virtual::{DevicePort, FullSpeed, VirtualController, VirtualHighSpeed};

use crate::bridge::{self, BRIDGES, Bridge};
use crate::deviations;
use crate::fixture::Application;
use crate::model::{self, Golden};
use crate::{HIGH_SPEED, ONE_PORT, Rig, TWO_PORTS, TestBoard, echo};

/// A device that echoes on every port, whatever it is made of: the virtual controller, or a model of a
/// chip with firmware in it.
pub struct Subject<P = TestBoard> {
    /// For messages.
    pub name: String,
    /// The host.
    pub host: Host<P>,
    /// What is expected of its descriptors.
    pub golden: &'static Golden,
    /// What lies between ports and wire.
    bridge: Option<Bridge>,
}

/// The address that [`Subject::enter`] gives.
pub const ADDRESS: u8 = 9;

/// Runs `test` on every device: one port and two ports at full speed, a high-speed device at both
/// speeds, and the ports by way of `usb-device`. Whatever it does, the contract of the controller
/// must hold.
pub fn each_device(mut test: impl FnMut(&mut Subject)) {
    let own = [full_speed(), two_ports(), high_speed(), high_speed_at_full()];
    let bridged = BRIDGES.into_iter().flat_map(|bridge| [one_by(bridge), two_by(bridge)]);
    for mut subject in own.into_iter().chain(bridged) {
        subject.host.plug().expect("the device attaches");
        test(&mut subject);
        assert_eq!(subject.host.port().wire().violations(), [], "{}", subject.name);
    }
}

/// Runs `test` on every device in each of these states.
pub fn each_device_in(states: &[State], mut test: impl FnMut(&mut Subject)) {
    for &state in states {
        each_device(|subject| {
            subject.enter(state);
            test(subject);
        });
    }
}

fn one_by(bridge: Bridge) -> Subject {
    let start = |[mut port]: [Port; 1]| -> Application { Box::new(move |_| echo::<64>(&mut port)) };
    let host = bridge::board(bridge, &ONE_PORT, (), start);
    Subject { name: format!("{bridge:?}"), host, golden: &model::FULL_SPEED, bridge: Some(bridge) }
}

fn two_by(bridge: Bridge) -> Subject {
    let start = |mut ports: [Port; 2]| -> Application {
        Box::new(move |_| ports.iter_mut().for_each(echo::<64>))
    };
    let host = bridge::board(bridge, &TWO_PORTS, (), start);
    Subject {
        name: format!("{bridge:?}, two ports"),
        host,
        golden: &model::TWO_PORTS,
        bridge: Some(bridge),
    }
}

fn full_speed() -> Subject {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let rig = Rig::new(controller, wire, &ONE_PORT, (), |[port], _| echo::<64>(port));
    Subject {
        name: "full speed".to_owned(),
        host: rig.host,
        golden: &model::FULL_SPEED,
        bridge: None,
    }
}

fn two_ports() -> Subject {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let rig = Rig::new(controller, wire, &TWO_PORTS, (), |ports, _| {
        ports.iter_mut().for_each(echo::<64>)
    });
    Subject {
        name: "two ports".to_owned(),
        host: rig.host,
        golden: &model::TWO_PORTS,
        bridge: None,
    }
}

fn high_speed() -> Subject {
    high_speed_on(Speed::High, "high speed", &model::HIGH_SPEED)
}

fn high_speed_at_full() -> Subject {
    high_speed_on(Speed::Full, "high-speed device at full speed", &model::HIGH_SPEED_AT_FULL)
}

fn high_speed_on(speed: Speed, name: &'static str, golden: &'static Golden) -> Subject {
    let (controller, wire) = VirtualHighSpeed::new(2);
    let config = Config { speed, ..Config::default() };
    let application = |[port]: &mut [_; 1], _: u64| echo::<512>(port);
    let rig = Rig::with_config(controller, wire, &HIGH_SPEED, (), application, config);
    Subject { name: name.to_owned(), host: rig.host, golden, bridge: None }
}

impl<P: DevicePort> Subject<P> {
    /// A device of another kind, with nothing between ports and wire.
    pub fn new(name: String, host: Host<P>, golden: &'static Golden) -> Self {
        Self { name, host, golden, bridge: None }
    }

    /// Resets the device and brings it to a state.
    pub fn enter(&mut self, state: State) {
        self.host.reset().expect("a reset");
        if state == State::Default {
            return;
        }
        self.out(request::set_address(ADDRESS)).expect("SET_ADDRESS");
        if state == State::Configured {
            // The host learns the endpoints from it.
            self.read(request::get_descriptor(request::CONFIGURATION, 0, 4096));
            self.out(request::set_configuration(1)).expect("SET_CONFIGURATION");
        }
    }

    /// A control transfer without data.
    pub fn out(&mut self, setup: SetupPacket) -> Result<(), TransferError> {
        self.host.control_out(setup, &[])
    }

    /// A control transfer with data from the device, which must succeed.
    pub fn read(&mut self, setup: SetupPacket) -> Vec<u8> {
        let outcome = self.host.control_in(setup);
        outcome.unwrap_or_else(|error| panic!("{}: {setup:?}: {error}", self.name))
    }

    /// This request must be STALLed, and the device alive after it.
    pub fn refuses(&mut self, setup: SetupPacket) {
        let outcome = self.host.control_in(setup);
        let expected = deviations::refusal(self.bridge, &setup, 0);
        assert_eq!(outcome, Err(expected), "{}: {setup:?}", self.name);
        self.is_alive();
    }

    /// The same for a request with data towards the device, if its direction says so.
    pub fn refuses_any(&mut self, setup: SetupPacket) {
        let data = vec![1; usize::from(setup.length.min(64))];
        let outcome = self.host.control(setup, &data, Conduct::Regular);
        let expected = deviations::refusal(self.bridge, &setup, data.len());
        assert_eq!(outcome, Err(expected), "{}: {setup:?}", self.name);
        self.is_alive();
    }

    /// This request must be accepted.
    pub fn accepts(&mut self, setup: SetupPacket) {
        assert_eq!(self.out(setup), Ok(()), "{}: {setup:?}", self.name);
    }

    /// GET_DESCRIPTOR(device) works.
    pub fn is_alive(&mut self) {
        let device = self.read(request::get_descriptor(request::DEVICE, 0, 18));
        assert_eq!(device, self.golden.device, "{}", self.name);
    }

    /// Enumerates as Linux does, and opens every port.
    pub fn open(&mut self) -> (KnownDevice, Vec<AcmPort>) {
        let device = linux::enumerate(&mut self.host).expect("Linux enumerates");
        let mut ports = AcmPort::all(&device);
        for port in &mut ports {
            linux::open(&mut self.host, port, model::DEFAULT_LINE_CODING).expect("Linux opens");
        }
        (device, ports)
    }
}
