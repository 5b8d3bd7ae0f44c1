//! A small host controller: transfers become tokens, with addresses, data toggles and frames.

mod control;

use std::ops::ControlFlow;

use usbd_acm::{SetupPacket, Speed};
use usbd_acm_virtual::{Handshake, InResponse, Nanoseconds, Pid};

use crate::configuration::{Configuration, EndpointInfo};
use crate::served::ServedDevice;

const MILLISECOND: Nanoseconds = 1_000_000;
/// USB 2.0 §7.1.7.5: the recovery time after a reset.
const RESET_RECOVERY: Nanoseconds = 10 * MILLISECOND;
/// How long a device may take to show its pull-up (USB 2.0 §7.1.7.3: 100 ms after power is good).
const ATTACH_TIMEOUT: Nanoseconds = 1_000 * MILLISECOND;
/// USB 2.0 §8.5.2: a host tries three times before it reports an error.
const ATTEMPTS: u32 = 3;
/// The address that this host gives its only device.
const ADDRESS: u8 = 1;

/// Why a transfer failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransferError {
    /// The device answered STALL.
    Stall,
    /// The device sent more than was asked for.
    Babble,
    /// The device answered NAK for longer than a host waits.
    Timeout,
    /// The device did not answer, or broke the protocol.
    NoResponse,
}

/// What one transaction brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Transaction {
    /// The packet went through; for IN, these bytes came.
    Done(Vec<u8>),
    /// Not now.
    Nak,
    /// It will not go through.
    Failed(TransferError),
}

/// The host controller of a bus with one device.
pub struct Bus {
    device: Box<dyn ServedDevice>,
    fastest: Speed,
    speed: Speed,
    address: u8,
    ep0_packet_size: u16,
    toggles: [Pid; 32],
    /// OUT endpoints that answered NAK at high speed and are asked by PING first.
    pinged: u16,
    configuration: Configuration,
    microframe: u16,
    frame_left: Nanoseconds,
    now: Nanoseconds,
}

impl Bus {
    /// A bus that runs at `fastest` where the device can. The device is not attached yet.
    pub fn new(device: Box<dyn ServedDevice>, fastest: Speed) -> Self {
        Self {
            device,
            fastest,
            speed: fastest,
            address: 0,
            ep0_packet_size: 8,
            toggles: [Pid::Data0; 32],
            pinged: 0,
            configuration: Configuration::default(),
            microframe: 0,
            frame_left: 0,
            now: 0,
        }
    }

    /// Simulated time since the start.
    pub fn now(&self) -> Nanoseconds {
        self.now
    }

    /// Speed after the last reset.
    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// Length of a frame at full speed, of a microframe at high speed.
    pub fn frame_length(&self) -> Nanoseconds {
        match self.speed {
            Speed::Full => MILLISECOND,
            Speed::High => MILLISECOND / 8,
        }
    }

    /// The device behind the bus, for its operator.
    pub fn device(&mut self) -> &mut dyn ServedDevice {
        &mut *self.device
    }

    /// The configuration as [`Self::attach`] read it.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Plugs the device in, resets it, gives it an address, and reads its device and configuration
    /// descriptors. The device is left in the Address state.
    pub fn attach(&mut self) -> Result<[u8; 18], TransferError> {
        self.device.set_vbus(true);
        let deadline = self.now + ATTACH_TIMEOUT;
        while !self.device.attached() {
            if self.now > deadline {
                return Err(TransferError::NoResponse);
            }
            self.advance(MILLISECOND);
        }
        self.reset()?;
        let descriptor = self.get_descriptor(1, 18)?;
        let device = <[u8; 18]>::try_from(descriptor).map_err(|_| TransferError::NoResponse)?;
        let header = self.get_descriptor(2, 9)?;
        let total = match *header {
            [_, _, low, high, ..] => u16::from_le_bytes([low, high]),
            _ => return Err(TransferError::NoResponse),
        };
        self.configuration = Configuration::parse(&self.get_descriptor(2, total)?);
        Ok(device)
    }

    /// Unplugs the device.
    pub fn detach(&mut self) {
        self.device.set_vbus(false);
        self.address = 0;
        self.advance(MILLISECOND);
    }

    /// Resets the bus and gives the device its address back.
    pub fn reset(&mut self) -> Result<(), TransferError> {
        self.speed = self.device.bus_reset(self.fastest);
        self.address = 0;
        self.toggles = [Pid::Data0; 32];
        self.pinged = 0;
        self.ep0_packet_size = if self.speed == Speed::High { 64 } else { 8 };
        self.advance(RESET_RECOVERY);
        let descriptor = self.get_descriptor(1, 8)?;
        let &[.., size @ (8 | 16 | 32 | 64)] = descriptor.as_slice() else {
            return Err(TransferError::NoResponse);
        };
        self.ep0_packet_size = u16::from(size);
        self.control(SetupPacket::from_bytes([0, 5, ADDRESS, 0, 0, 0, 0, 0]), &[])?;
        self.address = ADDRESS;
        // USB 2.0 §9.2.6.3: the recovery time after SET_ADDRESS.
        self.advance(2 * MILLISECOND);
        Ok(())
    }

    fn get_descriptor(&mut self, kind: u8, length: u16) -> Result<Vec<u8>, TransferError> {
        let [low, high] = length.to_le_bytes();
        self.control(SetupPacket::from_bytes([0x80, 6, 0, kind, 0, 0, low, high]), &[])
    }

