//! The wire of whatever controller is under test.

use usbd_acm::{Speed, TestMode};
use usbd_acm_virtual::{
    BusWire, DevicePort, Handshake, InResponse, Nanoseconds, Pid, Violation, VirtualWire,
};

/// The host's end of a controller.
#[derive(Clone)]
pub enum TestWire {
    /// Of the virtual controller.
    Controller(VirtualWire),
    /// Of the virtual `UsbBus`.
    Bus(BusWire),
}

impl From<VirtualWire> for TestWire {
    fn from(wire: VirtualWire) -> Self {
        Self::Controller(wire)
    }
}

impl From<BusWire> for TestWire {
    fn from(wire: BusWire) -> Self {
        Self::Bus(wire)
    }
}

impl TestWire {
    /// Everything the stack did against the contract of its controller; to be empty. A `UsbBus` has no
    /// contract that one could break.
    pub fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Controller(wire) => wire.violations(),
            Self::Bus(_) => Vec::new(),
        }
    }

    /// The test mode that the port is in.
    pub fn test_mode(&self) -> Option<TestMode> {
        match self {
            Self::Controller(wire) => wire.test_mode(),
            Self::Bus(_) => None,
        }
    }

    /// The interrupt line.
    pub fn interrupt(&self) -> bool {
        match self {
            Self::Controller(wire) => wire.interrupt(),
            Self::Bus(wire) => wire.interrupt(),
        }
    }

    fn port(&self) -> &dyn DevicePort {
        match self {
            Self::Controller(wire) => wire,
            Self::Bus(wire) => wire,
        }
    }

    fn port_mut(&mut self) -> &mut dyn DevicePort {
        match self {
            Self::Controller(wire) => wire,
            Self::Bus(wire) => wire,
        }
    }
}

impl DevicePort for TestWire {
    fn set_vbus(&mut self, present: bool) {
        self.port_mut().set_vbus(present);
    }

    fn attached(&self) -> bool {
        self.port().attached()
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        self.port_mut().bus_reset(speed)
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        self.port_mut().setup(address, endpoint, data)
    }

    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse {
        self.port_mut().in_token(address, endpoint, ack)
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        self.port_mut().out_token(address, endpoint, pid, data)
    }

    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake {
        self.port_mut().ping(address, endpoint)
    }

    fn sof(&mut self, frame: u16) {
        self.port_mut().sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.port_mut().set_suspended(suspended);
    }

    fn wakeup_signalled(&self) -> bool {
        self.port().wakeup_signalled()
    }

    fn run(&mut self, duration: Nanoseconds) {
        self.port_mut().run(duration);
    }
}
