//! Interrupt IN endpoints, polled while time passes (USB 2.0 §5.7.4).

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

use usbd_acm::{EndpointAddress, Speed};

use super::bus::Bus;
use super::transaction::Answer;
use super::{Pipe, TransferError};
use crate::DevicePort;

/// An interrupt IN endpoint that the host polls.
pub(super) struct Periodic {
    pipe: Pipe,
    /// In frames or microframes.
    interval: u64,
    next_poll: u64,
    errors: u8,
    /// Why it is polled no more.
    error: Option<TransferError>,
    packets: VecDeque<Vec<u8>>,
}

impl Periodic {
    pub(super) fn new(pipe: Pipe, speed: Speed) -> Self {
        // USB 2.0 table 9-13, bInterval.
        let interval = match speed {
            Speed::Full => u64::from(pipe.interval.max(1)),
            Speed::High => 1 << (pipe.interval.clamp(1, 16) - 1),
        };
        Self { pipe, interval, next_poll: 0, errors: 0, error: None, packets: VecDeque::new() }
    }

    fn take(&mut self, answer: Result<Answer<Option<Vec<u8>>>, TransferError>) {
        match answer {
            Ok(Answer::NoResponse) => {
                self.errors += 1;
                if self.errors >= 3 {
                    self.error = Some(TransferError::NoResponse);
                }
                return;
            }
            Ok(Answer::Done(packet)) => self.packets.extend(packet),
            Ok(Answer::Nak) => {}
            Ok(Answer::Stall) => self.error = Some(TransferError::Stall),
            Err(error) => self.error = Some(error),
        }
        self.errors = 0;
    }
}

impl<P: DevicePort> Bus<P> {
    pub(super) fn poll_periodic(&mut self) {
        if !self.is_active() || self.lost.is_some() || self.periodic.is_empty() {
            return;
        }
        // Taken out: a transaction waits for its frame, and so comes here again.
        let mut endpoints = mem::take(&mut self.periodic);
        for endpoint in &mut endpoints {
            if endpoint.error.is_none() && endpoint.next_poll <= self.clock.ticks() {
                endpoint.next_poll = self.clock.ticks() + endpoint.interval;
                self.poll_endpoint(endpoint);
            }
        }
        if self.lost.is_none() {
            self.periodic = endpoints;
        }
    }

    fn poll_endpoint(&mut self, endpoint: &mut Periodic) {
        let address = endpoint.pipe.address;
        let mut toggle = *self.toggles.of(address);
        let size = usize::from(endpoint.pipe.max_packet_size);
        let answer = self.in_packet(address.number(), &mut toggle, size);
        if self.lost.is_none() {
            *self.toggles.of(address) = toggle;
        }
        endpoint.take(answer);
    }

    /// Starts polling, or starts again after an error.
    pub(super) fn start_periodic(&mut self, pipe: Pipe) {
        self.stop_periodic(pipe.address);
        self.periodic.push(Periodic::new(pipe, self.clock.speed));
    }

    pub(super) fn stop_periodic(&mut self, address: EndpointAddress) {
        self.periodic.retain(|endpoint| endpoint.pipe.address != address);
    }

    /// The oldest packet, `None` when there is none.
    pub(super) fn next_periodic(
        &mut self,
        address: EndpointAddress,
    ) -> Result<Option<Vec<u8>>, TransferError> {
        let endpoint = self.periodic.iter_mut().find(|endpoint| endpoint.pipe.address == address);
        match endpoint {
            None => Err(self.lost.unwrap_or(TransferError::NotPolled)),
            Some(endpoint) => match (endpoint.packets.pop_front(), endpoint.error) {
                (None, Some(error)) => Err(error),
                (packet, _) => Ok(packet),
            },
        }
    }
}
