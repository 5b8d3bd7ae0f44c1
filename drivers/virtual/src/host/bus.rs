//! The root port: VBUS, reset, suspend, frames, and everybody who listens.

use alloc::boxed::Box;
use alloc::vec::Vec;

use usbd_acm::{EndpointAddress, Speed};

use super::clock::{Clock, Extent};
use super::fault::FaultPlan;
use super::observer::{Content, ControlRecord, Fate, LineEvent, Observer, Packet, Side};
use super::periodic::Periodic;
use super::{Config, TransferError};
use crate::{DevicePort, Nanoseconds, Pid};

/// A step of time while no frames are sent.
const IDLE_STEP: Nanoseconds = 1_000_000;

pub(super) struct Bus<P> {
    pub(super) port: P,
    pub(super) config: Config,
    pub(super) faults: FaultPlan,
    pub(super) clock: Clock,
    pub(super) address: u8,
    /// bMaxPacketSize0, or what a host assumes before it knows.
    pub(super) ep0_packet_size: u8,
    pub(super) toggles: Toggles,
    pub(super) periodic: Vec<Periodic>,
    /// Whether SOF is sent: after the first reset, unless suspended.
    active: bool,
    /// Why no transaction can be made, until the host resets or plugs again.
    pub(super) lost: Option<TransferError>,
    /// Endpoint number and how many more of its tokens a hub answers with NAK.
    pub(super) storm: Option<(u8, u32)>,
    observers: Vec<Box<dyn Observer>>,
}

impl<P: DevicePort> Bus<P> {
    pub(super) fn new(port: P, config: Config) -> Self {
        Self {
            port,
            config,
            faults: FaultPlan::default(),
            clock: Clock::new(config.speed),
            address: 0,
            ep0_packet_size: 64,
            toggles: Toggles::default(),
            periodic: Vec::new(),
            active: false,
            lost: Some(TransferError::Detached),
            storm: None,
            observers: Vec::new(),
        }
    }

    pub(super) fn set_vbus(&mut self, present: bool) {
        self.active = false;
        self.lost = Some(TransferError::Detached);
        self.ep0_packet_size = 64;
        self.forget_device();
        self.port.set_vbus(present);
        self.tell(if present { LineEvent::Plugged } else { LineEvent::Unplugged });
    }

    /// USB 2.0 §7.1.7.5: SE0 for as long as configured.
    pub(super) fn reset(&mut self) -> Result<Speed, TransferError> {
        self.active = false;
        self.idle(self.config.reset);
        if !self.port.attached() {
            self.lost = Some(TransferError::Detached);
            return Err(TransferError::Detached);
        }
        let speed = self.port.bus_reset(self.config.speed);
        self.clock.set_speed(speed);
        self.forget_device();
        self.active = true;
        self.lost = None;
        self.tell(LineEvent::Reset(speed));
        Ok(speed)
    }

    fn forget_device(&mut self) {
        self.address = 0;
        self.storm = None;
        self.forget_endpoints();
    }

    /// SET_CONFIGURATION: every endpoint starts anew (USB 2.0 §9.1.1.5).
    pub(super) fn forget_endpoints(&mut self) {
        self.toggles = Toggles::default();
        self.periodic.clear();
    }

    pub(super) fn suspend(&mut self) {
        self.active = false;
        self.idle(3_000_000);
        self.port.set_suspended(true);
        self.tell(LineEvent::Suspended);
    }

    /// USB 2.0 §7.1.7.7: 20 ms of resume signalling, then 10 ms of recovery.
    pub(super) fn resume(&mut self) {
        self.idle(20_000_000);
        self.port.set_suspended(false);
        self.active = self.lost.is_none();
        self.tell(LineEvent::Resumed);
        self.idle(10_000_000);
    }

    pub(super) const fn is_active(&self) -> bool {
        self.active
    }
}

