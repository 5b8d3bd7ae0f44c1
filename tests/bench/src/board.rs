//! A chip on the simulated host's cable.

use usbd_acm::Speed;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};

use crate::cpu::{Core, Cycles, Fault, Image};
use crate::soc::{Chip, ResetCause, Transaction, Violation};

/// How time passes for the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pace {
    /// As on a real bus.
    #[default]
    RealTime,
    /// The host offers the next token as soon as the last one is answered: the bus costs a fraction
    /// of its time, and the device is never without work.
    Saturating,
}

impl Pace {
    /// How much faster the bus of a chip with this clock is, in hertz.
    const fn divisor(self, frequency: u64) -> u64 {
        match self {
            Pace::RealTime => 1,
            // Faster than any firmware here takes a packet, and not so fast that a packet is over within an
            // interrupt, which on a real bus it never is. The same number of cycles on every chip.
            Pace::Saturating => frequency / 8_000_000,
        }
    }
}

/// A chip with firmware in it, as the device end of a cable.
pub struct Board<C: Chip> {
    core: Core<C>,
    pace: Pace,
    speed: Speed,
    /// Time of the host, in nanoseconds of the device.
    now: Nanoseconds,
    /// What a saturating host left of a nanosecond.
    rest: Nanoseconds,
    last_sof: Nanoseconds,
    fault: Option<Fault>,
}

impl<C: Chip> Board<C> {
    /// Powers the chip up with this firmware; VBUS is not there yet.
    ///
    /// # Errors
    /// Those of [`Core::new`].
    pub fn new(image: Image) -> anyhow::Result<Self> {
        Self::with_chip(C::new(), image)
    }

    /// The same with this chip, as one of another board.
    ///
    /// # Errors
    /// Those of [`Core::new`].
    pub fn with_chip(chip: C, image: Image) -> anyhow::Result<Self> {
        let core = Core::new(chip, image)?;
        let (pace, speed) = (Pace::RealTime, Speed::Full);
        Ok(Self { core, pace, speed, now: 0, rest: 0, last_sof: 0, fault: None })
    }

    /// The processor.
    pub fn core(&mut self) -> &mut Core<C> {
        &mut self.core
    }

    /// The chip.
    pub fn soc(&self) -> &C {
        self.core.soc()
    }

    /// Violations of every kind, with how often each happened.
    pub fn violations(&self) -> Vec<(Violation, usize)> {
        self.core.soc().violations().counts()
    }

    /// Why the processor does not run any more.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Changes how time passes.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// A reset other than the firmware's own.
    pub fn reset(&mut self, cause: ResetCause) {
        self.fault = None;
        self.core.reset(cause);
    }

    const fn divisor(&self) -> u64 {
        self.pace.divisor(C::FREQUENCY)
    }

    /// Lets the chip run until this long after the host's time.
    fn catch_up(&mut self, ahead: Nanoseconds) -> Cycles {
        let now = cycles::<C>(self.now + ahead / self.divisor());
        if let Err(fault) = self.core.run_until(now) {
            self.fault.get_or_insert(fault);
        }
        now
    }

    /// A token arrives: what the chip answers.
    fn token<R>(
        &mut self,
        address: u8,
        endpoint: u8,
        answer: impl FnOnce(&mut C, Transaction<'_>) -> R,
    ) -> R {
        let now = self.catch_up(token(self.speed));
        let (begin, speed, divisor) = (self.now, self.speed, self.divisor());
        let end = move |bytes| cycles::<C>(begin + duration(bytes, speed) / divisor);
        let at = Transaction { address, endpoint, now, end: &end };
        self.core.with_soc(|soc, _, _| answer(soc, at))
    }
}

/// From the beginning of a token until the device must know its answer: the bits of a token, and the
/// shortest turnaround (USB 2.0 §7.1.18): 35 and 2 at full speed, 64 and 8 at high speed.
const fn token(speed: Speed) -> Nanoseconds {
    match speed {
        Speed::Full => 3_000,
        Speed::High => 150,
    }
}

/// Of a transaction with this many bytes of data: tables 5-9 and 5-10 of USB 2.0, as the host counts it,
/// and never longer than that.
const fn duration(bytes: usize, speed: Speed) -> Nanoseconds {
    match speed {
        Speed::Full => (13 + bytes as u64) * 8_000 / 12,
        Speed::High => (55 + bytes as u64) * 8_000 / 480,
    }
}

const fn cycles<C: Chip>(time: Nanoseconds) -> Cycles {
    time * (C::FREQUENCY / 1_000_000) / 1_000
}

impl<C: Chip> DevicePort for Board<C> {
    fn set_vbus(&mut self, present: bool) {
        self.core.with_soc(|soc, now, _| soc.set_vbus(present, now));
    }

    fn attached(&self) -> bool {
        self.core.soc().is_attached()
    }

    fn bus_reset(&mut self, speed: Speed) -> Speed {
        self.speed = self.core.with_soc(|soc, now, _| soc.bus_reset(speed, now));
        self.speed
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        self.token(address, endpoint, |soc, at| soc.setup(at, data))
    }

    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse {
        self.token(address, endpoint, |soc, at| soc.in_token(at, ack))
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        self.token(address, endpoint, |soc, at| soc.out_token(at, pid, data))
    }

    fn ping(&mut self, address: u8, endpoint: u8) -> Handshake {
        self.token(address, endpoint, |soc, at| soc.ping(at))
    }

    fn sof(&mut self, frame: u16) {
        // A saturating host has more frames than there is time for.
        if self.pace == Pace::Saturating && self.now < self.last_sof + 1_000_000 {
            return;
        }
        self.last_sof = self.now;
        self.core.with_soc(|soc, now, _| soc.sof(frame, now));
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.core.with_soc(|soc, now, _| soc.set_suspended(suspended, now));
    }

    fn wakeup_signalled(&self) -> bool {
        self.core.soc().signals_wakeup()
    }

    fn run(&mut self, duration: Nanoseconds) {
        let divisor = self.divisor();
        let scaled = duration + self.rest;
        self.now += scaled / divisor;
        self.rest = scaled % divisor;
        self.catch_up(0);
    }
}
