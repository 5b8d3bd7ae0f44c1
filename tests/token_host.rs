//! A host that is nothing but tokens: every control transfer is held against the rules of USB 2.0
//! §8.5.3, and nothing takes time.

use usbd_acm::descriptors::{Descriptors, EP0_PACKET_SIZE};
use usbd_acm::{Controller, Device, Direction, Hooks, Port, SetupPacket, Speed, Storage, TestMode};
use usbd_acm_virtual::host::request;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Pid, Violation, VirtualController};

use crate::model::Answer;
use crate::{ONE_PORT, TestWire};

/// NAKs to one token, with a poll after each, before the device counts as hung.
const PATIENCE: usize = 3;

/// The stack on the virtual controller, with a token-level host.
pub struct TokenHost<C = VirtualController, H = (), const PORTS: usize = 1, const SIZE: usize = 64>
{
    /// The host's end.
    pub wire: TestWire,
    /// The device half.
    pub device: Device<C, H, PORTS, 2, SIZE>,
    /// The application halves.
    pub ports: [Port<2, SIZE>; PORTS],
    /// The address that tokens go to.
    pub address: u8,
    /// Packets of the last data IN stage.
    pub packets: Vec<Vec<u8>>,
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize> TokenHost<C, H, PORTS, SIZE> {
    /// A device that is plugged in and reset.
    pub fn new(
        controller: C,
        wire: impl Into<TestWire>,
        descriptors: &'static Descriptors<PORTS>,
        hooks: H,
    ) -> Self {
        let storage = Box::leak(Box::new(Storage::<PORTS, 2, SIZE>::new()));
        let (mut device, ports) = storage.split(controller, descriptors, hooks);
        device.connect();
        let wire = wire.into();
        let mut host = Self { wire, device, ports, address: 0, packets: Vec::new() };
        host.wire.set_vbus(true);
        host.reset();
        host
    }

    /// A bus reset, at high speed where the device can.
    pub fn reset(&mut self) {
        self.wire.bus_reset(Speed::High);
        self.address = 0;
        self.poll();
    }

    /// Gives the device an address and the configuration.
    pub fn configure(&mut self) {
        assert_eq!(self.control(request::set_address(5)), Answer::Ack);
        assert_eq!(self.control(request::set_configuration(1)), Answer::Ack);
    }

    /// Lets the firmware run.
    pub fn poll(&mut self) {
        self.device.poll();
    }

    /// What the stack did against the contract of the controller; to be empty.
    pub fn violations(&self) -> Vec<Violation> {
        self.wire.violations()
    }
}

/// A full-speed device with one port.
impl TokenHost {
    /// A device that is plugged in and reset.
    pub fn full_speed() -> Self {
        let (controller, wire) = VirtualController::new(2);
        Self::new(controller, wire, &ONE_PORT, ())
    }

    /// The same, configured.
    pub fn configured() -> Self {
        let mut host = Self::full_speed();
        host.configure();
        host
    }
}

/// Tokens to EP0, each followed by a poll, and control transfers.
impl<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize> TokenHost<C, H, PORTS, SIZE> {
    fn end(&mut self) -> TokenEnd<'_> {
        let Self { wire, device, address, packets, .. } = self;
        TokenEnd { wire, firmware: device, address, packets }
    }

    /// SETUP, which must be acknowledged in any state (USB 2.0 §8.4.6.4).
    pub fn setup(&mut self, setup: SetupPacket) {
        self.end().setup(setup);
    }

    /// IN until there is something other than NAK.
    pub fn in_token(&mut self) -> InResponse {
        self.end().in_token()
    }

    /// OUT until there is something other than NAK.
    pub fn out_token(&mut self, pid: Pid, data: &[u8]) -> Handshake {
        self.end().out_token(pid, data)
    }

    /// A control transfer without OUT data of its own: wLength zeros, where some are due.
    pub fn control(&mut self, setup: SetupPacket) -> Answer {
        self.end().control(setup)
    }

    /// A control transfer by the book, with this OUT data.
    ///
    /// # Panics
    /// When the device does not come to exactly one outcome: hangs, sends too much, uses a wrong
    /// data PID, or goes on after the end.
    pub fn control_with(&mut self, setup: SetupPacket, data: &[u8]) -> Answer {
        self.end().control_with(setup, data)
    }
}

/// What runs between two tokens.
pub trait Firmware {
    /// Handles what happened on the bus.
    fn poll(&mut self);
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize> Firmware
    for Device<C, H, PORTS, SLOTS, SIZE>
{
    fn poll(&mut self) {
        Device::poll(self);
    }
}

impl Firmware for Box<dyn FnMut()> {
    fn poll(&mut self) {
        self();
    }
}

/// The host's end of EP0.
pub struct TokenEnd<'a> {
    /// The wire.
    pub wire: &'a mut TestWire,
    /// The device's end.
    pub firmware: &'a mut dyn Firmware,
    /// The address that tokens go to.
    pub address: &'a mut u8,
    /// Packets of the last data IN stage.
    pub packets: &'a mut Vec<Vec<u8>>,
}

