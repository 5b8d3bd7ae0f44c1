//! What is done to every stack alike.

use usbd_acm::SetupPacket;
use usbd_acm_virtual::DevicePort;
use usbd_acm_virtual::host::{AcmFunction, AcmPort, Conduct, Config, Host, TransferError, request};

/// A host that does not wait between transfers and offers a token again at once.
pub fn eager() -> Config {
    Config {
        setup_gap: 0,
        control_gap: 0,
        nak_retry: 0,
        control_timeout: 50_000_000,
        ..Config::default()
    }
}

/// How often a transfer is aborted, and requests after each.
pub const ABORTS: u64 = 25;
/// Requests after each abort.
pub const REQUESTS: usize = 3;

/// Aborts control transfers as macOS does: a SETUP, nothing, another SETUP. Of the 75 requests that
/// follow, how many did not get the answer that they must get.
pub fn failures_after_aborts<P: DevicePort>(host: &mut Host<P>, function: &AcmFunction) -> usize {
    let interface = function.control_interface;
    let expected = host.control_in(request::get_line_coding(interface)).unwrap_or_default();
    let device = host.control_in(request::get_descriptor(request::DEVICE, 0, 18));
    let device = device.unwrap_or_default();
    let mut failures = 0;
    for round in 0..ABORTS {
        let aborted = match round % 3 {
            0 => request::get_descriptor(request::CONFIGURATION, 0, 255),
            1 => request::get_descriptor(request::DEVICE, 0, 18),
            _ => request::set_line_coding(interface),
        };
        let _ = host.control(aborted, &[], Conduct::AbortAfter(0));
        // From at once until long after the device has its answer ready.
        host.run(round * round * 500);
        let answers = [
            is(host, request::get_line_coding(interface), &expected),
            is(host, request::get_descriptor(request::DEVICE, 0, 18), &device),
            host.control_out(request::set_control_line_state(interface, true, true), &[]).is_ok(),
        ];
        failures += answers.into_iter().filter(|right| !right).count();
    }
    failures
}

fn is<P: DevicePort>(host: &mut Host<P>, setup: SetupPacket, expected: &[u8]) -> bool {
    !expected.is_empty() && host.control_in(setup).as_deref() == Ok(expected)
}

/// The requests between SET_ADDRESS and use: what Linux asks for.
pub fn enumeration_requests() -> [SetupPacket; 8] {
    [
        request::get_descriptor(request::DEVICE, 0, 64),
        request::get_descriptor(request::DEVICE, 0, 18),
        request::get_string(1, 0x0409, 255),
        request::get_descriptor(request::CONFIGURATION, 0, 9),
        request::get_descriptor(request::CONFIGURATION, 0, 255),
        request::get_descriptor(request::STRING, 0, 255),
        request::get_string(2, 0x0409, 255),
        request::set_configuration(1),
    ]
}

/// Reads so many bytes that count up; how many came, and whether they were right.
///
/// # Errors
/// Those of [`AcmPort::read`].
pub fn read_counting<P: DevicePort>(
    host: &mut Host<P>,
    port: &mut AcmPort,
    count: usize,
    next: &mut u8,
) -> Result<bool, TransferError> {
    let bytes = port.read(host, count)?;
    let mut right = true;
    for byte in bytes {
        right &= byte == *next;
        *next = next.wrapping_add(1);
    }
    Ok(right)
}
