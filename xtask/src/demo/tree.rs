//! The descriptors of the device in a few lines.

use anyhow::Result;
use usbd_acm::descriptors::TransferType;
use usbd_acm_descriptors::parse::{
    Class, Configuration, Device, Endpoint, Functional, Interface, Listing,
};
use usbd_acm_virtual::host::KnownDevice;

/// Everything, as `lsusb -v` shows it.
pub fn listing(device: &KnownDevice) -> String {
    let (first, second) = (Listing(&device.device_descriptor), Listing(&device.configuration));
    format!("{first}{second}")
}

/// What matters, a line an interface and an endpoint.
pub fn tree(known: &KnownDevice) -> Result<Vec<String>> {
    let device = Device::parse(&known.device_descriptor)?;
    let configuration = Configuration::parse(&known.configuration)?;
    configuration.check_speed(known.speed)?;
    let name = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut lines = vec![
        format!(
            "{:04x}:{:04x} {} {} ({}), USB {:x}.{:02x}, EP0 {} bytes",
            device.vendor_id,
            device.product_id,
            name(&known.manufacturer),
            name(&known.product),
            name(&known.serial_number),
            device.usb_release >> 8,
            device.usb_release & 0xFF,
            device.ep0_packet_size
        ),
        header(&configuration),
    ];
    for interface in &configuration.interfaces {
        lines.push(format!("    {}", interface_line(interface)));
        let endpoints = interface.endpoints.iter();
        lines.extend(endpoints.map(|(_, endpoint)| format!("      {}", endpoint_line(endpoint))));
    }
    Ok(lines)
}

fn header(configuration: &Configuration<'_>) -> String {
    let header = configuration.header;
    let power = if header.attributes & 0x40 == 0 { "bus powered" } else { "self powered" };
    let wakeup = if header.attributes & 0x20 == 0 { "" } else { ", remote wake-up" };
    format!(
        "  configuration {}: {} bytes, {} interfaces, {power}, {} mA{wakeup}",
        header.value,
        header.total_length,
        header.interfaces,
        u16::from(header.max_power) * 2
    )
}

fn interface_line(interface: &Interface<'_>) -> String {
    let number = interface.header.number;
    let Class { class, subclass, protocol } = interface.header.class;
    let name = match (class, subclass) {
        (0x02, 0x02) => "CDC communication, abstract control model",
        (0x0A, _) => "CDC data",
        _ => "unknown class",
    };
    let class = format!("{class:02x}/{subclass:02x}/{protocol:02x}");
    let functional: Vec<_> = interface.functional.iter().map(|(_, f)| functional(f)).collect();
    let separator = if functional.is_empty() { "" } else { "; " };
    format!("interface {number} ({class}): {name}{separator}{}", functional.join(", "))
}

fn functional(functional: &Functional<'_>) -> String {
    match functional {
        Functional::Header { release } => format!("CDC {:x}.{:02x}", release >> 8, release & 0xFF),
        Functional::CallManagement { capabilities, .. } => format!("calls {capabilities:#04x}"),
        Functional::Acm { capabilities } => format!("ACM {capabilities:#04x}"),
        Functional::Union { control, subordinate } => format!("union {control} + {subordinate:?}"),
        Functional::Other(bytes) => format!("unknown {bytes:02x?}"),
    }
}

fn endpoint_line(endpoint: &Endpoint) -> String {
    let direction = if endpoint.address & 0x80 == 0 { "OUT" } else { "IN" };
    let transfer_type = match endpoint.transfer_type() {
        Some(TransferType::Bulk) => "bulk",
        Some(TransferType::Interrupt) => "interrupt",
        _ => "of another type",
    };
    let number = endpoint.address & 0x0F;
    format!("EP {number} {direction}, {transfer_type}, {} bytes", endpoint.max_packet_size)
}
