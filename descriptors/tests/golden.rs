//! The bytes of one port, field by field.

use usbd_acm_descriptors::{
    Attributes, Descriptors, EndpointSet, Power, Speed, descriptors, hex_serial_number,
    hex_serial_number_length,
};

static ONE_PORT: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(3),
    vendor_id: 0x1209,
    product_id: 0x0001,
    device_release: 0x0123,
    manufacturer: "Example",
    product: "µ😀",
    serial_number: "0001",
    power: Power::Bus { milliamps: 99 },
    remote_wakeup: true,
};

static HIGH_SPEED: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(2),
    vendor_id: 0x1209,
    power: Power::SelfPowered { milliamps: 0 },
    high_speed: true,
};

#[rustfmt::skip]
const CONFIGURATION_FULL: [u8; 75] = [
    9, 0x02, 75, 0, 2, 1, 0, 0xA0, 50,
    8, 0x0B, 0, 2, 0x02, 0x02, 0x00, 0,
    9, 0x04, 0, 0, 1, 0x02, 0x02, 0x00, 0,
    5, 0x24, 0x00, 0x20, 0x01,
    5, 0x24, 0x01, 0x00, 1,
    4, 0x24, 0x02, 0x06,
    5, 0x24, 0x06, 0, 1,
    7, 0x05, 0x82, 3, 16, 0, 16,
    9, 0x04, 1, 0, 2, 0x0A, 0x00, 0x00, 0,
    7, 0x05, 0x01, 2, 64, 0, 0,
    7, 0x05, 0x81, 2, 64, 0, 0,
];

#[test]
fn device_of_one_port() {
    let expected =
        [18, 1, 0x00, 0x02, 0xEF, 0x02, 0x01, 64, 0x09, 0x12, 0x01, 0x00, 0x23, 0x01, 1, 2, 3, 1];
    assert_eq!(ONE_PORT.device(), expected);
}

#[test]
fn configuration_of_one_port() {
    assert_eq!(ONE_PORT.configuration(Speed::Full), CONFIGURATION_FULL);
}

#[test]
fn full_speed_only_has_no_other_speed() {
    assert_eq!(ONE_PORT.device_qualifier(), None);
    assert_eq!(ONE_PORT.other_speed_configuration(Speed::Full), None);
    assert_eq!(ONE_PORT.other_speed_configuration(Speed::High), None);
    assert_eq!(ONE_PORT.configuration(Speed::High), CONFIGURATION_FULL);
}

#[test]
fn configuration_at_high_speed() {
    let mut expected = CONFIGURATION_FULL;
    expected[7..9].copy_from_slice(&[0xC0, 0]);
    assert_eq!(HIGH_SPEED.configuration(Speed::Full), expected);

    // 2^(8-1) microframes are 16 ms; bulk packets are 512 bytes.
    expected[51] = 8;
    expected[65..67].copy_from_slice(&[0x00, 0x02]);
    expected[72..74].copy_from_slice(&[0x00, 0x02]);
    assert_eq!(HIGH_SPEED.configuration(Speed::High), expected);
}

#[test]
fn other_speed_configuration_is_of_type_7() {
    for (runs_at, other) in [(Speed::Full, Speed::High), (Speed::High, Speed::Full)] {
        let mut expected = HIGH_SPEED.configuration(other).to_vec();
        expected[1] = 7;
        assert_eq!(HIGH_SPEED.other_speed_configuration(runs_at), Some(&expected[..]));
    }
}

#[test]
fn without_association() {
    static BARE: Descriptors<1> = descriptors! {
        endpoints: EndpointSet::first(3),
        vendor_id: 0x1209,
        interface_association: false,
        high_speed: true,
    };
    let configuration = BARE.configuration(Speed::Full);
    assert_eq!(configuration[..9], [9, 0x02, 67, 0, 2, 1, 0, 0x80, 50]);
    assert_eq!(configuration[9..], CONFIGURATION_FULL[17..]);
    assert_eq!(BARE.device()[4..7], [0x02, 0x00, 0x00]);
    assert_eq!(BARE.device_qualifier().map(|q| &q[4..7]), Some(&[0x02, 0x00, 0x00][..]));
}

#[test]
fn device_qualifier_of_a_high_speed_device() {
    let expected = [10, 6, 0x00, 0x02, 0xEF, 0x02, 0x01, 64, 1, 0];
    assert_eq!(HIGH_SPEED.device_qualifier(), Some(&expected[..]));
}

#[test]
fn strings() {
    let manufacturer = b"\x10\x03E\0x\0a\0m\0p\0l\0e\0";
    assert_eq!(ONE_PORT.string(1, 0x0409), Some(&manufacturer[..]));
    // U+00B5, and U+1F600 as the surrogates D83D DE00.
    assert_eq!(ONE_PORT.string(2, 0x0409), Some(&[8, 3, 0xB5, 0, 0x3D, 0xD8, 0x00, 0xDE][..]));
    assert_eq!(ONE_PORT.string(3, 0x0409), Some(&b"\x0a\x030\x000\x000\x001\0"[..]));
    assert_eq!(ONE_PORT.string(0, 0x0000), Some(&[4, 3, 0x09, 0x04][..]));
    assert_eq!(ONE_PORT.string(0, 0xFFFF), Some(&[4, 3, 0x09, 0x04][..]));
}

#[test]
fn absent_strings() {
    assert_eq!(ONE_PORT.string(1, 0x0407), None);
    assert_eq!(ONE_PORT.string(1, 0x0000), None);
    for index in 4..=255 {
        assert_eq!(ONE_PORT.string(index, 0x0409), None);
    }
    for index in 1..=3 {
        assert_eq!(HIGH_SPEED.string(index, 0x0409), None);
    }
    assert_eq!(HIGH_SPEED.device()[14..17], [0, 0, 0]);
}

#[test]
fn serial_number_made_at_run_time() {
    static SERIAL: [u8; hex_serial_number_length(3)] = hex_serial_number([0x0A, 0xBC, 0x9F]);
    let expected = b"\x0e\x030\0A\0B\0C\x009\0F\0";
    for descriptors in [ONE_PORT, HIGH_SPEED] {
        let with_serial = descriptors.with_serial_number(&SERIAL);
        assert_eq!(with_serial.string(3, 0x0409), Some(&expected[..]));
        assert_eq!(with_serial.device()[16], 3);
        assert_eq!(with_serial.device()[..16], descriptors.device()[..16]);
    }
}

#[test]
fn power_is_what_the_bytes_say() {
    let bus = Attributes { self_powered: false, remote_wakeup: true };
    assert_eq!(ONE_PORT.attributes(), bus);
    assert_eq!(ONE_PORT.attributes().to_byte(), ONE_PORT.configuration(Speed::Full)[7]);
    assert_eq!(ONE_PORT.max_power().milliamps(), 100);
    let own = Attributes { self_powered: true, remote_wakeup: false };
    assert_eq!(HIGH_SPEED.attributes(), own);
    assert_eq!(HIGH_SPEED.max_power().milliamps(), 0);
}

#[test]
fn text_of_every_utf8_length_is_the_utf16_of_the_standard_library() {
    const TEXT: &str = "a\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}";
    const LENGTH: usize = usbd_acm_descriptors::string_length(TEXT);
    let expected: Vec<u8> = [LENGTH.to_le_bytes()[0], 3]
        .into_iter()
        .chain(TEXT.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(usbd_acm_descriptors::string::<LENGTH>(TEXT)[..], expected);
}
