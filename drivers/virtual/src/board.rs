//! A wire with firmware behind it.

use usbd_acm::Speed;

use crate::{DevicePort, Handshake, InResponse, Nanoseconds, Pid, VirtualWire};

/// A device to plug into a host: the wire of a controller, and the firmware that runs while simulated
/// time passes.
pub struct Board<F, W = VirtualWire> {
    wire: W,
    firmware: F,
}

impl<F: FnMut(Nanoseconds), W: DevicePort> Board<F, W> {
    /// `firmware` polls the device and runs the application; its argument is the simulated time
    /// since the last call.
    pub const fn new(wire: W, firmware: F) -> Self {
        Self { wire, firmware }
    }

    /// The wire, for its record of violations.
    pub const fn wire(&self) -> &W {
        &self.wire
    }
}

impl<F: FnMut(Nanoseconds), W: DevicePort> DevicePort for Board<F, W> {
    fn set_vbus(&mut self, present: bool) {
        self.wire.set_vbus(present);
    }

    fn attached(&self) -> bool {
        self.wire.attached()
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        self.wire.bus_reset(speed)
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        self.wire.setup(address, endpoint, data)
    }

    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse {
        self.wire.in_token(address, endpoint, ack)
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        self.wire.out_token(address, endpoint, pid, data)
    }

    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake {
        self.wire.ping(address, endpoint)
    }

    fn sof(&mut self, frame: u16) {
        self.wire.sof(frame);
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.wire.set_suspended(suspended);
    }

    fn wakeup_signalled(&self) -> bool {
        self.wire.wakeup_signalled()
    }

    fn run(&mut self, duration: Nanoseconds) {
        self.wire.run(duration);
        (self.firmware)(duration);
    }
}
