//! A chip on the simulated host's cable.

use usbd_acm::Speed;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Nanoseconds, Pid};

use crate::cpu::{Core, Cycles, Fault, Image};
use crate::soc::nrf52840::Nrf52840;
use crate::soc::{ResetCause, Soc, Violation};

/// From the beginning of a token until the device must know its answer: 35 bit times of the token
/// and the shortest turnaround (USB 2.0 §7.1.18).
const TOKEN: Nanoseconds = 3_000;

/// How time passes for the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pace {
    /// As on a full-speed bus.
    #[default]
    FullSpeed,
    /// The host offers the next token as soon as the last one is answered: the bus costs a fraction
    /// of its time, and the device is never without work.
    Saturating,
}

impl Pace {
    /// How much faster the bus is.
    const fn divisor(self) -> u64 {
        match self {
            Pace::FullSpeed => 1,
            // Faster than any firmware here takes a packet, and not so fast that a packet is over within an
            // interrupt, which on a real bus it never is.
            Pace::Saturating => 8,
        }
    }
}

/// An nRF52840 with firmware in it, as the device end of a cable.
pub struct Board {
    core: Core<Nrf52840>,
    pace: Pace,
    /// Time of the host, in nanoseconds of the device.
    now: Nanoseconds,
    /// What a saturating host left of a nanosecond.
    rest: Nanoseconds,
    last_sof: Nanoseconds,
    fault: Option<Fault>,
}

impl Board {
    /// Powers the chip up with this firmware; VBUS is not there yet.
    ///
    /// # Errors
    /// Those of [`Core::new`].
    pub fn new(image: Image) -> anyhow::Result<Self> {
        let core = Core::new(Nrf52840::new(), image)?;
        Ok(Self { core, pace: Pace::FullSpeed, now: 0, rest: 0, last_sof: 0, fault: None })
    }

    /// The processor.
    pub fn core(&mut self) -> &mut Core<Nrf52840> {
        &mut self.core
    }

    /// The chip.
    pub fn soc(&self) -> &Nrf52840 {
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

    /// Lets the chip run until this long after the host's time.
    fn catch_up(&mut self, ahead: Nanoseconds) -> Cycles {
        let now = cycles(self.now + ahead / self.pace.divisor());
        if let Err(fault) = self.core.run_until(now) {
            self.fault.get_or_insert(fault);
        }
        now
    }
}

/// When a transaction with this many bytes of data is over, if it begins at `start`. Table 5-9, as the
/// host counts it, and never later than that.
fn end_of(start: Nanoseconds, bytes: usize, pace: Pace) -> Cycles {
    let duration = (13 + bytes as u64) * 8_000 / 12;
    cycles(start + duration / pace.divisor())
}

fn cycles(time: Nanoseconds) -> Cycles {
    time * (Nrf52840::FREQUENCY / 1_000_000) / 1_000
}

impl DevicePort for Board {
    fn set_vbus(&mut self, present: bool) {
        self.core.with_soc(|soc, now, _| soc.set_vbus(present, now));
    }

    fn attached(&self) -> bool {
        self.core.soc().usbd.is_attached()
    }

    fn bus_reset(&mut self, _speed: Speed) -> Speed {
        self.core.with_soc(|soc, _, _| soc.usbd.bus_reset());
        Speed::Full
    }

    fn setup(&mut self, address: u8, endpoint: u8, data: [u8; 8]) -> Handshake {
        let now = self.catch_up(TOKEN);
        let end = end_of(self.now, 8, self.pace);
        self.core.with_soc(|soc, _, _| {
            soc.with_usbd(|usbd, around| {
                usbd.setup_token(address, endpoint, data, (now, end), around)
            })
        })
    }

    fn in_token(&mut self, address: u8, endpoint: u8, ack: bool) -> InResponse {
        let now = self.catch_up(TOKEN);
        let (start, pace) = (self.now, self.pace);
        let end = move |bytes| end_of(start, bytes, pace);
        self.core.with_soc(|soc, _, _| {
            soc.with_usbd(|usbd, around| usbd.in_token(address, endpoint, ack, (now, end), around))
        })
    }

    fn out_token(&mut self, address: u8, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        let now = self.catch_up(TOKEN);
        let end = end_of(self.now, data.len(), self.pace);
        self.core.with_soc(|soc, _, _| {
            soc.with_usbd(|usbd, around| {
                usbd.out_token(address, endpoint, (pid, data), (now, end), around)
            })
        })
    }

    fn ping(&mut self, _address: u8, _endpoint: u8) -> Handshake {
        Handshake::NoResponse
    }

    fn sof(&mut self, frame: u16) {
        // A saturating host has more frames than there is time for.
        if self.pace == Pace::Saturating && self.now < self.last_sof + 1_000_000 {
            return;
        }
        self.last_sof = self.now;
        self.core.with_soc(|soc, _, _| soc.usbd.sof(frame));
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.core.with_soc(|soc, _, _| soc.usbd.set_suspended(suspended));
    }

    fn wakeup_signalled(&self) -> bool {
        self.core.soc().usbd.signals_wakeup()
    }

    fn run(&mut self, duration: Nanoseconds) {
        let scaled = duration + self.rest;
        self.now += scaled / self.pace.divisor();
        self.rest = scaled % self.pace.divisor();
        self.catch_up(0);
    }
}
