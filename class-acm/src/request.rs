//! The class requests that bmCapabilities promises, as typed values (PSTN 1.2 §6.3).
//!
//! SEND_ENCAPSULATED_COMMAND and GET_ENCAPSULATED_RESPONSE do not parse: without a command set in
//! bInterfaceProtocol there is nothing to send, and the truth is a STALL. Nor do the comm features,
//! which bmCapabilities does not offer.

use usbd_acm_descriptors::{ACM_CAPABILITIES, AcmCapabilities};

use crate::{Break, ControlLineState, SetupPacket};

const LINE_CODING: bool = ACM_CAPABILITIES.contains(AcmCapabilities::LINE_CODING);
const SEND_BREAK: bool = ACM_CAPABILITIES.contains(AcmCapabilities::SEND_BREAK);

/// Class request, host to device, to an interface.
const OUT_INTERFACE: u8 = 0x21;
/// Class request, device to host, to an interface.
const IN_INTERFACE: u8 = 0xA1;

/// A request to the communication interface of a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// SET_LINE_CODING; seven bytes of data follow.
    SetLineCoding,
    /// GET_LINE_CODING.
    GetLineCoding,
    /// SET_CONTROL_LINE_STATE.
    SetControlLineState(ControlLineState),
    /// SEND_BREAK.
    SendBreak(Break),
}

/// The same without what it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequestCode {
    /// SET_LINE_CODING; seven bytes of data follow.
    SetLineCoding,
    /// GET_LINE_CODING.
    GetLineCoding,
    /// SET_CONTROL_LINE_STATE: wValue is a [`ControlLineState`].
    SetControlLineState,
    /// SEND_BREAK: wValue is a [`Break`].
    SendBreak,
}

impl Request {
    /// The port a request is for, counted from 0, and the request. `None` is to be stalled: every
    /// other request, or one for an interface that is no communication interface.
    pub fn parse(setup: &SetupPacket) -> Option<(usize, Self)> {
        let (port, code) = RequestCode::parse(setup)?;
        let request = match code {
            RequestCode::SetLineCoding => Self::SetLineCoding,
            RequestCode::GetLineCoding => Self::GetLineCoding,
            RequestCode::SetControlLineState => {
                Self::SetControlLineState(ControlLineState::from_value(setup.value))
            }
            RequestCode::SendBreak => Self::SendBreak(Break::from_value(setup.value)),
        };
        Some((port, request))
    }
}

impl RequestCode {
    /// As [`Request::parse`].
    pub fn parse(setup: &SetupPacket) -> Option<(usize, Self)> {
        let code = match (setup.request_type, setup.request, setup.length) {
            (OUT_INTERFACE, 0x20, 7) if LINE_CODING => Self::SetLineCoding,
            (IN_INTERFACE, 0x21, _) if LINE_CODING => Self::GetLineCoding,
            (OUT_INTERFACE, 0x22, 0) if LINE_CODING => Self::SetControlLineState,
            (OUT_INTERFACE, 0x23, 0) if SEND_BREAK => Self::SendBreak,
            _ => return None,
        };
        Some((port_of(setup.index)?, code))
    }
}

/// The port whose communication interface wIndex names: they have the even numbers.
fn port_of(index: u16) -> Option<usize> {
    let interface = u8::try_from(index).ok()?;
    interface.is_multiple_of(2).then_some(usize::from(interface / 2))
}
