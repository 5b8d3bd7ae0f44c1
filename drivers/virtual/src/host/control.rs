//! Control transfers, stage by stage (USB 2.0 §8.5.3).

use alloc::vec::Vec;

use usbd_acm::{Direction, SetupPacket};

use super::bus::{Bus, Toggle};
use super::observer::ControlRecord;
use super::transaction::Answer;
use super::{Host, TransferError};
use crate::{DevicePort, Nanoseconds, Pid};

/// How the host conducts a control transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Conduct {
    /// By the book.
    #[default]
    Regular,
    /// Gives up without a word after this many data packets; with 0, after SETUP.
    AbortAfter(usize),
    /// Goes to the status stage after this many data packets.
    StatusAfter(usize),
    /// Goes on with IN tokens after the last data packet, until the device refuses.
    ReadOn,
    /// Sends this OUT packet, counted from 0 and with the status stage, with the wrong data PID.
    WrongToggle(usize),
}

impl<P: DevicePort> Host<P> {
    /// A control transfer with data from the device; what it sent, at most wLength bytes.
    pub fn control_in(&mut self, setup: SetupPacket) -> Result<Vec<u8>, TransferError> {
        self.control(setup, &[], Conduct::Regular)
    }

    /// A control transfer without data, or with data to the device. More or less data than wLength
    /// is sent as it is.
    pub fn control_out(&mut self, setup: SetupPacket, data: &[u8]) -> Result<(), TransferError> {
        self.control(setup, data, Conduct::Regular).map(drop)
    }

    /// A control transfer, conducted in any way. Data of an aborted one is what came until then.
    pub fn control(
        &mut self,
        setup: SetupPacket,
        data: &[u8],
        conduct: Conduct,
    ) -> Result<Vec<u8>, TransferError> {
        self.bus.idle(self.bus.config.setup_gap);
        let start = self.bus.clock.now;
        let deadline = start + self.bus.config.control_timeout;
        let outcome = ControlTransfer::new(&mut self.bus, setup, conduct, deadline).run(data);
        let end = self.bus.clock.now;
        let is_in = matches!(setup.direction(), Direction::In);
        let moved = if is_in { outcome.as_deref().unwrap_or_default() } else { data };
        let result = outcome.as_ref().map(drop).map_err(|error| *error);
        self.bus.record(&ControlRecord { setup, data: moved, outcome: result, start, end });
        if let (Ok(data), false) = (&outcome, matches!(conduct, Conduct::AbortAfter(_))) {
            self.apply(setup, data);
        }
        self.bus.idle(self.bus.config.control_gap);
        outcome
    }
}

struct ControlTransfer<'a, P> {
    bus: &'a mut Bus<P>,
    setup: SetupPacket,
    conduct: Conduct,
    deadline: Nanoseconds,
    toggle: Toggle,
    /// Data packets moved.
    packets: usize,
}

impl<'a, P: DevicePort> ControlTransfer<'a, P> {
    fn new(
        bus: &'a mut Bus<P>,
        setup: SetupPacket,
        conduct: Conduct,
        deadline: Nanoseconds,
    ) -> Self {
        Self { bus, setup, conduct, deadline, toggle: Toggle::starting_at(Pid::Data1), packets: 0 }
    }

    fn run(mut self, data: &[u8]) -> Result<Vec<u8>, TransferError> {
        self.setup_stage()?;
        let is_in = matches!(self.setup.direction(), Direction::In) && self.setup.length > 0;
        let received = match is_in {
            true => self.data_in()?,
            false => {
                self.data_out(data)?;
                Vec::new()
            }
        };
        if self.is_aborted() {
            return Ok(received);
        }
        // USB 2.0 §8.5.3: the status stage is DATA1.
        self.toggle = Toggle { pid: Pid::Data1, ..self.toggle };
        if is_in {
            self.status_out()?
        } else {
            self.status_in()?
        }
        Ok(received)
    }

