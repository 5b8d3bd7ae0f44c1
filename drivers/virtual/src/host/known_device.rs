//! What a host learns about a device from its descriptors.

use alloc::string::String;
use alloc::vec::Vec;

use usbd_acm::{Direction, EndpointAddress, Speed, TransferType};

use super::Pipe;

/// An enumerated device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownDevice {
    /// Its address.
    pub address: u8,
    /// Its speed.
    pub speed: Speed,
    /// The device descriptor, 18 bytes.
    pub device_descriptor: Vec<u8>,
    /// The configuration descriptor with everything in it.
    pub configuration: Vec<u8>,
    /// String of iManufacturer.
    pub manufacturer: Option<String>,
    /// String of iProduct.
    pub product: Option<String>,
    /// String of iSerialNumber.
    pub serial_number: Option<String>,
}

impl KnownDevice {
    /// Every CDC-ACM function of the configuration: a communication interface with its union
    /// functional descriptor and a data interface.
    pub fn acm_functions(&self) -> Vec<AcmFunction> {
        let pipes = pipes(&self.configuration);
        unions(&self.configuration)
            .into_iter()
            .filter_map(|(control, data)| AcmFunction::find(control, data, &pipes))
            .collect()
    }

    /// bConfigurationValue.
    pub fn configuration_value(&self) -> u8 {
        self.configuration.get(5).copied().unwrap_or(0)
    }
}

/// The interfaces and endpoints of one serial port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AcmFunction {
    /// Number of the communication interface.
    pub control_interface: u8,
    /// Number of the data interface.
    pub data_interface: u8,
    /// Interrupt IN endpoint of the communication interface.
    pub notification: Pipe,
    /// Bulk IN endpoint of the data interface.
    pub data_in: Pipe,
    /// Bulk OUT endpoint of the data interface.
    pub data_out: Pipe,
}

impl AcmFunction {
    fn find(control: u8, data: u8, pipes: &[(u8, Pipe)]) -> Option<Self> {
        let find = |interface, transfer_type, direction| {
            let is_it = |(number, pipe): &&(u8, Pipe)| {
                *number == interface
                    && pipe.transfer_type == transfer_type
                    && pipe.address.direction() == direction
            };
            pipes.iter().find(is_it).map(|(_, pipe)| *pipe)
        };
        Some(Self {
            control_interface: control,
            data_interface: data,
            notification: find(control, TransferType::Interrupt, Direction::In)?,
            data_in: find(data, TransferType::Bulk, Direction::In)?,
            data_out: find(data, TransferType::Bulk, Direction::Out)?,
        })
    }
}

/// The bulk and interrupt endpoints of a configuration, with the numbers of their interfaces.
pub(super) fn pipes(configuration: &[u8]) -> Vec<(u8, Pipe)> {
    let mut interface = 0;
    let mut pipes = Vec::new();
    for descriptor in descriptors(configuration) {
        match *descriptor {
            [_, 4, number, ..] => interface = number,
            [_, 5, address, attributes, low, high, interval, ..] => {
                let size = u16::from_le_bytes([low, high]);
                pipes.extend(pipe(address, attributes, size, interval).map(|p| (interface, p)));
            }
            _ => {}
        }
    }
    pipes
}

fn pipe(address: u8, attributes: u8, size: u16, interval: u8) -> Option<Pipe> {
    let transfer_type = match attributes & 3 {
        2 => TransferType::Bulk,
        3 => TransferType::Interrupt,
        _ => return None,
    };
    let address = EndpointAddress::from_byte(address)?;
    Some(Pipe { address, transfer_type, max_packet_size: size & 0x7FF, interval })
}

/// The union functional descriptors within ACM interfaces (CDC 1.2 §5.2.3.2): control and first
/// subordinate interface.
fn unions(configuration: &[u8]) -> Vec<(u8, u8)> {
    let mut is_acm = false;
    let mut unions = Vec::new();
    for descriptor in descriptors(configuration) {
        match *descriptor {
            [_, 4, _, _, _, class, subclass, ..] => is_acm = (class, subclass) == (2, 2),
            [_, 0x24, 0x06, control, data, ..] if is_acm => unions.push((control, data)),
            _ => {}
        }
    }
    unions
}

/// Cuts a configuration at the bLength fields.
fn descriptors(configuration: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = configuration;
    core::iter::from_fn(move || {
        let length = usize::from(*rest.first()?).max(1);
        let (descriptor, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(descriptor)
    })
}
