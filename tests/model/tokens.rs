//! What the device answers to each token.

use usbd_acm::SetupPacket;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::{DeviceModel, Polling};

/// Whether what came is what had to come; what had to come where it is not.
pub type Verdict = Result<(), String>;

/// An open endpoint of a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Notification,
    FromHost,
    ToHost,
}

impl DeviceModel {
    /// SETUP to an endpoint. I3: EP0 takes it in every state.
    pub fn setup(&mut self, address: u8, number: u8, data: [u8; 8], seen: Handshake) -> Verdict {
        if number != 0 || !self.answers(address) {
            return is(seen, Handshake::NoResponse);
        }
        self.setup_came(SetupPacket::from_bytes(data));
        is(seen, Handshake::Ack).map_err(|expected| format!("{expected} (I3)"))
    }

    /// IN, which the host acknowledges or not.
    pub fn in_token(&mut self, address: u8, number: u8, ack: bool, seen: &InResponse) -> Verdict {
        if self.control.test_mode == Some(3) {
            // Test_SE0_NAK (USB 2.0 §7.1.20).
            return is(seen.clone(), InResponse::Nak);
        }
        if !self.answers(address) {
            return is(seen.clone(), InResponse::NoResponse);
        }
        if number == 0 {
            let expected = self.ep0.peek();
            let told = match (ack, &expected) {
                (true, InResponse::Data { .. }) => self.ep0.acknowledge(),
                _ => None,
            };
            self.ep0_told(told);
            return is(seen.clone(), expected);
        }
        match self.role(number | 0x80) {
            None => is(seen.clone(), InResponse::NoResponse),
            // I10: a halted endpoint moves nothing.
            Some(_) if self.is_halted(number | 0x80) => is(seen.clone(), InResponse::Stall),
            Some((port, Role::Notification)) => self.notification(port, ack, seen),
            Some((port, _)) => self.data_in(port, ack, seen),
        }
    }

    /// OUT with its data packet.
    pub fn out_token(
        &mut self,
        address: u8,
        number: u8,
        (pid, data): (Pid, &[u8]),
        seen: Handshake,
    ) -> Verdict {
        if !self.answers(address) {
            return is(seen, Handshake::NoResponse);
        }
        if number == 0 {
            let (expected, told) = self.ep0.out_token(pid, data);
            self.ep0_told(told);
            return is(seen, expected);
        }
        let Some((port, Role::FromHost)) = self.role(number) else {
            return is(seen, Handshake::NoResponse);
        };
        if data.len() > self.bulk_packet_size() {
            // Babble: not a packet of this endpoint.
            return is(seen, Handshake::NoResponse);
        }
        if self.is_halted(number) {
            return is(seen, Handshake::Stall);
        }
        if pid != self.ports[port].from_host.pid {
            return is(seen, Handshake::Ack);
        }
        self.has_room(port, seen)?;
        if seen == Handshake::Ack {
            self.ports[port].from_host.pid = pid.toggled();
            self.received(port, data);
        }
        Ok(())
    }

    /// PING, which a full-speed device does not know.
    pub fn ping(&mut self, address: u8, number: u8, seen: Handshake) -> Verdict {
        if !self.answers(address) || self.speed != Some(usbd_acm::Speed::High) {
            return is(seen, Handshake::NoResponse);
        }
        if number == 0 {
            return is(seen, self.ep0.ping());
        }
        match self.role(number) {
            Some((port, Role::FromHost)) if !self.is_halted(number) => self.has_room(port, seen),
            Some((_, Role::FromHost)) => is(seen, Handshake::Stall),
            _ => is(seen, Handshake::NoResponse),
        }
    }

    /// Port and role of an endpoint that is open.
    fn role(&self, address: u8) -> Option<(usize, Role)> {
        let endpoints = self.control.golden.endpoints;
        let index = endpoints.iter().position(|endpoint| *endpoint == address)?;
        let role = [Role::Notification, Role::FromHost, Role::ToHost][index % 3];
        self.open.then_some((index / 3, role))
    }