    fn setup_stage(&mut self) -> Result<(), TransferError> {
        let setup = self.setup.to_bytes();
        let answer = self.persist(|transfer| match transfer.bus.setup(setup)? {
            // USB 2.0 §8.4.6.4: a device may not answer SETUP with NAK or STALL.
            Answer::Nak | Answer::Stall => Err(TransferError::SetupRefused),
            answer => Ok(answer),
        });
        answer.map(drop)
    }

    fn data_in(&mut self) -> Result<Vec<u8>, TransferError> {
        let mut data = Vec::new();
        let wanted = usize::from(self.setup.length);
        while !self.is_cut_short() {
            let packet = self.in_packet()?;
            let short = packet.len() < self.packet_size();
            data.extend(packet);
            self.packets += 1;
            if data.len() > wanted {
                return Err(TransferError::Babble);
            }
            if short || data.len() == wanted {
                break;
            }
        }
        if self.conduct == Conduct::ReadOn {
            self.read_on(&mut data)?;
        }
        Ok(data)
    }

    /// Reads on until the device refuses, for at most 8 packets.
    fn read_on(&mut self, data: &mut Vec<u8>) -> Result<(), TransferError> {
        for _ in 0..8 {
            let size = self.packet_size();
            match self.bus.in_packet(0, &mut self.toggle, size)? {
                Answer::Done(packet) => data.extend(packet.unwrap_or_default()),
                Answer::Stall => return Err(TransferError::Stall),
                Answer::Nak | Answer::NoResponse => return Ok(()),
            }
        }
        Ok(())
    }

    fn data_out(&mut self, data: &[u8]) -> Result<(), TransferError> {
        for packet in data.chunks(self.packet_size()) {
            if self.is_cut_short() {
                return Ok(());
            }
            self.out_packet(packet)?;
        }
        Ok(())
    }

    fn status_in(&mut self) -> Result<(), TransferError> {
        match self.in_packet()?.len() {
            0 => Ok(()),
            _ => Err(TransferError::Babble),
        }
    }

    fn status_out(&mut self) -> Result<(), TransferError> {
        self.packets = 0;
        self.out_packet(&[])
    }

    fn in_packet(&mut self) -> Result<Vec<u8>, TransferError> {
        let size = self.packet_size();
        loop {
            let packet =
                self.persist(|transfer| transfer.bus.in_packet(0, &mut transfer.toggle, size))?;
            if let Some(packet) = packet {
                return Ok(packet);
            }
        }
    }

    fn out_packet(&mut self, packet: &[u8]) -> Result<(), TransferError> {
        if self.conduct == Conduct::WrongToggle(self.packets) {
            self.toggle.pid = self.toggle.pid.toggled();
        }
        self.packets += 1;
        self.persist(|transfer| transfer.bus.out_packet(0, &mut transfer.toggle, packet))
    }

    /// Tries until there is an answer other than NAK: three times if nobody answers, until the
    /// deadline if the device NAKs (USB 2.0 §9.2.6.1).
    fn persist<T>(
        &mut self,
        mut transaction: impl FnMut(&mut Self) -> Result<Answer<T>, TransferError>,
    ) -> Result<T, TransferError> {
        let mut attempts = 0;
        let mut pause = self.bus.config.nak_retry;
        loop {
            match transaction(self)? {
                Answer::Done(done) => return Ok(done),
                Answer::Stall => return Err(TransferError::Stall),
                Answer::NoResponse if attempts == 2 => return Err(TransferError::NoResponse),
                Answer::NoResponse => attempts += 1,
                Answer::Nak if self.bus.clock.now >= self.deadline => {
                    return Err(TransferError::Timeout);
                }
                Answer::Nak => {
                    attempts = 0;
                    self.bus.idle(pause);
                    pause = (pause * 2).min(1_000_000);
                }
            }
        }
    }

    fn packet_size(&self) -> usize {
        usize::from(self.bus.ep0_packet_size)
    }

    fn is_aborted(&self) -> bool {
        matches!(self.conduct, Conduct::AbortAfter(packets) if self.packets >= packets)
    }

    fn is_cut_short(&self) -> bool {
        let early =
            matches!(self.conduct, Conduct::StatusAfter(packets) if self.packets >= packets);
        early || self.is_aborted()
    }
}
