//! Control transfers in words.

use core::fmt;

use usbd_acm::class::{Recipient, RequestKind};
use usbd_acm::{Direction, SetupPacket};

use super::observer::{ControlRecord, Observer};
use super::request;

/// Calls a closure with every control transfer that is over.
///
/// ```no_run
/// # use usbd_acm_virtual::{VirtualController, host::{ControlRecord, Host, OnControl}};
/// # let (_, wire) = VirtualController::<usbd_acm_virtual::FullSpeed>::new(2);
/// # let mut host = Host::new(wire);
/// host.observe(OnControl(|record: &ControlRecord<'_>| println!("{record}")));
/// ```
pub struct OnControl<F>(pub F);

impl<F: FnMut(&ControlRecord<'_>)> Observer for OnControl<F> {
    fn control(&mut self, record: &ControlRecord<'_>) {
        (self.0)(record);
    }
}

/// Time, request, answer, duration, in one line.
impl fmt::Display for ControlRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SetupPacket { length, .. } = self.setup;
        write!(f, "{:11.3} ms  {}", milliseconds(self.start), Request(self.setup))?;
        match (self.setup.direction(), length) {
            (_, 0) => {}
            (Direction::In, _) => write!(f, " of {length} bytes")?,
            (Direction::Out, _) => write!(f, " {}", Hex(self.data))?,
        }
        match self.outcome {
            Err(error) => write!(f, " -> {error}")?,
            Ok(()) if matches!(self.setup.direction(), Direction::In) && length > 0 => {
                write!(f, " -> {} bytes: {}", self.data.len(), Hex(self.data))?;
            }
            Ok(()) => f.write_str(" -> ACK")?,
        }
        write!(f, "  ({:.3} ms)", milliseconds(self.end - self.start))
    }
}

fn milliseconds(time: u64) -> f64 {
    time as f64 / 1e6
}

/// At most 18 bytes: a device descriptor.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().take(18).enumerate() {
            write!(f, "{}{byte:02x}", if index == 0 { "" } else { " " })?;
        }
        if self.0.len() > 18 { f.write_str(" ...") } else { Ok(()) }
    }
}

/// A request by its name, with the values that matter.
struct Request(SetupPacket);

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SetupPacket { request_type, request, value, index, .. } = self.0;
        match (self.0.kind(), self.0.recipient(), request) {
            (Some(RequestKind::Standard), _, 6) => {
                write!(f, "GET_DESCRIPTOR({})", Descriptor(value))
            }
            (Some(RequestKind::Standard), recipient, _) => {
                write!(f, "{}", standard(request))?;
                match (request, recipient) {
                    (5 | 9, _) => write!(f, "({value})"),
                    (1 | 3, Some(Recipient::Device)) => write!(f, "(feature {value})"),
                    (1 | 3, _) => write!(f, "(feature {value}, {index:#04x})"),
                    (_, Some(Recipient::Device)) => Ok(()),
                    _ => write!(f, "({index:#04x})"),
                }
            }
            (Some(RequestKind::Class), Some(Recipient::Interface), 0x20..=0x23) => {
                write!(f, "{}", class(request))?;
                match request {
                    0x22 => write!(f, "(DTR {}, RTS {})", value & 1, value >> 1 & 1),
                    0x23 => write!(f, "({value} ms)"),
                    _ => Ok(()),
                }
            }
            _ => write!(f, "request {request_type:02x} {request:02x} {value:04x} {index:04x}"),
        }
    }
}

/// The descriptor that wValue names.
struct Descriptor(u16);

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.0 & 0xFF;
        match self.0 >> 8 {
            request::DEVICE => f.write_str("device"),
            request::CONFIGURATION => f.write_str("configuration"),
            request::STRING if index == 0 => f.write_str("languages"),
            request::STRING => write!(f, "string {index}"),
            request::DEVICE_QUALIFIER => f.write_str("device qualifier"),
            request::OTHER_SPEED_CONFIGURATION => f.write_str("other-speed configuration"),
            request::BOS => f.write_str("BOS"),
            other => write!(f, "type {other:#04x}"),
        }
    }
}

fn standard(request: u8) -> &'static str {
    match request {
        0 => "GET_STATUS",
        1 => "CLEAR_FEATURE",
        3 => "SET_FEATURE",
        5 => "SET_ADDRESS",
        7 => "SET_DESCRIPTOR",
        8 => "GET_CONFIGURATION",
        9 => "SET_CONFIGURATION",
        10 => "GET_INTERFACE",
        11 => "SET_INTERFACE",
        12 => "SYNCH_FRAME",
        _ => "unknown standard request",
    }
}

fn class(request: u8) -> &'static str {
    match request {
        0x20 => "SET_LINE_CODING",
        0x21 => "GET_LINE_CODING",
        0x22 => "SET_CONTROL_LINE_STATE",
        _ => "SEND_BREAK",
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::host::TransferError;

    #[test]
    fn a_record_is_one_line() {
        let record = ControlRecord {
            setup: request::get_descriptor(request::DEVICE, 0, 64),
            data: &[18, 1],
            outcome: Ok(()),
            start: 120_000_000,
            end: 120_250_000,
        };
        assert_eq!(
            record.to_string(),
            "    120.000 ms  GET_DESCRIPTOR(device) of 64 bytes -> 2 bytes: 12 01  (0.250 ms)"
        );
        let stalled = ControlRecord {
            setup: request::set_control_line_state(0, true, false),
            data: &[],
            outcome: Err(TransferError::Stall),
            ..record
        };
        assert_eq!(
            stalled.to_string(),
            "    120.000 ms  SET_CONTROL_LINE_STATE(DTR 1, RTS 0) -> STALL  (0.250 ms)"
        );
    }
}
