//! Waiting, with a bound.

use core::convert::Infallible;
use core::marker::PhantomData;

use usbd_acm_class::milliseconds_between;

use super::{StuckPort, Then, WritePolicy};
use crate::IoError;

/// When a wait is over.
pub trait Bound {
    /// The wait begins.
    fn begin(&mut self, port: &StuckPort);

    /// Whether it has lasted for long enough. Must be `true` after a bounded number of calls, or a
    /// bounded time.
    fn is_over(&mut self, port: &StuckPort) -> bool;
}

/// Waits until the host takes bytes, for as long as its bound says; then it loses what does not fit
/// (`E` = [`Infallible`]), or fails ([`IoError`]).
///
/// A host that let one wait run out is not waited for again until it has taken something: a program
/// that logs to nobody stands still once, not at every line. It stands still for no session, either.
pub struct Wait<B, W = fn(), E = Infallible> {
    bound: B,
    pause: W,
    state: State,
    error: PhantomData<E>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The host took everything so far.
    Ready,
    Waiting,
    /// It was waited for in vain.
    Exhausted,
}

/// A bound in frames of the bus, which are milliseconds, or by
/// [`Hooks::milliseconds`](crate::Hooks::milliseconds).
///
/// The wait is over at once where nobody tells the time ([`Hooks::FRAMES`](crate::Hooks::FRAMES) and
/// a controller with [`frame`](crate::Controller::frame)), and during suspend, which stops frames;
/// and after 65 535 looks without a new frame, so that a main loop which does not poll while it
/// waits does not hang.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    limit: u16,
    since: Option<u16>,
    last: u16,
    /// Looks since the last new frame.
    looks: u16,
}

/// A bound by the caller's clock, which counts upwards and wraps, in a unit of its own.
#[derive(Clone, Copy, Debug)]
pub struct Clock<F> {
    now: F,
    limit: u32,
    since: u32,
}

impl Wait<Frames> {
    /// For this many frames of 1 ms: 1 to 2000.
    pub const fn frames(limit: u16) -> Self {
        let limit = if limit > 2000 { 2000 } else { limit };
        Self::new(Frames { limit, since: None, last: 0, looks: 0 })
    }
}

impl<F: FnMut() -> u32> Wait<Clock<F>> {
    /// Until `now` has gone on by `limit`.
    pub const fn clock(now: F, limit: u32) -> Self {
        Self::new(Clock { now, limit, since: 0 })
    }
}

impl<B: Bound> Wait<B> {
    /// A wait with a bound of your own.
    pub const fn new(bound: B) -> Self {
        Self { bound, pause: core::hint::spin_loop, state: State::Ready, error: PhantomData }
    }
}

impl<B, W, E> Wait<B, W, E> {
    /// Calls `pause` between two looks: to poll the device in a bare main loop, or to sleep until
    /// the next interrupt.
    pub fn pausing<V: FnMut()>(self, pause: V) -> Wait<B, V, E> {
        Wait { bound: self.bound, pause, state: self.state, error: PhantomData }
    }

    /// Fails with [`IoError::TimedOut`] when the wait is over, instead of losing bytes.
    pub fn or_fail(self) -> Wait<B, W, IoError> {
        Wait { bound: self.bound, pause: self.pause, state: self.state, error: PhantomData }
    }
}

impl<B: Bound, W: FnMut(), E> Wait<B, W, E> {
    /// Whether to look again.
    fn goes_on(&mut self, port: &StuckPort) -> bool {
        match self.state {
            State::Exhausted => return false,
            State::Ready => {
                self.bound.begin(port);
                self.state = State::Waiting;
            }
            State::Waiting => {}
        }
        if self.bound.is_over(port) {
            self.state = State::Exhausted;
            return false;
        }
        (self.pause)();
        true
    }

    fn then(&mut self, port: &StuckPort) -> Then {
        if self.goes_on(port) { Then::Retry } else { Then::GiveUp }
    }
}

impl<B: Bound, W: FnMut()> WritePolicy for Wait<B, W, Infallible> {
    type Error = Infallible;

    fn full(&mut self, port: &StuckPort) -> Then {
        self.then(port)
    }

    fn unflushed(&mut self, port: &StuckPort) -> bool {
        self.goes_on(port)
    }

    fn given_up(&self, _: IoError) -> Result<(), Infallible> {
        Ok(())
    }

    fn progressed(&mut self) {
        self.state = State::Ready;
    }
}

impl<B: Bound, W: FnMut()> WritePolicy for Wait<B, W, IoError> {
    type Error = IoError;

    fn full(&mut self, port: &StuckPort) -> Then {
        self.then(port)
    }

    fn unflushed(&mut self, port: &StuckPort) -> bool {
        self.goes_on(port)
    }

    fn given_up(&self, why: IoError) -> Result<(), IoError> {
        Err(why)
    }

    fn progressed(&mut self) {
        self.state = State::Ready;
    }
}

impl Bound for Frames {
    fn begin(&mut self, port: &StuckPort) {
        self.since = port.milliseconds();
        self.last = self.since.unwrap_or(0);
        self.looks = 0;
    }

    fn is_over(&mut self, port: &StuckPort) -> bool {
        let (Some(since), Some(now)) = (self.since, port.milliseconds()) else { return true };
        if now == self.last {
            self.looks = self.looks.saturating_add(1);
        } else {
            self.last = now;
            self.looks = 0;
        }
        port.is_suspended()
            || self.looks == u16::MAX
            || milliseconds_between(since, now) >= self.limit
    }
}

impl<F: FnMut() -> u32> Bound for Clock<F> {
    fn begin(&mut self, _: &StuckPort) {
        self.since = (self.now)();
    }

    fn is_over(&mut self, _: &StuckPort) -> bool {
        (self.now)().wrapping_sub(self.since) >= self.limit
    }
}
