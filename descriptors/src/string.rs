//! String descriptors (USB 2.0 §9.6.7): UTF-16LE made from `&str` at compile time.

use crate::bytes::Bytes;

/// Descriptor type STRING (USB 2.0 table 9-5).
pub(crate) const STRING: u8 = 3;

/// The only language: English (United States).
pub const LANGUAGE_ID: u16 = 0x0409;

/// String descriptor 0: the table of languages.
pub const LANGUAGES: [u8; 4] = [4, STRING, 0x09, 0x04];

/// iManufacturer of a product that has that string.
pub(crate) const MANUFACTURER: u8 = 1;
/// iProduct of a product that has that string.
pub(crate) const PRODUCT: u8 = 2;
/// iSerialNumber of a product that has that string.
pub(crate) const SERIAL_NUMBER: u8 = 3;

/// Length in bytes of the string descriptor of `text`; 0 for an empty text, which has none.
pub const fn string_length(text: &str) -> usize {
    if text.is_empty() {
        return 0;
    }
    let bytes = text.as_bytes();
    let (mut units, mut at) = (0, 0);
    while at < bytes.len() {
        // One unit for each leading byte, a second one for four-byte sequences.
        units += match bytes[at] {
            0x80..=0xBF => 0,
            0xF0..=0xFF => 2,
            _ => 1,
        };
        at += 1;
    }
    2 + 2 * units
}

/// The string descriptor of `text`, with `LEN` from [`string_length`].
///
/// # Panics
/// When `text` is longer than 126 UTF-16 units, or `LEN` is another length: at compile time, where
/// descriptors are made.
pub const fn string<const LEN: usize>(text: &str) -> [u8; LEN] {
    let mut out = Bytes::new();
    if text.is_empty() {
        return out.finish();
    }
    out.push(&header(string_length(text)));
    let mut rest = text.as_bytes();
    while let Some((code_point, tail)) = decode(rest) {
        push_utf16(&mut out, code_point);
        rest = tail;
    }
    out.finish()
}

/// Length in bytes of [`hex_serial_number`] of `bytes` bytes.
pub const fn hex_serial_number_length(bytes: usize) -> usize {
    2 + 4 * bytes
}

/// The string descriptor of a chip's identity in upper-case hexadecimal, first byte first, with
/// `LEN` from [`hex_serial_number_length`]. Works at run time too: another `LEN`, or more than 63
/// bytes, does not compile.
///
/// ```
/// use usbd_acm_descriptors::{hex_serial_number, hex_serial_number_length};
///
/// let chip_id = [0x1Fu8, 0xA0];
/// let serial: [u8; hex_serial_number_length(2)] = hex_serial_number(chip_id);
/// assert_eq!(serial, *b"\x0a\x031\0F\0A\x000\0");
/// ```
pub const fn hex_serial_number<const BYTES: usize, const LEN: usize>(id: [u8; BYTES]) -> [u8; LEN] {
    const {
        assert!(
            LEN == hex_serial_number_length(BYTES),
            "the array must be hex_serial_number_length(number of bytes) long"
        );
    }
    let mut out = [0; LEN];
    let [length, kind] = const { header(LEN) };
    let mut digits: &mut [u8] = &mut out;
    if let [first, second, rest @ ..] = digits {
        (*first, *second) = (length, kind);
        digits = rest;
    }
    // Slice patterns and not indices: this may run on the chip, and must not be able to panic.
    let mut bytes: &[u8] = &id;
    while let ([byte, tail @ ..], [high, _, low, _, rest @ ..]) = (bytes, digits) {
        (*high, *low) = (hex_digit(*byte >> 4), hex_digit(*byte & 0xF));
        (bytes, digits) = (tail, rest);
    }
    out
}

const fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble }
}

const fn header(length: usize) -> [u8; 2] {
    // bLength is one byte, and a UTF-16 unit is two.
    assert!(length <= 254, "a string holds at most 126 UTF-16 units: shorten it");
    let [length, ..] = length.to_le_bytes();
    [length, STRING]
}

/// The first code point of UTF-8 text, and what follows it.
const fn decode(text: &[u8]) -> Option<(u32, &[u8])> {
    Some(match text {
        [a @ 0x00..=0x7F, rest @ ..] => (*a as u32, rest),
        [a @ 0xC0..=0xDF, b, rest @ ..] => (join(join(0, *a & 0x1F), *b), rest),
        [a @ 0xE0..=0xEF, b, c, rest @ ..] => (join(join(join(0, *a & 0x0F), *b), *c), rest),
        [a, b, c, d, rest @ ..] => (join(join(join(join(0, *a & 0x07), *b), *c), *d), rest),
        _ => return None,
    })
}

const fn join(high: u32, byte: u8) -> u32 {
    high << 6 | (byte & 0x3F) as u32
}

const fn push_utf16<const LEN: usize>(out: &mut Bytes<LEN>, code_point: u32) {
    let [low, high, plane, _] = code_point.to_le_bytes();
    if plane == 0 {
        return out.push(&[low, high]);
    }
    // A surrogate pair: ten bits in each unit, counted from U+10000.
    let offset = code_point - 0x1_0000;
    let [low, high, ..] = (0xD800 | offset >> 10).to_le_bytes();
    out.push(&[low, high]);
    let [low, high, ..] = (0xDC00 | offset & 0x3FF).to_le_bytes();
    out.push(&[low, high]);
}
