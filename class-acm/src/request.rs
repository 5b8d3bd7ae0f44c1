//! The class requests of a port (PSTN 1.2 §6.3), parsed as one value (I6).

use usbd_acm_descriptors::{ACM_CAPABILITIES, AcmCapabilities};

use crate::{Break, ControlLineState, InterfaceNumber, SetupPacket};

/// A class request to an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Request {
    /// The interface it is for. Only the communication interface of a port may answer.
    pub interface: InterfaceNumber,
    /// What it asks for.
    pub operation: Operation,
}

/// What a class request asks for: exactly what bmCapabilities promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Operation {
    /// The line coding in the data stage of [`SET_LINE_CODING_LENGTH`] bytes is to be used
    /// (§6.3.10).
    SetLineCoding,
    /// The line coding is asked for, or its first wLength bytes (§6.3.11).
    GetLineCoding,
    /// DTR and RTS (§6.3.12). No data stage.
    SetControlLineState(ControlLineState),
    /// A break on the line, or its end (§6.3.13). No data stage.
    SendBreak(Break),
}

/// wLength of SET_LINE_CODING, in bytes.
pub const SET_LINE_CODING_LENGTH: u16 = 7;

/// bmRequestType: host to device, class, interface.
const TO_INTERFACE: u8 = 0x21;
/// bmRequestType: device to host, class, interface.
const FROM_INTERFACE: u8 = 0xA1;

const SET_LINE_CODING: u8 = 0x20;
const GET_LINE_CODING: u8 = 0x21;
const SET_CONTROL_LINE_STATE: u8 = 0x22;
const SEND_BREAK: u8 = 0x23;

impl Request {
    /// The request in a SETUP packet. `None` for all that a port does not answer: it is stalled
    /// (I8), as are communication features and encapsulated commands, which bmCapabilities and
    /// bInterfaceProtocol do not promise.
    pub fn parse(setup: &SetupPacket) -> Option<Self> {
        let operation = Operation::parse(setup)?;
        ACM_CAPABILITIES
            .contains(operation.capability())
            .then_some(Self { interface: InterfaceNumber::from_index(setup.index)?, operation })
    }
}

impl Operation {
    fn parse(setup: &SetupPacket) -> Option<Self> {
        match (setup.request_type, setup.request, setup.value, setup.length) {
            (TO_INTERFACE, SET_LINE_CODING, 0, SET_LINE_CODING_LENGTH) => Some(Self::SetLineCoding),
            (FROM_INTERFACE, GET_LINE_CODING, 0, _) => Some(Self::GetLineCoding),
            (TO_INTERFACE, SET_CONTROL_LINE_STATE, value, 0) => {
                Some(Self::SetControlLineState(ControlLineState::from_value(value)))
            }
            (TO_INTERFACE, SEND_BREAK, value, 0) => Some(Self::SendBreak(Break::from_value(value))),
            _ => None,
        }
    }

    /// The capability that promises this operation (PSTN 1.2 §5.3.2).
    const fn capability(self) -> AcmCapabilities {
        match self {
            Self::SetLineCoding | Self::GetLineCoding | Self::SetControlLineState(_) => {
                AcmCapabilities::LINE_CODING
            }
            Self::SendBreak(_) => AcmCapabilities::SEND_BREAK,
        }
    }
}
