//! The simulated host as the driver of a terminal: bytes, line coding, DTR.

use anyhow::{Result, anyhow};
use usbd_acm::class::LineCoding;
use usbd_acm_virtual::host::{AcmPort, Host, Transfer, linux};
use usbd_acm_virtual::{DevicePort, Nanoseconds};

use super::terminal::{Readiness, Terminal, Wanted};

/// Bytes read from a terminal at once, and those that wait for a program to read them.
const CHUNK: usize = 4096;

/// One serial port between a pseudo-terminal and the device.
pub struct Line<'a, P> {
    host: &'a mut Host<P>,
    port: AcmPort,
    opened: Option<Opened>,
    /// From the device, not yet taken by the program.
    incoming: Vec<u8>,
}

/// A port that a program has opened.
struct Opened {
    /// What the device was told last; `None` while DTR is off because the baud rate is 0.
    coding: Option<LineCoding>,
    /// To the device, on its way.
    outgoing: Option<Transfer>,
}

impl<'a, P: DevicePort> Line<'a, P> {
    /// The port of an enumerated device.
    pub fn new(host: &'a mut Host<P>, port: AcmPort) -> Self {
        Self { host, port, opened: None, incoming: Vec::new() }
    }

    /// What can be done with the terminal: bytes are read when those before have gone to the
    /// device.
    pub fn wanted(&self) -> Wanted {
        let is_sending = self.opened.as_ref().is_some_and(|opened| opened.outgoing.is_some());
        Wanted { read: !is_sending, write: !self.incoming.is_empty() }
    }

    /// The host, to look at what it knows.
    pub fn host(&mut self) -> &mut Host<P> {
        self.host
    }

    /// Simulated time.
    pub fn now(&self) -> Nanoseconds {
        self.host.now()
    }

    /// Follows what a program did with the terminal, and moves bytes for this much simulated time.
    /// Returns whether any moved.
    pub fn step(
        &mut self,
        terminal: &Terminal,
        readiness: Readiness,
        time: Nanoseconds,
    ) -> Result<bool> {
        let is_wanted = readiness.is_open || readiness.is_readable;
        match (&self.opened, is_wanted) {
            (None, true) => self.open(terminal)?,
            (Some(Opened { outgoing: None, .. }), false) => self.close(terminal)?,
            _ => {}
        }
        let taken = self.take(terminal, readiness)?;
        let moved = self.exchange(time)?;
        if !readiness.is_open {
            // Nobody will read it, and the device may wait for that before it takes what is left.
            self.incoming.clear();
        }
        let given = self.give(terminal)?;
        Ok(taken || moved || given)
    }

    /// Closes the port, if it is open, and unplugs the device.
    pub fn unplug(&mut self, terminal: &Terminal) -> Result<()> {
        if self.opened.is_some() {
            self.close(terminal)?;
        }
        self.host.unplug();
        Ok(())
    }

    fn open(&mut self, terminal: &Terminal) -> Result<()> {
        let coding = terminal.line_coding()?;
        let first = coding.unwrap_or(LineCoding::DEFAULT);
        linux::open(self.host, &mut self.port, first.to_bytes())?;
        self.opened = Some(Opened { coding: Some(first), outgoing: None });
        Ok(())
    }

    fn close(&mut self, terminal: &Terminal) -> Result<()> {
        linux::close(self.host, &mut self.port)?;
        self.opened = None;
        self.incoming.clear();
        terminal.reset()
    }

    /// Bytes of the program, after the settings that it made before it wrote them.
    fn take(&mut self, terminal: &Terminal, readiness: Readiness) -> Result<bool> {
        let Some(opened) = &mut self.opened else { return Ok(false) };
        let mut buffer = [0; CHUNK];
        let count = match (&opened.outgoing, readiness.is_readable) {
            (None, true) => terminal.read(&mut buffer)?,
            _ => 0,
        };
        let coding = terminal.line_coding()?;
        if coding != opened.coding {
            let (host, port) = (&mut *self.host, &mut self.port);
            set(host, port, opened.coding, coding)?;
            opened.coding = coding;
        }
        if count > 0 {
            let pipe = self.port.function().data_out;
            opened.outgoing = Some(Transfer::write(pipe, &buffer[..count]));
        }
        Ok(count > 0)
    }

    fn exchange(&mut self, time: Nanoseconds) -> Result<bool> {
        let Self { host, port, opened, incoming } = self;
        let Some(opened) = opened else {
            host.run(time);
            return Ok(false);
        };
        let room = CHUNK.saturating_sub(incoming.len());
        let mut read = Transfer::stream(port.function().data_in, room);
        let end = host.now() + time;
        match &mut opened.outgoing {
            Some(write) => host.exchange(&mut [write, &mut read], time),
            None => host.exchange(&mut [&mut read], time),
        }
        // Where nothing more can move, time passes all the same.
        host.run(end.saturating_sub(host.now()));
        let over = opened.outgoing.as_ref().and_then(Transfer::outcome);
        over.or(read.outcome())
            .transpose()
            .map_err(|error| anyhow!("a transfer with the device failed: {error}"))?;
        if over.is_some() {
            opened.outgoing = None;
        }
        let received = read.into_moved();
        incoming.extend_from_slice(&received);
        Ok(over.is_some() || !received.is_empty())
    }

    fn give(&mut self, terminal: &Terminal) -> Result<bool> {
        if self.incoming.is_empty() {
            return Ok(false);
        }
        let count = terminal.write(&self.incoming)?;
        self.incoming.drain(..count);
        Ok(count > 0)
    }
}

/// A change of settings, as cdc-acm.c makes it: a baud rate of 0 drops DTR and RTS.
fn set<P: DevicePort>(
    host: &mut Host<P>,
    port: &mut AcmPort,
    before: Option<LineCoding>,
    now: Option<LineCoding>,
) -> Result<()> {
    if before.is_some() != now.is_some() {
        port.set_control_line_state(host, now.is_some(), now.is_some())?;
    }
    if let Some(coding) = now {
        port.set_line_coding(host, coding.to_bytes())?;
    }
    Ok(())
}
