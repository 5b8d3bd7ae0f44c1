//! Tokens and data packets.

use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::endpoint::{OutBuffer, Stage};
use super::{Surroundings, Usbd, event, log, short};
use crate::cpu::Cycles;
use crate::soc::Violation;

/// What a transaction changes once its handshake is over.
#[derive(Clone, Debug)]
pub(super) enum Completion {
    /// A SETUP was received.
    Setup([u8; 8]),
    /// The host acknowledged a packet of the data stage.
    Ep0Sent,
    /// A packet of the data stage was received.
    Ep0Received(Vec<u8>),
    /// The status stage of SET_ADDRESS.
    Address(u8),
    /// The status stage of any other request.
    Status,
    /// The host acknowledged a packet of this endpoint.
    Sent(usize),
    /// A packet was received on this endpoint.
    Received(usize, Vec<u8>),
}

/// Bytes of the largest packet.
const PACKET: usize = 64;

impl Usbd {
    /// Whether it listens to tokens for this address.
    fn listens(&self, address: u8, now: Cycles, around: &mut Surroundings<'_>) -> bool {
        if !self.is_attached() || self.power.suspended || address != self.address {
            return false;
        }
        if !around.crystal {
            log(around, now, Violation::BusWithoutCrystal);
        }
        around.crystal
    }

    /// What is due when the transaction is over, after `duration`. A transaction that came before
    /// that is over now.
    fn schedule(&mut self, at: Cycles, completion: Completion) {
        self.completion = Some((at, completion));
    }

    /// A transaction begins, so the one before it is over.
    fn settle(&mut self, now: Cycles, around: &mut Surroundings<'_>) {
        if self.completion.is_some() {
            self.complete(now, around);
        }
    }

    /// SETUP and its data. `end` is when the handshake is over.
    pub fn setup_token(
        &mut self,
        address: u8,
        endpoint: u8,
        data: [u8; 8],
        (now, end): (Cycles, Cycles),
        around: &mut Surroundings<'_>,
    ) -> Handshake {
        self.settle(now, around);
        if endpoint != 0 || !self.listens(address, now, around) {
            return Handshake::NoResponse;
        }
        self.schedule(end, Completion::Setup(data));
        Handshake::Ack
    }

    /// IN. `end` is when a handshake to this many bytes of data is over.
    pub fn in_token(
        &mut self,
        address: u8,
        number: u8,
        ack: bool,
        (now, end): (Cycles, impl FnOnce(usize) -> Cycles),
        around: &mut Surroundings<'_>,
    ) -> InResponse {
        self.settle(now, around);
        let index = usize::from(number);
        if !self.listens(address, now, around) {
            return InResponse::NoResponse;
        }
        let (response, completion) = match index {
            0 => self.ep0_in(),
            _ => self.bulk_in(index),
        };
        if let (true, Some(completion), InResponse::Data { bytes, .. }) =
            (ack, completion, &response)
        {
            self.schedule(end(bytes.len()), completion);
        }
        response
    }

    /// OUT and its data. `end` is when the handshake is over.
    pub fn out_token(
        &mut self,
        address: u8,
        number: u8,
        (pid, data): (Pid, &[u8]),
        (now, end): (Cycles, Cycles),
        around: &mut Surroundings<'_>,
    ) -> Handshake {
        self.settle(now, around);
        if !self.listens(address, now, around) || data.len() > PACKET {
            return Handshake::NoResponse;
        }
        let (handshake, completion) = match usize::from(number) {
            0 => self.ep0_out(pid, data),
            index => self.bulk_out(index, pid, data),
        };
        if let Some(completion) = completion {
            self.schedule(end, completion);
        }
        handshake
    }

    fn ep0_in(&self) -> (InResponse, Option<Completion>) {
        match self.ep0.stage {
            Stage::Stalled => (InResponse::Stall, None),
            Stage::DataIn => match &self.ep0.in_packet {
                Some(bytes) => {
                    let response = InResponse::Data { pid: self.ep0.toggle, bytes: bytes.clone() };
                    (response, Some(Completion::Ep0Sent))
                }
                None => (InResponse::Nak, None),
            },
            Stage::DataOut | Stage::NoData if self.ep0.status => {
                let response = InResponse::Data { pid: Pid::Data1, bytes: Vec::new() };
                let completion = match self.set_address() {
                    Some(address) => Completion::Address(address),
                    None => Completion::Status,
                };
                (response, Some(completion))
            }
            _ => (InResponse::Nak, None),
        }
    }

