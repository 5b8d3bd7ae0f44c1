//! Line coding, break and notification as bytes.
#![cfg(not(loom))]

use usbd_acm_class::{
    Break, LineCoding, NotDefined, Parity, Recipient, RequestKind, SerialState, SetupPacket,
    StopBits,
};
use usbd_acm_descriptors::Direction;

/// All values; Miri, which is slow, sees some.
const STEP: usize = if cfg!(miri) { 0x101 } else { 1 };

/// Of every bmRequestType; reserved types and recipients are nothing.
#[test]
fn usb_9_3_1_request_type_has_direction_type_and_recipient() {
    let kinds = [Some(RequestKind::Standard), Some(RequestKind::Class), Some(RequestKind::Vendor)];
    let recipients = [
        Some(Recipient::Device),
        Some(Recipient::Interface),
        Some(Recipient::Endpoint),
        Some(Recipient::Other),
    ];
    let directions = [Direction::Out, Direction::In];
    let mut request_type = 0;
    for direction in directions {
        for kind in kinds.into_iter().chain([None]) {
            for recipient in recipients.into_iter().chain([None; 28]) {
                let setup = SetupPacket::from_bytes([request_type, 0, 0, 0, 0, 0, 0, 0]);
                let parts = (setup.direction(), setup.kind(), setup.recipient());
                assert_eq!(parts, (direction, kind, recipient), "{request_type:#04x}");
                request_type = request_type.wrapping_add(1);
            }
        }
    }
    assert_eq!(request_type, 0, "those were all");
}

/// USB 2.0 table 9-2, and §8.1: little-endian.
#[test]
fn usb_9_3_fields_of_a_setup_packet_lie_where_the_table_says() {
    let bytes = [0x81, 0x06, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07];
    let setup = SetupPacket::from_bytes(bytes);
    assert_eq!((setup.request_type, setup.request), (0x81, 0x06));
    assert_eq!((setup.value, setup.index, setup.length), (0x0302, 0x0504, 0x0706));
    assert_eq!(setup.to_bytes(), bytes);
}

#[test]
fn pstn_6_3_11_line_coding_is_kept_byte_for_byte() {
    for position in 0..7 {
        for byte in 0..=u8::MAX {
            let mut bytes = [0x80, 0x25, 0x00, 0x00, 0, 2, 7];
            bytes[position] = byte;
            assert_eq!(LineCoding::from_bytes(bytes).to_bytes(), bytes);
        }
    }
}

#[test]
fn pstn_6_3_11_fields_lie_where_the_table_says() {
    let coding = LineCoding::from_bytes([0x80, 0x25, 0x00, 0x00, 2, 4, 16]);
    assert_eq!(coding.rate, 9600);
    assert_eq!(coding.stop_bits(), Ok(StopBits::Two));
    assert_eq!(coding.parity(), Ok(Parity::Space));
    assert_eq!(coding.data_bits(), Ok(16));
    assert_eq!(LineCoding::from_bytes([1, 2, 3, 4, 0, 0, 8]).rate, 0x0403_0201);
}

#[test]
fn the_power_on_line_coding_is_115200_8n1() {
    let coding = LineCoding::default();
    assert_eq!(coding.to_bytes(), [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]);
    assert_eq!(coding.rate, 115_200);
    assert_eq!(coding.stop_bits(), Ok(StopBits::One));
    assert_eq!(coding.parity(), Ok(Parity::None));
    assert_eq!(coding.data_bits(), Ok(8));
}

#[test]
fn pstn_6_3_11_what_has_no_meaning_is_told_apart() {
    let (mut stop_bits, mut parities, mut data_bits) = (vec![], vec![], vec![]);
    for byte in 0..=u8::MAX {
        let coding = LineCoding { rate: 0, char_format: byte, parity_type: byte, data_bits: byte };
        match coding.stop_bits() {
            Ok(value) => stop_bits.push((byte, value)),
            Err(error) => assert_eq!(error, NotDefined(byte)),
        }
        match coding.parity() {
            Ok(value) => parities.push((byte, value)),
            Err(error) => assert_eq!(error, NotDefined(byte)),
        }
        match coding.data_bits() {
            Ok(value) => data_bits.push((byte, value)),
            Err(error) => assert_eq!(error, NotDefined(byte)),
        }
    }
    assert_eq!(stop_bits, [(0, StopBits::One), (1, StopBits::OneAndHalf), (2, StopBits::Two)]);
    let [none, odd, even] = [(0, Parity::None), (1, Parity::Odd), (2, Parity::Even)];
    assert_eq!(parities, [none, odd, even, (3, Parity::Mark), (4, Parity::Space)]);
    assert_eq!(data_bits, [(5, 5), (6, 6), (7, 7), (8, 8), (16, 16)]);
}

#[test]
fn pstn_6_3_13_every_break_value_is_kept() {
    for value in (0..=u16::MAX).step_by(STEP) {
        let request = Break::from_value(value);
        assert_eq!(request.to_value(), value);
        match request {
            Break::Off => assert_eq!(value, 0),
            Break::On => assert_eq!(value, 0xFFFF),
            Break::For(milliseconds) => {
                assert_eq!(milliseconds.get(), value);
                assert!((1..=0xFFFE).contains(&value));
            }
        }
    }
}

#[test]
fn pstn_6_5_4_serial_state_notification_bytes() {
    for bits in 0..=0x7F {
        let state = SerialState::from_bits(bits).expect("seven bits");
        for interface in [0, 6, 254] {
            let bytes = state.notification(interface);
            assert_eq!(bytes, [0xA1, 0x20, 0, 0, interface, 0, 2, 0, bits, 0]);
            assert_eq!(SerialState::from_notification(&bytes), Some((interface, state)));
        }
    }
    assert_eq!(SerialState::from_bits(0x80), None);
}

#[test]
fn pstn_6_5_4_table_of_signals() {
    let level = [(0, SerialState::RX_CARRIER), (1, SerialState::TX_CARRIER)];
    let one_shot = [
        (2, SerialState::BREAK),
        (3, SerialState::RING_SIGNAL),
        (4, SerialState::FRAMING),
        (5, SerialState::PARITY),
        (6, SerialState::OVERRUN),
    ];
    for (bit, signal) in level {
        assert_eq!(signal.bits(), 1 << bit);
        assert!(SerialState::LEVELS.contains(signal) && !SerialState::ONE_SHOTS.contains(signal));
    }
    for (bit, signal) in one_shot {
        assert_eq!(signal.bits(), 1 << bit);
        assert!(SerialState::ONE_SHOTS.contains(signal) && !SerialState::LEVELS.contains(signal));
    }
}

#[test]
fn other_notifications_are_not_taken_for_a_serial_state() {
    let good = SerialState::LEVELS.notification(0);
    for position in [0, 1, 2, 3, 5, 6, 7, 9] {
        for bit in 0..8 {
            let mut bytes = good;
            bytes[position] ^= 1 << bit;
            assert_eq!(SerialState::from_notification(&bytes), None, "{bytes:02X?}");
        }
    }
    for length in 0..good.len() {
        assert_eq!(SerialState::from_notification(&good[..length]), None);
    }
}
