//! What a recorder writes while it listens to a host.

mod tiny;

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use pcap_file::pcapng::{Block, PcapNgReader};
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::capture::Recorder;
use usbd_acm_virtual::host::{Content, Fate, Observer, Packet, linux};

/// Link types USB_2_0_FULL_SPEED and WIRESHARK_UPPER_PDU.
const FULL_SPEED: u32 = 294;
const EVENT: u32 = 252;

/// Time, and the bytes of data packets.
#[derive(Default)]
struct Seen(Vec<(Nanoseconds, Option<Vec<u8>>)>);

impl Observer for Seen {
    fn packet(&mut self, at: Nanoseconds, packet: &Packet<'_>, _fate: Fate) {
        let data = match packet.content {
            Content::Data(_, bytes) => Some(bytes.to_vec()),
            Content::Setup(bytes) => Some(bytes.to_vec()),
            _ => None,
        };
        self.0.push((at, data));
    }
}

/// Time, link type and bytes of each entry.
fn read(pcapng: &[u8]) -> Vec<(Nanoseconds, u32, Vec<u8>)> {
    let mut reader = PcapNgReader::new(pcapng).unwrap();
    let mut entries = Vec::new();
    while let Some(block) = reader.next_block() {
        let Block::EnhancedPacket(packet) = block.unwrap().into_owned() else { continue };
        let link_type = reader.interfaces()[packet.interface_id as usize].linktype;
        let at = u64::try_from(packet.timestamp.as_nanos()).unwrap();
        entries.push((at, u32::from(link_type), packet.data.into_owned()));
    }
    entries
}

#[test]
fn everything_on_the_wire_is_in_the_capture() {
    let (mut host, _) = tiny::host::<usbd_acm_virtual::FullSpeed>(64);
    let recorder = host.observe(Recorder::new(Vec::new()).unwrap());
    let seen = host.observe(Seen::default());
    host.plug().unwrap();
    linux::enumerate(&mut host).unwrap();
    host.unplug();
    let entries = read(&recorder.borrow_mut().finish().unwrap());
    let events = entries.iter().filter(|(_, link_type, _)| *link_type == EVENT).count();
    assert_eq!(events, 4, "plugged, two resets, unplugged");
    let packets: Vec<_> = entries.iter().filter(|entry| entry.1 == FULL_SPEED).collect();
    let seen = &seen.borrow().0;
    assert_eq!(packets.len(), seen.len());
    assert_eq!(recorder.borrow().packets(), seen.len() as u64);
    for ((at, _, bytes), (seen_at, data)) in packets.into_iter().zip(seen) {
        assert_eq!(at, seen_at);
        if let Some(data) = data {
            // PID before, CRC16 after.
            assert_eq!(&bytes[1..bytes.len() - 2], data);
        }
    }
}

/// A disk that is full after so many bytes.
struct Full(Rc<RefCell<usize>>);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.0.borrow_mut();
        if bytes.len() > *room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        *room -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_first_error_of_the_writer_ends_the_capture_and_is_told() {
    let (mut host, _) = tiny::host::<usbd_acm_virtual::FullSpeed>(64);
    let room = Rc::new(RefCell::new(2000));
    let recorder = host.observe(Recorder::new(Full(room.clone())).unwrap());
    host.plug().unwrap();
    linux::enumerate(&mut host).unwrap();
    *room.borrow_mut() = usize::MAX;
    host.run(10_000_000);
    assert_eq!(*room.borrow(), usize::MAX, "written after the error");
    let error = recorder.borrow_mut().finish().map(drop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let error = recorder.borrow_mut().finish().map(drop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected);
}
