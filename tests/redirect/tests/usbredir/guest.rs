//! QEMU's end of the connection, and what it says.

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm::Speed;
use usbd_acm_redirect::bus::Bus;
use usbd_acm_redirect::served::{Session as _, SessionEnd};
use usbd_acm_redirect::usbredir::Session;

use crate::model::{Model, Panel};

pub const SUCCESS: u8 = 0;
pub const CANCELLED: u8 = 1;
pub const INVALID: u8 = 2;
pub const STALL: u8 = 4;
pub const TIMEOUT: u8 = 5;

pub mod kind {
    pub const HELLO: u32 = 0;
    pub const DEVICE_CONNECT: u32 = 1;
    pub const DEVICE_DISCONNECT: u32 = 2;
    pub const RESET: u32 = 3;
    pub const INTERFACE_INFO: u32 = 4;
    pub const EP_INFO: u32 = 5;
    pub const SET_CONFIGURATION: u32 = 6;
    pub const GET_CONFIGURATION: u32 = 7;
    pub const CONFIGURATION_STATUS: u32 = 8;
    pub const SET_ALTERNATE: u32 = 9;
    pub const GET_ALTERNATE: u32 = 10;
    pub const ALTERNATE_STATUS: u32 = 11;
    pub const START_INTERRUPT: u32 = 15;
    pub const STOP_INTERRUPT: u32 = 16;
    pub const INTERRUPT_STATUS: u32 = 17;
    pub const CANCEL: u32 = 21;
    pub const CONTROL: u32 = 100;
    pub const BULK: u32 = 101;
    pub const INTERRUPT: u32 = 103;
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    pub kind: u32,
    pub id: u64,
    pub body: Vec<u8>,
}

/// QEMU's end of the connection.
pub struct Guest {
    pub session: Session,
    pub bus: Bus,
    pub panel: Rc<RefCell<Panel>>,
    pub input: Vec<u8>,
    pub greeted: bool,
}

pub fn hello(capabilities: u32) -> Vec<u8> {
    let mut bytes = [0u32, 68, 0].map(u32::to_le_bytes).concat();
    let mut version = b"test guest".to_vec();
    version.resize(64, 0);
    bytes.extend(version);
    bytes.extend(capabilities.to_le_bytes());
    bytes
}

pub fn packet(kind: u32, id: u64, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    let mut bytes = [kind, length].map(u32::to_le_bytes).concat();
    bytes.extend(id.to_le_bytes());
    bytes.extend(body);
    bytes
}

pub fn control(setup: [u8; 8], data: &[u8]) -> Vec<u8> {
    let [request_type, request, fields @ ..] = setup;
    let endpoint = request_type & 0x80;
    [&[endpoint, request, request_type, 0], &fields[..], data].concat()
}

pub fn bulk(endpoint: u8, length: u32, data: &[u8]) -> Vec<u8> {
    let [l0, l1, l2, l3] = length.to_le_bytes();
    [&[endpoint, 0, l0, l1, 0, 0, 0, 0, l2, l3], data].concat()
}

impl Guest {
    pub fn silent(speed: Speed) -> Self {
        let (model, panel) = Model::new();
        let bus = Bus::new(Box::new(model), speed);
        Self { session: Session::new(), bus, panel, input: Vec::new(), greeted: false }
    }

    pub fn attached(speed: Speed) -> Self {
        let mut guest = Self::silent(speed);
        guest.receive(&hello(0xFF)).unwrap();
        guest.take();
        guest
    }

    /// Attached and configured.
    pub fn configured(speed: Speed) -> Self {
        let mut guest = Self::attached(speed);
        guest.send(kind::SET_CONFIGURATION, 1, &[1]);
        let status = guest.take().pop().unwrap();
        assert_eq!((status.kind, status.body), (kind::CONFIGURATION_STATUS, vec![SUCCESS, 1]));
        guest
    }

    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), SessionEnd> {
        self.session.receive(bytes, &mut self.bus)
    }

    pub fn send(&mut self, kind: u32, id: u64, body: &[u8]) {
        self.receive(&packet(kind, id, body)).unwrap();
    }

    /// Frames pass, until nothing moves any more.
    pub fn run(&mut self) {
        for _ in 0..200 {
            while self.session.step(&mut self.bus) {}
            self.bus.end_frame();
        }
    }

    pub fn take(&mut self) -> Vec<Packet> {
        self.input.append(self.session.output());
        let mut packets = Vec::new();
        while !self.input.is_empty() {
            let word = |at: usize| u32::from_le_bytes(self.input[at..at + 4].try_into().unwrap());
            let (kind, length) = (word(0), word(4) as usize);
            // The first hello has a short header.
            let header = if self.greeted { 16 } else { 12 };
            let id = if self.greeted {
                u64::from_le_bytes(self.input[8..16].try_into().unwrap())
            } else {
                word(8).into()
            };
            let body = self.input[header..header + length].to_vec();
            self.input.drain(..header + length);
            self.greeted = true;
            packets.push(Packet { kind, id, body });
        }
        packets
    }

    pub fn answer(&mut self) -> Packet {
        let mut packets = self.take();
        assert_eq!(packets.len(), 1, "{packets:x?}");
        packets.remove(0)
    }

    pub fn no_violations(&self) {
        assert_eq!(self.panel.borrow().violations, Vec::<String>::new());
    }
}
