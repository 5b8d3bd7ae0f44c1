//! What the enumerations of all systems have in common.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Host, KnownDevice, TransferError, request};
use crate::DevicePort;

/// Why a device could not be enumerated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum EnumerationError {
    /// A transfer that every host depends on failed.
    Transfer(TransferError),
    /// A descriptor that is too short, or of another type than asked for.
    Descriptor(&'static str),
}

impl From<TransferError> for EnumerationError {
    fn from(error: TransferError) -> Self {
        EnumerationError::Transfer(error)
    }
}

impl fmt::Display for EnumerationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnumerationError::Transfer(error) => write!(f, "enumeration: {error}"),
            EnumerationError::Descriptor(which) => write!(f, "enumeration: bad {which} descriptor"),
        }
    }
}

impl core::error::Error for EnumerationError {}

/// Numbers of the strings in the device descriptor.
#[derive(Clone, Copy)]
pub(super) struct StringIndices {
    pub(super) manufacturer: u8,
    pub(super) product: u8,
    pub(super) serial_number: u8,
}

impl StringIndices {
    pub(super) fn of(device: &[u8]) -> Self {
        let byte = |offset| device.get(offset).copied().unwrap_or(0);
        Self { manufacturer: byte(14), product: byte(15), serial_number: byte(16) }
    }
}

/// Device address that the hosts here give.
pub(super) const ADDRESS: u8 = 5;

impl<P: DevicePort> Host<P> {
    /// The whole device descriptor.
    pub(super) fn device_descriptor(&mut self) -> Result<Vec<u8>, EnumerationError> {
        let device = self.control_in(request::get_descriptor(request::DEVICE, 0, 18))?;
        match device[..] {
            [18, 1, ..] if device.len() == 18 => Ok(device),
            _ => Err(EnumerationError::Descriptor("device")),
        }
    }

    /// The configuration descriptor, as much of it as `length`.
    pub(super) fn configuration_descriptor(
        &mut self,
        length: u16,
    ) -> Result<Vec<u8>, EnumerationError> {
        let setup = request::get_descriptor(request::CONFIGURATION, 0, length);
        let configuration = self.control_in(setup)?;
        let whole = usize::from(total_length(&configuration)?);
        match configuration.len() == whole.min(usize::from(length)) {
            true => Ok(configuration),
            false => Err(EnumerationError::Descriptor("configuration")),
        }
    }

    /// Length first, then everything.
    pub(super) fn configuration_in_two_reads(&mut self) -> Result<Vec<u8>, EnumerationError> {
        let head = self.configuration_descriptor(9)?;
        self.configuration_descriptor(total_length(&head)?)
    }

    /// The first language of string descriptor 0; `None` where there are no strings.
    pub(super) fn first_language(&mut self, length: u16) -> Option<u16> {
        match self.control_in(request::get_string(0, 0, length)).ok()?[..] {
            [_, 3, low, high, ..] => Some(u16::from_le_bytes([low, high])),
            _ => None,
        }
    }

    pub(super) fn known_device(&self, device: Vec<u8>, configuration: Vec<u8>) -> KnownDevice {
        KnownDevice {
            address: self.address(),
            speed: self.speed(),
            device_descriptor: device,
            configuration,
            manufacturer: None,
            product: None,
            serial_number: None,
        }
    }
}

/// wTotalLength.
fn total_length(configuration: &[u8]) -> Result<u16, EnumerationError> {
    match *configuration {
        [9, 2, low, high, ..] => Ok(u16::from_le_bytes([low, high])),
        _ => Err(EnumerationError::Descriptor("configuration")),
    }
}

/// bcdUSB.
pub(super) fn bcd_usb(device: &[u8]) -> u16 {
    match *device {
        [_, _, low, high, ..] => u16::from_le_bytes([low, high]),
        _ => 0,
    }
}

/// The text of a string descriptor; `None` when it is none.
pub(super) fn text(descriptor: &[u8]) -> Option<String> {
    let (head, units) = descriptor.split_at_checked(2)?;
    if usize::from(head[0]) != descriptor.len() || head[1] != 3 {
        return None;
    }
    let units = units.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    Some(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}
