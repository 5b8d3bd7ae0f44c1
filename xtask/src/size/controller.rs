//! The stubbed controller of tests/size/board, as the firmware sees it through registers.
//!
//! It is an ideal full-speed controller with one packet buffer an endpoint and direction. The host
//! behind it moves when the firmware looks (`TICK`, or `EVENT` after it said "nothing"): one
//! transaction on every endpoint that is ready, so that each look finds the previous packet done
//! and no stack spends time waiting.

use std::collections::VecDeque;

use armagnac::memory::{
    Env, MemoryAccessError, MemoryInterface, MemoryReadResult, MemoryWriteResult,
};

use super::host::{Host, Mode};

pub const BASE: u32 = 0x4000_0000;

/// Endpoint numbers the controller has.
pub const ENDPOINTS: usize = 8;

const SETUP: u32 = 2;
const EP0: u32 = 4;
const DATA: u32 = 8;
const MODE_CHANGED: u32 = 16;
const SPURIOUS: u32 = 32;

/// Kinds of `EVENT`, as tests/size/usbd-acm reads them.
mod event {
    pub const SETUP: u32 = 4;
    pub const EP0_SENT: u32 = 5;
    pub const EP0_RECEIVED: u32 = 6;
    pub const EP0_STATUS: u32 = 7;
    pub const SENT: u32 = 8;
    pub const RECEIVED: u32 = 9;
}

/// An IN endpoint.
#[derive(Default)]
pub struct In {
    pushed: Vec<u8>,
    /// The packet that waits for an IN token.
    pub armed: Option<Vec<u8>>,
    /// The host acknowledged a packet, and the firmware has not looked yet.
    pub done: bool,
    /// That packet was a status stage.
    pub status: bool,
    pub halted: bool,
}

/// An OUT endpoint.
#[derive(Default)]
pub struct Out {
    /// The packet that arrived and was not read yet.
    pub packet: Option<VecDeque<u8>>,
    /// That packet is a status stage.
    pub status: bool,
    /// The next OUT token finds room.
    pub accepts: bool,
    pub halted: bool,
    told: bool,
}

/// Registers and packet buffers.
#[derive(Default)]
pub struct Pins {
    pub bus: VecDeque<u32>,
    pub setup: Option<[u8; 8]>,
    pub inn: [In; ENDPOINTS],
    pub out: [Out; ENDPOINTS],
    pub address: u8,
    pub mode: Option<Mode>,
    pub mode_changed: bool,
    /// Wake everything, to measure a wake for nothing.
    pub spurious: bool,
    /// What the application consumed.
    pub sunk: Vec<u8>,
}

pub struct Controller {
    pub pins: Pins,
    pub host: Host,
    allocated_in: u32,
    allocated_out: u32,
    allocation: u32,
    enabled: u32,
    batch_open: bool,
}

impl Controller {
    pub fn new(host: Host) -> Self {
        Self {
            pins: Pins::default(),
            host,
            allocated_in: 0,
            allocated_out: 0,
            allocation: 0,
            enabled: 0,
            batch_open: false,
        }
    }

    fn tick(&mut self) {
        self.host.tick(&mut self.pins);
    }

    fn event(&mut self) -> u32 {
        if !self.batch_open {
            self.tick();
        }
        let event = self.pins.next_event();
        self.batch_open = event != 0;
        event
    }

    fn read(&mut self, register: u32) -> Option<u32> {
        let pins = &mut self.pins;
        Some(match register {
            0x00 => {
                self.tick();
                self.pins.summary()
            }
            0x04 => pins.bus.pop_front().unwrap_or(0),
            0x08 => pins.take_in_done(),
            0x0C => bits(&pins.out, |out| out.packet.is_some()),
            0x10 => bits(&pins.inn, |inn| inn.armed.is_some()),
            0x14 => word(pins.setup.as_ref()?, 0),
            0x18 => word(&pins.setup.take()?, 4),
            0x20 => self.event(),
            0x24 => self.allocation,
            0x28 => {
                pins.mode_changed = false;
                pins.mode.map_or(0, Mode::code)
            }
            0x34 => pins.summary(),
            0x38 => bits(&pins.inn, |inn| inn.halted) | bits(&pins.out, |out| out.halted) << 16,
            0x3C => self.enabled,
            _ => return pins.endpoint_read(register),
        })
    }

    fn write(&mut self, register: u32, value: u32) -> Option<()> {
        match register {
            0x1C => self.pins.address = u8::try_from(value).ok()?,
            0x24 => self.allocate(value),
            0x2C => self.pins.sunk.push(u8::try_from(value).ok()?),
            0x3C => self.enabled = value,
            _ => return self.pins.endpoint_write(register, value),
        }
        Some(())
    }

    fn allocate(&mut self, direction: u32) {
        self.allocation = if direction & 0x80 != 0 {
            self.allocated_in += 1;
            0x80 | self.allocated_in
        } else {
            self.allocated_out += 1;
            self.allocated_out
        };
    }
}

