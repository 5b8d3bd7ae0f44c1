//! One transaction: token, data, handshake (USB 2.0 §8.5), with what the fault plan does to it.

use alloc::vec::Vec;

use usbd_acm::Speed;

use super::TransferError;
use super::bus::{Bus, Toggle};
use super::clock::Extent;
use super::fault::{Fault, PacketKind, Subject};
use super::observer::{Content, Fate, Packet, Side, Token};
use crate::{DevicePort, Handshake, InResponse, Pid};

/// What the host knows after a transaction.
#[derive(Debug)]
pub(super) enum Answer<T> {
    Done(T),
    Nak,
    Stall,
    NoResponse,
}

/// What became of a packet that the plan was asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Arrived,
    Spoilt,
    /// Arrived, and the transaction happens once more.
    Twice,
}

/// Transactions with the data toggle kept.
impl<P: DevicePort> Bus<P> {
    pub(super) fn setup(&mut self, data: [u8; 8]) -> Result<Answer<()>, TransferError> {
        self.begin(Extent::Data(8))?;
        let token = self.send(0, Content::Token(Token::Setup))?;
        let packet = self.send(0, Content::Setup(data))?;
        let address = self.address;
        let handshake = self.transact(token, packet, |port| port.setup(address, 0, data));
        self.conclude(0, handshake, Extent::Data(8))
    }

    /// One packet OUT; at high speed after a NAK, PING instead until the device has room.
    pub(super) fn out_packet(
        &mut self,
        number: u8,
        toggle: &mut Toggle,
        data: &[u8],
    ) -> Result<Answer<()>, TransferError> {
        if toggle.ping && self.clock.speed == Speed::High {
            let answer = self.ping(number)?;
            toggle.ping = !matches!(answer, Answer::Done(()));
            if toggle.ping {
                return Ok(answer);
            }
        }
        let answer = self.out(number, toggle.pid, data)?;
        match answer {
            Answer::Done(()) => toggle.pid = toggle.pid.toggled(),
            Answer::Nak => toggle.ping = true,
            Answer::Stall | Answer::NoResponse => {}
        }
        Ok(answer)
    }

    /// One packet IN; `Done(None)` when it was one that we had already.
    pub(super) fn in_packet(
        &mut self,
        number: u8,
        toggle: &mut Toggle,
        max_packet_size: usize,
    ) -> Result<Answer<Option<Vec<u8>>>, TransferError> {
        let (response, ack_lost) = self.in_(number, max_packet_size)?;
        let (pid, bytes) = match response {
            InResponse::Data { pid, bytes } => (pid, bytes),
            InResponse::Nak => return Ok(Answer::Nak),
            InResponse::Stall => return Ok(Answer::Stall),
            InResponse::NoResponse => return Ok(Answer::NoResponse),
        };
        if bytes.len() > max_packet_size {
            return Err(TransferError::Babble);
        }
        if pid != toggle.pid {
            if !toggle.repetition_due {
                return Err(TransferError::ToggleError);
            }
            toggle.repetition_due = ack_lost;
            return Ok(Answer::Done(None));
        }
        toggle.pid = pid.toggled();
        toggle.repetition_due = ack_lost;
        Ok(Answer::Done(Some(bytes)))
    }
}

/// Bare transactions.
impl<P: DevicePort> Bus<P> {
    fn out(&mut self, number: u8, pid: Pid, data: &[u8]) -> Result<Answer<()>, TransferError> {
        let extent = Extent::Data(data.len());
        self.begin(extent)?;
        let token = self.send(number, Content::Token(Token::Out))?;
        let packet = self.send(number, Content::Data(pid, data))?;
        let address = self.address;
        let handshake = match self.is_stormy(number) {
            true => Handshake::Nak,
            false => {
                self.transact(token, packet, |port| port.out_token(address, number, pid, data))
            }
        };
        self.conclude(number, handshake, extent)
    }

    fn ping(&mut self, number: u8) -> Result<Answer<()>, TransferError> {
        self.begin(Extent::Handshake)?;
        let token = self.send(number, Content::Token(Token::Ping))?;
        let address = self.address;
        let handshake = match self.is_stormy(number) {
            true => Handshake::Nak,
            false => self.transact(token, Delivery::Arrived, |port| port.ping(address, number)),
        };
        self.conclude(number, handshake, Extent::Handshake)
    }

    /// What the host saw, and whether the device missed the ACK.
    fn in_(&mut self, number: u8, max: usize) -> Result<(InResponse, bool), TransferError> {
        self.begin(Extent::Data(max))?;
        let token = self.send(number, Content::Token(Token::In))?;
        let (address, ack) = (self.address, !self.spoils_in(number));
        let mut response = match (self.is_stormy(number), token) {
            (true, _) => InResponse::Nak,
            (_, Delivery::Spoilt) => InResponse::NoResponse,
            (_, Delivery::Arrived) => self.port.in_token(address, number, ack),
            (_, Delivery::Twice) => {
                self.port.in_token(address, number, false);
                self.port.in_token(address, number, ack)
            }
        };
        let extent = in_extent(&response);
        let received = self.receive_in(number, &response)?;
        let acknowledged = match (&response, received) {
            (InResponse::Data { .. }, Delivery::Arrived) => {
                self.send(number, Content::Handshake(Handshake::Ack))? != Delivery::Spoilt
            }
            (_, Delivery::Spoilt) => {
                response = InResponse::NoResponse;
                false
            }
            _ => false,
        };
        if acknowledged && !ack {
            // The fault was meant for another kind of packet: nothing happened to this one.
            self.port.in_token(address, number, true);
        }
        self.faults.end_transaction(response != InResponse::NoResponse);
        self.elapse(extent.duration(self.clock.speed));
        Ok((response, !acknowledged))
    }

