//! Stack and model, side by side.

use usbd_acm::descriptors::Descriptors;
use usbd_acm::{Controller, SetupPacket, State};
use usbd_acm_tests::bridge::{OnBus, on_bus};
use usbd_acm_tests::model::{Answer, Golden, Model};
use usbd_acm_tests::{HIGH_SPEED, ONE_PORT, TWO_PORTS, TestWire, TokenHost, model};
use usbd_acm_virtual::host::request;
use usbd_acm_virtual::{DevicePort, VirtualController, VirtualHighSpeed};

/// What a device goes through before the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Default, Address or Configured.
    In(State),
    /// Configured, and suspended and resumed before every request.
    Resumed,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::In(State::Default),
        Self::In(State::Address),
        Self::In(State::Configured),
        Self::Resumed,
    ];

    fn state(self) -> State {
        match self {
            Self::In(state) => state,
            Self::Resumed => State::Configured,
        }
    }
}

/// A device, kept in one condition, and the model of it.
pub struct Walk<C, const PORTS: usize, const SIZE: usize> {
    host: TokenHost<C, (), PORTS, SIZE>,
    model: Model,
    condition: Condition,
    /// Control transfers that were compared, without those that restore the condition.
    pub cases: u64,
}

/// One full-speed port.
pub fn one_port(condition: Condition) -> Walk<VirtualController, 1, 64> {
    Walk::new(VirtualController::new(2), &ONE_PORT, &model::FULL_SPEED, condition)
}

/// Two full-speed ports.
pub fn two_ports(condition: Condition) -> Walk<VirtualController, 2, 64> {
    Walk::new(VirtualController::new(2), &TWO_PORTS, &model::TWO_PORTS, condition)
}

/// One port at high speed.
pub fn high_speed(condition: Condition) -> Walk<VirtualHighSpeed, 1, 512> {
    Walk::new(VirtualHighSpeed::new(2), &HIGH_SPEED, &model::HIGH_SPEED, condition)
}

/// Two full-speed ports on a driver of `usb-device`.
pub fn two_ports_on_bus(condition: Condition) -> Walk<OnBus<2>, 2, 64> {
    Walk::new(on_bus(&TWO_PORTS), &TWO_PORTS, &model::TWO_PORTS, condition)
}

impl<C: Controller, const PORTS: usize, const SIZE: usize> Walk<C, PORTS, SIZE> {
    fn new(
        (controller, wire): (C, impl Into<TestWire>),
        descriptors: &'static Descriptors<PORTS>,
        golden: &'static Golden,
        condition: Condition,
    ) -> Self {
        let host = TokenHost::new(controller, wire, descriptors, ());
        let mut walk = Self { host, model: Model::new(golden), condition, cases: 0 };
        walk.enter();
        walk
    }

    /// One case without a look whether the device is alive, and the state restored.
    pub fn visit(&mut self, setup: SetupPacket) {
        self.compare(setup);
        self.cases += 1;
        if self.model.state != self.condition.state() {
            self.enter();
        }
    }

    /// One case, and the condition restored.
    pub fn check(&mut self, setup: SetupPacket) {
        if self.condition == Condition::Resumed {
            self.suspend_and_resume();
        }
        self.compare(setup);
        self.cases += 1;
        self.compare(request::get_descriptor(request::DEVICE, 0, 18));
        if self.model.state != self.condition.state() {
            self.enter();
        }
    }

    /// Every request that a host needs to come up.
    pub fn enumerate(&mut self) {
        self.reset();
        self.compare(request::get_descriptor(request::DEVICE, 0, 64));
        self.reset();
        self.compare(request::set_address(5));
        self.compare(request::get_descriptor(request::DEVICE, 0, 18));
        self.compare(request::get_descriptor(request::CONFIGURATION, 0, 9));
        self.compare(request::get_descriptor(request::CONFIGURATION, 0, 4096));
        for index in 0..4 {
            self.compare(request::get_string(index, 0x0409, 255));
        }
        self.compare(request::set_configuration(1));
        self.compare(request::get_configuration());
        self.enter();
    }

    /// The end of a walk: what the controller has to say.
    pub fn finish(self) -> u64 {
        assert_eq!(self.host.violations(), []);
        self.cases
    }

    fn enter(&mut self) {
        self.reset();
        if self.condition.state() != State::Default {
            self.compare(request::set_address(5));
        }
        if self.condition.state() == State::Configured {
            self.compare(request::set_configuration(1));
        }
        assert_eq!(self.model.state, self.condition.state());
    }

    /// The bus goes idle, and comes back.
    pub fn suspend_and_resume(&mut self) {
        for suspended in [true, false] {
            self.host.wire.set_suspended(suspended);
            self.host.poll();
        }
    }

    /// A bus reset.
    pub fn reset(&mut self) {
        self.host.reset();
        self.model.reset();
    }

    /// The only way out of a test mode.
    fn cycle_power(&mut self) {
        self.host.reset();
        assert_eq!(self.host.wire.test_mode().map(|mode| mode as u8), self.model.test_mode);
        for present in [false, true] {
            self.host.wire.set_vbus(present);
            self.host.poll();
        }
        self.reset();
    }

    /// A control transfer that must come to what the model says.
    pub fn compare(&mut self, setup: SetupPacket) {
        let before = self.model.clone();
        let data = &[1, 2, 3, 4, 5, 6, 7, 8][..usize::from(setup.length.min(8))];
        let expected = self.model.control(&setup, data);
        let answer = self.host.control_with(setup, data);
        assert_eq!(answer, expected, "{setup:?} in {:?}, {before:?}", self.condition);
        assert_eq!(self.host.device.state(), self.model.state, "{setup:?} in {before:?}");
        if let Answer::Data(data) = answer {
            assert!(data.len() <= usize::from(setup.length), "{setup:?}");
        }
        let test_mode = self.host.wire.test_mode().map(|mode| mode as u8);
        assert_eq!(test_mode, self.model.test_mode, "{setup:?} in {before:?}");
        if test_mode.is_some() {
            self.cycle_power();
        }
    }
}
