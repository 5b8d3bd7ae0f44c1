//! The request order of a Linux host: hub.c and message.c of the USB core, cdc-acm.c.

use alloc::string::String;

use super::enumeration::{ADDRESS, StringIndices, bcd_usb, text};
use super::{AcmPort, EnumerationError, Host, KnownDevice, TransferError, request};
use crate::DevicePort;
use usbd_acm::Speed;

/// Resets and enumerates the device on the root port, up to SET_CONFIGURATION.
///
/// # Errors
/// What makes Linux give up as well: device or configuration descriptor unreadable, or a request
/// that sets something refused. Strings and qualifier may be missing.
pub fn enumerate<P: DevicePort>(host: &mut Host<P>) -> Result<KnownDevice, EnumerationError> {
    host.reset()?;
    // The size of EP0 is all that is wanted of the first read.
    host.control_in(request::get_descriptor(request::DEVICE, 0, 64))?;
    host.reset()?;
    host.control_out(request::set_address(ADDRESS), &[])?;
    let device = host.device_descriptor()?;
    if bcd_usb(&device) >= 0x0201 {
        let _ = host.control_in(request::get_descriptor(request::BOS, 0, 5));
    }
    // A full-speed device on a port that could do more is asked whether it could, too.
    if bcd_usb(&device) >= 0x0200 && host.speed() == Speed::Full {
        let _ = host.control_in(request::get_descriptor(request::DEVICE_QUALIFIER, 0, 10));
    }
    let configuration = host.configuration_in_two_reads()?;
    let indices = StringIndices::of(&device);
    let mut known = host.known_device(device, configuration);
    if let Some(language) = host.first_language(255) {
        known.product = string(host, indices.product, language);
        known.manufacturer = string(host, indices.manufacturer, language);
        known.serial_number = string(host, indices.serial_number, language);
    }
    host.control_out(request::set_configuration(known.configuration_value()), &[])?;
    Ok(known)
}

/// 255 bytes at once; if that fails, length first.
fn string<P: DevicePort>(host: &mut Host<P>, index: u8, language: u16) -> Option<String> {
    if index == 0 {
        return None;
    }
    let at_once = host.control_in(request::get_string(index, language, 255));
    let descriptor = at_once.or_else(|_| {
        let head = host.control_in(request::get_string(index, language, 2))?;
        let length = u16::from(head.first().copied().unwrap_or(2));
        host.control_in(request::get_string(index, language, length))
    });
    text(&descriptor.ok()?)
}

/// What `acm_probe` does when the driver binds: 9600 baud.
///
/// # Errors
/// That of the control transfer; the kernel ignores it.
pub fn bind<P: DevicePort>(host: &mut Host<P>, port: &mut AcmPort) -> Result<(), TransferError> {
    port.set_line_coding(host, [0x80, 0x25, 0, 0, 0, 0, 8])
}

/// Opens the tty: notifications, DTR and RTS, line coding.
///
/// # Errors
/// That of the first control transfer that failed.
pub fn open<P: DevicePort>(
    host: &mut Host<P>,
    port: &mut AcmPort,
    line_coding: [u8; 7],
) -> Result<(), TransferError> {
    port.start_notifications(host);
    port.set_control_line_state(host, true, true)?;
    port.set_line_coding(host, line_coding)
}

/// Closes the tty.
///
/// # Errors
/// That of the control transfer.
pub fn close<P: DevicePort>(host: &mut Host<P>, port: &mut AcmPort) -> Result<(), TransferError> {
    port.stop_notifications(host);
    port.set_control_line_state(host, false, false)
}