    /// One IN transaction on an endpoint other than EP0, into a buffer with `room` bytes left.
    pub fn transact_in(&mut self, endpoint: u8, room: usize) -> Transaction {
        let slot = toggle_slot(endpoint);
        let mut pid = self.toggles[slot];
        let transaction = self.in_packet(endpoint & 0x0F, &mut pid, room);
        self.toggles[slot] = pid;
        transaction
    }

    /// One OUT transaction on an endpoint other than EP0. At high speed it may be a PING only, and
    /// then it is NAK.
    pub fn transact_out(&mut self, endpoint: u8, packet: &[u8]) -> Transaction {
        let number = endpoint & 0x0F;
        if self.pinged & 1 << number != 0
            && let ControlFlow::Break(transaction) = self.ping(number)
        {
            return transaction;
        }
        let slot = toggle_slot(number);
        let mut pid = self.toggles[slot];
        let transaction = self.out_packet(number, &mut pid, packet);
        self.toggles[slot] = pid;
        if transaction == Transaction::Nak && self.speed == Speed::High {
            self.pinged |= 1 << number;
        }
        transaction
    }

    // USB 2.0 §8.5.1: after a NAK, a high-speed host asks by PING until the device has room.
    fn ping(&mut self, number: u8) -> ControlFlow<Transaction> {
        let answer = self.device.ping(self.address, number);
        self.charge(0);
        match answer {
            Handshake::Ack => {
                self.pinged &= !(1 << number);
                ControlFlow::Continue(())
            }
            Handshake::Nak => ControlFlow::Break(Transaction::Nak),
            Handshake::Stall => ControlFlow::Break(Transaction::Failed(TransferError::Stall)),
            Handshake::NoResponse => {
                ControlFlow::Break(Transaction::Failed(TransferError::NoResponse))
            }
        }
    }

    fn in_packet(&mut self, endpoint: u8, expected: &mut Pid, room: usize) -> Transaction {
        for _ in 0..ATTEMPTS {
            let response = self.device.in_token(self.address, endpoint, true);
            self.charge(if let InResponse::Data { bytes, .. } = &response {
                bytes.len()
            } else {
                0
            });
            match response {
                InResponse::Nak => return Transaction::Nak,
                InResponse::Stall => return Transaction::Failed(TransferError::Stall),
                InResponse::Data { pid, bytes } if pid == *expected => {
                    if bytes.len() > room {
                        return Transaction::Failed(TransferError::Babble);
                    }
                    *expected = pid.toggled();
                    return Transaction::Done(bytes);
                }
                // USB 2.0 §8.6.4: a repeated packet is acknowledged and thrown away.
                InResponse::Data { .. } | InResponse::NoResponse => {}
            }
        }
        Transaction::Failed(TransferError::NoResponse)
    }

    fn out_packet(&mut self, endpoint: u8, pid: &mut Pid, packet: &[u8]) -> Transaction {
        for _ in 0..ATTEMPTS {
            let answer = self.device.out_token(self.address, endpoint, *pid, packet);
            self.charge(packet.len());
            match answer {
                Handshake::Ack => {
                    *pid = pid.toggled();
                    return Transaction::Done(Vec::new());
                }
                Handshake::Nak => return Transaction::Nak,
                Handshake::Stall => return Transaction::Failed(TransferError::Stall),
                Handshake::NoResponse => {}
            }
        }
        Transaction::Failed(TransferError::NoResponse)
    }

    /// Lets the rest of the frame pass.
    pub fn end_frame(&mut self) {
        let left = self.frame_left;
        self.pass(left);
        self.frame_left = self.frame_length();
        self.microframe = self.microframe.wrapping_add(1);
        let frame = match self.speed {
            Speed::Full => self.microframe,
            Speed::High => self.microframe >> 3,
        };
        self.device.sof(frame & 0x7FF);
    }

    fn advance(&mut self, duration: Nanoseconds) {
        let end = self.now + duration;
        while self.now < end {
            self.end_frame();
        }
    }

    // USB 2.0 tables 5-9 and 5-10: protocol overhead of a bulk packet, so that 19 packets of 64
    // bytes fit into a frame, and 13 of 512 into a microframe.
    fn charge(&mut self, bytes: usize) {
        let bytes = bytes as Nanoseconds;
        let duration = match self.speed {
            Speed::Full => (bytes + 13) * 2_000 / 3,
            Speed::High => (bytes + 55) * 50 / 3,
        };
        if duration > self.frame_left {
            self.end_frame();
        }
        self.frame_left = self.frame_left.saturating_sub(duration);
        self.pass(duration);
    }

    fn pass(&mut self, duration: Nanoseconds) {
        self.device.run(duration);
        self.now += duration;
    }

    /// An endpoint that can carry packets, or `None` for one that the configuration does not have.
    pub fn endpoint(&self, address: u8) -> Option<EndpointInfo> {
        let mut endpoints = self.configuration.endpoints.iter();
        endpoints.find(|e| e.address == address && e.max_packet_size > 0).copied()
    }

    /// How often an interrupt endpoint is polled (USB 2.0 §9.6.6): bInterval frames at full speed,
    /// 2^(bInterval-1) microframes at high speed.
    pub fn polling_period(&self, endpoint: &EndpointInfo) -> Nanoseconds {
        match self.speed {
            Speed::Full => u64::from(endpoint.interval.max(1)) * MILLISECOND,
            Speed::High => (MILLISECOND / 8) << (endpoint.interval.clamp(1, 16) - 1),
        }
    }
}

/// Endpoint numbers 0 to 15 OUT, then IN: the order of usbredir's endpoint table too.
pub(crate) fn toggle_slot(endpoint: u8) -> usize {
    usize::from((endpoint & 0x80) >> 3 | endpoint & 0x0F)
}
