//! The poll loop: one thread, one connection after another. The device's time goes on while the
//! peer is silent, and nothing the peer does ends the server.

mod listener;
mod operator;

use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use self::listener::{Endpoint, Listener, Stream};
pub use self::operator::Operator;
use crate::bus::Bus;
use crate::served::Session;

/// How often to look for a stop when there is nothing else to do.
const IDLE: Duration = Duration::from_millis(50);
/// How far simulated time may fall behind before the rest is forgotten.
const LAG: Duration = Duration::from_millis(20);
/// Output that the peer has not taken before transfers wait.
const BACKLOG: usize = 4 << 20;
/// Steps between two looks at the socket.
const BURST: usize = 64;

/// A device, offered on a socket.
pub struct Server<'a> {
    /// Where peers connect.
    pub listener: Listener,
    /// The bus with the device.
    pub bus: Bus,
    /// Set from a signal handler: ends the server after the current step.
    pub stop: &'a AtomicBool,
    /// Who hears of events and may give commands.
    pub operator: Operator,
}

enum Exchange {
    Open { read: bool },
    Closed,
}

impl Server<'_> {
    /// Serves until told to stop. Errors are those of the listening socket only.
    pub fn run(&mut self, new_session: fn() -> Box<dyn Session>) -> anyhow::Result<()> {
        while !self.stopped() {
            let wanted = [self.listener.as_fd()];
            wait(&wanted, self.operator.input(), None, IDLE);
            self.operator.attend(None, &mut self.bus);
            match self.listener.accept() {
                Ok(Some(stream)) => self.connection(stream, new_session()),
                Ok(None) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.operator.ended()
    }

    fn connection(&mut self, mut stream: Box<dyn Stream>, mut session: Box<dyn Session>) {
        self.operator.report("connected");
        let reason = self.converse(&mut *stream, &mut *session);
        session.unplug(&mut self.bus);
        // The peer may be gone; then there is nobody to tell.
        let _ = flush(&mut *stream, session.output());
        self.operator.attend(None, &mut self.bus);
        self.operator.report(&format!("disconnected: {reason}"));
    }

    fn converse(&mut self, stream: &mut dyn Stream, session: &mut dyn Session) -> String {
        let mut clock = Clock::start(&self.bus);
        while !self.stopped() {
            let read = match exchange(stream, session, &mut self.bus) {
                Ok(Exchange::Open { read }) => read,
                Ok(Exchange::Closed) => return "closed by the peer".into(),
                Err(reason) => return reason,
            };
            let moved = session.output().len() < BACKLOG && burst(session, &mut self.bus);
            let attended = self.operator.attend(Some(session), &mut self.bus);
            if let Err(error) = flush(stream, session.output()) {
                return error.to_string();
            }
            if session.is_over() {
                return "unplugged".into();
            }
            if read || moved || attended {
                clock.keep_up(&self.bus);
                continue;
            }
            if let Some(ahead) = clock.frame_due(&mut self.bus) {
                let pending = !session.output().is_empty();
                wait(&[], self.operator.input(), Some((stream, pending)), ahead);
            }
        }
        "stopped".into()
    }
}

fn burst(session: &mut dyn Session, bus: &mut Bus) -> bool {
    (0..BURST).take_while(|_| session.step(bus)).count() > 0
}

/// Takes in what the peer sent so far.
fn exchange(
    stream: &mut dyn Stream,
    session: &mut dyn Session,
    bus: &mut Bus,
) -> Result<Exchange, String> {
    let mut buffer = [0; 65536];
    match stream.read(&mut buffer) {
        Ok(0) => Ok(Exchange::Closed),
        Ok(count) => {
            let bytes = buffer.get(..count).unwrap_or_default();
            session.receive(bytes, bus).map_err(|end| end.to_string())?;
            Ok(Exchange::Open { read: true })
        }
        Err(error) if later(&error) => Ok(Exchange::Open { read: false }),
        Err(error) => Err(error.to_string()),
    }
}

fn flush(stream: &mut dyn Stream, output: &mut Vec<u8>) -> std::io::Result<()> {
    let mut written = 0;
    while let Some(rest) = output.get(written..).filter(|rest| !rest.is_empty()) {
        match stream.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if later(&error) => break,
            Err(error) => return Err(error),
        }
    }
    output.drain(..written);
    Ok(())
}

fn later(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Waits for any of the descriptors, for the time at most. A signal ends the wait too.
fn wait(
    wanted: &[std::os::fd::BorrowedFd<'_>],
    operator: Option<std::os::fd::BorrowedFd<'_>>,
    stream: Option<(&mut dyn Stream, bool)>,
    time: Duration,
) {
    let inputs = wanted.iter().copied().chain(operator);
    let mut fds: Vec<_> = inputs.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    if let Some((stream, pending)) = &stream {
        let flags = if *pending { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        fds.push(PollFd::from_borrowed_fd(stream.as_fd(), flags));
    }
    let timeout = Timespec::try_from(time).ok();
    // What is ready shows when it is read; an error here means a look too early.
    let _ = poll(&mut fds, timeout.as_ref());
}

/// Ties simulated time to the wall clock: never slower, faster while transfers move.
struct Clock {
    wall: Instant,
    simulated: u64,
}

impl Clock {
    fn start(bus: &Bus) -> Self {
        Self { wall: Instant::now(), simulated: bus.now() }
    }

    fn lead(&self, bus: &Bus) -> Result<Duration, Duration> {
        let simulated = Duration::from_nanos(bus.now() - self.simulated);
        let wall = self.wall.elapsed();
        simulated.checked_sub(wall).ok_or(wall.saturating_sub(simulated))
    }

    fn keep_up(&mut self, bus: &Bus) {
        match self.lead(bus) {
            Err(behind) if behind < LAG => {}
            _ => *self = Self::start(bus),
        }
    }

    /// Runs one idle frame if it is due, or tells how long until it is.
    fn frame_due(&mut self, bus: &mut Bus) -> Option<Duration> {
        match self.lead(bus) {
            Ok(ahead) if !ahead.is_zero() => {
                // Time that ran ahead with transfers is not waited for.
                let frame = Duration::from_millis(1);
                if ahead > frame {
                    self.keep_up(bus);
                }
                Some(ahead.min(frame))
            }
            _ => {
                bus.end_frame();
                self.keep_up_if_lagging(bus);
                None
            }
        }
    }

    fn keep_up_if_lagging(&mut self, bus: &Bus) {
        if let Err(behind) = self.lead(bus)
            && behind >= LAG
        {
            *self = Self::start(bus);
        }
    }
}
