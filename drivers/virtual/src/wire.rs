//! The wire between a host and one device: tokens and line states, nothing else.

use usbd_acm::Speed;

/// Simulated time, in nanoseconds.
pub type Nanoseconds = u64;

/// Data packet identifier (USB 2.0 table 8-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Pid {
    /// DATA0.
    Data0,
    /// DATA1.
    Data1,
}

impl Pid {
    /// The other one.
    pub const fn toggled(self) -> Self {
        match self {
            Pid::Data0 => Pid::Data1,
            Pid::Data1 => Pid::Data0,
        }
    }
}

/// What a device answers to SETUP and OUT.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Handshake {
    /// Nobody answered: no such address or endpoint, or the packet was not understood.
    NoResponse,
    /// Taken, or already taken before (a repeated data toggle).
    Ack,
    /// Not now.
    Nak,
    /// Never, until the host clears it.
    Stall,
}

/// What a device answers to IN.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InResponse {
    /// Nobody answered.
    NoResponse,
    /// Nothing to send now.
    Nak,
    /// Halted, or a refused request.
    Stall,
    /// A data packet.
    Data {
        /// Data toggle.
        pid: Pid,
        /// 0 to wMaxPacketSize bytes.
        bytes: alloc::vec::Vec<u8>,
    },
}

/// The device end of a USB cable, on token level: the virtual controller, or a model of a chip.
///
/// The host calls one method at a time and says how much time passes in between. A device without
/// its pull-up, without VBUS, or in reset answers [`Handshake::NoResponse`].
pub trait DevicePort {
    /// Switches VBUS: plug and unplug.
    fn set_vbus(&mut self, present: bool);

    /// Whether the device shows its pull-up.
    fn attached(&self) -> bool;

    /// Resets the bus, and brings the device up at `speed` or at what it can do below that. Returns
    /// the speed after reset.
    fn bus_reset(&mut self, speed: Speed) -> Speed;

    /// SETUP token and its DATA0 packet.
    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake;

    /// IN token. With `ack` false the host's ACK is lost: the device must send the same again.
    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse;

    /// OUT token and its data packet.
    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake;

    /// High-speed PING (USB 2.0 §8.5.1): ACK when the next OUT would be taken.
    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake;

    /// Start of frame, 11-bit number.
    fn sof(&mut self, frame: u16);

    /// The bus went idle for longer than 3 ms, or came back from it by the host's resume.
    fn set_suspended(&mut self, suspended: bool);

    /// Whether the device signals remote wake-up.
    fn wakeup_signalled(&self) -> bool;

    /// Lets the device run for this much simulated time.
    fn run(&mut self, duration: Nanoseconds);
}
