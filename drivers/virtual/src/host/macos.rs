//! The request order of a macOS host: IOUSBHostFamily and AppleUSBACM.

use alloc::string::String;

use super::enumeration::{ADDRESS, StringIndices, text};
use super::{AcmPort, Conduct, EnumerationError, Host, KnownDevice, TransferError, request};
use crate::DevicePort;

/// Resets and enumerates the device on the root port, up to SET_CONFIGURATION.
///
/// # Errors
/// What makes macOS give up as well. Strings may be missing.
pub fn enumerate<P: DevicePort>(host: &mut Host<P>) -> Result<KnownDevice, EnumerationError> {
    host.reset()?;
    host.control_in(request::get_descriptor(request::DEVICE, 0, 8))?;
    host.control_out(request::set_address(ADDRESS), &[])?;
    let device = host.device_descriptor()?;
    let indices = StringIndices::of(&device);
    let mut known = host.known_device(device, alloc::vec::Vec::new());
    let _ = host.control_in(request::get_string(0, 0, 2));
    if let Some(language) = host.first_language(4) {
        known.product = string(host, indices.product, language);
        known.manufacturer = string(host, indices.manufacturer, language);
        known.serial_number = string(host, indices.serial_number, language);
    }
    known.configuration = host.configuration_in_two_reads()?;
    // A read that is given up after its first packet.
    let again = request::get_descriptor(request::CONFIGURATION, 0, 255);
    host.control(again, &[], Conduct::AbortAfter(1))?;
    host.control_out(request::set_configuration(known.configuration_value()), &[])?;
    Ok(known)
}

/// Two bytes first, then as many as they say.
fn string<P: DevicePort>(host: &mut Host<P>, index: u8, language: u16) -> Option<String> {
    if index == 0 {
        return None;
    }
    let head = host.control_in(request::get_string(index, language, 2)).ok()?;
    let length = u16::from(*head.first()?);
    text(&host.control_in(request::get_string(index, language, length)).ok()?)
}

/// Opens the port: lines down, coding, lines up.
///
/// # Errors
/// That of the first control transfer that failed.
pub fn open<P: DevicePort>(
    host: &mut Host<P>,
    port: &mut AcmPort,
    line_coding: [u8; 7],
) -> Result<(), TransferError> {
    port.start_notifications(host);
    port.set_control_line_state(host, false, false)?;
    port.set_line_coding(host, line_coding)?;
    port.set_control_line_state(host, true, true)
}

/// Closes the port.
///
/// # Errors
/// That of the control transfer.
pub fn close<P: DevicePort>(host: &mut Host<P>, port: &mut AcmPort) -> Result<(), TransferError> {
    port.set_control_line_state(host, false, false)?;
    port.stop_notifications(host);
    Ok(())
}
