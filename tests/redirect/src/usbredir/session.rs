//! One connection: what the guest asks becomes transfers on the bus, and every request gets exactly
//! one answer.

use usbd_acm::{SetupPacket, Speed, TransferType};
use usbd_acm_virtual::Nanoseconds;

use super::reply::{DeviceConnect, EndpointRow, EndpointTable, InterfaceTable, Reply, Status};
use super::request::{Decoder, Malformed, Request};
use crate::bus::{Bus, Transaction, TransferError, toggle_slot};
use crate::configuration::EndpointInfo;
use crate::served::{Session as Serve, SessionEnd};
use crate::transfer::{Completed, Transfer, TransferQueues};

/// The longest data stage of a control transfer in the protocol.
const LONGEST_CONTROL: u16 = 4096;
const NO_ENDPOINT: EndpointRow =
    EndpointRow { kind: 255, interval: 0, interface: 0, max_packet_size: 0 };

/// A connection to one guest.
#[derive(Debug)]
pub struct Session {
    decoder: Decoder,
    output: Vec<u8>,
    greeted: bool,
    plugged: bool,
    /// Whether the guest selected the configuration: its endpoints are in the table then.
    configured: bool,
    transfers: TransferQueues<u64>,
    polled: Vec<Polled>,
}

/// An interrupt IN endpoint that the guest listens to.
#[derive(Clone, Copy, Debug)]
struct Polled {
    endpoint: u8,
    packet_size: usize,
    period: Nanoseconds,
    next: Nanoseconds,
}

impl Session {
    /// A new connection; the hello is in the output already.
    pub fn new() -> Self {
        let mut session = Self {
            decoder: Decoder::default(),
            output: Vec::new(),
            greeted: false,
            plugged: false,
            configured: false,
            transfers: TransferQueues::default(),
            polled: Vec::new(),
        };
        session.send(0, &Reply::Hello);
        session
    }

    fn send(&mut self, id: u64, reply: &Reply) {
        reply.encode(id, &mut self.output);
    }

    fn handle(&mut self, id: u64, request: Request, bus: &mut Bus) -> Result<(), SessionEnd> {
        match request {
            Request::Hello { .. } if self.greeted => {}
            Request::Hello { .. } => {
                self.greeted = true;
                self.plug(bus);
            }
            Request::Cancel => self.cancel(id),
            Request::Reject => return Err(SessionEnd::Rejected),
            Request::StopInterrupt(endpoint) => {
                self.polled.retain(|polled| polled.endpoint != endpoint);
                self.send(id, &Reply::InterruptStatus(Status::Success, endpoint));
            }
            Request::Other(_) => {}
            _ if !self.plugged => self.refuse(id, &request),
            Request::Reset => self.reset(bus),
            Request::SetConfiguration(value) => self.set_configuration(id, value, bus),
            Request::GetConfiguration => self.get_configuration(id, bus),
            Request::SetAlternate { interface, alternate } => {
                self.set_alternate(id, interface, alternate, bus);
            }
            Request::GetAlternate(interface) => self.get_alternate(id, interface, bus),
            Request::StartInterrupt(endpoint) => self.start_interrupt(id, endpoint, bus),
            Request::Control { endpoint, setup, data } => {
                self.control(id, endpoint, setup, &data, bus);
            }
            Request::Bulk { endpoint, length, data } => {
                self.bulk(id, endpoint, length, data);
            }
            Request::InterruptOut { endpoint, .. } => {
                // No profile of ours has an interrupt OUT endpoint.
                self.send(id, &Reply::InterruptOut(endpoint, Status::Invalid, 0));
            }
        }
        Ok(())
    }

    /// The answer to a request for a device that is not there.
    fn refuse(&mut self, id: u64, request: &Request) {
        let status = Status::IoError;
        let reply = match *request {
            Request::SetConfiguration(value) => Reply::ConfigurationStatus(status, value),
            Request::GetConfiguration => Reply::ConfigurationStatus(status, 0),
            Request::SetAlternate { interface, alternate } => {
                Reply::AlternateStatus(status, interface, alternate)
            }
            Request::GetAlternate(interface) => Reply::AlternateStatus(status, interface, 0),
            Request::StartInterrupt(endpoint) => Reply::InterruptStatus(status, endpoint),
            Request::Control { endpoint, setup, .. } => {
                Reply::Control(endpoint, setup, status, 0, Vec::new())
            }
            Request::Bulk { endpoint, .. } => Reply::Bulk(endpoint, status, 0, Vec::new()),
            Request::InterruptOut { endpoint, .. } => Reply::InterruptOut(endpoint, status, 0),
            _ => return,
        };
        self.send(id, &reply);
    }

