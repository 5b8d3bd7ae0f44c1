//! Enumeration, drivers, and requests that cdc_acm does not send.

use anyhow::{Result, ensure};
use nix::errno::Errno;

use super::ready;
use crate::Arguments;
use crate::sysfs::UsbDevice;
use crate::tty::{Tty, wait_until};
use crate::usbfs::UsbNode;

/// Times a driver is taken off and put back.
const ROUNDS: usize = 5;

pub fn bind(device: &UsbDevice, arguments: &Arguments) -> Result<String> {
    for port in 0..arguments.ports() {
        for interface in [2 * port, 2 * port + 1] {
            // The terminal is there a little before the data interface is bound.
            let interface = u8::try_from(interface)?;
            wait_until(&format!("cdc_acm on interface {interface}"), || {
                Ok(device.driver(interface).as_deref() == Some("cdc_acm"))
            })?;
        }
    }
    let descriptors = device.descriptors()?;
    ensure!(descriptors.len() > 18, "{} bytes of descriptors", descriptors.len());
    let speed = device.attribute("speed")?;
    let (vendor, product) = (device.attribute("idVendor")?, device.attribute("idProduct")?);
    Ok(format!("{vendor}:{product} at {speed} Mbit/s"))
}

/// Requests of USB 2.0 and PSTN 1.2 with answers that are known.
pub fn requests(device: &UsbDevice, arguments: &Arguments) -> Result<String> {
    // usbfs lets nobody talk to an interface that a driver has.
    device.unbind(0)?;
    let result = known_answers(device);
    device.bind("cdc_acm", 0)?;
    ready(arguments)?;
    result
}

fn known_answers(device: &UsbDevice) -> Result<String> {
    let node = UsbNode::open(device)?;
    let descriptor = node.control_in([0x80, 6], [0x0100, 0], 18)?;
    ensure!(descriptor.len() == 18, "device descriptor of {} bytes", descriptor.len());
    let short = node.control_in([0x80, 6], [0x0100, 0], 8)?;
    ensure!(short == descriptor[..8], "a short read differs: {short:02x?}");
    let configuration = node.control_in([0x80, 6], [0x0200, 0], 1024)?;
    ensure!(
        configuration[2..4] == u16::try_from(configuration.len())?.to_le_bytes(),
        "wTotalLength is not the {} bytes that came",
        configuration.len()
    );
    let status = node.control_in([0x80, 0], [0, 0], 2)?;
    ensure!(status.len() == 2 && status[1] == 0, "GET_STATUS {status:02x?}");
    let coding = node.control_in([0xA1, 0x21], [0, 0], 7)?;
    ensure!(coding.len() == 7, "GET_LINE_CODING of {} bytes", coding.len());
    stalls(&node)
}

fn stalls(node: &UsbNode) -> Result<String> {
    let unknown: [([u8; 2], [u16; 2]); 6] = [
        ([0x80, 6], [0x4200, 0]),
        ([0x80, 6], [0x0F00, 0]),
        ([0xA1, 0x21], [0, 1]),
        ([0xA1, 0x7F], [0, 0]),
        ([0xC0, 0x01], [0, 0]),
        ([0x80, 0x3F], [0, 0]),
    ];
    for (request, fields) in unknown {
        let answer = node.control_in(request, fields, 64);
        ensure!(answer == Err(Errno::EPIPE), "{request:02x?} {fields:04x?}: {answer:02x?}");
    }
    // PSTN 1.2 §6.3.10: the structure has seven bytes.
    let answer = node.control_out([0x21, 0x20], [0, 0], &[0; 6]);
    ensure!(answer == Err(Errno::EPIPE), "SET_LINE_CODING of 6 bytes: {answer:?}");
    let descriptor = node.control_in([0x80, 6], [0x0100, 0], 18)?;
    ensure!(descriptor.len() == 18, "the device did not survive");
    Ok(format!("{} refused as due", unknown.len() + 1))
}

pub fn reconfigure(device: &UsbDevice, arguments: &Arguments) -> Result<String> {
    for _ in 0..ROUNDS {
        device.set_attribute("bConfigurationValue", "0")?;
        Tty::wait_for(0, false)?;
        device.set_attribute("bConfigurationValue", "1")?;
        usable(arguments)?;
    }
    Ok(format!("{ROUNDS} times"))
}

pub fn rebind(device: &UsbDevice, arguments: &Arguments) -> Result<String> {
    for _ in 0..ROUNDS {
        device.unbind(0)?;
        Tty::wait_for(0, false)?;
        device.bind("cdc_acm", 0)?;
        usable(arguments)?;
    }
    Ok(format!("{ROUNDS} times"))
}

pub fn authorized(device: &UsbDevice, arguments: &Arguments) -> Result<String> {
    for _ in 0..ROUNDS {
        device.set_attribute("authorized", "0")?;
        Tty::wait_for(0, false)?;
        device.set_attribute("authorized", "1")?;
        wait_until("cdc_acm", || Ok(device.driver(0).as_deref() == Some("cdc_acm")))?;
        usable(arguments)?;
    }
    Ok(format!("{ROUNDS} times"))
}

/// The terminals are back, and opening one works where a waiting read does no harm.
fn usable(arguments: &Arguments) -> Result<()> {
    ready(arguments)?;
    if arguments.can_open_terminals() {
        Tty::open(0)?;
    }
    Ok(())
}
