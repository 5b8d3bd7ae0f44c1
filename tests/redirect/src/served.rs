//! What the front ends serve: a device on the wire with an application behind it.

use usbd_acm_virtual::DevicePort;

use crate::bus::Bus;

/// A device with its application, advanced by [`DevicePort::run`].
pub trait ServedDevice: DevicePort {
    /// Takes what happened since the last call, oldest first, one line each: `port 0 break on`.
    fn take_events(&mut self) -> Vec<String>;

    /// Does what an operator asks, such as `serial-state 0 dcd,dsr`. The error names what was wrong
    /// with the request.
    fn command(&mut self, words: &[&str]) -> Result<String, String>;
}

/// Why a connection is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionEnd {
    /// The peer broke the protocol.
    Malformed(String),
    /// The peer does not want the device.
    Rejected,
}

impl std::fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SessionEnd::Malformed(what) => write!(f, "protocol error: {what}"),
            SessionEnd::Rejected => f.write_str("the peer rejects the device"),
        }
    }
}

/// One connection in one protocol: bytes in, bytes out.
pub trait Session {
    /// Takes what the peer sent, cut anywhere.
    fn receive(&mut self, bytes: &[u8], bus: &mut Bus) -> Result<(), SessionEnd>;

    /// Tries every transfer under way once. Returns whether anything moved.
    fn step(&mut self, bus: &mut Bus) -> bool;

    /// What is to be sent; the caller takes bytes off its front.
    fn output(&mut self) -> &mut Vec<u8>;

    /// Plugs the device in.
    fn plug(&mut self, bus: &mut Bus);

    /// Unplugs the device; every transfer under way is answered first.
    fn unplug(&mut self, bus: &mut Bus);

    /// Whether the connection is to be closed once the output is sent.
    fn is_over(&self) -> bool {
        false
    }
}
