//! String descriptors.

use std::string::String;
use std::vec::Vec;

use super::{Descriptor, ErrorKind, ParseError, Walk};

/// The text of a string descriptor.
///
/// # Errors
/// Not a string descriptor, an odd length, or not UTF-16.
pub fn parse_string(bytes: &[u8]) -> Result<String, ParseError> {
    String::from_utf16(&units(bytes)?).map_err(|_| ParseError::new(0, ErrorKind::NotUtf16))
}

/// The LANGIDs in string descriptor 0.
///
/// # Errors
/// Not a string descriptor, or an odd length.
pub fn parse_languages(bytes: &[u8]) -> Result<Vec<u16>, ParseError> {
    units(bytes)
}

fn units(bytes: &[u8]) -> Result<Vec<u16>, ParseError> {
    let error = |kind| ParseError::new(0, kind);
    let Some(item) = Walk::new(bytes).next().transpose()? else {
        return Err(error(ErrorKind::Truncated { length: 2, left: 0 }));
    };
    let [length, found, ..] = *item.bytes else {
        return Err(error(ErrorKind::Truncated { length: 2, left: item.bytes.len() }));
    };
    let Descriptor::Unknown { descriptor_type: 3, body } = item.descriptor else {
        return Err(error(ErrorKind::UnexpectedType { found }));
    };
    let (units, []) = body.as_chunks::<2>() else {
        return Err(error(ErrorKind::OddLength(length)));
    };
    Ok(units.iter().map(|unit| u16::from_le_bytes(*unit)).collect())
}
