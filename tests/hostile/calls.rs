//! Calls of the application, each with what the model expects of it.

use usbd_acm::class::{Break, ControlLineState, Event, LineCoding};
use usbd_acm::{Controller, Hooks, ReadError, State, WriteError};

use super::twin::{Twin, equal};
use crate::model::{Polling, Verdict};

/// Events of one look at most: each kind once, and each signal that changed meanwhile.
const EVENTS: usize = 32;

/// What the events have told so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    lines: ControlLineState,
    configured: bool,
    suspended: bool,
    session: bool,
    break_request: Break,
    line_coding: LineCoding,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            lines: ControlLineState::empty(),
            configured: false,
            suspended: false,
            session: false,
            break_request: Break::Off,
            line_coding: LineCoding::DEFAULT,
        }
    }
}

impl Told {
    /// A change is told once: every event differs from what was told before.
    fn hear(&mut self, event: Event, probe: bool) -> Verdict {
        let before = *self;
        match event {
            Event::Configured { milliamps } => {
                equal("mA", milliamps, 100)?;
                self.configured = true;
            }
            Event::Deconfigured => self.configured = false,
            Event::Dtr(on) => self.lines.set(ControlLineState::DTR, on),
            Event::Rts(on) => self.lines.set(ControlLineState::RTS, on),
            Event::LineCoding { old, new } => {
                equal("the old line coding", old, before.line_coding)?;
                self.line_coding = new;
            }
            // One that replaces another of the same length is a change, too.
            Event::Break(request) => {
                self.break_request = request;
                return Ok(());
            }
            Event::Suspended => self.suspended = true,
            Event::Resumed => self.suspended = false,
            Event::SessionStart => self.session = true,
            Event::SessionEnd => self.session = false,
            // Only where a board asks for them, which these do not.
            Event::HostReads if probe => return Ok(()),
            Event::HostReads | Event::Touch1200 => {
                return Err(format!("{event:?} was not asked for"));
            }
        }
        match format!("{before:?}") == format!("{self:?}") {
            true => Err(format!("{event:?} is no change")),
            false => Ok(()),
        }
    }
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SIZE: usize> Twin<C, H, PORTS, SIZE> {
    pub(super) fn write(&mut self, port: usize, length: usize) -> Verdict {
        let bytes = self.make(length);
        let expected = self.model.ports[port].follow_to_host();
        let seen = self.ports[port].writer.write(&bytes);
        match (expected, seen) {
            (Ok(()), Ok(count)) if count <= length && (count > 0 || length == 0) => {
                self.written(port, &bytes[..count])
            }
            (Ok(()), Err(WriteError::Full)) => self.may_be_full(port),
            (Err(expected), Err(seen)) => equal("write", seen, expected),
            (expected, seen) => Err(format!("write said {seen:?}, not {expected:?}")),
        }
    }

    pub(super) fn commit(&mut self, port: usize, length: usize) -> Verdict {
        let made = self.make(length.min(SIZE));
        let expected = self.model.ports[port].follow_to_host();
        let seen = match self.ports[port].writer.grant() {
            Ok(mut grant) => {
                let count = made.len().min(grant.len());
                grant[..count].copy_from_slice(&made[..count]);
                let is_empty = grant.is_empty();
                grant.commit(count);
                if is_empty { Err(None) } else { Ok(count) }
            }
            Err(error) => Err(Some(error)),
        };
        match (expected, seen) {
            (Ok(()), Ok(count)) => self.written(port, &made[..count]),
            (Ok(()), Err(Some(WriteError::Full))) => self.may_be_full(port),
            (Err(expected), Err(Some(seen))) => equal("grant", seen, expected),
            (expected, seen) => Err(format!("grant said {seen:?}, not {expected:?}")),
        }
    }

    /// Bytes that belong to the session of what was read last: they are in no other.
    pub(super) fn answer(&mut self, port: usize, length: usize) -> Verdict {
        let bytes = self.make(length);
        let expected = self.model.ports[port].follow_from_host();
        let session = match (expected, self.ports[port].reader.front()) {
            (Ok(()), Ok((session, front))) => {
                let readable = self.model.ports[port].readable();
                equal("front", readable.starts_with(front), true)?;
                session
            }
            (Err(expected), Err(seen)) => return equal("front", seen, expected),
            (expected, seen) => return Err(format!("front said {seen:?}, not {expected:?}")),
        };
        let is_taken = self.model.ports[port].answers_in_session();
        match (is_taken, self.ports[port].writer.write_in(session, &bytes)) {
            (true, Ok(count)) if count <= length && (count > 0 || length == 0) => {
                self.written(port, &bytes[..count])
            }
            (true, Err(WriteError::Full)) => self.may_be_full(port),
            (false, Err(WriteError::Disconnected)) => Ok(()),
            (_, seen) => Err(format!("write_in said {seen:?}; to be taken: {is_taken}")),
        }
    }

    fn written(&mut self, port: usize, bytes: &[u8]) -> Verdict {
        if bytes.is_empty() {
            return Ok(());
        }
        self.model.ports[port].written(bytes);
        self.model.ask_to_wake(true);
        let pending = self.model.ports[port].pending();
        match pending <= 2 * SIZE {
            true => Ok(()),
            false => Err(format!("{pending} bytes are in two slots of {SIZE}")),
        }
    }

    /// Nothing waits, and yet there is no room: the port would stand still.
    fn may_be_full(&self, port: usize) -> Verdict {
        let waits = self.model.ports[port].pending() > 0 || self.polling == Polling::Late;
        if waits { Ok(()) } else { Err("full, with nothing written".to_owned()) }
    }

    pub(super) fn flush(&mut self, port: usize) -> Verdict {
        let expected = self.model.ports[port].follow_to_host();
        let seen = self.ports[port].writer.is_flushed();
        let (may, must) = self.model.ports[port].flushed();
        let must = must && self.polling == Polling::Prompt;
        match (expected, seen) {
            (Ok(()), Ok(true)) if may => Ok(()),
            (Ok(()), Ok(false)) if !must => Ok(()),
            (Err(expected), Err(seen)) => equal("flush", seen, expected),
            (expected, seen) => {
                Err(format!("flush said {seen:?}; may {may}, must {must}, {expected:?}"))
            }
        }
    }

    pub(super) fn read(&mut self, port: usize, length: usize) -> Verdict {
        let expected = self.model.ports[port].follow_from_host();
        let mut buffer = vec![0; length];
        let seen = self.ports[port].reader.read(&mut buffer);
        match (expected, seen) {
            (Ok(()), Ok(count)) if count <= length && (count > 0 || length == 0) => {
                self.taken(port, &buffer[..count], count)
            }
            (Err(expected), Err(seen)) => equal("read", seen, expected),
            (expected, seen) => Err(format!("read said {seen:?}, not {expected:?}")),
        }
    }

    pub(super) fn consume(&mut self, port: usize, length: usize) -> Verdict {
        let expected = self.model.ports[port].follow_from_host();
        let seen = self.ports[port].reader.fill_buf().map(<[u8]>::to_vec);
        match (expected, seen) {
            (Ok(()), Ok(bytes)) if !bytes.is_empty() => {
                let count = length.min(bytes.len());
                self.ports[port].reader.consume(count);
                self.taken(port, &bytes, count)
            }
            (Err(expected), Err(seen)) => equal::<ReadError>("fill_buf", seen, expected),
            (expected, seen) => Err(format!("fill_buf said {seen:?}, not {expected:?}")),
        }
    }

    fn taken(&mut self, port: usize, bytes: &[u8], count: usize) -> Verdict {
        let readable = self.model.ports[port].readable();
        if !readable.starts_with(bytes) {
            return Err(format!("read {bytes:?} of {readable:?}"));
        }
        self.model.ports[port].read(count);
        Ok(())
    }

    /// The last event of each signal says what is true.
    pub(super) fn events(&mut self, port: usize) -> Verdict {
        for _ in 0..EVENTS {
            let Some(event) = self.ports[port].control.next_event() else {
                return self.compare_told(port);
            };
            self.told[port].hear(event, self.probe)?;
        }
        Err("an end of events".to_owned())
    }

    fn compare_told(&self, port: usize) -> Verdict {
        let (told, model, expected) = (&self.told[port], &self.model, &self.model.ports[port]);
        let coding = LineCoding::from_bytes(model.control.line_coding[port]);
        equal("lines told", told.lines.bits(), expected.lines())?;
        equal("session told", told.session, expected.is_connected())?;
        equal("break told", told.break_request, Break::from_value(expected.break_value()))?;
        equal("line coding told", told.line_coding, coding)?;
        equal("suspend told", told.suspended, model.is_suspended())?;
        equal("configured told", told.configured, model.control.state == State::Configured)
    }
}
