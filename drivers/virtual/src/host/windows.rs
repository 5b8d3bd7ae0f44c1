//! The request order of a Windows host: usbhub3.sys and usbser.sys.

use alloc::string::String;

use super::enumeration::{ADDRESS, StringIndices, text};
use super::{AcmPort, Conduct, EnumerationError, Host, KnownDevice, TransferError, request};
use crate::DevicePort;

/// wLength of the first read of strings and of the configuration.
const AS_MUCH_AS_FITS: u16 = 255;
/// The string that holds the Microsoft OS descriptor.
const MS_OS_STRING: u8 = 0xEE;

/// Resets and enumerates the device on the root port, up to SET_CONFIGURATION.
///
/// # Errors
/// What makes Windows give up as well. Strings, qualifier and OS descriptor may be missing.
pub fn enumerate<P: DevicePort>(host: &mut Host<P>) -> Result<KnownDevice, EnumerationError> {
    host.reset()?;
    // One packet is enough to see bMaxPacketSize0; the status stage comes early.
    let first = request::get_descriptor(request::DEVICE, 0, 64);
    host.control(first, &[], Conduct::StatusAfter(1))?;
    host.reset()?;
    host.control_out(request::set_address(ADDRESS), &[])?;
    let device = host.device_descriptor()?;
    host.configuration_descriptor(AS_MUCH_AS_FITS)?;
    let _ = host.control_in(request::get_string(MS_OS_STRING, 0, 18));
    let indices = StringIndices::of(&device);
    let language = host.first_language(AS_MUCH_AS_FITS);
    let mut known = host.known_device(device, alloc::vec::Vec::new());
    if let Some(language) = language {
        known.serial_number = string(host, indices.serial_number, language);
        known.product = string(host, indices.product, language);
    }
    let _ = host.control_in(request::get_descriptor(request::DEVICE_QUALIFIER, 0, 10));
    known.device_descriptor = host.device_descriptor()?;
    known.configuration = host.configuration_in_two_reads()?;
    let _ = host.control_in(request::get_device_status());
    host.control_out(request::set_configuration(known.configuration_value()), &[])?;
    Ok(known)
}

fn string<P: DevicePort>(host: &mut Host<P>, index: u8, language: u16) -> Option<String> {
    if index == 0 {
        return None;
    }
    text(&host.control_in(request::get_string(index, language, AS_MUCH_AS_FITS)).ok()?)
}

/// Opens the COM port: the coding is read and written back before the one wanted, then the lines.
///
/// # Errors
/// That of the first control transfer that failed: Windows gives up then.
pub fn open<P: DevicePort>(
    host: &mut Host<P>,
    port: &mut AcmPort,
    line_coding: [u8; 7],
) -> Result<(), TransferError> {
    port.start_notifications(host);
    let current = port.line_coding(host)?;
    port.set_line_coding(host, current)?;
    port.set_control_line_state(host, false, false)?;
    port.set_line_coding(host, line_coding)?;
    port.set_control_line_state(host, true, true)
}

/// Closes the COM port.
///
/// # Errors
/// That of the control transfer.
pub fn close<P: DevicePort>(host: &mut Host<P>, port: &mut AcmPort) -> Result<(), TransferError> {
    port.set_control_line_state(host, false, false)?;
    port.stop_notifications(host);
    Ok(())
}
