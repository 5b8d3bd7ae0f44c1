//! A capture that listens on the simulated host's wire.

use std::io::{self, Write};

use super::{Arrival, Capture, Token};
use crate::host::{self, Content, Fate, LineEvent, Observer, Packet};
use crate::{Nanoseconds, Pid};

/// Writes everything that it [observes](crate::host::Host::observe) to a [`Capture`].
///
/// A listener cannot fail, so the first error of the writer ends the capture, and
/// [`finish`](Self::finish) tells it.
///
/// ```
/// # use usbd_acm_virtual::{FullSpeed, VirtualController, capture::Recorder, host::Host};
/// # fn main() -> std::io::Result<()> {
/// # let (_, wire) = VirtualController::<FullSpeed>::new(2);
/// # let mut host = Host::new(wire);
/// let recorder = host.observe(Recorder::new(Vec::new())?);
/// // ...
/// let pcapng: Vec<u8> = recorder.borrow_mut().finish()?;
/// # Ok(())
/// # }
/// ```
pub struct Recorder<W: Write> {
    capture: io::Result<Capture<W>>,
    packets: u64,
}

impl<W: Write> Recorder<W> {
    /// Starts a capture of a bus at full speed: writes the head of the file.
    ///
    /// # Errors
    /// That of the writer.
    pub fn new(writer: W) -> io::Result<Self> {
        Ok(Self { capture: Ok(Capture::new(writer)?), packets: 0 })
    }

    /// Packets written so far.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Ends the capture and gives the writer back, flushed. What is observed after it is not
    /// written.
    ///
    /// # Errors
    /// The first error of the writer, or [`io::ErrorKind::NotConnected`] when the capture has been
    /// ended before.
    pub fn finish(&mut self) -> io::Result<W> {
        let ended = Err(io::Error::new(io::ErrorKind::NotConnected, "the capture has ended"));
        std::mem::replace(&mut self.capture, ended)?.finish()
    }

    fn write(&mut self, write: impl FnOnce(&mut Capture<W>) -> io::Result<()>) {
        let Ok(capture) = &mut self.capture else { return };
        let written = write(capture);
        self.packets = capture.packets();
        if let Err(error) = written {
            self.capture = Err(error);
        }
    }
}

impl<W: Write> Observer for Recorder<W> {
    fn packet(&mut self, at: Nanoseconds, packet: &Packet<'_>, fate: Fate) {
        let arrival = match fate {
            Fate::Intact => Arrival::Intact,
            Fate::Lost => Arrival::Lost,
            Fate::Corrupted => Arrival::Corrupted,
        };
        let Packet { address, endpoint, content, .. } = *packet;
        self.write(|capture| match content {
            Content::Sof(number) => capture.sof(at, number, arrival),
            Content::Token(token) => capture.token(at, token.into(), address, endpoint, arrival),
            // USB 2.0 §8.5.3: the data packet of a SETUP transaction is DATA0.
            Content::Setup(bytes) => capture.data(at, Pid::Data0, &bytes, arrival),
            Content::Data(pid, bytes) => capture.data(at, pid, bytes, arrival),
            Content::Handshake(handshake) => capture.handshake(at, handshake, arrival),
        });
    }

    fn line(&mut self, at: Nanoseconds, event: LineEvent) {
        self.write(|capture| match event {
            LineEvent::Plugged => capture.event(at, "plugged: VBUS is on"),
            LineEvent::Unplugged => capture.event(at, "unplugged: VBUS is off"),
            LineEvent::Reset(speed) => capture.bus_reset(at, speed),
            LineEvent::Suspended => capture.event(at, "suspended"),
            LineEvent::RemoteWakeup => capture.event(at, "the device signals remote wake-up"),
            LineEvent::Resumed => capture.event(at, "resumed"),
        });
    }
}

impl From<host::Token> for Token {
    fn from(token: host::Token) -> Self {
        match token {
            host::Token::Setup => Self::Setup,
            host::Token::In => Self::In,
            host::Token::Out => Self::Out,
            host::Token::Ping => Self::Ping,
        }
    }
}
