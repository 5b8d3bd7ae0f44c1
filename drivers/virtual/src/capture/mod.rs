//! Writes what crosses the wire as pcapng, packet by packet, for Wireshark (4.0 and later).
//!
//! USB packets are written as they are on the wire, from PID to CRC, under the link types
//! USB_2_0_FULL_SPEED and USB_2_0_HIGH_SPEED: Wireshark checks the CRCs and puts tokens, data and
//! handshakes together to transfers. Bus events, which are no packets, are written under the link
//! type WIRESHARK_UPPER_PDU as messages of their own, and show up between the packets as "Syslog".
//!
//! ```
//! use usbd_acm_virtual::capture::{Arrival, Capture, Token};
//! use usbd_acm_virtual::{Handshake, Pid};
//! # use usbd_acm::Speed;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut capture = Capture::new(Vec::new())?;
//! capture.bus_reset(10_000_000, Speed::Full)?;
//! capture.token(20_000_000, Token::Setup, 0, 0, Arrival::Intact)?;
//! let request = [0x80, 6, 0, 1, 0, 0, 64, 0];
//! capture.data(20_003_000, Pid::Data0, &request, Arrival::Intact)?;
//! capture.handshake(20_012_000, Handshake::Ack, Arrival::Intact)?;
//! assert_eq!(capture.packets(), 3);
//! let pcapng: Vec<u8> = capture.finish()?;
//! # assert!(pcapng.len() > 3 * 32);
//! # Ok(())
//! # }
//! ```

mod crc;
mod file;
mod packet;
mod recorder;

use std::io::{self, Write};
use std::string::String;

use usbd_acm::Speed;

use self::file::File;
use self::packet::Packet;
pub use self::packet::Token;
pub use self::recorder::Recorder;
use crate::{Handshake, Nanoseconds, Pid};

/// What became of a packet on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Arrival {
    /// It arrived.
    Intact,
    /// It was sent and never arrived. Written as it was sent, with a comment.
    Lost,
    /// It arrived damaged. Written with a wrong CRC (of a handshake: a wrong PID check), and a
    /// comment.
    Corrupted,
}

/// A capture being written. Times are simulated, and counted from 1970 in the file.
///
/// Each method writes at once; give it a [`BufWriter`](std::io::BufWriter) where that is slow.
///
/// # Errors
/// Each method returns the error of the writer, and [`io::ErrorKind::InvalidInput`] for an address,
/// endpoint or frame number that does not fit into its field; such a packet is not written.
pub struct Capture<W: Write> {
    file: File<W>,
    speed: Speed,
    packets: u64,
}

impl<W: Write> Capture<W> {
    /// Starts a capture of a bus at full speed: writes the head of the file.
    pub fn new(writer: W) -> io::Result<Self> {
        Ok(Self { file: File::new(writer)?, speed: Speed::Full, packets: 0 })
    }

    /// A bus reset ended, and the bus runs at this speed from now on.
    pub fn bus_reset(&mut self, at: Nanoseconds, speed: Speed) -> io::Result<()> {
        self.speed = speed;
        match speed {
            Speed::Full => self.event(at, "bus reset: full speed"),
            Speed::High => self.event(at, "bus reset: high speed"),
        }
    }

    /// Something other than a packet: plugged, suspended, resumed.
    pub fn event(&mut self, at: Nanoseconds, text: &str) -> io::Result<()> {
        self.file.event(at, text)
    }

    /// A token to an address (0 to 127) and endpoint number (0 to 15).
    pub fn token(
        &mut self,
        at: Nanoseconds,
        token: Token,
        address: u8,
        endpoint: u8,
        arrival: Arrival,
    ) -> io::Result<()> {
        self.packet(at, Packet::token(token, address, endpoint)?, arrival)
    }

    /// A data packet of 0 to 1024 bytes, in either direction.
    pub fn data(
        &mut self,
        at: Nanoseconds,
        pid: Pid,
        bytes: &[u8],
        arrival: Arrival,
    ) -> io::Result<()> {
        self.packet(at, Packet::data(pid, bytes), arrival)
    }

    /// A handshake, in either direction. [`Handshake::NoResponse`] is none, and writes nothing.
    pub fn handshake(
        &mut self,
        at: Nanoseconds,
        handshake: Handshake,
        arrival: Arrival,
    ) -> io::Result<()> {
        let Some(packet) = Packet::handshake(handshake) else {
            return Ok(());
        };
        self.packet(at, packet, arrival)
    }

    /// A start of frame, with its number (0 to 2047).
    pub fn sof(&mut self, at: Nanoseconds, frame: u16, arrival: Arrival) -> io::Result<()> {
        self.packet(at, Packet::sof(frame)?, arrival)
    }

    /// Packets written so far; events are none.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Ends the capture and gives the writer back, flushed.
    pub fn finish(self) -> io::Result<W> {
        self.file.finish()
    }

    fn packet(&mut self, at: Nanoseconds, packet: Packet, arrival: Arrival) -> io::Result<()> {
        let (packet, comment) = match arrival {
            Arrival::Intact => (packet, None),
            Arrival::Lost => (packet, Some("lost: it never arrived")),
            Arrival::Corrupted => (packet.corrupted(), Some("corrupted on the wire")),
        };
        self.file.packet(at, self.speed, &packet.into_bytes(), comment.map(String::from))?;
        self.packets += 1;
        Ok(())
    }
}
