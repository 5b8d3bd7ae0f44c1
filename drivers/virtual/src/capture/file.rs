//! The pcapng file: one interface a speed, and one for what is not a packet.

use std::borrow::Cow;
use std::io::{self, Write};
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::{DataLink, PcapError};
use usbd_acm::Speed;

use crate::Nanoseconds;

/// LINKTYPE_USB_2_0_FULL_SPEED.
const FULL_SPEED_PACKETS: u32 = 294;
/// LINKTYPE_USB_2_0_HIGH_SPEED.
const HIGH_SPEED_PACKETS: u32 = 295;
/// LINKTYPE_WIRESHARK_UPPER_PDU: a message for a named dissector of Wireshark.
const UPPER_PDU: u32 = 252;

/// The interfaces in the order in which they stand in the file.
const INTERFACES: [(u32, &str); 3] = [
    (FULL_SPEED_PACKETS, "full speed"),
    (HIGH_SPEED_PACKETS, "high speed"),
    (UPPER_PDU, "bus events"),
];
const FULL_SPEED: u32 = 0;
const HIGH_SPEED: u32 = 1;
const BUS_EVENTS: u32 = 2;

/// Tags before a message of link type UPPER_PDU, big-endian: the dissector (12) and its padded
/// name, then the end (0).
const SYSLOG_MESSAGE: &[u8] = b"\0\x0C\0\x08syslog\0\0\0\0\0\0";

/// Timestamps count nanoseconds: 10^-9 s.
const NANOSECONDS: u8 = 9;

/// A pcapng file being written.
pub(super) struct File<W: Write> {
    writer: PcapNgWriter<W>,
}

impl<W: Write> File<W> {
    pub(super) fn new(writer: W) -> io::Result<Self> {
        let mut writer = PcapNgWriter::new(writer).map_err(io_error)?;
        for (link_type, name) in INTERFACES {
            let interface = InterfaceDescriptionBlock {
                linktype: DataLink::from(link_type),
                snaplen: 0,
                options: [
                    InterfaceDescriptionOption::IfName(Cow::Borrowed(name)),
                    InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
                ]
                .into(),
            };
            writer.write_pcapng_block(interface).map_err(io_error)?;
        }
        Ok(Self { writer })
    }

    pub(super) fn packet(
        &mut self,
        at: Nanoseconds,
        speed: Speed,
        bytes: &[u8],
        comment: Option<String>,
    ) -> io::Result<()> {
        let interface = match speed {
            Speed::Full => FULL_SPEED,
            Speed::High => HIGH_SPEED,
        };
        let options = comment.map(|text| EnhancedPacketOption::Comment(Cow::Owned(text)));
        self.write(at, interface, bytes, options.into_iter().collect())
    }

    pub(super) fn event(&mut self, at: Nanoseconds, text: &str) -> io::Result<()> {
        self.write(at, BUS_EVENTS, &[SYSLOG_MESSAGE, text.as_bytes()].concat(), Vec::new())
    }

    pub(super) fn finish(self) -> io::Result<W> {
        let mut writer = self.writer.into_inner();
        writer.flush()?;
        Ok(writer)
    }

    fn write(
        &mut self,
        at: Nanoseconds,
        interface_id: u32,
        bytes: &[u8],
        options: Vec<EnhancedPacketOption<'static>>,
    ) -> io::Result<()> {
        let block = EnhancedPacketBlock {
            interface_id,
            timestamp: Duration::from_nanos(at),
            original_len: u32::try_from(bytes.len()).map_err(io::Error::other)?,
            data: Cow::Borrowed(bytes),
            options,
        };
        self.writer.write_pcapng_block(block).map_err(io_error)?;
        Ok(())
    }
}

fn io_error(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
