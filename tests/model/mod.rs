//! A reference model of the control pipe: tables 3.1 and 3.3 of the behaviour, and nothing else.
//!
//! It shares no code with the stack. Where a specification leaves a behaviour open, the model holds
//! the choice this project made, and says so with "free".

mod golden;
mod rows;

pub use golden::{FULL_SPEED, Golden, HIGH_SPEED, HIGH_SPEED_AT_FULL, TWO_PORTS};
use rows::{Action, Field, ROWS, Row};
use usbd_acm::{SetupPacket, State};

/// The one outcome of a control transfer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A data IN stage with these bytes, and its status stage.
    Data(Vec<u8>),
    /// A status stage.
    Ack,
    /// A protocol STALL.
    Stall,
}

/// What the device is expected to be and to answer.
#[derive(Clone, Debug)]
pub struct Model {
    /// What it is made of.
    pub golden: &'static Golden,
    /// Device state.
    pub state: State,
    /// DEVICE_REMOTE_WAKEUP.
    pub remote_wakeup: bool,
    /// bEndpointAddress of halted endpoints.
    pub halted: Vec<u8>,
    /// Line coding of each port.
    pub line_coding: [[u8; 7]; 2],
}

/// The line coding before the host sets one: 115200 8N1.
pub const DEFAULT_LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

impl Model {
    /// A device that was just reset.
    pub fn new(golden: &'static Golden) -> Self {
        Self {
            golden,
            state: State::Default,
            remote_wakeup: false,
            halted: Vec::new(),
            line_coding: [DEFAULT_LINE_CODING; 2],
        }
    }

    /// A bus reset. The line coding stays: the specification is silent.
    pub fn reset(&mut self) {
        *self = Self { line_coding: self.line_coding, ..Self::new(self.golden) };
    }

    /// A control transfer from SETUP to status stage, with as much OUT data as wLength says.
    pub fn control(&mut self, setup: &SetupPacket, data: &[u8]) -> Answer {
        let Some(row) = ROWS.iter().find(|row| self.applies(row, setup)) else {
            return Answer::Stall;
        };
        match self.act(row.action, setup, data) {
            // Without data stage there is only the status stage (USB 2.0 §9.3.1).
            Answer::Data(_) if setup.length == 0 => Answer::Ack,
            Answer::Data(mut bytes) => {
                bytes.truncate(usize::from(setup.length));
                Answer::Data(bytes)
            }
            other => other,
        }
    }

    fn applies(&self, row: &Row, setup: &SetupPacket) -> bool {
        let state = match self.state {
            State::Default => 'D',
            State::Address => 'A',
            State::Configured => 'C',
        };
        row.states.contains(state)
            && (setup.request_type, setup.request) == (row.request_type, row.request)
            && self.matches(row.value, setup.value)
            && self.matches(row.index, setup.index)
            && self.matches(row.length, setup.length)
    }

    fn matches(&self, field: Field, value: u16) -> bool {
        match field {
            Field::Any => true,
            Field::Is(expected) => value == expected,
            Field::AtMost(limit) => value <= limit,
            Field::Interface => value < 2 * u16::from(self.golden.ports),
            Field::CommunicationInterface => {
                value < 2 * u16::from(self.golden.ports) && value.is_multiple_of(2)
            }
            Field::ControlEndpoint => value == 0x00 || value == 0x80,
            Field::Endpoint => self.golden.endpoints.iter().any(|e| u16::from(*e) == value),
        }
    }

    fn act(&mut self, action: Action, setup: &SetupPacket, data: &[u8]) -> Answer {
        let index = setup.index.to_le_bytes()[0];
        let port = usize::from(index / 2) % 2;
        match action {
            Action::Device => return Answer::Data(self.golden.device.into()),
            Action::Configuration => return Answer::Data(self.golden.configuration.into()),
            Action::Qualifier => return optional(self.golden.qualifier),
            Action::OtherSpeed => return optional(self.golden.other_speed),
            Action::Languages => return Answer::Data(vec![4, 3, 0x09, 0x04]),
            Action::Text => return Answer::Data(self.golden.string(setup.value)),
            Action::Bytes(bytes) => return Answer::Data(bytes.into()),
            Action::DeviceStatus => return Answer::Data(self.device_status()),
            Action::HaltStatus => {
                return Answer::Data(vec![u8::from(self.halted.contains(&index)), 0]);
            }
            Action::LineCoding => return Answer::Data(self.line_coding[port].into()),
            Action::SetLineCoding => return self.set_line_coding(port, data),
            Action::Nothing => {}
            Action::Wakeup(enabled) if self.golden.remote_wakeup => self.remote_wakeup = enabled,
            Action::Wakeup(_) => return Answer::Stall,
            Action::Halt => self.halted.push(index),
            Action::Unhalt => self.halted.retain(|endpoint| *endpoint != index),
            Action::UnhaltInterface => {
                let of_interface = self.golden.endpoints_of(index);
                self.halted.retain(|endpoint| !of_interface.contains(endpoint));
            }
            Action::Address => self.set_address(setup.value),
            Action::Configure => self.set_configuration(setup.value),
        }
        Answer::Ack
    }

    fn device_status(&self) -> Vec<u8> {
        let self_powered = self.golden.configuration[7] >> 6 & 1;
        vec![self_powered | u8::from(self.remote_wakeup) << 1, 0]
    }

    fn set_address(&mut self, address: u16) {
        self.state = if address == 0 { State::Default } else { State::Address };
    }

    fn set_configuration(&mut self, value: u16) {
        self.halted.clear();
        self.state = if value == 0 { State::Address } else { State::Configured };
    }

    fn set_line_coding(&mut self, port: usize, data: &[u8]) -> Answer {
        let Ok(coding) = <[u8; 7]>::try_from(data) else { return Answer::Stall };
        self.line_coding[port] = coding;
        Answer::Ack
    }
}

fn optional(descriptor: Option<&'static [u8]>) -> Answer {
    descriptor.map_or(Answer::Stall, |bytes| Answer::Data(bytes.into()))
}
