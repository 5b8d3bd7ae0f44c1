//! The requests that are answered, in the states that they are answered in; everything else is
//! STALLed.

/// What a field of the SETUP packet must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// Anything. For a field that the request does not use this is free.
    Any,
    /// This.
    Is(u16),
    /// This or less.
    AtMost(u16),
    /// The number of an interface of the device.
    Interface,
    /// The number of a communication interface.
    CommunicationInterface,
    /// EP0, in either direction.
    ControlEndpoint,
    /// The address of an endpoint that the configuration names.
    Endpoint,
    /// A test selector of a device in the high byte, 0 in the low one.
    TestSelector,
}

/// What the request does and answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Device,
    Configuration,
    Qualifier,
    OtherSpeed,
    Languages,
    Text,
    Bytes(&'static [u8]),
    DeviceStatus,
    HaltStatus,
    LineCoding,
    SetLineCoding,
    Lines,
    Break,
    Nothing,
    Wakeup(bool),
    Halt,
    Unhalt,
    UnhaltInterface,
    Address,
    Configure,
    TestMode,
}

/// One line of table 3.1 or 3.3, as far as it is not STALL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// D, A, C: Default, Address, Configured.
    pub(super) states: &'static str,
    pub(super) request_type: u8,
    pub(super) request: u8,
    pub(super) value: Field,
    pub(super) index: Field,
    pub(super) length: Field,
    pub(super) action: Action,
}

const fn row(
    states: &'static str,
    (request_type, request): (u8, u8),
    (value, index, length): (Field, Field, Field),
    action: Action,
) -> Row {
    Row { states, request_type, request, value, index, length, action }
}

use Action as A;
use Field::{
    Any, AtMost, CommunicationInterface, ControlEndpoint, Endpoint, Interface, Is, TestSelector,
};

/// No data stage.
const NO_DATA: Field = Is(0);
const ENGLISH: Field = Is(0x0409);

pub(super) const ROWS: &[Row] = &[
    // GET_STATUS, §9.4.5. In Default it is free.
    row("DAC", (0x80, 0), (Any, Is(0), Any), A::DeviceStatus),
    row("C", (0x81, 0), (Any, Interface, Any), A::Bytes(&[0, 0])),
    row("DAC", (0x82, 0), (Any, ControlEndpoint, Any), A::Bytes(&[0, 0])),
    row("C", (0x82, 0), (Any, Endpoint, Any), A::HaltStatus),
    // CLEAR_FEATURE, §9.4.1.
    row("AC", (0x00, 1), (Is(1), Is(0), NO_DATA), A::Wakeup(false)),
    row("AC", (0x02, 1), (Is(0), ControlEndpoint, NO_DATA), A::Nothing),
    row("C", (0x02, 1), (Is(0), Endpoint, NO_DATA), A::Unhalt),
    // SET_FEATURE, §9.4.9.
    row("AC", (0x00, 3), (Is(1), Is(0), NO_DATA), A::Wakeup(true)),
    // At full speed this is free.
    row("DAC", (0x00, 3), (Is(2), TestSelector, NO_DATA), A::TestMode),
    row("C", (0x02, 3), (Is(0), Endpoint, NO_DATA), A::Halt),
    // SET_ADDRESS, §9.4.6.
    row("DA", (0x00, 5), (AtMost(127), Is(0), NO_DATA), A::Address),
    // GET_DESCRIPTOR, §9.4.3. wIndex of all but strings is free: not looked at.
    row("DAC", (0x80, 6), (Is(0x0100), Any, Any), A::Device),
    row("DAC", (0x80, 6), (Is(0x0200), Any, Any), A::Configuration),
    row("DAC", (0x80, 6), (Is(0x0300), Any, Any), A::Languages),
    row("DAC", (0x80, 6), (Is(0x0301), ENGLISH, Any), A::Text),
    row("DAC", (0x80, 6), (Is(0x0302), ENGLISH, Any), A::Text),
    row("DAC", (0x80, 6), (Is(0x0303), ENGLISH, Any), A::Text),
    row("DAC", (0x80, 6), (Is(0x0600), Any, Any), A::Qualifier),
    row("DAC", (0x80, 6), (Is(0x0700), Any, Any), A::OtherSpeed),
    // GET_CONFIGURATION, §9.4.2. In Default it is free.
    row("DA", (0x80, 8), (Any, Is(0), Any), A::Bytes(&[0])),
    row("C", (0x80, 8), (Any, Is(0), Any), A::Bytes(&[1])),
    // SET_CONFIGURATION, §9.4.7.
    row("AC", (0x00, 9), (AtMost(1), Is(0), NO_DATA), A::Configure),
    // GET_INTERFACE, §9.4.4.
    row("C", (0x81, 10), (Any, Interface, Any), A::Bytes(&[0])),
    // SET_INTERFACE, §9.4.10.
    row("C", (0x01, 11), (Is(0), Interface, NO_DATA), A::UnhaltInterface),
    // PSTN 1.2 §6.3.
    row("C", (0x21, 0x20), (Any, CommunicationInterface, Is(7)), A::SetLineCoding),
    row("C", (0xA1, 0x21), (Any, CommunicationInterface, Any), A::LineCoding),
    row("C", (0x21, 0x22), (Any, CommunicationInterface, NO_DATA), A::Lines),
    row("C", (0x21, 0x23), (Any, CommunicationInterface, NO_DATA), A::Break),
];
