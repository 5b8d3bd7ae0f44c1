//! USB packets as they are on the wire, without SYNC and EOP (USB 2.0 §8.3, §8.4).

use std::io;
use std::vec::Vec;

use super::crc::{crc5, crc16};
use crate::{Handshake, Pid};

/// Token packet identifier (USB 2.0 table 8-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Token {
    /// OUT.
    Out,
    /// IN.
    In,
    /// SETUP.
    Setup,
    /// PING, high speed only.
    Ping,
}

/// A packet, and what in it the receiver checks.
pub(super) struct Packet {
    bytes: Vec<u8>,
    check: Check,
}

/// What the receiver checks a packet by.
enum Check {
    /// The PID, sent a second time inverted.
    Pid,
    /// CRC5 in the upper bits of the last byte.
    Crc5,
    /// CRC16 in the last two bytes.
    Crc16,
}

impl Packet {
    pub(super) fn token(token: Token, address: u8, endpoint: u8) -> io::Result<Self> {
        if address > 127 {
            return Err(invalid("a device address is 0 to 127"));
        }
        if endpoint > 15 {
            return Err(invalid("an endpoint number is 0 to 15"));
        }
        let pid = match token {
            Token::Out => 0xE1,
            Token::In => 0x69,
            Token::Setup => 0x2D,
            Token::Ping => 0xB4,
        };
        Ok(Self::with_crc5(pid, u16::from(endpoint) << 7 | u16::from(address)))
    }

    pub(super) fn sof(frame: u16) -> io::Result<Self> {
        if frame > 0x7FF {
            return Err(invalid("a frame number is 0 to 2047"));
        }
        Ok(Self::with_crc5(0xA5, frame))
    }

    pub(super) fn data(pid: Pid, data: &[u8]) -> Self {
        let pid = match pid {
            Pid::Data0 => 0xC3,
            Pid::Data1 => 0x4B,
        };
        let bytes = [&[pid], data, &crc16(data).to_le_bytes()].concat();
        Self { bytes, check: Check::Crc16 }
    }

    /// `None` where nobody answered.
    pub(super) fn handshake(handshake: Handshake) -> Option<Self> {
        let pid = match handshake {
            Handshake::Ack => 0xD2,
            Handshake::Nak => 0x5A,
            Handshake::Stall => 0x1E,
            Handshake::NoResponse => return None,
        };
        Some(Self { bytes: [pid].into(), check: Check::Pid })
    }

    /// The same packet with a check that fails.
    pub(super) fn corrupted(mut self) -> Self {
        let (count, bits) = match self.check {
            Check::Pid => (1, 0xF0),
            Check::Crc5 => (1, 0xF8),
            Check::Crc16 => (2, 0xFF),
        };
        for byte in self.bytes.iter_mut().rev().take(count) {
            *byte ^= bits;
        }
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A PID, 11 bits, and their CRC in the 5 bits above.
    fn with_crc5(pid: u8, field: u16) -> Self {
        let [low, high] = (field | u16::from(crc5(field)) << 11).to_le_bytes();
        Self { bytes: [pid, low, high].into(), check: Check::Crc5 }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
