//! Class requests against the table of PSTN 1.2 §6.3 and CDC 1.2 §6.2.
#![cfg(not(loom))]

use core::num::NonZeroU16;

use usbd_acm_class::{Break, ControlLineState, Request, SetupPacket};

/// All values; Miri, which is slow, sees some.
const STEP: usize = if cfg!(miri) { 0x101 } else { 1 };

/// A row of the table of requests that are answered; all others are stalled.
struct Row {
    request_type: u8,
    request: u8,
    value: fn(u16) -> bool,
    length: fn(u16) -> bool,
    request_is: fn(u16) -> Request,
}

/// wValue of the line coding requests is zero (§6.3.10, §6.3.11). What a device does with another
/// is not said; it is ignored, as by other devices.
const ROWS: [Row; 4] = [
    Row {
        request_type: 0b0010_0001,
        request: 0x20,
        value: |_| true,
        length: |length| length == 7,
        request_is: |_| Request::SetLineCoding,
    },
    Row {
        request_type: 0b1010_0001,
        request: 0x21,
        value: |_| true,
        length: |_| true,
        request_is: |_| Request::GetLineCoding,
    },
    Row {
        request_type: 0b0010_0001,
        request: 0x22,
        value: |_| true,
        length: |length| length == 0,
        request_is: |value| Request::SetControlLineState(lines(value % 4)),
    },
    Row {
        request_type: 0b0010_0001,
        request: 0x23,
        value: |_| true,
        length: |length| length == 0,
        request_is: |value| Request::SendBreak(break_request(value)),
    },
];

fn lines(dtr_and_rts: u16) -> ControlLineState {
    match dtr_and_rts {
        0 => ControlLineState::empty(),
        1 => ControlLineState::DTR,
        2 => ControlLineState::RTS,
        _ => ControlLineState::DTR | ControlLineState::RTS,
    }
}

fn break_request(value: u16) -> Break {
    match value {
        0 => Break::Off,
        0xFFFF => Break::On,
        ms => Break::For(NonZeroU16::new(ms).expect("1 to 65 534")),
    }
}

fn expected(setup: &SetupPacket) -> Option<(usize, Request)> {
    let row = ROWS.iter().find(|row| {
        row.request_type == setup.request_type
            && row.request == setup.request
            && (row.value)(setup.value)
            && (row.length)(setup.length)
    })?;
    let port = match setup.index {
        0 => 0,
        2 => 1,
        0xFE => 127,
        _ => return None,
    };
    Some((port, (row.request_is)(setup.value)))
}

const VALUES: [u16; 9] = [0, 1, 2, 3, 4, 0x0100, 0x7FFF, 0x8000, 0xFFFF];
const INDICES: [u16; 9] = [0, 1, 2, 3, 0x00FE, 0x00FF, 0x0100, 0x0102, 0x8000];
const LENGTHS: [u16; 8] = [0, 1, 2, 6, 7, 8, 64, 0xFFFF];

/// Every bmRequestType and bRequest with values at the edges of the other fields.
#[test]
#[cfg_attr(miri, ignore = "42 million packets of code without unsafe")]
fn every_request_has_the_outcome_of_the_table() {
    let mut answered = 0;
    for code in 0..=u16::MAX {
        let [request_type, request] = code.to_le_bytes();
        for value in VALUES {
            for index in INDICES {
                for length in LENGTHS {
                    let setup = SetupPacket { request_type, request, value, index, length };
                    let outcome = Request::parse(&setup);
                    assert_eq!(outcome, expected(&setup), "{setup:02X?}");
                    answered += u32::from(outcome.is_some());
                }
            }
        }
    }
    // Of 9 indices 3 are communication interfaces. With any of 9 values: GET_LINE_CODING of 8
    // lengths, the other three of one length each.
    assert_eq!(answered, 3 * 9 * (8 + 3));
}

fn parse(bytes: [u8; 8]) -> Option<(usize, Request)> {
    Request::parse(&SetupPacket::from_bytes(bytes))
}

#[test]
fn pstn_6_3_10_set_line_coding_is_seven_bytes() {
    for length in 0..=u8::MAX {
        let request = parse([0x21, 0x20, 0, 0, 0, 0, length, 0]);
        assert_eq!(request.is_some(), length == 7, "wLength {length}");
    }
    assert_eq!(parse([0x21, 0x20, 0, 0, 0, 0, 7, 1]), None, "wLength 263");
}

#[test]
fn pstn_6_3_11_get_line_coding_is_as_long_as_the_host_likes() {
    for length in (0..=u16::MAX).step_by(STEP) {
        let [low, high] = length.to_le_bytes();
        let request = parse([0xA1, 0x21, 0, 0, 2, 0, low, high]).expect("answered");
        assert_eq!(request, (1, Request::GetLineCoding));
    }
}

#[test]
fn pstn_6_3_12_reserved_bits_of_the_control_line_state_are_ignored() {
    for value in (0..=u16::MAX).step_by(STEP) {
        let [low, high] = value.to_le_bytes();
        let request = parse([0x21, 0x22, low, high, 0, 0, 0, 0]).expect("answered");
        let (0, Request::SetControlLineState(state)) = request else {
            panic!("{request:?}");
        };
        assert_eq!(state.contains(ControlLineState::DTR), value & 1 != 0);
        assert_eq!(state.contains(ControlLineState::RTS), value & 2 != 0);
        assert_eq!(u16::from(state.bits()), value & 3);
    }
}

#[test]
fn cdc_6_2_encapsulated_commands_and_communication_features_stall() {
    for (request_type, requests) in [(0x21, [0x00, 0x02, 0x04]), (0xA1, [0x01, 0x03, 0x03])] {
        for request in requests {
            for length in 0..=64 {
                assert_eq!(parse([request_type, request, 1, 0, 0, 0, length, 0]), None);
            }
        }
    }
}

#[test]
fn usb_9_3_4_the_whole_index_names_the_interface() {
    for index in (0..=u16::MAX).step_by(STEP) {
        let [low, high] = index.to_le_bytes();
        let port = parse([0x21, 0x22, 0, 0, low, high, 0, 0]).map(|(port, _)| port);
        let is_communication = index <= 0xFF && index % 2 == 0;
        assert_eq!(port, is_communication.then_some(usize::from(index / 2)), "wIndex {index:#X}");
    }
}

#[test]
fn what_is_answered_is_what_the_descriptor_promises() {
    // PSTN 1.2 §5.3.2: D1 line coding, control line state and serial state; D2 break.
    assert_eq!(usbd_acm_descriptors::ACM_CAPABILITIES.to_byte(), 0b110);
}
