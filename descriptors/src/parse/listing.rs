//! Prints descriptors as `lsusb -v` does.

use core::fmt;

use super::Walk;
use super::fields::{Form, Layout, layout};

/// Prints descriptors that lie one after the other: field by field, what is not known as bytes,
/// and what is wrong as a last line.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a>(pub &'a [u8]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in Walk::new(self.0) {
            match item {
                Ok(item) => write_descriptor(f, item.bytes)?,
                Err(error) => writeln!(f, "error {error}")?,
            }
        }
        Ok(())
    }
}

fn write_descriptor(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let [length, descriptor_type, body @ ..] = bytes else {
        return Ok(());
    };
    let Some(Layout { title, indent, fields }) = layout(*descriptor_type, body.first().copied())
    else {
        write!(f, "{:6}** UNRECOGNIZED: ", "")?;
        return write_bytes(f, bytes);
    };
    writeln!(f, "{:indent$}{title}:", "")?;
    let indent = indent + 2;
    write_field(f, indent, "bLength", Form::Byte, u16::from(*length))?;
    write_field(f, indent, "bDescriptorType", Form::Byte, u16::from(*descriptor_type))?;
    let mut rest = body;
    for field in *fields {
        let (value, tail) = match (field.form.width(), rest) {
            (1, [byte, tail @ ..]) => (u16::from(*byte), tail),
            (2, [low, high, tail @ ..]) => (u16::from_le_bytes([*low, *high]), tail),
            _ => break,
        };
        write_field(f, indent, field.name, field.form, value)?;
        rest = tail;
    }
    if rest.is_empty() {
        return Ok(());
    }
    write!(f, "{:indent$}** beyond the fields: ", "")?;
    write_bytes(f, rest)
}

fn write_field(
    f: &mut fmt::Formatter<'_>,
    indent: usize,
    name: &str,
    form: Form,
    value: u16,
) -> fmt::Result {
    write!(f, "{:indent$}{name:<22} ", "")?;
    match form {
        Form::Byte => writeln!(f, "{value:>7}"),
        Form::HexByte => writeln!(f, "   {value:#04x}"),
        Form::HexWord => writeln!(f, " {value:#06x}"),
        Form::Release => writeln!(f, "{:>4x}.{:02x}", value >> 8, value & 0xFF),
        Form::Address => {
            let direction = if value & 0x80 == 0 { "OUT" } else { "IN" };
            writeln!(f, "   {value:#04x}  EP {} {direction}", value & 0xF)
        }
        Form::Power => writeln!(f, "{:>7}mA", value * 2),
        Form::PacketSize => writeln!(f, " {value:#06x}  {} bytes", value & 0x7FF),
        Form::Class => writeln!(f, "{value:>7} {}", class_name(value)),
        Form::ConfigurationAttributes => {
            writeln!(f, "   {value:#04x}")?;
            write_bits(f, indent, value, &[(0x40, "Self Powered"), (0x20, "Remote Wakeup")])?;
            if value & 0x40 == 0 { writeln!(f, "{:indent$}  (Bus Powered)", "") } else { Ok(()) }
        }
        Form::EndpointAttributes => {
            writeln!(f, "{value:>7}")?;
            let transfer_type = match value & 3 {
                0 => "Control",
                1 => "Isochronous",
                2 => "Bulk",
                _ => "Interrupt",
            };
            writeln!(f, "{:indent$}  Transfer Type            {transfer_type}", "")
        }
        Form::AcmCapabilities => {
            writeln!(f, "   {value:#04x}")?;
            write_bits(f, indent, value, ACM_BITS)
        }
    }
}

const ACM_BITS: &[(u16, &str)] = &[
    (0x08, "connection notifications"),
    (0x04, "sends break"),
    (0x02, "line coding and serial state"),
    (0x01, "get/set/clear comm features"),
];

fn write_bits(
    f: &mut fmt::Formatter<'_>,
    indent: usize,
    value: u16,
    bits: &[(u16, &str)],
) -> fmt::Result {
    for (bit, name) in bits {
        if value & bit != 0 {
            writeln!(f, "{:indent$}  {name}", "")?;
        }
    }
    Ok(())
}

fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for byte in bytes {
        write!(f, " {byte:02x}")?;
    }
    writeln!(f)
}

fn class_name(class: u16) -> &'static str {
    match class {
        0x00 => "[unknown]",
        0x02 => "Communications",
        0x0A => "CDC Data",
        0xEF => "Miscellaneous Device",
        0xFF => "Vendor Specific Class",
        _ => "",
    }
}
