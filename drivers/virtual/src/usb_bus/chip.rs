//! The controller behind the bus: registers and one packet buffer for each endpoint and direction.

use alloc::vec::Vec;
use core::array;

use super::Manners;
use super::ep0::Ep0;
use crate::{Handshake, InResponse, Nanoseconds, Pid};

/// The idle time before remote wake-up may be signalled (USB 2.0 §7.1.7.7).
const WAKEUP_IDLE: Nanoseconds = 5_000_000;
/// The idle time after which the bus counts as suspended (USB 2.0 §7.1.7.6).
const SUSPEND_IDLE: Nanoseconds = 3_000_000;

/// A bulk or interrupt endpoint, in one direction.
pub(super) struct Buffer {
    pub(super) max_packet_size: usize,
    pub(super) stalled: bool,
    pid: Pid,
    /// Armed for IN, or from the host and not read.
    pub(super) packet: Option<Vec<u8>>,
    /// IN: the host acknowledged a packet.
    pub(super) complete: bool,
}

impl Buffer {
    pub(super) const fn new(max_packet_size: usize) -> Self {
        Self { max_packet_size, stalled: false, pid: Pid::Data0, packet: None, complete: false }
    }

    fn in_token(&mut self, ack: bool) -> InResponse {
        if self.stalled {
            return InResponse::Stall;
        }
        let Some(packet) = &self.packet else { return InResponse::Nak };
        let response = InResponse::Data { pid: self.pid, bytes: packet.clone() };
        if ack {
            self.packet = None;
            self.pid = self.pid.toggled();
            self.complete = true;
        }
        response
    }

    fn out_token(&mut self, pid: Pid, data: &[u8]) -> Handshake {
        if data.len() > self.max_packet_size {
            return Handshake::NoResponse;
        }
        if self.stalled {
            return Handshake::Stall;
        }
        if pid != self.pid {
            return Handshake::Ack;
        }
        if self.packet.is_some() {
            return Handshake::Nak;
        }
        self.packet = Some(data.into());
        self.pid = self.pid.toggled();
        Handshake::Ack
    }

    pub(super) fn set_stalled(&mut self, stalled: bool, is_in: bool, manners: Manners) {
        let ends = self.stalled && !stalled;
        self.stalled = stalled;
        if !stalled && manners.unstall_resets_toggle {
            self.pid = Pid::Data0;
        }
        if ends && is_in && manners.unstall_drops_packet {
            self.packet = None;
        }
    }
}

/// What the lines of the bus said last.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) reset: bool,
    pub(super) suspend: bool,
    pub(super) resume: bool,
}

pub(super) struct Chip {
    pub(super) manners: Manners,
    pub(super) enabled: bool,
    pub(super) vbus: bool,
    /// A bus reset was seen since VBUS is there.
    pub(super) was_reset: bool,
    pub(super) address: u8,
    pub(super) lines: Lines,
    /// How long the bus has been idle while suspended.
    suspended: Option<Nanoseconds>,
    pub(super) wakeup: bool,
    pub(super) ep0: Ep0,
    pub(super) ins: [Option<Buffer>; 16],
    pub(super) outs: [Option<Buffer>; 16],
}

impl Chip {
    pub(super) fn new(manners: Manners) -> Self {
        Self {
            manners,
            enabled: false,
            vbus: false,
            was_reset: false,
            address: 0,
            lines: Lines::default(),
            suspended: None,
            wakeup: false,
            ep0: Ep0::new(),
            ins: array::from_fn(|_| None),
            outs: array::from_fn(|_| None),
        }
    }

    pub(super) fn attached(&self) -> bool {
        self.vbus && self.enabled
    }

    /// Whether a token to `address` is for this device.
    pub(super) fn answers(&self, address: u8) -> bool {
        let is_awake = self.was_reset && self.suspended.is_none();
        self.attached() && is_awake && !self.lines.reset && self.address == address
    }

    /// Endpoints are as they were allocated.
    pub(super) fn reset_endpoints(&mut self) {
        self.ep0 = Ep0::new();
        self.address = 0;
        for buffer in self.ins.iter_mut().chain(&mut self.outs).flatten() {
            *buffer = Buffer::new(buffer.max_packet_size);
        }
    }

    pub(super) fn bus_reset(&mut self) {
        self.was_reset = true;
        self.suspended = None;
        self.wakeup = false;
        self.lines = Lines { reset: true, ..Lines::default() };
        self.reset_endpoints();
    }

    pub(super) fn set_vbus(&mut self, present: bool) {
        let lost = self.vbus && !present;
        self.vbus = present;
        if lost {
            // There is no sense of VBUS: an idle bus is all there is to see.
            self.was_reset = false;
            self.set_suspended(true);
        }
    }

    pub(super) fn set_suspended(&mut self, suspended: bool) {
        if !self.enabled || suspended == self.suspended.is_some() {
            return;
        }
        self.wakeup = false;
        self.suspended = suspended.then_some(SUSPEND_IDLE);
        self.lines.suspend |= suspended;
        self.lines.resume |= !suspended;
    }

    pub(super) fn wakeup_signalled(&self) -> bool {
        self.wakeup && self.suspended.is_some_and(|idle| idle >= WAKEUP_IDLE)
    }

    pub(super) fn run(&mut self, duration: Nanoseconds) {
        if let Some(idle) = &mut self.suspended {
            *idle = idle.saturating_add(duration);
        }
    }

    pub(super) fn in_token(&mut self, number: u8, ack: bool) -> InResponse {
        if number == 0 {
            let response = self.ep0.in_token(ack);
            if ack && self.manners.keeps_status_stages && self.ep0.take_status_stage() {
                self.address = self.ep0.new_address.take().unwrap_or(self.address);
            }
            return response;
        }
        match self.ins.get_mut(usize::from(number)) {
            Some(Some(buffer)) => buffer.in_token(ack),
            _ => InResponse::NoResponse,
        }
    }

    pub(super) fn out_token(&mut self, number: u8, pid: Pid, data: &[u8]) -> Handshake {
        if number == 0 {
            return self.ep0.out_token(pid, data);
        }
        match self.outs.get_mut(usize::from(number)) {
            Some(Some(buffer)) => buffer.out_token(pid, data),
            _ => Handshake::NoResponse,
        }
    }

    /// Whether there is something to poll.
    pub(super) fn interrupt(&self) -> bool {
        let Lines { reset, suspend, resume } = self.lines;
        let control = self.ep0.setup.is_some() || self.ep0.has_out() || self.ep0.in_complete;
        let complete = self.ins.iter().flatten().any(|buffer| buffer.complete);
        let unread = self.outs.iter().flatten().any(|buffer| buffer.packet.is_some());
        reset || suspend || resume || control || complete || unread
    }
}
