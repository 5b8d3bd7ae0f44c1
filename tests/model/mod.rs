//! The reference model: what a device of ours is, and the one outcome of every event on its bus.
//!
//! It shares no code with the stack. Where a specification leaves a behaviour open, the model holds
//! the choice this project made, and says so with "free".
//!
//! - [`Model`] has the requests: tables 3.1 and 3.3 of the behaviour. A control transfer is one step.
//! - [`DeviceModel`] has the whole device, token by token: stages of EP0, address, halts, data
//!   toggles, suspend, remote wake-up, sessions, and the bytes of each port.

mod device;
mod ep0;
mod golden;
mod port;
mod rows;
mod tokens;

pub use device::{DeviceModel, Polling, Settings, StateKey};
pub use ep0::Ep0Key;
pub use golden::{FULL_SPEED, Golden, HIGH_SPEED, HIGH_SPEED_AT_FULL, TWO_PORTS};
pub use port::{DataKey, PortKey, PortModel, Read};
use rows::{Action, Field, ROWS, Row};
pub use tokens::Verdict;
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

/// What a SETUP packet leads to, before any other stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// A data IN stage with these bytes: cut to wLength.
    Data(Vec<u8>),
    /// A status stage.
    Ack,
    /// A status stage, and then this address.
    Address(u8),
    /// The control lines of a port, and a status stage.
    Lines {
        /// Port, from 0.
        port: usize,
        /// wValue, of which D0 and D1 count.
        value: u16,
    },
    /// A break of this many milliseconds on a port, and a status stage.
    Break {
        /// Port, from 0.
        port: usize,
        /// wValue.
        value: u16,
    },
    /// A status stage, and then the test mode of this selector.
    TestMode(u8),
    /// A data OUT stage with the line coding of a port.
    Coding {
        /// Port, from 0.
        port: usize,
    },
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
    /// Selector of the test mode that it is in, until its power is cycled.
    pub test_mode: Option<u8>,
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
            test_mode: None,
        }
    }

    /// A bus reset. The line coding stays: the specification is silent.
    pub fn reset(&mut self) {
        *self = Self { line_coding: self.line_coding, ..Self::new(self.golden) };
    }

    /// A control transfer from SETUP to status stage, with as much OUT data as wLength says.
    pub fn control(&mut self, setup: &SetupPacket, data: &[u8]) -> Answer {
        match self.begin(setup) {
            Reply::Data(bytes) => Answer::Data(bytes),
            Reply::Ack | Reply::Lines { .. } | Reply::Break { .. } => Answer::Ack,
            Reply::Address(address) => {
                self.set_address(address);
                Answer::Ack
            }
            Reply::TestMode(selector) => {
                self.test_mode = Some(selector);
                Answer::Ack
            }
            Reply::Coding { port } if self.set_line_coding(port, data) => Answer::Ack,
            Reply::Coding { .. } | Reply::Stall => Answer::Stall,
        }
    }

    /// What a SETUP packet leads to. What it changes is changed at once, but for an address and a
    /// line coding: those wait for their stage.
    pub fn begin(&mut self, setup: &SetupPacket) -> Reply {
        let Some(row) = ROWS.iter().find(|row| self.applies(row, setup)) else {
            return Reply::Stall;
        };
        match self.act(row.action, setup) {
            // Without data stage there is only the status stage (USB 2.0 §9.3.1).
            Reply::Data(_) if setup.length == 0 => Reply::Ack,
            Reply::Data(mut bytes) => {
                bytes.truncate(usize::from(setup.length));
                Reply::Data(bytes)
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
            Field::TestSelector => {
                let [low, selector] = value.to_le_bytes();
                self.golden.test_modes && low == 0 && (1..=4).contains(&selector)
            }
            Field::ControlEndpoint => value == 0x00 || value == 0x80,
            Field::Endpoint => self.golden.endpoints.iter().any(|e| u16::from(*e) == value),
        }
    }

    fn act(&mut self, action: Action, setup: &SetupPacket) -> Reply {
        let index = setup.index.to_le_bytes()[0];
        let port = usize::from(index / 2) % 2;
        match action {
            Action::Device => return Reply::Data(self.golden.device.into()),
            Action::Configuration => return Reply::Data(self.golden.configuration.into()),
            Action::Qualifier => return optional(self.golden.qualifier),
            Action::OtherSpeed => return optional(self.golden.other_speed),
            Action::Languages => return Reply::Data(vec![4, 3, 0x09, 0x04]),
            Action::Text => return Reply::Data(self.golden.string(setup.value)),
            Action::Bytes(bytes) => return Reply::Data(bytes.into()),
            Action::DeviceStatus => return Reply::Data(self.device_status()),
            Action::HaltStatus => {
                return Reply::Data(vec![u8::from(self.halted.contains(&index)), 0]);
            }
            Action::LineCoding => return Reply::Data(self.line_coding[port].into()),
            Action::SetLineCoding => return Reply::Coding { port },
            Action::Lines => return Reply::Lines { port, value: setup.value },
            Action::Break => return Reply::Break { port, value: setup.value },
            Action::Nothing => {}
            Action::Wakeup(enabled) if self.golden.remote_wakeup => self.remote_wakeup = enabled,
            Action::Wakeup(_) => return Reply::Stall,
            Action::Halt if self.halted.contains(&index) => {}
            Action::Halt => self.halted.push(index),
            Action::Unhalt => self.halted.retain(|endpoint| *endpoint != index),
            Action::UnhaltInterface => {
                let of_interface = self.golden.endpoints_of(index);
                self.halted.retain(|endpoint| !of_interface.contains(endpoint));
            }
            Action::Address => return Reply::Address(setup.value.to_le_bytes()[0]),
            Action::TestMode => return Reply::TestMode(setup.index.to_le_bytes()[1]),
            Action::Configure => self.set_configuration(setup.value),
        }
        Reply::Ack
    }

    fn device_status(&self) -> Vec<u8> {
        let self_powered = self.golden.configuration[7] >> 6 & 1;
        vec![self_powered | u8::from(self.remote_wakeup) << 1, 0]
    }

    /// The status stage of SET_ADDRESS is over (USB 2.0 §9.4.6).
    pub fn set_address(&mut self, address: u8) {
        self.state = if address == 0 { State::Default } else { State::Address };
    }

    fn set_configuration(&mut self, value: u16) {
        self.halted.clear();
        self.state = if value == 0 { State::Address } else { State::Configured };
    }

    /// The data stage of SET_LINE_CODING: the whole coding or nothing (I5). Whether it was taken.
    pub fn set_line_coding(&mut self, port: usize, data: &[u8]) -> bool {
        let coding = <[u8; 7]>::try_from(data);
        if let Ok(coding) = coding {
            self.line_coding[port] = coding;
        }
        coding.is_ok()
    }
}

fn optional(descriptor: Option<&'static [u8]>) -> Reply {
    descriptor.map_or(Reply::Stall, |bytes| Reply::Data(bytes.into()))
}
