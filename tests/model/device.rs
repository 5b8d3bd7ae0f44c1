//! The whole device: what the bus did, and what the firmware was told of it.

mod firmware;

use std::collections::VecDeque;

use usbd_acm::{DtrPolicy, SetupPacket, Speed};
use usbd_acm_virtual::Nanoseconds;

use super::ep0::{Ep0, Ep0Key, Told};
use super::port::{PortKey, PortModel};
use super::{Golden, Model};

/// The idle time after which the bus counts as suspended (USB 2.0 §7.1.7.6).
const SUSPEND_IDLE: Nanoseconds = 3_000_000;
/// The idle time before remote wake-up may be signalled (USB 2.0 §7.1.7.7).
const WAKEUP_IDLE: Nanoseconds = 5_000_000;

/// When the firmware polls the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polling {
    /// After every event: every outcome is exact.
    Prompt,
    /// When it is told to: bulk endpoints may NAK what they could take by now.
    Late,
}

/// What is fixed in a device.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What it is made of at full speed.
    pub full: &'static Golden,
    /// At high speed, if it can.
    pub high: Option<&'static Golden>,
    /// What DTR means to sessions.
    pub policy: DtrPolicy,
    /// Whether a write wakes the host.
    pub wake_on_write: bool,
    /// Whether every session begins with the question whether the host reads.
    pub probe: bool,
    /// When the firmware polls.
    pub polling: Polling,
    /// Packets from the host that a port holds.
    pub slots: usize,
}

/// What the firmware was not told yet.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Untold {
    Reset(Speed),
    VbusLost,
    Suspend,
    Resume,
    Setup(SetupPacket),
    Ep0(Told),
    Notified(usize),
    Sent(usize),
    Received(usize, Vec<u8>),
}

/// What tells two states of the device apart.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StateKey {
    /// VBUS, pull-up, reset since.
    pub attached: (bool, bool, bool),
    /// Default (0), Address (1) or Configured (2), and whether there is an address.
    pub state: (u8, bool),
    /// The control pipe.
    pub ep0: Ep0Key,
    /// bEndpointAddress of halted endpoints, in order.
    pub halted: Vec<u8>,
    /// DEVICE_REMOTE_WAKEUP.
    pub remote_wakeup: bool,
    /// Selectors of the test mode that it is in, and of the one that comes.
    pub test_mode: [Option<u8>; 2],
    /// Suspended, and of that: long enough for wake-up, and wake-up signalled.
    pub suspended: Option<(bool, bool)>,
    /// Each port.
    pub ports: Vec<PortKey>,
}

/// A device as specified. [`tokens`](super::tokens) has what it answers.
#[derive(Clone, Debug)]
pub struct DeviceModel {
    pub(super) settings: Settings,
    /// Requests, device state, halts, wake-up: as the firmware knows them.
    pub control: Model,
    vbus: bool,
    pull_up: bool,
    /// Speed since the last bus reset; `None` before the first.
    pub(super) speed: Option<Speed>,
    /// What tokens must name.
    pub address: u8,
    /// How long the bus has been idle while suspended.
    suspended: Option<Nanoseconds>,
    woken: bool,
    pub(super) ep0: Ep0,
    /// The endpoints beside EP0 are open.
    pub(super) open: bool,
    untold: VecDeque<Untold>,
    firmware_suspended: bool,
    gated: bool,
    /// Selector of the test mode that follows the status stage.
    test_mode_due: Option<u8>,
    /// Remote wake-up was asked for since the firmware was told of the suspend.
    wake_wanted: bool,
    /// Each port.
    pub ports: Vec<PortModel>,
}

impl DeviceModel {
    /// Powered off, and the pull-up is on.
    pub fn new(settings: Settings) -> Self {
        let ports = (0..settings.full.ports).map(|_| PortModel::new(settings.probe)).collect();
        Self {
            settings,
            control: Model::new(settings.full),
            vbus: false,
            pull_up: true,
            speed: None,
            address: 0,
            suspended: None,
            woken: false,
            ep0: Ep0::default(),
            open: false,
            untold: VecDeque::new(),
            firmware_suspended: false,
            gated: false,
            test_mode_due: None,
            wake_wanted: false,
            ports,
        }
    }

    /// What tells this state from others; `with_data` also by what the ports move.
    pub fn key(&self, with_data: bool) -> StateKey {
        let mut halted = self.control.halted.clone();
        halted.sort_unstable();
        StateKey {
            attached: (self.vbus, self.pull_up, self.speed.is_some()),
            state: (self.control.state as u8, self.address != 0),
            ep0: self.ep0.key(),
            halted,
            remote_wakeup: self.control.remote_wakeup,
            test_mode: [self.control.test_mode, self.test_mode_due],
            suspended: self.suspended.map(|idle| (idle >= WAKEUP_IDLE, self.woken)),
            ports: self.ports.iter().map(|port| port.key(with_data, self.open)).collect(),
        }
    }

