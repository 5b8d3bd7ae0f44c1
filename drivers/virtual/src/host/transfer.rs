//! Bulk transfers: packets moved in frames, fairly, as many transfers at once as wanted.

use alloc::vec::Vec;

use super::bus::Bus;
use super::transaction::Answer;
use super::{Host, Pipe, TransferError};
use crate::{DevicePort, Nanoseconds};

/// A bulk or interrupt transfer on its way. It can be carried on by one call of
/// [`Host::exchange`] after the other until it is over.
#[derive(Clone, Debug)]
pub struct Transfer {
    pipe: Pipe,
    progress: Progress,
    outcome: Option<Result<(), TransferError>>,
    /// Not asked again before this time, after a NAK.
    rest_until: Nanoseconds,
    /// Transactions in a row that nobody answered.
    unanswered: u8,
}

#[derive(Clone, Debug)]
enum Progress {
    In { data: Vec<u8>, wanted: usize, is_stream: bool },
    Out { data: Vec<u8>, sent: usize, zero_length_due: bool },
}

impl Transfer {
    /// Reads until `wanted` bytes came or a short packet. A device that sends more makes it
    /// [`TransferError::Babble`], unless `wanted` is a multiple of wMaxPacketSize.
    pub fn read(pipe: Pipe, wanted: usize) -> Self {
        Self::new(pipe, Progress::In { data: Vec::new(), wanted, is_stream: false })
    }

    /// Reads until `wanted` bytes came, or a few more with the last packet. Short packets do not end
    /// it: what a driver does that asks again and again.
    pub fn stream(pipe: Pipe, wanted: usize) -> Self {
        Self::new(pipe, Progress::In { data: Vec::new(), wanted, is_stream: true })
    }

    /// Writes `data` in packets, full ones but the last. No data is one zero-length packet.
    pub fn write(pipe: Pipe, data: &[u8]) -> Self {
        let progress =
            Progress::Out { data: data.into(), sent: 0, zero_length_due: data.is_empty() };
        Self::new(pipe, progress)
    }

    /// The same, with a zero-length packet after a full last packet (USB 2.0 §5.8.3).
    pub fn write_terminated(pipe: Pipe, data: &[u8]) -> Self {
        let zero_length_due = data.len().is_multiple_of(usize::from(pipe.max_packet_size.max(1)));
        Self::new(pipe, Progress::Out { data: data.into(), sent: 0, zero_length_due })
    }

    fn new(pipe: Pipe, progress: Progress) -> Self {
        let outcome = match &progress {
            Progress::In { wanted: 0, .. } => Some(Ok(())),
            _ => None,
        };
        Self { pipe, progress, outcome, rest_until: 0, unanswered: 0 }
    }

    /// How it ended; `None` while it goes on.
    pub fn outcome(&self) -> Option<Result<(), TransferError>> {
        self.outcome
    }

    /// The bytes that moved: received ones, or those of acknowledged packets.
    pub fn moved(&self) -> &[u8] {
        match &self.progress {
            Progress::In { data, .. } => data,
            Progress::Out { data, sent, .. } => data.get(..*sent).unwrap_or_default(),
        }
    }

    /// The bytes that moved.
    pub fn into_moved(self) -> Vec<u8> {
        match self.progress {
            Progress::In { data, .. } => data,
            Progress::Out { mut data, sent, .. } => {
                data.truncate(sent);
                data
            }
        }
    }

    fn is_ready(&self, now: Nanoseconds) -> bool {
        self.outcome.is_none() && self.rest_until <= now
    }

    /// One transaction.
    fn step<P: DevicePort>(&mut self, bus: &mut Bus<P>) {
        let answer = match &self.progress {
            Progress::In { .. } => self.step_in(bus),
            Progress::Out { .. } => self.step_out(bus),
        };
        match answer {
            Ok(Answer::Done(())) => self.unanswered = 0,
            Ok(Answer::Nak) => {
                self.unanswered = 0;
                self.rest_until = bus.clock.now + bus.config.nak_retry;
            }
            Ok(Answer::Stall) => self.outcome = Some(Err(TransferError::Stall)),
            Ok(Answer::NoResponse) => {
                self.unanswered += 1;
                if self.unanswered == 3 {
                    self.outcome = Some(Err(TransferError::NoResponse));
                }
            }
            Err(error) => self.outcome = Some(Err(error)),
        }
    }