impl Pins {
    /// A bus reset: nothing armed, nothing halted.
    pub fn reset(&mut self) {
        self.inn = Default::default();
        self.out = Default::default();
        self.bus.push_back(1);
    }

    /// A SETUP packet drops whatever was armed on EP0.
    pub fn setup(&mut self, packet: [u8; 8]) {
        let accepts = self.out[0].accepts;
        self.inn[0] = In::default();
        self.out[0] = Out { accepts, ..Out::default() };
        self.setup = Some(packet);
    }

    fn summary(&self) -> u32 {
        let told = |n: usize| self.inn[n].done || self.out[n].packet.is_some();
        let mut summary = u32::from(!self.bus.is_empty());
        let mut set = |condition: bool, bit| summary |= if condition { bit } else { 0 };
        set(self.setup.is_some(), SETUP);
        set(told(0), EP0);
        set((1..ENDPOINTS).any(told), DATA);
        set(self.mode_changed, MODE_CHANGED);
        set(self.spurious, SPURIOUS);
        summary
    }

    fn take_in_done(&mut self) -> u32 {
        let done = bits(&self.inn, |inn| inn.done);
        self.inn.iter_mut().for_each(|inn| inn.done = false);
        done
    }

    fn next_event(&mut self) -> u32 {
        if let Some(event) = self.bus.pop_front() {
            return event;
        }
        if self.setup.is_some() {
            return event::SETUP;
        }
        self.in_event().or_else(|| self.out_event()).unwrap_or(0)
    }

    fn in_event(&mut self) -> Option<u32> {
        let number = self.inn.iter().position(|inn| inn.done)?;
        self.inn[number].done = false;
        Some(match (number, self.inn[number].status) {
            (0, true) => event::EP0_STATUS,
            (0, false) => event::EP0_SENT,
            _ => event::SENT | (number as u32) << 8,
        })
    }

    fn out_event(&mut self) -> Option<u32> {
        let number = self.out.iter().position(|out| out.packet.is_some() && !out.told)?;
        if self.out[number].status {
            self.out[number] = Out::default();
            return Some(event::EP0_STATUS);
        }
        self.out[number].told = true;
        let count = self.out[number].packet.as_ref()?.len() as u32;
        let kind = if number == 0 { event::EP0_RECEIVED } else { event::RECEIVED };
        Some(kind | (number as u32) << 8 | count << 16)
    }

    fn endpoint_read(&mut self, register: u32) -> Option<u32> {
        let (number, offset) = endpoint(register)?;
        let packet = self.out[number].packet.as_mut();
        match offset {
            0 => Some(packet?.pop_front()?.into()),
            4 => Some(packet.map_or(0, |packet| packet.len() as u32)),
            _ => None,
        }
    }

    fn endpoint_write(&mut self, register: u32, value: u32) -> Option<()> {
        let (number, offset) = endpoint(register)?;
        let (inn, out) = (&mut self.inn[number], &mut self.out[number]);
        match (offset, value) {
            (0, _) => inn.pushed.push(u8::try_from(value).ok()?),
            (8, 1) => inn.armed = Some(std::mem::take(&mut inn.pushed)),
            (8, 2) => *out = Out { accepts: true, halted: out.halted, ..Out::default() },
            (8, 3) => inn.halted = true,
            (8, 4) => out.halted = true,
            (8, 5) => inn.halted = false,
            (8, 6) => out.halted = false,
            (8, 7) => inn.armed = None,
            (8, 8) => *out = Out { halted: out.halted, ..Out::default() },
            _ => return None,
        }
        Some(())
    }
}

fn endpoint(register: u32) -> Option<(usize, u32)> {
    let offset = register.checked_sub(0x100)?;
    let number = (offset / 0x10) as usize;
    (number < ENDPOINTS).then_some((number, offset % 0x10))
}

fn bits<T>(endpoints: &[T], is_set: impl Fn(&T) -> bool) -> u32 {
    endpoints
        .iter()
        .enumerate()
        .fold(0, |bits, (n, endpoint)| bits | u32::from(is_set(endpoint)) << n)
}

fn word(bytes: &[u8; 8], start: usize) -> u32 {
    u32::from_le_bytes([bytes[start], bytes[start + 1], bytes[start + 2], bytes[start + 3]])
}

impl MemoryInterface for Controller {
    fn read_u32le(&mut self, address: u32, _: &mut Env) -> MemoryReadResult<u32> {
        self.read(address).ok_or(MemoryAccessError::InvalidAddress)
    }

    fn write_u32le(&mut self, address: u32, value: u32, _: &mut Env) -> MemoryWriteResult {
        self.write(address, value).ok_or(MemoryAccessError::InvalidValue)
    }

    fn size(&self) -> u32 {
        0x200
    }
}