    /// The device's packet on its way to the host.
    fn receive_in(&mut self, number: u8, response: &InResponse) -> Result<Delivery, TransferError> {
        let content = match response {
            InResponse::NoResponse => return Ok(Delivery::Spoilt),
            InResponse::Nak => Content::Handshake(Handshake::Nak),
            InResponse::Stall => Content::Handshake(Handshake::Stall),
            InResponse::Data { pid, bytes } => Content::Data(*pid, bytes),
        };
        self.pass(Side::Device, number, content)
    }

    /// Whether the plan will spoil the data packet of this IN transaction or our ACK to it.
    fn spoils_in(&self, number: u8) -> bool {
        let subject = |kind, from| Subject { kind, from, endpoint: number };
        let ack = PacketKind::Handshake(Handshake::Ack);
        self.faults.would_spoil(0, subject(PacketKind::Data, Side::Device))
            || self.faults.would_spoil(0, subject(PacketKind::ZeroLength, Side::Device))
            || self.faults.would_spoil(1, subject(ack, Side::Host))
    }

    /// Performs a transaction whose packets from the host fared like this.
    fn transact(
        &mut self,
        token: Delivery,
        data: Delivery,
        mut call: impl FnMut(&mut P) -> Handshake,
    ) -> Handshake {
        if token == Delivery::Spoilt || data == Delivery::Spoilt {
            return Handshake::NoResponse;
        }
        if token == Delivery::Twice || data == Delivery::Twice {
            call(&mut self.port);
        }
        call(&mut self.port)
    }

    /// The device's handshake on its way to the host, and the time it all took.
    fn conclude(
        &mut self,
        number: u8,
        handshake: Handshake,
        extent: Extent,
    ) -> Result<Answer<()>, TransferError> {
        let seen = match handshake {
            Handshake::NoResponse => Delivery::Spoilt,
            handshake => self.pass(Side::Device, number, Content::Handshake(handshake))?,
        };
        let answered = seen != Delivery::Spoilt;
        // A PING that was answered is not the last word: its OUT follows.
        if !answered || extent != Extent::Handshake {
            self.faults.end_transaction(answered);
        }
        self.elapse(extent.duration(self.clock.speed));
        Ok(match handshake {
            _ if seen == Delivery::Spoilt => Answer::NoResponse,
            Handshake::Ack => Answer::Done(()),
            Handshake::Nak => Answer::Nak,
            Handshake::Stall => Answer::Stall,
            Handshake::NoResponse => Answer::NoResponse,
        })
    }
}

/// Faults.
impl<P: DevicePort> Bus<P> {
    fn send(&mut self, endpoint: u8, content: Content<'_>) -> Result<Delivery, TransferError> {
        if let Content::Token(token) = content {
            self.faults.begin_transaction(endpoint, token == Token::In);
        }
        self.pass(Side::Host, endpoint, content)
    }

    /// Puts a packet on the wire, with what the plan says.
    fn pass(
        &mut self,
        from: Side,
        endpoint: u8,
        content: Content<'_>,
    ) -> Result<Delivery, TransferError> {
        let packet = Packet { from, address: self.address, endpoint, content };
        let fault = Subject::of(&packet).and_then(|subject| self.faults.take(subject));
        let (fate, delivery) = match fault {
            Some(Fault::Drop) => (Fate::Lost, Delivery::Spoilt),
            Some(Fault::Corrupt) => (Fate::Corrupted, Delivery::Spoilt),
            Some(Fault::Duplicate) => (Fate::Intact, Delivery::Twice),
            Some(Fault::Reset) => return Err(self.break_with_reset()),
            Some(Fault::Unplug) => {
                self.set_vbus(false);
                return Err(TransferError::Detached);
            }
            Some(Fault::Delay(duration)) => {
                self.elapse(duration);
                (Fate::Intact, Delivery::Arrived)
            }
            Some(Fault::NakStorm(count)) => {
                self.storm = Some((endpoint, count));
                (Fate::Intact, Delivery::Arrived)
            }
            None => (Fate::Intact, Delivery::Arrived),
        };
        self.show(&packet, fate);
        Ok(delivery)
    }

    /// A reset that nobody asked for: what was under way is over, and the host must start anew.
    fn break_with_reset(&mut self) -> TransferError {
        let error = match self.reset() {
            Ok(_) => TransferError::BusReset,
            Err(error) => error,
        };
        self.lost = Some(error);
        error
    }

    fn is_stormy(&mut self, number: u8) -> bool {
        match &mut self.storm {
            Some((endpoint, count)) if *endpoint == number && *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

fn in_extent(response: &InResponse) -> Extent {
    match response {
        InResponse::NoResponse => Extent::Token,
        InResponse::Nak | InResponse::Stall => Extent::Handshake,
        InResponse::Data { bytes, .. } => Extent::Data(bytes.len()),
    }
}
