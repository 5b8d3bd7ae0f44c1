//! Who listens on the wire.

use alloc::rc::Rc;
use core::cell::RefCell;

use usbd_acm::{SetupPacket, Speed};

use super::TransferError;
use crate::{Handshake, Nanoseconds, Pid};

/// The end of the cable that sends a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Side {
    /// The host.
    Host,
    /// The device.
    Device,
}

/// Token packet identifier (USB 2.0 table 8-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Token {
    /// SETUP.
    Setup,
    /// IN.
    In,
    /// OUT.
    Out,
    /// PING, high speed only.
    Ping,
}

/// What is in a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content<'a> {
    /// Start of frame, with its 11-bit number.
    Sof(u16),
    /// A token.
    Token(Token),
    /// The eight bytes of a SETUP transaction, always DATA0.
    Setup([u8; 8]),
    /// A data packet.
    Data(Pid, &'a [u8]),
    /// ACK, NAK or STALL. [`Handshake::NoResponse`] is never seen here.
    Handshake(Handshake),
}

/// One packet on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// Who sends it.
    pub from: Side,
    /// Device address of the transaction; 0 for SOF.
    pub address: u8,
    /// Endpoint number of the transaction; 0 for SOF.
    pub endpoint: u8,
    /// What is in it.
    pub content: Content<'a>,
}

/// What became of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Fate {
    /// It arrived.
    Intact,
    /// It was sent and never seen by the other side.
    Lost,
    /// It arrived with a wrong CRC, and so was ignored.
    Corrupted,
}

/// What happens on the bus other than packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineEvent {
    /// VBUS is on.
    Plugged,
    /// VBUS is off.
    Unplugged,
    /// A bus reset ended, and the bus runs at this speed.
    Reset(Speed),
    /// The host stopped sending SOF, more than 3 ms ago.
    Suspended,
    /// The device signals remote wake-up.
    RemoteWakeup,
    /// The host has signalled resume.
    Resumed,
}

/// A control transfer that is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControlRecord<'a> {
    /// The request.
    pub setup: SetupPacket,
    /// The data stage: what arrived (IN), or what the host meant to send (OUT).
    pub data: &'a [u8],
    /// How it ended.
    pub outcome: Result<(), TransferError>,
    /// Simulated time of the SETUP token.
    pub start: Nanoseconds,
    /// Simulated time of the end.
    pub end: Nanoseconds,
}

/// A listener on the wire: a capture, a printer, a counter. Every method does nothing by default.
///
/// `at` is simulated time, in nanoseconds since the host was made, and never goes back.
pub trait Observer {
    /// A packet was sent.
    fn packet(&mut self, at: Nanoseconds, packet: &Packet<'_>, fate: Fate) {
        let _ = (at, packet, fate);
    }

    /// Something other than a packet.
    fn line(&mut self, at: Nanoseconds, event: LineEvent) {
        let _ = (at, event);
    }

    /// A control transfer is over.
    fn control(&mut self, record: &ControlRecord<'_>) {
        let _ = record;
    }
}

/// A listener that its owner can look into while the host runs.
impl<O: Observer> Observer for Rc<RefCell<O>> {
    fn packet(&mut self, at: Nanoseconds, packet: &Packet<'_>, fate: Fate) {
        self.borrow_mut().packet(at, packet, fate);
    }

    fn line(&mut self, at: Nanoseconds, event: LineEvent) {
        self.borrow_mut().line(at, event);
    }

    fn control(&mut self, record: &ControlRecord<'_>) {
        self.borrow_mut().control(record);
    }
}