    fn is_halted(&self, address: u8) -> bool {
        self.control.halted.contains(&address)
    }

    /// ACK as long as there is a slot, NAK when there is none: the host loses nothing.
    fn has_room(&self, port: usize, seen: Handshake) -> Verdict {
        let slots = self.settings.slots;
        let is_closed = self.settings.policy == usbd_acm::DtrPolicy::Require
            && !self.ports[port].is_connected();
        let late = self.settings.polling == Polling::Late;
        let may_take = self.held(port, true) < slots && (late || !is_closed);
        let must_take = self.held(port, false) < slots && !late && !is_closed;
        match seen {
            Handshake::Ack if may_take => Ok(()),
            Handshake::Nak if !must_take => Ok(()),
            _ if must_take => Err("ACK: there is a slot".to_owned()),
            _ if may_take => Err("ACK or NAK".to_owned()),
            _ => Err("NAK: there is no slot".to_owned()),
        }
    }

    fn notification(&mut self, port: usize, ack: bool, seen: &InResponse) -> Verdict {
        let interface = u8::try_from(2 * port).unwrap_or(0);
        let state = &mut self.ports[port].serial_state;
        let Some(bits) = state.on_wire else { return is(seen.clone(), InResponse::Nak) };
        let bytes = vec![0xA1, 0x20, 0, 0, interface, 0, 2, 0, bits, 0];
        let expected = InResponse::Data { pid: state.pid, bytes };
        if ack {
            state.pid = state.pid.toggled();
            state.on_wire = None;
            self.notified(port);
        }
        is(seen.clone(), expected)
    }

    /// Any beginning of what was written, once and in order; a zero-length packet where one is due.
    fn data_in(&mut self, port: usize, ack: bool, seen: &InResponse) -> Verdict {
        let size = self.bulk_packet_size();
        let late = self.settings.polling == Polling::Late;
        let to_host = &mut self.ports[port].to_host;
        let (pid, bytes) = match seen {
            InResponse::Data { pid, bytes } => (*pid, bytes),
            InResponse::Nak if late => return Ok(()),
            InResponse::Nak
                if !to_host.probing && !to_host.zero_length_due && to_host.bytes.is_empty() =>
            {
                return Ok(());
            }
            _ => return Err(format!("data: {} bytes wait", to_host.bytes.len())),
        };
        if pid != to_host.pid {
            return Err(format!("{:?}", to_host.pid));
        }
        if to_host.offered.as_ref().is_some_and(|offered| offered != bytes) {
            return Err(format!("the same packet again: {:?}", to_host.offered));
        }
        let is_beginning = bytes.len() <= to_host.bytes.len()
            && bytes.iter().zip(&to_host.bytes).all(|(seen, written)| seen == written);
        let is_legal = match bytes.len() {
            0 => to_host.zero_length_due || to_host.zero_length_allowed || to_host.probing,
            _ if to_host.zero_length_first || to_host.probing => false,
            length => length <= size && is_beginning,
        };
        if !is_legal {
            return Err(format!("the next of {:?}, or no packet", to_host.bytes));
        }
        to_host.offered = Some(bytes.clone());
        if ack {
            to_host.offered = None;
            to_host.pid = pid.toggled();
            to_host.bytes.drain(..bytes.len());
            to_host.zero_length_due = bytes.len() == size && to_host.bytes.is_empty();
            to_host.zero_length_allowed = false;
            to_host.is_read |= to_host.probing;
            to_host.probing = false;
            to_host.zero_length_first &= !bytes.is_empty();
            self.sent(port);
        }
        Ok(())
    }
}

fn is<T: PartialEq + std::fmt::Debug>(seen: T, expected: T) -> Verdict {
    if seen == expected { Ok(()) } else { Err(format!("{expected:?}")) }
}