    /// wMaxPacketSize of the bulk endpoints.
    pub fn bulk_packet_size(&self) -> usize {
        self.speed.map_or(64, |speed| usize::from(speed.bulk_packet_size()))
    }

    /// Whether the firmware knows that the bus is suspended.
    pub fn is_suspended(&self) -> bool {
        self.firmware_suspended
    }

    /// Whether the device signals remote wake-up.
    pub fn wakeup_signalled(&self) -> bool {
        self.woken && self.suspended.is_some_and(|idle| idle >= WAKEUP_IDLE)
    }

    /// Whether a token to this address is for the device.
    pub(super) fn answers(&self, address: u8) -> bool {
        let is_awake = self.speed.is_some() && self.suspended.is_none();
        let is_usb = self.control.test_mode.is_none();
        self.is_attached() && is_awake && is_usb && self.address == address
    }

    fn is_attached(&self) -> bool {
        self.vbus && self.pull_up
    }
}

/// What happens on the bus beside tokens.
impl DeviceModel {
    /// VBUS goes on or off.
    pub fn set_vbus(&mut self, present: bool) {
        let is_lost = self.vbus && !present;
        self.vbus = present;
        if is_lost {
            self.start_over(None);
            self.untold.clear();
            self.untold.push_back(Untold::VbusLost);
        }
    }

    /// A bus reset.
    pub fn reset(&mut self, speed: Speed) {
        let speed = if self.settings.high.is_some() { speed } else { Speed::Full };
        if self.is_attached() && self.control.test_mode.is_none() {
            self.start_over(Some(speed));
            self.untold.push_back(Untold::Reset(speed));
        }
    }

    /// The bus goes idle, or comes back.
    pub fn set_suspended(&mut self, suspended: bool) {
        let is_deaf = !self.is_attached() || self.control.test_mode.is_some();
        if is_deaf || suspended == self.suspended.is_some() {
            return;
        }
        self.woken = false;
        self.suspended = suspended.then_some(SUSPEND_IDLE);
        self.untold.push_back(if suspended { Untold::Suspend } else { Untold::Resume });
    }

    /// Time passes.
    pub fn run(&mut self, duration: Nanoseconds) {
        if let Some(idle) = &mut self.suspended {
            *idle += duration;
        }
    }

    /// I2: what was not told of the time before is never told.
    fn start_over(&mut self, speed: Option<Speed>) {
        self.control.test_mode = None;
        self.speed = speed;
        self.address = 0;
        self.suspended = None;
        self.woken = false;
        self.ep0 = Ep0::default();
        self.close();
        self.untold.retain(|untold| *untold == Untold::VbusLost);
    }

    fn close(&mut self) {
        self.open = false;
        for port in &mut self.ports {
            port.serial_state.on_wire = None;
            port.to_host.offered = None;
        }
        self.untold.retain(|untold| {
            !matches!(untold, Untold::Sent(_) | Untold::Notified(_) | Untold::Received(..))
        });
    }
}

/// What tokens leave for the firmware.
impl DeviceModel {
    pub(super) fn setup_came(&mut self, setup: SetupPacket) {
        self.ep0.setup();
        self.untold.retain(|untold| !matches!(untold, Untold::Setup(_) | Untold::Ep0(_)));
        self.untold.push_back(Untold::Setup(setup));
    }

    pub(super) fn ep0_told(&mut self, told: Option<Told>) {
        if let Some(Told::Status { address: Some(address) }) = told {
            // USB 2.0 §9.4.6: not before the status stage is over.
            self.address = address;
        }
        self.untold.extend(told.map(Untold::Ep0));
    }

    pub(super) fn notified(&mut self, port: usize) {
        self.untold.push_back(Untold::Notified(port));
    }

    pub(super) fn sent(&mut self, port: usize) {
        self.ports[port].to_host.untold += 1;
        self.untold.push_back(Untold::Sent(port));
    }

    pub(super) fn received(&mut self, port: usize, data: &[u8]) {
        self.untold.push_back(Untold::Received(port, data.into()));
    }

    /// Packets of a port that were taken in and not read, with data or in all.
    pub(super) fn held(&self, port: usize, with_data: bool) -> usize {
        let counts = |bytes: &[u8]| !with_data || !bytes.is_empty();
        let untold = self.untold.iter().filter(|untold| {
            matches!(untold, Untold::Received(number, bytes) if *number == port && counts(bytes))
        });
        let told = self.ports[port].from_host.packets.iter();
        told.filter(|(_, bytes)| counts(bytes)).count() + untold.count()
    }
}