    fn cancel(&mut self, id: u64) {
        // A cancel that crossed its answer gets none: the guest takes the first for it.
        if let Some(transfer) = self.transfers.cancel(&id) {
            self.complete((transfer, Ok(())), Some(Status::Cancelled));
        }
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.cancel_all();
        self.configured = false;
        if bus.reset().is_err() {
            self.unplug(bus);
        }
    }

    fn cancel_all(&mut self) {
        for transfer in self.transfers.cancel_all() {
            self.complete((transfer, Ok(())), Some(Status::Cancelled));
        }
    }

    fn set_configuration(&mut self, id: u64, value: u8, bus: &mut Bus) {
        self.cancel_all();
        self.polled.clear();
        let setup = SetupPacket::from_bytes([0x00, 9, value, 0, 0, 0, 0, 0]);
        let result = bus.control(setup, &[]);
        if result.is_ok() {
            self.configured = value != 0;
            self.describe(bus);
        }
        self.send(id, &Reply::ConfigurationStatus(status(&result), value));
    }

    fn get_configuration(&mut self, id: u64, bus: &mut Bus) {
        let result = bus.control(SetupPacket::from_bytes([0x80, 8, 0, 0, 0, 0, 1, 0]), &[]);
        let value = first_byte(&result);
        self.send(id, &Reply::ConfigurationStatus(status(&result), value));
    }

    fn set_alternate(&mut self, id: u64, interface: u8, alternate: u8, bus: &mut Bus) {
        let setup = SetupPacket::from_bytes([0x01, 11, alternate, 0, interface, 0, 0, 0]);
        let result = bus.control(setup, &[]);
        if result.is_ok() {
            self.describe(bus);
        }
        self.send(id, &Reply::AlternateStatus(status(&result), interface, alternate));
    }

    fn get_alternate(&mut self, id: u64, interface: u8, bus: &mut Bus) {
        let setup = SetupPacket::from_bytes([0x81, 10, 0, 0, interface, 0, 1, 0]);
        let result = bus.control(setup, &[]);
        let alternate = first_byte(&result);
        self.send(id, &Reply::AlternateStatus(status(&result), interface, alternate));
    }

    fn start_interrupt(&mut self, id: u64, endpoint: u8, bus: &Bus) {
        let is_interrupt_in = |found: &EndpointInfo| {
            endpoint & 0x80 != 0 && found.transfer_type == TransferType::Interrupt
        };
        let Some(found) = bus.endpoint(endpoint).filter(is_interrupt_in) else {
            self.send(id, &Reply::InterruptStatus(Status::Invalid, endpoint));
            return;
        };
        self.polled.retain(|polled| polled.endpoint != endpoint);
        let period = bus.polling_period(&found);
        let packet_size = found.max_packet_size.into();
        self.polled.push(Polled { endpoint, packet_size, period, next: bus.now() });
        self.send(id, &Reply::InterruptStatus(Status::Success, endpoint));
    }

    fn control(&mut self, id: u64, endpoint: u8, setup: SetupPacket, data: &[u8], bus: &mut Bus) {
        // The bus gives addresses; a SET_ADDRESS from the guest would cut it off from the device.
        let set_address = setup.request_type == 0 && setup.request == 5;
        let is_out = setup.request_type & 0x80 == 0;
        let short = is_out && data.len() != usize::from(setup.length);
        if set_address || short || setup.length > LONGEST_CONTROL {
            self.send(id, &Reply::Control(endpoint, setup, Status::Invalid, 0, Vec::new()));
            return;
        }
        let result = bus.control(setup, data);
        let status = status(&result);
        let received = result.unwrap_or_default();
        let length = match status {
            Status::Success if is_out => setup.length,
            _ => u16::try_from(received.len()).unwrap_or(LONGEST_CONTROL),
        };
        self.send(id, &Reply::Control(endpoint, setup, status, length, received));
    }

    fn bulk(&mut self, id: u64, endpoint: u8, length: u32, data: Vec<u8>) {
        // USB/IP and Linux have a flag for a closing zero-length packet; here it comes as a
        // transfer of its own.
        let transfer = if endpoint & 0x80 != 0 {
            Transfer::incoming(id, endpoint, length as usize)
        } else {
            Transfer::outgoing(id, endpoint, data, false)
        };
        self.transfers.push(transfer);
    }

    fn complete(&mut self, (transfer, result): Completed<u64>, status_override: Option<Status>) {
        let status = status_override.unwrap_or_else(|| status(&result));
        // No transfer is longer than the longest packet.
        let moved = transfer.moved() as u32;
        let is_in = transfer.endpoint & 0x80 != 0;
        let data = if is_in { transfer.data } else { Vec::new() };
        self.send(transfer.id, &Reply::Bulk(transfer.endpoint, status, moved, data));
    }