/// Time.
impl<P: DevicePort> Bus<P> {
    /// Lets this much time pass, with SOF and interrupt polling.
    pub(super) fn idle(&mut self, duration: Nanoseconds) {
        let end = self.clock.now + duration;
        while self.clock.now < end {
            self.begin_frame_if_due();
            self.poll_periodic();
            self.elapse(self.frame_rest().min(end.saturating_sub(self.clock.now)));
        }
    }

    /// Waits until a transaction of this extent fits into the frame.
    pub(super) fn begin(&mut self, extent: Extent) -> Result<(), TransferError> {
        loop {
            self.begin_frame_if_due();
            self.poll_periodic();
            self.check_usable()?;
            if extent.duration(self.clock.speed) <= self.clock.until_sof() {
                return Ok(());
            }
            self.elapse(self.clock.until_sof());
        }
    }

    fn check_usable(&mut self) -> Result<(), TransferError> {
        if self.lost.is_none() && !self.port.attached() {
            // The device let go of its pull-up.
            self.active = false;
            self.lost = Some(TransferError::Detached);
        }
        match self.lost {
            Some(error) => Err(error),
            None if self.active => Ok(()),
            None => Err(TransferError::Suspended),
        }
    }

    /// Lets the device run, and sends SOF where one is due.
    pub(super) fn elapse(&mut self, duration: Nanoseconds) {
        let end = self.clock.now + duration;
        while self.clock.now < end {
            self.begin_frame_if_due();
            let step = self.frame_rest().min(end.saturating_sub(self.clock.now));
            self.clock.now += step;
            self.port.run(step);
        }
    }

    fn frame_rest(&self) -> Nanoseconds {
        if self.active { self.clock.until_sof() } else { IDLE_STEP }
    }

    fn begin_frame_if_due(&mut self) {
        if !self.active || self.clock.until_sof() > 0 {
            return;
        }
        let number = self.clock.begin_frame();
        let content = Content::Sof(number);
        self.show(&Packet { from: Side::Host, address: 0, endpoint: 0, content }, Fate::Intact);
        self.port.sof(number);
        let duration = Extent::Sof.duration(self.clock.speed);
        self.clock.now += duration;
        self.port.run(duration);
    }
}

/// Listeners.
impl<P> Bus<P> {
    pub(super) fn observe(&mut self, observer: Box<dyn Observer>) {
        self.observers.push(observer);
    }

    pub(super) fn show(&mut self, packet: &Packet<'_>, fate: Fate) {
        for observer in &mut self.observers {
            observer.packet(self.clock.now, packet, fate);
        }
    }

    pub(super) fn tell(&mut self, event: LineEvent) {
        for observer in &mut self.observers {
            observer.line(self.clock.now, event);
        }
    }

    pub(super) fn record(&mut self, record: &ControlRecord<'_>) {
        for observer in &mut self.observers {
            observer.control(record);
        }
    }
}

/// The data toggles of every endpoint, as the host keeps them.
#[derive(Clone, Default)]
pub(super) struct Toggles([Toggle; 32]);

/// The host's side of one data toggle.
#[derive(Clone, Copy)]
pub(super) struct Toggle {
    /// What the next new packet carries.
    pub(super) pid: Pid,
    /// The device missed our last ACK, and will send the packet again.
    pub(super) repetition_due: bool,
    /// High speed: PING before the next OUT (USB 2.0 §8.5.1).
    pub(super) ping: bool,
}

impl Toggle {
    pub(super) const fn starting_at(pid: Pid) -> Self {
        Self { pid, repetition_due: false, ping: false }
    }
}

impl Default for Toggle {
    fn default() -> Self {
        Self::starting_at(Pid::Data0)
    }
}

impl Toggles {
    pub(super) fn of(&mut self, address: EndpointAddress) -> &mut Toggle {
        let byte = usize::from(address.to_byte());
        &mut self.0[(byte & 0x0F) | (byte >> 3 & 0x10)]
    }
}
