//! Captures read back by pcap-file, and by Wireshark where it is installed.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::process::Command;

use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::{Block, PcapNgReader};
use usbd_acm::Speed;
use usbd_acm_virtual::capture::{Arrival, Capture, Token};
use usbd_acm_virtual::{Handshake, Pid};

/// An entry of a capture: time in nanoseconds, link type, bytes, comment.
#[derive(PartialEq, Eq, Debug)]
struct Entry {
    at: u128,
    link_type: u32,
    bytes: Vec<u8>,
    comment: Option<String>,
}

fn read(pcapng: &[u8]) -> Vec<Entry> {
    let mut reader = PcapNgReader::new(pcapng).expect("a pcapng file");
    let mut entries = vec![];
    while let Some(block) = reader.next_block() {
        let Block::EnhancedPacket(packet) = block.expect("a block").into_owned() else {
            continue;
        };
        let interface = usize::try_from(packet.interface_id).unwrap();
        let comment = packet.options.iter().find_map(|option| match option {
            EnhancedPacketOption::Comment(text) => Some(Cow::into_owned(text.clone())),
            _ => None,
        });
        entries.push(Entry {
            at: packet.timestamp.as_nanos(),
            link_type: u32::from(reader.interfaces()[interface].linktype),
            bytes: packet.data.into_owned(),
            comment,
        });
    }
    entries
}

fn captured(write: impl Fn(&mut Capture<Vec<u8>>) -> io::Result<()>) -> Vec<u8> {
    let mut capture = Capture::new(Vec::new()).unwrap();
    write(&mut capture).unwrap();
    capture.finish().unwrap()
}

fn bytes_of(write: impl Fn(&mut Capture<Vec<u8>>) -> io::Result<()>) -> Vec<Vec<u8>> {
    read(&captured(write)).into_iter().map(|entry| entry.bytes).collect()
}

const GET_DEVICE_DESCRIPTOR: [u8; 8] = [0x80, 0x06, 0x00, 0x01, 0x00, 0x00, 0x40, 0x00];

#[test]
fn packets_as_they_are_on_the_wire() {
    let packets = bytes_of(|capture| {
        capture.token(0, Token::Setup, 0, 0, Arrival::Intact)?;
        capture.data(1, Pid::Data0, &GET_DEVICE_DESCRIPTOR, Arrival::Intact)?;
        capture.handshake(2, Handshake::Ack, Arrival::Intact)?;
        capture.sof(3, 1, Arrival::Intact)?;
        capture.data(4, Pid::Data1, &[], Arrival::Intact)?;
        capture.handshake(5, Handshake::Nak, Arrival::Intact)?;
        capture.handshake(6, Handshake::Stall, Arrival::Intact)
    });
    let expected: [&[u8]; 7] = [
        &[0x2D, 0x00, 0x10],
        &[0xC3, 0x80, 0x06, 0x00, 0x01, 0x00, 0x00, 0x40, 0x00, 0xDD, 0x94],
        &[0xD2],
        &[0xA5, 0x01, 0xE8],
        &[0x4B, 0x00, 0x00],
        &[0x5A],
        &[0x1E],
    ];
    assert_eq!(packets, expected);
}

#[test]
fn tokens_carry_address_and_endpoint() {
    let tokens = [(Token::Out, 0xE1), (Token::In, 0x69), (Token::Setup, 0x2D), (Token::Ping, 0xB4)];
    for (token, pid) in tokens {
        for (address, endpoint) in [(0x15, 0x0E), (127, 0), (0, 15), (127, 15), (64, 1)] {
            let packets =
                bytes_of(|capture| capture.token(0, token, address, endpoint, Arrival::Intact));
            let [packet] = &packets[..] else { panic!("{packets:?}") };
            assert_eq!(packet[0], pid);
            let field = u16::from_le_bytes([packet[1], packet[2]]) & 0x7FF;
            assert_eq!(field, u16::from(address) + 128 * u16::from(endpoint));
        }
    }
}

