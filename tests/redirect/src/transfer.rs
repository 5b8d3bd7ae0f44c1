//! Bulk and interrupt transfers that the far host has under way, cut into packets for the bus.

use std::collections::{BTreeMap, VecDeque};

use usbd_acm::TransferType;
use usbd_acm_virtual::Nanoseconds;

use crate::bus::{Bus, Transaction, TransferError};
use crate::configuration::EndpointInfo;

/// A transfer of one endpoint.
#[derive(Debug)]
pub struct Transfer<Id> {
    /// The far host's name for it.
    pub id: Id,
    /// bEndpointAddress.
    pub endpoint: u8,
    /// OUT: what to send. IN: what came so far.
    pub data: Vec<u8>,
    /// How many bytes the host asked for, or sends.
    pub length: usize,
    /// OUT: bytes acknowledged by the device.
    sent: usize,
    /// OUT: whether a zero-length packet ends a transfer of whole packets.
    zero_packet: bool,
}

impl<Id> Transfer<Id> {
    /// Host to device. With `zero_packet`, one that ends on a full packet is closed by a
    /// zero-length one.
    pub fn outgoing(id: Id, endpoint: u8, data: Vec<u8>, zero_packet: bool) -> Self {
        let length = data.len();
        Self { id, endpoint, data, length, sent: 0, zero_packet }
    }

    /// Device to host, at most `length` bytes.
    pub fn incoming(id: Id, endpoint: u8, length: usize) -> Self {
        let data = Vec::new();
        Self { id, endpoint, data, length, sent: 0, zero_packet: false }
    }

    /// Bytes that crossed the wire.
    pub fn moved(&self) -> usize {
        if self.endpoint & 0x80 != 0 { self.data.len() } else { self.sent }
    }

    /// One packet more; whether the transfer is complete after it, or `None` on NAK.
    fn step(&mut self, bus: &mut Bus, packet_size: usize) -> Result<Option<bool>, TransferError> {
        let transaction = if self.endpoint & 0x80 != 0 {
            bus.transact_in(self.endpoint, self.length - self.data.len())
        } else {
            let end = self.length.min(self.sent + packet_size);
            bus.transact_out(self.endpoint, self.data.get(self.sent..end).unwrap_or_default())
        };
        match transaction {
            Transaction::Nak => Ok(None),
            Transaction::Failed(error) => Err(error),
            Transaction::Done(bytes) if self.endpoint & 0x80 != 0 => {
                self.data.extend_from_slice(&bytes);
                Ok(Some(bytes.len() < packet_size || self.data.len() == self.length))
            }
            Transaction::Done(_) => Ok(Some(self.sent_packet(packet_size))),
        }
    }

    fn sent_packet(&mut self, packet_size: usize) -> bool {
        let left = self.length - self.sent;
        let closes = left == 0 || left < packet_size;
        self.sent += left.min(packet_size);
        closes || (self.sent == self.length && !self.zero_packet)
    }
}

/// A transfer that ended, and how.
pub type Completed<Id> = (Transfer<Id>, Result<(), TransferError>);

/// The transfers under way, in order for each endpoint.
#[derive(Debug)]
pub struct TransferQueues<Id> {
    endpoints: BTreeMap<u8, VecDeque<Transfer<Id>>>,
    /// When an interrupt endpoint is to be polled next.
    due: BTreeMap<u8, Nanoseconds>,
}

impl<Id> Default for TransferQueues<Id> {
    fn default() -> Self {
        Self { endpoints: BTreeMap::new(), due: BTreeMap::new() }
    }
}

impl<Id: PartialEq> TransferQueues<Id> {
    /// Queues a transfer behind those of its endpoint.
    pub fn push(&mut self, transfer: Transfer<Id>) {
        self.endpoints.entry(transfer.endpoint).or_default().push_back(transfer);
    }

    /// Takes the transfer with this id out, if it is still under way.
    pub fn cancel(&mut self, id: &Id) -> Option<Transfer<Id>> {
        self.endpoints.values_mut().find_map(|queue| {
            let position = queue.iter().position(|transfer| transfer.id == *id)?;
            queue.remove(position)
        })
    }

    /// Takes everything out, as on a bus reset or when the device goes.
    pub fn cancel_all(&mut self) -> Vec<Transfer<Id>> {
        std::mem::take(&mut self.endpoints).into_values().flatten().collect()
    }

    /// One packet for the oldest transfer of every endpoint. Returns whether any packet moved, and
    /// the transfers that ended.
    pub fn step(&mut self, bus: &mut Bus) -> (bool, Vec<Completed<Id>>) {
        let mut moved = false;
        let mut completed = Vec::new();
        for (&address, queue) in &mut self.endpoints {
            let Some(transfer) = queue.front_mut() else { continue };
            let outcome = match bus.endpoint(address) {
                Some(endpoint) if !is_due(&mut self.due, &endpoint, bus) => continue,
                Some(endpoint) => transfer.step(bus, endpoint.max_packet_size.into()),
                None => Err(TransferError::NoResponse),
            };
            moved |= outcome != Ok(None);
            let result = match outcome {
                Ok(None | Some(false)) => continue,
                Ok(Some(true)) => Ok(()),
                Err(error) => Err(error),
            };
            completed.extend(queue.pop_front().map(|transfer| (transfer, result)));
        }
        (moved, completed)
    }
}

/// Whether the bus may try the endpoint now: always for bulk, once a period for interrupt.
fn is_due(due: &mut BTreeMap<u8, Nanoseconds>, endpoint: &EndpointInfo, bus: &Bus) -> bool {
    if endpoint.transfer_type == TransferType::Bulk {
        return true;
    }
    let next = due.entry(endpoint.address).or_default();
    if bus.now() < *next {
        return false;
    }
    *next = bus.now() + bus.polling_period(endpoint);
    true
}
