//! Every request to an `AcmClass`, held against the model, except where `usb-device` decides.

use usbd_acm::{Direction, SetupPacket, Speed, State};
use usbd_acm_tests::bridge::{Bridge, class};
use usbd_acm_tests::model::{self, Answer, Model};
use usbd_acm_tests::{TWO_PORTS, TestWire, TokenEnd};
use usbd_acm_virtual::host::request;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Pid};

use crate::requests::one_field_off;

/// OUT data of every transfer that has any, as much as it asks for.
const DATA: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const ADDRESS: u8 = 5;

struct ClassWalk {
    bridge: Bridge,
    wire: TestWire,
    firmware: Box<dyn FnMut()>,
    address: u8,
    packets: Vec<Vec<u8>>,
    model: Model,
    state: State,
    cases: u64,
    deviations: u64,
}

impl ClassWalk {
    fn new(bridge: Bridge, state: State) -> Self {
        let (mut wire, mut class, _ports) = class(bridge, &TWO_PORTS, ());
        wire.set_vbus(true);
        let firmware: Box<dyn FnMut()> = Box::new(move || class(true));
        let model = Model::new(&model::TWO_PORTS);
        let packets = Vec::new();
        let (address, cases, deviations) = (0, 0, 0);
        let mut walk =
            Self { bridge, wire, firmware, address, packets, model, state, cases, deviations };
        walk.enter();
        walk
    }

    fn end(&mut self) -> TokenEnd<'_> {
        let Self { wire, firmware, address, packets, .. } = self;
        TokenEnd { wire, firmware, address, packets }
    }

    fn enter(&mut self) {
        self.wire.bus_reset(Speed::Full);
        (self.firmware)();
        self.address = 0;
        self.model.reset();
        if self.state != State::Default {
            self.compare(request::set_address(ADDRESS));
        }
        if self.state == State::Configured {
            self.compare(request::set_configuration(1));
        }
        assert_eq!(self.model.state, self.state);
    }

    fn check(&mut self, setup: SetupPacket) {
        match self.deviation(&setup) {
            None => self.compare(setup),
            Some(check) => {
                check(self, setup);
                self.deviations += 1;
            }
        }
        self.cases += 1;
        self.compare(request::get_descriptor(request::DEVICE, 0, 18));
        if self.model.state != self.state {
            self.enter();
        }
    }

    fn compare(&mut self, setup: SetupPacket) {
        let data = &DATA[..usize::from(setup.length.min(8))];
        let expected = self.model.control(&setup, data);
        let answer = self.end().control_with(setup, data);
        assert_eq!(answer, expected, "{setup:?} in {:?}, {:?}", self.state, self.bridge);
    }

    /// What `usb-device` does otherwise.
    fn deviation(&self, setup: &SetupPacket) -> Option<fn(&mut Self, SetupPacket)> {
        let is_long = setup.direction() == Direction::Out && usize::from(setup.length) > DATA.len();
        let forgets = self.bridge == Bridge::ClassOnBus && is_long;
        let is_address_0 = *setup == request::set_address(0) && self.state == State::Address;
        match (forgets, is_address_0) {
            (true, _) => Some(Self::is_forgotten),
            (_, true) => Some(Self::is_refused),
            _ => None,
        }
    }

    /// More OUT data than there is room for, or than comes: no answer until the next SETUP.
    fn is_forgotten(&mut self, setup: SetupPacket) {
        let mut end = self.end();
        end.setup(setup);
        assert_eq!(end.out_token(Pid::Data1, &DATA), Handshake::Ack);
        assert_eq!(end.in_token(), InResponse::Nak, "{setup:?} is answered");
    }

    /// There is no way back from the address to the default state.
    fn is_refused(&mut self, setup: SetupPacket) {
        assert_eq!(self.end().control_with(setup, &[]), Answer::Stall);
    }
}

fn every_request(bridge: Bridge, state: State) {
    let mut walk = ClassWalk::new(bridge, state);
    for request in 0..=255 {
        for request_type in 0..=255 {
            one_field_off((request_type, request), |setup| walk.check(setup));
        }
    }
    assert_eq!(walk.wire.violations(), []);
    println!("{bridge:?}, {state:?}: {} cases, {} deviate", walk.cases, walk.deviations);
    assert!(walk.cases > 65_536 * 12);
}

#[test]
fn exhaustive_requests_to_a_class_on_a_controller() {
    every_request(Bridge::ClassOnController, State::Configured);
}

#[test]
fn exhaustive_requests_to_a_class_on_a_driver_of_usb_device() {
    every_request(Bridge::ClassOnBus, State::Configured);
}

#[test]
fn exhaustive_requests_to_a_class_in_address() {
    every_request(Bridge::ClassOnController, State::Address);
}
