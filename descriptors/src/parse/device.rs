//! Device descriptor and device qualifier.

use super::{Class, ErrorKind, ParseError};

/// A device descriptor (USB 2.0 table 9-8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Device {
    /// bcdUSB.
    pub usb_release: u16,
    /// bDeviceClass, bDeviceSubClass, bDeviceProtocol.
    pub class: Class,
    /// bMaxPacketSize0, in bytes.
    pub ep0_packet_size: u8,
    /// idVendor.
    pub vendor_id: u16,
    /// idProduct.
    pub product_id: u16,
    /// bcdDevice.
    pub device_release: u16,
    /// iManufacturer.
    pub manufacturer: u8,
    /// iProduct.
    pub product: u8,
    /// iSerialNumber.
    pub serial_number: u8,
    /// bNumConfigurations.
    pub configurations: u8,
}

impl Device {
    /// Reads a device descriptor.
    ///
    /// # Errors
    /// Another type, too few bytes, or an illegal bMaxPacketSize0.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let [usb_low, usb_high, class, subclass, protocol, ep0_packet_size, ids @ ..] =
            body::<16>(bytes, 1)?;
        let [vendor_low, vendor_high, product_low, product_high, release_low, release_high, ..] =
            ids;
        let [.., manufacturer, product, serial_number, configurations] = ids;
        check_ep0_packet_size(ep0_packet_size)?;
        Ok(Self {
            usb_release: u16::from_le_bytes([usb_low, usb_high]),
            class: Class { class, subclass, protocol },
            ep0_packet_size,
            vendor_id: u16::from_le_bytes([vendor_low, vendor_high]),
            product_id: u16::from_le_bytes([product_low, product_high]),
            device_release: u16::from_le_bytes([release_low, release_high]),
            manufacturer,
            product,
            serial_number,
            configurations,
        })
    }
}

/// A device qualifier (USB 2.0 table 9-9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeviceQualifier {
    /// bcdUSB.
    pub usb_release: u16,
    /// bDeviceClass, bDeviceSubClass, bDeviceProtocol at the other speed.
    pub class: Class,
    /// bMaxPacketSize0 at the other speed, in bytes.
    pub ep0_packet_size: u8,
    /// bNumConfigurations at the other speed.
    pub configurations: u8,
}

impl DeviceQualifier {
    /// Reads a device qualifier.
    ///
    /// # Errors
    /// Another type, too few bytes, or an illegal bMaxPacketSize0.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let [low, high, class, subclass, protocol, ep0_packet_size, configurations, _] =
            body::<8>(bytes, 6)?;
        check_ep0_packet_size(ep0_packet_size)?;
        Ok(Self {
            usb_release: u16::from_le_bytes([low, high]),
            class: Class { class, subclass, protocol },
            ep0_packet_size,
            configurations,
        })
    }
}

/// The first `N` bytes after bDescriptorType of the only descriptor in `bytes`.
fn body<const N: usize>(bytes: &[u8], descriptor_type: u8) -> Result<[u8; N], ParseError> {
    let error = |kind| ParseError::new(0, kind);
    let left = bytes.len();
    let [length, found, rest @ ..] = bytes else {
        return Err(error(ErrorKind::Truncated { length: 2, left }));
    };
    if *found != descriptor_type {
        return Err(error(ErrorKind::UnexpectedType { found: *found }));
    }
    let [least, ..] = (N + 2).to_le_bytes();
    if *length < least {
        return Err(error(ErrorKind::TooShort { descriptor_type, length: *length, least }));
    }
    let length = usize::from(*length);
    if length > left {
        return Err(error(ErrorKind::Truncated { length, left }));
    }
    rest.first_chunk().copied().ok_or(error(ErrorKind::Truncated { length, left }))
}

fn check_ep0_packet_size(size: u8) -> Result<(), ParseError> {
    match size {
        8 | 16 | 32 | 64 => Ok(()),
        _ => Err(ParseError::new(0, ErrorKind::Ep0PacketSize(size))),
    }
}