    fn step_in<P: DevicePort>(&mut self, bus: &mut Bus<P>) -> Result<Answer<()>, TransferError> {
        let Pipe { address, max_packet_size, .. } = self.pipe;
        let size = usize::from(max_packet_size);
        let mut toggle = *bus.toggles.of(address);
        let answer = bus.in_packet(address.number(), &mut toggle, size)?;
        *bus.toggles.of(address) = toggle;
        let Answer::Done(packet) = answer else { return Ok(answer.without_packet()) };
        if let Some(packet) = packet {
            self.take_in(&packet, size)?;
        }
        Ok(Answer::Done(()))
    }

    fn take_in(&mut self, packet: &[u8], packet_size: usize) -> Result<(), TransferError> {
        let Progress::In { data, wanted, is_stream } = &mut self.progress else { return Ok(()) };
        let room = if *is_stream { packet_size } else { wanted.saturating_sub(data.len()) };
        data.extend(&packet[..packet.len().min(room)]);
        if packet.len() > room {
            return Err(TransferError::Babble);
        }
        let is_short = packet.len() < packet_size && !*is_stream;
        if is_short || data.len() >= *wanted {
            self.outcome = Some(Ok(()));
        }
        Ok(())
    }

    fn step_out<P: DevicePort>(&mut self, bus: &mut Bus<P>) -> Result<Answer<()>, TransferError> {
        let Progress::Out { data, sent, zero_length_due } = &mut self.progress else {
            return Ok(Answer::Done(()));
        };
        let Pipe { address, max_packet_size, .. } = self.pipe;
        let rest = data.get(*sent..).unwrap_or_default();
        let packet = &rest[..rest.len().min(usize::from(max_packet_size))];
        let mut toggle = *bus.toggles.of(address);
        let answer = bus.out_packet(address.number(), &mut toggle, packet)?;
        *bus.toggles.of(address) = toggle;
        if let Answer::Done(()) = answer {
            *zero_length_due &= !packet.is_empty();
            *sent += packet.len();
            if *sent == data.len() && !*zero_length_due {
                self.outcome = Some(Ok(()));
            }
        }
        Ok(answer)
    }
}

impl<T> Answer<Option<T>> {
    fn without_packet(self) -> Answer<()> {
        match self {
            Answer::Done(_) => Answer::Done(()),
            Answer::Nak => Answer::Nak,
            Answer::Stall => Answer::Stall,
            Answer::NoResponse => Answer::NoResponse,
        }
    }
}

impl<P: DevicePort> Host<P> {
    /// Carries all these transfers on, one packet each in turn, until every one is over, one of them
    /// fails, or `duration` has passed.
    pub fn exchange(&mut self, transfers: &mut [&mut Transfer], duration: Nanoseconds) {
        let end = self.now() + duration;
        let mut turn = 0;
        while self.now() < end {
            let now = self.now();
            let count = transfers.len();
            let ready =
                (0..count).map(|i| (turn + i) % count).find(|&i| transfers[i].is_ready(now));
            match ready {
                Some(index) => {
                    transfers[index].step(&mut self.bus);
                    if let Some(Err(_)) = transfers[index].outcome {
                        return;
                    }
                    turn = index + 1;
                }
                None => {
                    let waiting = transfers.iter().filter(|transfer| transfer.outcome.is_none());
                    let Some(next) = waiting.map(|transfer| transfer.rest_until).min() else {
                        return;
                    };
                    self.bus.idle(next.min(end).saturating_sub(now));
                }
            }
        }
    }

    /// Reads until `wanted` bytes came or a short packet.
    ///
    /// # Errors
    /// [`TransferError::Timeout`] when the configured time is over, and those of transactions. What
    /// had come until then is lost; a [`Transfer`] keeps it.
    pub fn read(&mut self, pipe: Pipe, wanted: usize) -> Result<Vec<u8>, TransferError> {
        self.complete(Transfer::read(pipe, wanted)).map(Transfer::into_moved)
    }

    /// Writes `data`, without a zero-length packet after it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn write(&mut self, pipe: Pipe, data: &[u8]) -> Result<(), TransferError> {
        self.complete(Transfer::write(pipe, data)).map(drop)
    }

    fn complete(&mut self, mut transfer: Transfer) -> Result<Transfer, TransferError> {
        self.exchange(&mut [&mut transfer], self.bus.config.transfer_timeout);
        transfer.outcome.unwrap_or(Err(TransferError::Timeout)).map(|()| transfer)
    }
}