#[test]
fn what_does_not_fit_its_field_is_refused_and_not_written() {
    let mut capture = Capture::new(Vec::new()).unwrap();
    let refused = [
        capture.token(0, Token::In, 128, 0, Arrival::Intact),
        capture.token(0, Token::In, 0, 16, Arrival::Intact),
        capture.sof(0, 2048, Arrival::Intact),
    ];
    for result in refused {
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
    assert_eq!(capture.packets(), 0);
    assert_eq!(read(&capture.finish().unwrap()), []);
}

#[test]
fn nobody_answering_is_no_packet() {
    let mut capture = Capture::new(Vec::new()).unwrap();
    capture.handshake(0, Handshake::NoResponse, Arrival::Intact).unwrap();
    assert_eq!(capture.packets(), 0);
    assert_eq!(read(&capture.finish().unwrap()), []);
}

#[test]
fn times_are_nanoseconds() {
    let times = [0, 1, 999_999_999, 1_000_000_000, 0x1_0000_0000, 365 * 86_400 * 1_000_000_000];
    let entries = read(&captured(|capture| {
        times.iter().try_for_each(|at| capture.handshake(*at, Handshake::Nak, Arrival::Intact))
    }));
    let read: Vec<_> = entries.iter().map(|entry| entry.at).collect();
    assert_eq!(read, times.map(u128::from));
}

#[test]
fn the_speed_is_that_of_the_last_reset() {
    let entries = read(&captured(|capture| {
        capture.handshake(0, Handshake::Ack, Arrival::Intact)?;
        capture.bus_reset(1, Speed::High)?;
        capture.handshake(2, Handshake::Ack, Arrival::Intact)?;
        capture.bus_reset(3, Speed::Full)?;
        capture.handshake(4, Handshake::Ack, Arrival::Intact)
    }));
    let link_types: Vec<_> = entries.iter().map(|entry| entry.link_type).collect();
    assert_eq!(link_types, [294, 252, 295, 252, 294]);
}

#[test]
fn lost_and_corrupted_packets_say_so() {
    let write = |arrival| {
        read(&captured(|capture| {
            capture.token(0, Token::In, 3, 1, arrival)?;
            capture.data(1, Pid::Data1, b"abc", arrival)?;
            capture.handshake(2, Handshake::Ack, arrival)
        }))
    };
    let (intact, lost) = (write(Arrival::Intact), write(Arrival::Lost));
    let corrupted = write(Arrival::Corrupted);
    for ((intact, lost), corrupted) in intact.iter().zip(&lost).zip(&corrupted) {
        assert_eq!(intact.comment, None);
        assert_eq!(lost.comment.as_deref(), Some("lost: it never arrived"));
        assert_eq!(lost.bytes, intact.bytes);
        assert_eq!(corrupted.comment.as_deref(), Some("corrupted on the wire"));
        assert_ne!(corrupted.bytes, intact.bytes);
    }
    assert_eq!(corrupted[0].bytes[1], intact[0].bytes[1], "address and endpoint are readable");
    assert_eq!(corrupted[1].bytes[..4], intact[1].bytes[..4], "data is readable");
}

struct Full;

impl io::Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_error_of_the_writer_comes_back() {
    let error = Capture::new(Full).err().expect("no room");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

/// What Wireshark makes of a capture: the given fields of each entry.
///
/// `None`, and a message, where there is no tshark.
fn tshark(pcapng: &[u8], name: &str, fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let path = std::env::temp_dir().join(format!("usbd-acm-{name}-{}.pcapng", std::process::id()));
    std::fs::write(&path, pcapng).unwrap();
    let mut command = Command::new("tshark");
    command.args(["-n", "-T", "fields", "-E", "separator=|", "-r"]).arg(&path);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output();
    std::fs::remove_file(&path).unwrap();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            // Not eprintln: the test harness would keep it to itself.
            let message =
                format!("SKIPPED {name}: tshark did not start ({error}): apt-get install tshark");
            let mut stderr = io::stderr();
            writeln!(stderr, "{message}").unwrap();
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| line.split('|').map(String::from).collect()).collect())
}

/// GET_DESCRIPTOR(device), the data stage NAKed once, lost once, and corrupted once.
fn enumeration(capture: &mut Capture<Vec<u8>>, speed: Speed) -> io::Result<()> {
    use Arrival::{Corrupted, Intact, Lost};
    let device =
        [18, 1, 0x00, 0x02, 0xEF, 0x02, 0x01, 64, 0x09, 0x12, 0x01, 0x00, 0x23, 0x01, 1, 2, 3, 1];
    capture.event(0, "plugged")?;
    capture.bus_reset(10_000_000, speed)?;
    capture.sof(11_000_000, 11, Intact)?;
    capture.token(11_100_000, Token::Setup, 0, 0, Intact)?;
    capture.data(11_103_000, Pid::Data0, &GET_DEVICE_DESCRIPTOR, Intact)?;
    capture.handshake(11_112_000, Handshake::Ack, Intact)?;
    capture.token(11_200_000, Token::In, 0, 0, Intact)?;
    capture.handshake(11_203_000, Handshake::Nak, Intact)?;
    capture.token(11_250_000, Token::In, 0, 0, Lost)?;
    capture.token(11_300_000, Token::In, 0, 0, Intact)?;
    capture.data(11_303_000, Pid::Data1, &device, Corrupted)?;
    capture.token(11_400_000, Token::In, 0, 0, Intact)?;
    capture.data(11_403_000, Pid::Data1, &device, Intact)?;
    capture.handshake(11_418_000, Handshake::Ack, Intact)?;
    capture.token(11_500_000, Token::Out, 0, 0, Intact)?;
    capture.data(11_503_000, Pid::Data1, &[], Intact)?;
    capture.handshake(11_506_000, Handshake::Ack, Intact)
}

#[test]
fn wireshark_reads_what_was_on_the_wire() {
    for (name, speed) in [("full", Speed::Full), ("high", Speed::High)] {
        let pcapng = captured(|capture| enumeration(capture, speed));
        let fields = [
            "frame.time_epoch",
            "usbll.pid",
            "usbll.crc5.status",
            "usbll.crc16.status",
            "_ws.malformed",
            "syslog.msg",
            "usb.idVendor",
            "frame.comment",
        ];
        let Some(entries) = tshark(&pcapng, name, &fields) else { return };
        assert_eq!(entries.len(), read(&pcapng).len());
        let column = |i: usize| entries.iter().map(|e| e[i].as_str()).collect::<Vec<_>>();

        let (crc5, crc16) = (column(2), column(3));
        assert_eq!(crc5.iter().filter(|status| **status == "1").count(), 7, "{crc5:?}");
        assert_eq!(crc5.iter().filter(|status| **status == "0").count(), 0, "{crc5:?}");
        assert_eq!(crc16.iter().filter(|status| **status == "1").count(), 3, "{crc16:?}");
        assert_eq!(crc16.iter().filter(|status| **status == "0").count(), 1, "{crc16:?}");
        assert!(column(4).iter().all(|malformed| malformed.is_empty()), "{entries:?}");
        assert_eq!(column(0)[1], "0.010000000");
        let given = |i: usize| {
            entries
                .iter()
                .map(|e| e[i].as_str())
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
        };
        assert_eq!(given(5), ["plugged", &format!("bus reset: {name} speed")]);
        assert_eq!(given(6), ["0x1209"], "the transfer is put together and decoded, once");
        assert_eq!(given(7), ["lost: it never arrived", "corrupted on the wire"]);
    }
}
