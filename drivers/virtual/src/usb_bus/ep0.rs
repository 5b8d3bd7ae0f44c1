//! EP0 as full-speed controllers have it: one packet each way, SETUP beside them.

use alloc::vec::Vec;

use crate::{Handshake, InResponse, Pid};

pub(super) struct Ep0 {
    /// A SETUP packet that was not read.
    pub(super) setup: Option<[u8; 8]>,
    /// An OUT packet that was not read.
    out: Option<Vec<u8>>,
    /// The packet armed for IN.
    armed: Option<Vec<u8>>,
    pub(super) stalled_in: bool,
    pub(super) stalled_out: bool,
    in_pid: Pid,
    out_pid: Pid,
    pub(super) in_complete: bool,
    /// The transfer has no IN data, and so IN is its status stage.
    is_out: bool,
    /// What SET_ADDRESS says, where hardware looks at it.
    pub(super) new_address: Option<u8>,
}

impl Ep0 {
    pub(super) const fn new() -> Self {
        Self {
            setup: None,
            out: None,
            armed: None,
            stalled_in: false,
            stalled_out: false,
            in_pid: Pid::Data1,
            out_pid: Pid::Data1,
            in_complete: false,
            is_out: false,
            new_address: None,
        }
    }

    pub(super) fn has_out(&self) -> bool {
        self.out.is_some()
    }

    /// USB 2.0 §8.5.3: accepted always; STALL ends, what is armed goes, DATA1 is next.
    pub(super) fn setup_token(&mut self, data: [u8; 8]) {
        let in_complete = self.in_complete;
        let [request_type, request, address, _, _, _, length, length_high] = data;
        let is_out = request_type & 0x80 == 0 || (length, length_high) == (0, 0);
        let new_address = ((request_type, request) == (0x00, 0x05)).then_some(address);
        *self = Self { setup: Some(data), in_complete, is_out, new_address, ..Self::new() };
    }

    pub(super) fn in_token(&mut self, ack: bool) -> InResponse {
        if self.stalled_in {
            return InResponse::Stall;
        }
        let Some(packet) = &self.armed else { return InResponse::Nak };
        let response = InResponse::Data { pid: self.in_pid, bytes: packet.clone() };
        if ack {
            self.armed = None;
            self.in_pid = self.in_pid.toggled();
            self.in_complete = true;
        }
        response
    }

    /// Whether the packet that was just acknowledged is a status stage; it is not told then.
    pub(super) fn take_status_stage(&mut self) -> bool {
        let is_status = self.is_out && self.in_complete;
        if is_status {
            self.in_complete = false;
        }
        is_status
    }

    /// There is no telling a status stage from data, and so any packet is taken.
    pub(super) fn out_token(&mut self, pid: Pid, data: &[u8]) -> Handshake {
        if self.stalled_out {
            return Handshake::Stall;
        }
        if self.setup.is_some() {
            return Handshake::Nak;
        }
        if pid != self.out_pid {
            return Handshake::Ack;
        }
        if self.out.is_some() {
            return Handshake::Nak;
        }
        self.out = Some(data.into());
        self.out_pid = self.out_pid.toggled();
        Handshake::Ack
    }

    /// The SETUP packet, or else the OUT packet.
    pub(super) fn read(&mut self) -> Option<Vec<u8>> {
        self.setup.take().map(Vec::from).or_else(|| self.out.take())
    }

    /// Whether there was room.
    pub(super) fn write(&mut self, packet: &[u8]) -> bool {
        let free = self.armed.is_none();
        if free {
            self.armed = Some(packet.into());
        }
        free
    }
}