/// Tokens to EP0, each followed by a poll.
impl TokenEnd<'_> {
    /// SETUP, which must be acknowledged in any state (USB 2.0 §8.4.6.4).
    pub fn setup(&mut self, setup: SetupPacket) {
        assert_eq!(
            self.wire.setup(*self.address, 0, setup.to_bytes()),
            Handshake::Ack,
            "{setup:?}"
        );
        self.firmware.poll();
    }

    /// IN until there is something other than NAK.
    pub fn in_token(&mut self) -> InResponse {
        for _ in 0..PATIENCE {
            let response = self.wire.in_token(*self.address, 0, true);
            self.firmware.poll();
            if response != InResponse::Nak {
                return response;
            }
        }
        InResponse::Nak
    }

    /// OUT until there is something other than NAK.
    pub fn out_token(&mut self, pid: Pid, data: &[u8]) -> Handshake {
        for _ in 0..PATIENCE {
            let handshake = self.wire.out_token(*self.address, 0, pid, data);
            self.firmware.poll();
            if handshake != Handshake::Nak {
                return handshake;
            }
        }
        Handshake::Nak
    }
}

/// Control transfers.
impl TokenEnd<'_> {
    /// A control transfer without OUT data of its own: wLength zeros, where some are due.
    pub fn control(&mut self, setup: SetupPacket) -> Answer {
        let zeros = [0; 64];
        self.control_with(setup, &zeros[..usize::from(setup.length).min(64)])
    }

    /// A control transfer by the book, with this OUT data.
    ///
    /// # Panics
    /// When the device does not come to exactly one outcome: hangs, sends too much, uses a wrong
    /// data PID, or goes on after the end.
    pub fn control_with(&mut self, setup: SetupPacket, data: &[u8]) -> Answer {
        self.setup(setup);
        self.packets.clear();
        let is_in = setup.length > 0 && matches!(setup.direction(), Direction::In);
        let answer = match is_in {
            true => self.data_in(&setup),
            false => self.data_out(&setup, data),
        };
        self.check_over(&setup, &answer);
        answer
    }

    fn data_in(&mut self, setup: &SetupPacket) -> Answer {
        let (mut data, mut expected, wanted) = (Vec::new(), Pid::Data1, usize::from(setup.length));
        loop {
            let (pid, bytes) = match self.in_token() {
                InResponse::Data { pid, bytes } => (pid, bytes),
                InResponse::Stall if data.is_empty() => return Answer::Stall,
                other => panic!("{setup:?}: {other:?} after {} bytes", data.len()),
            };
            assert_eq!(pid, expected, "{setup:?}: the data stage alternates from DATA1");
            expected = pid.toggled();
            data.extend(&bytes);
            assert!(data.len() <= wanted, "{setup:?}: {} bytes of {wanted}", data.len());
            let short = bytes.len() < usize::from(EP0_PACKET_SIZE);
            self.packets.push(bytes);
            if short || data.len() == wanted {
                break;
            }
        }
        let surplus = self.wire.in_token(*self.address, 0, false);
        assert_eq!(surplus, InResponse::Nak, "{setup:?}: goes on after {} bytes", data.len());
        assert_eq!(self.out_token(Pid::Data1, &[]), Handshake::Ack, "{setup:?}: status stage");
        Answer::Data(data)
    }

    fn data_out(&mut self, setup: &SetupPacket, data: &[u8]) -> Answer {
        let mut pid = Pid::Data1;
        for packet in data.chunks(usize::from(EP0_PACKET_SIZE)) {
            match self.out_token(pid, packet) {
                Handshake::Ack => pid = pid.toggled(),
                Handshake::Stall => return Answer::Stall,
                other => panic!("{setup:?}: {other:?} in the data stage"),
            }
        }
        match self.in_token() {
            InResponse::Stall => Answer::Stall,
            InResponse::Data { pid, bytes } => {
                assert_eq!((pid, bytes.len()), (Pid::Data1, 0), "{setup:?}: status stage");
                Answer::Ack
            }
            other => panic!("{setup:?}: {other:?} in the status stage"),
        }
    }

    /// Nothing comes after the one outcome; a STALL holds until the next SETUP (USB 2.0 §8.5.3.4).
    fn check_over(&mut self, setup: &SetupPacket, answer: &Answer) {
        let is_set_address = setup.request_type == 0 && setup.request == 5;
        if is_set_address && *answer == Answer::Ack {
            *self.address = setup.value.to_le_bytes()[0];
        }
        let stalled = *answer == Answer::Stall;
        let expected = match self.wire.test_mode() {
            _ if stalled => InResponse::Stall,
            None | Some(TestMode::Se0Nak) => InResponse::Nak,
            Some(_) => InResponse::NoResponse,
        };
        let after = self.wire.in_token(*self.address, 0, false);
        assert_eq!(after, expected, "{setup:?}: IN after {answer:?}");
        if stalled {
            let after = self.wire.out_token(*self.address, 0, Pid::Data1, &[]);
            assert_eq!(after, Handshake::Stall, "{setup:?}: OUT after {answer:?}");
        }
    }
}