    fn poll_interrupts(&mut self, bus: &mut Bus) -> bool {
        let mut moved = false;
        let mut polled = std::mem::take(&mut self.polled);
        polled.retain_mut(|polled| {
            if bus.now() < polled.next {
                return true;
            }
            polled.next = bus.now() + polled.period;
            match bus.transact_in(polled.endpoint, polled.packet_size) {
                Transaction::Done(packet) => {
                    moved = true;
                    self.send(0, &Reply::InterruptIn(polled.endpoint, packet));
                    true
                }
                Transaction::Failed(TransferError::Stall) => {
                    let reply = Reply::InterruptStatus(Status::Stall, polled.endpoint);
                    self.send(0, &reply);
                    false
                }
                // Between a bus reset and SET_CONFIGURATION there is no endpoint to answer.
                Transaction::Nak | Transaction::Failed(_) => true,
            }
        });
        self.polled = polled;
        moved
    }

    fn describe(&mut self, bus: &Bus) {
        let endpoints = Reply::EndpointInfo(Box::new(endpoint_table(bus, self.configured)));
        self.send(0, &endpoints);
        self.send(0, &Reply::InterfaceInfo(interface_table(bus)));
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Serve for Session {
    fn receive(&mut self, bytes: &[u8], bus: &mut Bus) -> Result<(), SessionEnd> {
        self.decoder.push(bytes);
        while let Some((id, request)) = self.decoder.next_request().map_err(broken)? {
            self.handle(id, request, bus)?;
        }
        Ok(())
    }

    fn step(&mut self, bus: &mut Bus) -> bool {
        let polled = self.poll_interrupts(bus);
        let (moved, completed) = self.transfers.step(bus);
        for transfer in completed {
            self.complete(transfer, None);
        }
        polled || moved
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    fn plug(&mut self, bus: &mut Bus) {
        if self.plugged || !self.greeted {
            return;
        }
        let Ok(descriptor) = bus.attach() else { return };
        let word = |low: u8, high: u8| u16::from_le_bytes([low, high]);
        let [_, _, _, _, c, s, p, _, v0, v1, p0, p1, d0, d1, ..] = descriptor;
        let device = DeviceConnect {
            high_speed: bus.speed() == Speed::High,
            class: [c, s, p],
            vendor: word(v0, v1),
            product: word(p0, p1),
            version: word(d0, d1),
        };
        self.configured = false;
        self.plugged = true;
        self.describe(bus);
        self.send(0, &Reply::DeviceConnect(device));
    }

    fn unplug(&mut self, bus: &mut Bus) {
        if !self.plugged {
            return;
        }
        self.plugged = false;
        self.configured = false;
        self.polled.clear();
        self.cancel_all();
        self.send(0, &Reply::DeviceDisconnect);
        bus.detach();
    }
}

fn broken(error: Malformed) -> SessionEnd {
    SessionEnd::Malformed(error.to_string())
}

fn status(result: &Result<impl Sized, TransferError>) -> Status {
    match result {
        Ok(_) => Status::Success,
        Err(TransferError::Stall) => Status::Stall,
        Err(TransferError::Babble) => Status::Babble,
        Err(TransferError::Timeout) => Status::Timeout,
        Err(TransferError::NoResponse) => Status::IoError,
    }
}

fn first_byte(result: &Result<Vec<u8>, TransferError>) -> u8 {
    result.as_ref().ok().and_then(|data| data.first().copied()).unwrap_or(0)
}

fn interface_table(bus: &Bus) -> InterfaceTable {
    bus.configuration().default_interfaces().map(|i| (i.number, i.class)).collect()
}

fn endpoint_table(bus: &Bus, configured: bool) -> EndpointTable {
    let mut table = [NO_ENDPOINT; 32];
    let ep0 = EndpointRow { kind: 0, interval: 0, interface: 0, max_packet_size: 64 };
    for slot in [0x00, 0x80].map(toggle_slot) {
        if let Some(row) = table.get_mut(slot) {
            *row = ep0;
        }
    }
    let endpoints = bus.configuration().endpoints.iter();
    for endpoint in endpoints.filter(|endpoint| configured && endpoint.alternate == 0) {
        if let Some(row) = table.get_mut(toggle_slot(endpoint.address)) {
            *row = EndpointRow {
                kind: endpoint.transfer_type as u8,
                interval: match endpoint.transfer_type {
                    // QEMU rejects a device with 0 here.
                    TransferType::Interrupt => endpoint.interval.max(1),
                    TransferType::Bulk => endpoint.interval,
                },
                interface: endpoint.interface,
                max_packet_size: endpoint.max_packet_size,
            };
        }
    }
    table
}
