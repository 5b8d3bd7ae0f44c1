//! One connection of a USB/IP client.

use super::codec::{
    Decoder, DeviceRecord, Malformed, Reply, Request, SHORT_NOT_OK, Submit, ZERO_PACKET,
};
use crate::bus::{Bus, TransferError};
use crate::served::{Session as Serve, SessionEnd};
use crate::transfer::{Completed, Transfer, TransferQueues};

/// The only device there is.
const BUS_ID: &str = "1-1";

/// Error numbers of Linux, as they stand in a URB's status.
mod errno {
    pub const EPIPE: i32 = -32;
    pub const EPROTO: i32 = -71;
    pub const EOVERFLOW: i32 = -75;
    pub const ECONNRESET: i32 = -104;
    pub const ESHUTDOWN: i32 = -108;
    pub const ETIMEDOUT: i32 = -110;
    pub const EREMOTEIO: i32 = -121;
    pub const EINVAL: i32 = -22;
}

/// Sequence number and flags of a URB.
#[derive(Clone, Copy, Debug)]
struct Urb {
    sequence: u32,
    flags: u32,
}

impl PartialEq for Urb {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

/// A connection to one client.
#[derive(Debug, Default)]
pub struct Session {
    decoder: Decoder,
    output: Vec<u8>,
    phase: Phase,
    transfers: TransferQueues<Urb>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    /// Operations: list, import.
    #[default]
    Idle,
    /// URBs.
    Imported,
    /// Unplugged: USB/IP tells it by closing the connection.
    Unplugged,
}

impl Session {
    /// A new connection.
    pub fn new() -> Self {
        Self::default()
    }

    fn send(&mut self, reply: &Reply) {
        reply.encode(&mut self.output);
    }

    fn handle(&mut self, request: Request, bus: &mut Bus) {
        match request {
            Request::DeviceList => {
                let record = record(bus);
                bus.detach();
                self.send(&Reply::DeviceList(record));
            }
            Request::Import(name) => self.import(&name, bus),
            Request::Submit(submit) if self.phase != Phase::Imported => {
                self.send(&Reply::Submit(submit.sequence, errno::ESHUTDOWN, 0, Vec::new()));
            }
            Request::Submit(submit) if submit.endpoint & 0x0F == 0 => self.control(submit, bus),
            Request::Submit(submit) => self.submit(submit, bus),
            Request::Unlink { sequence, target } => self.unlink(sequence, target),
        }
    }

    fn import(&mut self, name: &str, bus: &mut Bus) {
        let record = if name == BUS_ID { record(bus) } else { None };
        if record.is_some() {
            self.decoder.set_imported();
            self.phase = Phase::Imported;
        }
        self.send(&Reply::Import(record));
    }

    fn control(&mut self, submit: Submit, bus: &mut Bus) {
        let setup = submit.setup;
        // The bus gives addresses; the client's vhci-hcd keeps its own to itself.
        let set_address = setup.request_type == 0 && setup.request == 5;
        let is_out = setup.request_type & 0x80 == 0;
        let short = is_out && submit.data.len() != usize::from(setup.length);
        if set_address || short || u32::from(setup.length) != submit.length {
            self.send(&Reply::Submit(submit.sequence, errno::EINVAL, 0, Vec::new()));
            return;
        }
        let reply = match bus.control(setup, &submit.data) {
            Ok(_) if is_out => Reply::Submit(submit.sequence, 0, submit.length, Vec::new()),
            Ok(data) => {
                let moved = u16::try_from(data.len()).unwrap_or(u16::MAX);
                let status = short_status(submit.flags, moved < setup.length);
                Reply::Submit(submit.sequence, status, moved.into(), data)
            }
            Err(error) => Reply::Submit(submit.sequence, status(error), 0, Vec::new()),
        };
        self.send(&reply);
    }

    fn submit(&mut self, submit: Submit, bus: &Bus) {
        let Submit { sequence, flags, endpoint, length, data, .. } = submit;
        if bus.endpoint(endpoint).is_none() {
            self.send(&Reply::Submit(sequence, errno::EINVAL, 0, Vec::new()));
            return;
        }
        let urb = Urb { sequence, flags };
        self.transfers.push(if endpoint & 0x80 != 0 {
            Transfer::incoming(urb, endpoint, length as usize)
        } else {
            Transfer::outgoing(urb, endpoint, data, flags & ZERO_PACKET != 0)
        });
    }

    /// A URB that was unlinked in time is not answered itself.
    fn unlink(&mut self, sequence: u32, target: u32) {
        let unlinked = self.transfers.cancel(&Urb { sequence: target, flags: 0 }).is_some();
        let status = if unlinked { errno::ECONNRESET } else { 0 };
        self.send(&Reply::Unlink(sequence, status));
    }

    fn complete(&mut self, (transfer, result): Completed<Urb>) {
        let is_in = transfer.endpoint & 0x80 != 0;
        let is_short = is_in && transfer.moved() < transfer.length;
        let status = match result {
            Ok(()) => short_status(transfer.id.flags, is_short),
            Err(error) => status(error),
        };
        self.answer(transfer, status);
    }

    fn answer(&mut self, transfer: Transfer<Urb>, status: i32) {
        // No transfer is longer than `LONGEST_TRANSFER`.
        let moved = transfer.moved() as u32;
        let data = if transfer.endpoint & 0x80 != 0 { transfer.data } else { Vec::new() };
        self.send(&Reply::Submit(transfer.id.sequence, status, moved, data));
    }
}

impl Serve for Session {
    fn receive(&mut self, bytes: &[u8], bus: &mut Bus) -> Result<(), SessionEnd> {
        self.decoder.push(bytes);
        while let Some(request) = self.decoder.next_request().map_err(broken)? {
            self.handle(request, bus);
        }
        Ok(())
    }

    fn step(&mut self, bus: &mut Bus) -> bool {
        let (moved, completed) = self.transfers.step(bus);
        for transfer in completed {
            self.complete(transfer);
        }
        moved
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// A client plugs by importing; there is no way to tell it that it could.
    fn plug(&mut self, _bus: &mut Bus) {}

    fn unplug(&mut self, bus: &mut Bus) {
        for transfer in self.transfers.cancel_all() {
            self.answer(transfer, errno::ESHUTDOWN);
        }
        if self.phase == Phase::Imported {
            self.phase = Phase::Unplugged;
            bus.detach();
        }
    }

    fn is_over(&self) -> bool {
        self.phase == Phase::Unplugged
    }
}

fn broken(error: Malformed) -> SessionEnd {
    SessionEnd::Malformed(error.to_string())
}

fn record(bus: &mut Bus) -> Option<DeviceRecord> {
    let descriptor = bus.attach().ok()?;
    Some(DeviceRecord {
        bus_id: BUS_ID,
        speed: bus.speed(),
        descriptor,
        configuration: bus.configuration().value,
        interfaces: bus.configuration().default_interfaces().copied().collect(),
    })
}

fn short_status(flags: u32, is_short: bool) -> i32 {
    if is_short && flags & SHORT_NOT_OK != 0 { errno::EREMOTEIO } else { 0 }
}

fn status(error: TransferError) -> i32 {
    match error {
        TransferError::Stall => errno::EPIPE,
        TransferError::Babble => errno::EOVERFLOW,
        TransferError::Timeout => errno::ETIMEDOUT,
        TransferError::NoResponse => errno::EPROTO,
    }
}