    fn ep0_out(&self, pid: Pid, data: &[u8]) -> (Handshake, Option<Completion>) {
        match self.ep0.stage {
            Stage::Stalled => (Handshake::Stall, None),
            Stage::DataOut if pid != self.ep0.toggle => (Handshake::Ack, None),
            Stage::DataOut if self.ep0.receives => {
                (Handshake::Ack, Some(Completion::Ep0Received(data.to_vec())))
            }
            Stage::DataIn if self.ep0.status && data.is_empty() => {
                (Handshake::Ack, Some(Completion::Status))
            }
            _ => (Handshake::Nak, None),
        }
    }

    fn bulk_in(&self, index: usize) -> (InResponse, Option<Completion>) {
        let Some(endpoint) = self.ins.get(index).filter(|_| self.in_enabled & 1 << index != 0)
        else {
            return (InResponse::NoResponse, None);
        };
        match &endpoint.packet {
            _ if endpoint.halted => (InResponse::Stall, None),
            None => (InResponse::Nak, None),
            Some(bytes) => {
                let response = InResponse::Data { pid: endpoint.toggle, bytes: bytes.clone() };
                (response, Some(Completion::Sent(index)))
            }
        }
    }

    fn bulk_out(&self, index: usize, pid: Pid, data: &[u8]) -> (Handshake, Option<Completion>) {
        let Some(endpoint) = self.outs.get(index).filter(|_| self.out_enabled & 1 << index != 0)
        else {
            return (Handshake::NoResponse, None);
        };
        match &endpoint.buffer {
            _ if endpoint.halted => (Handshake::Stall, None),
            // USB 2.0 §8.6.4: the ACK to this packet was lost.
            _ if pid != endpoint.toggle => (Handshake::Ack, None),
            OutBuffer::Free => (Handshake::Ack, Some(Completion::Received(index, data.to_vec()))),
            OutBuffer::Closed | OutBuffer::Full(_) => (Handshake::Nak, None),
        }
    }

    /// The address, when the last SETUP was SET_ADDRESS: that one is answered by hardware.
    fn set_address(&self) -> Option<u8> {
        match self.setup {
            [0x00, 0x05, address, ..] => Some(address & 0x7F),
            _ => None,
        }
    }

    /// The transaction on the bus is over.
    pub(super) fn complete(&mut self, now: Cycles, around: &mut Surroundings<'_>) {
        let Some((_, completion)) = self.completion.take() else { return };
        match completion {
            Completion::Setup(setup) => {
                self.setup = setup;
                self.ep0.begin(setup);
                self.ep0.status = self.set_address().is_some();
                self.events.raise(event::EP0SETUP);
            }
            Completion::Ep0Sent => {
                self.ep0.in_packet = None;
                self.end_ep0_data(now, around);
            }
            Completion::Ep0Received(packet) => {
                self.outs[0].size = u32::try_from(packet.len()).unwrap_or(0);
                self.ep0.out_packet = Some(packet);
                self.ep0.receives = false;
                self.end_ep0_data(now, around);
            }
            Completion::Address(address) => self.address = address,
            // The host may not have seen it, and ask again.
            Completion::Status => {}
            Completion::Sent(index) => {
                let endpoint = &mut self.ins[index];
                endpoint.packet = None;
                endpoint.toggle = endpoint.toggle.toggled();
                self.data_status |= 1 << index;
                self.events.raise(event::EPDATA);
            }
            Completion::Received(index, packet) => {
                let endpoint = &mut self.outs[index];
                endpoint.toggle = endpoint.toggle.toggled();
                endpoint.size = u32::try_from(packet.len()).unwrap_or(0);
                endpoint.buffer = OutBuffer::Full(packet);
                self.data_status |= 1 << (index + 16);
                self.events.raise(event::EPDATA);
            }
        }
    }

    fn end_ep0_data(&mut self, now: Cycles, around: &mut Surroundings<'_>) {
        self.ep0.toggle = self.ep0.toggle.toggled();
        self.events.raise(event::EP0DATADONE);
        if self.events.has_short(short::EP0DATADONE_STARTEPIN0) {
            self.start_dma(0, true, now, around);
        }
        if self.events.has_short(short::EP0DATADONE_STARTEPOUT0) {
            self.start_dma(0, false, now, around);
        }
        if self.events.has_short(short::EP0DATADONE_EP0STATUS) {
            self.ep0.status = true;
        }
    }
}
