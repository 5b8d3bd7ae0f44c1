//! What `usb-device` 0.3.2 or a `UsbBus` cannot do, and how much of it shows.

use usb_device::bus::UsbBusAllocator;
use usbd_acm::usb_device::AcmClass;
use usbd_acm::{Hooks, Port, ReadError, SetupPacket, Storage};
use usbd_acm_tests::bridge::{Bridge, board, class, leak};
use usbd_acm_tests::fixture::Application;
use usbd_acm_tests::model::DEFAULT_LINE_CODING;
use usbd_acm_tests::probe::{REQUIRE, Recorder};
use usbd_acm_tests::{ONE_PORT, TWO_PORTS, TestBoard, model};
use usbd_acm_virtual::host::request::{self, CONFIGURATION, DEVICE, get_descriptor};
use usbd_acm_virtual::host::{AcmPort, Conduct, Host, Transfer, TransferError, linux};
use usbd_acm_virtual::{Board, Manners, VirtualUsbBus};

const CLASSES: [Bridge; 2] = [Bridge::ClassOnController, Bridge::ClassOnBus];
const CODING: [u8; 7] = [0x80, 0x25, 0, 0, 2, 1, 7];

/// The configuration of two ports goes out of flash, in a slice that the control pipe keeps when the
/// host gives it up; it would be sent instead of the next reply.
#[test]
fn no_reply_has_bytes_of_another_one() {
    for bridge in CLASSES {
        let idle = |_| -> Application { Box::new(|_| ()) };
        let mut host = board(bridge, &TWO_PORTS, (), idle);
        host.plug().expect("the device attaches");
        linux::enumerate(&mut host).expect("Linux enumerates");
        let whole = get_descriptor(CONFIGURATION, 0, 4096);
        let golden = model::TWO_PORTS.configuration;
        let mut refused = 0;
        for (packets, coding) in (0..4).flat_map(|n| [(n, DEFAULT_LINE_CODING), (n, CODING)]) {
            host.control_out(request::set_line_coding(0), &coding).expect("a coding");
            assert_eq!(host.control_in(request::get_line_coding(0)), Ok(coding.to_vec()));
            // Given up after some packets, or with all of them before the status stage.
            let _ = host.control(whole, &[], Conduct::AbortAfter(packets));
            match host.control_in(request::get_line_coding(0)) {
                Err(TransferError::Stall) => {
                    assert_ne!(coding, DEFAULT_LINE_CODING, "that one lies in flash, too");
                    refused += 1;
                }
                answer => assert_eq!(answer, Ok(coding.to_vec()), "{packets} packets, {bridge:?}"),
            }
            // Any descriptor clears it.
            let device = host.control_in(get_descriptor(DEVICE, 0, 18));
            assert_eq!(device.as_deref(), Ok(model::TWO_PORTS.device));
            assert_eq!(host.control_in(request::get_line_coding(0)), Ok(coding.to_vec()));
        }
        assert_eq!(refused, 4, "where bytes might be wrong, there are none");
        // Read to its end, it is in nobody's way.
        for _ in 0..3 {
            assert_eq!(host.control_in(whole).as_deref(), Ok(golden));
            assert_eq!(host.control_in(request::get_line_coding(0)), Ok(CODING.to_vec()));
        }
    }
}

/// A bus without `BeyondUsbBus::abort`: one packet of a session that ended goes to the next.
#[test]
fn one_packet_stays_in_hardware_when_a_session_ends() {
    let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
    let allocator = leak(UsbBusAllocator::new(bus));
    let storage = leak(Storage::<1, 2, 64>::new());
    let class = AcmClass::<VirtualUsbBus>::whole_device(allocator, storage, &ONE_PORT, ());
    let (mut class, [mut port]) = class.expect("endpoints");
    let mut device = class.build_device(allocator);
    let mut host = Host::new(Board::new(wire, move |_: u64| {
        device.poll(&mut [&mut class]);
        class.attend(&device);
    }));
    host.plug().expect("the device attaches");
    let known = linux::enumerate(&mut host).expect("Linux enumerates");
    let mut acm = AcmPort::all(&known).remove(0);
    linux::open(&mut host, &mut acm, CODING).expect("opens");
    let old: Vec<u8> = (0..128).collect();
    assert_eq!(port.writer.write(&old), Ok(128));
    host.run(1_000_000);
    linux::close(&mut host, &mut acm).expect("closes");
    linux::open(&mut host, &mut acm, CODING).expect("opens");
    assert!(
        (0..2).any(|_| port.writer.write(b"new").is_ok()),
        "the second write knows the session"
    );
    // The packet in the hardware, none of the other; the zero-length one ends it.
    assert_eq!(host.read(acm.function().data_in, 200).as_deref(), Ok(&old[..64]));
    assert_eq!(host.read(acm.function().data_in, 200).as_deref(), Ok(&b"new"[..]));
}

/// What the hardware takes while the port has no room belongs to nobody when DTR falls: it comes first in
/// the next session, unless the bus is reset before that.
#[test]
fn packets_that_no_session_took_are_told_in_the_next_or_dropped_by_a_reset() {
    for (bridge, packets) in [(Bridge::ClassOnController, 2), (Bridge::ClassOnBus, 1)] {
        for resets in [false, true] {
            let (mut host, mut port, mut acm) = opened(bridge, Recorder::<REQUIRE>);
            let (sent, transfer) = more_than_there_is_room_for(&mut host, &acm);
            assert_eq!(transfer.moved().len(), 64 * (2 + packets), "{bridge:?}");
            linux::close(&mut host, &mut acm).expect("closes");
            assert_eq!(everything(&mut port), (sent[..128].to_vec(), ReadError::Disconnected));
            if resets {
                linux::enumerate(&mut host).expect("Linux enumerates again");
            }
            linux::open(&mut host, &mut acm, CODING).expect("opens");
            let late = if resets { 0 } else { 64 * packets };
            acm.write(&mut host, b"new").expect("there is room");
            let expected = [&sent[128..128 + late], b"new"].concat();
            let (mut read, _) = everything(&mut port);
            host.run(1_000_000);
            read.extend(everything(&mut port).0);
            assert_eq!(read, expected, "{bridge:?}");
        }
    }
}

/// The chip is left alone in suspend, and what the application reads then makes room afterwards.
#[test]
fn a_suspended_class_reads_what_it_has_and_stays_suspended() {
    let (mut host, mut port, acm) = opened(Bridge::ClassOnController, ());
    let (sent, mut transfer) = more_than_there_is_room_for(&mut host, &acm);
    assert_eq!(transfer.moved().len(), 256);
    host.suspend();
    for _ in 0..5 {
        host.run(1_000_000);
    }
    assert!(port.control.is_suspended());
    let (mut read, _) = everything(&mut port);
    host.run(1_000_000);
    read.extend(everything(&mut port).0);
    assert_eq!(read, sent[..read.len()]);
    assert!(read.len() >= 128);
    assert!(port.control.is_suspended());
    host.resume();
    while transfer.outcome().is_none() {
        host.exchange(&mut [&mut transfer], 1_000_000);
        assert!(!port.control.is_suspended());
        let (more, _) = everything(&mut port);
        assert!(!more.is_empty() || transfer.outcome().is_some(), "it goes on after the resume");
        read.extend(more);
    }
    host.run(1_000_000);
    read.extend(everything(&mut port).0);
    assert_eq!(read, sent);
    assert_eq!(host.port().wire().violations(), []);
}

/// A port that Linux has opened, and whose application is the test.
fn opened<H: Hooks + 'static>(bridge: Bridge, hooks: H) -> (Host<TestBoard>, Port, AcmPort) {
    let (wire, mut class, [port]) = class(bridge, &ONE_PORT, hooks);
    let poll = move |_: u64| {
        class(true);
        class(false);
    };
    let mut host = Host::new(Board::new(wire, Box::new(poll) as Application));
    host.plug().expect("the device attaches");
    let known = linux::enumerate(&mut host).expect("Linux enumerates");
    let mut acm = AcmPort::all(&known).remove(0);
    linux::open(&mut host, &mut acm, CODING).expect("opens");
    (host, port, acm)
}

/// Six packets, of which the device takes as many as it can.
fn more_than_there_is_room_for(host: &mut Host<TestBoard>, acm: &AcmPort) -> (Vec<u8>, Transfer) {
    let sent: Vec<u8> = (0..=255).cycle().take(64 * 6).collect();
    let mut transfer = Transfer::write(acm.function().data_out, &sent);
    host.exchange(&mut [&mut transfer], 5_000_000);
    (sent, transfer)
}

/// All that can be read without the next packet, and what comes after it.
fn everything(port: &mut Port) -> (Vec<u8>, ReadError) {
    let mut all = Vec::new();
    loop {
        match port.reader.fill_buf() {
            Ok(bytes) => {
                let count = bytes.len();
                all.extend_from_slice(bytes);
                port.reader.consume(count);
            }
            Err(end) => return (all, end),
        }
    }
}

/// SET_LINE_CODING that is malformed: refused, and nothing of it taken.
#[test]
fn malformed_line_codings() {
    for bridge in CLASSES {
        let idle = |_| -> Application { Box::new(|_| ()) };
        let mut host = board(bridge, &ONE_PORT, (), idle);
        host.plug().expect("the device attaches");
        linux::enumerate(&mut host).expect("Linux enumerates");
        for length in (1..=20).filter(|length| *length != 7) {
            let setup = SetupPacket { length, ..request::set_line_coding(0) };
            let data = vec![9; length.into()];
            assert_eq!(host.control_out(setup, &data), Err(TransferError::Stall), "{length}");
        }
        let coding = host.control_in(request::get_line_coding(0));
        assert_eq!(coding, Ok(DEFAULT_LINE_CODING.to_vec()));
    }
}
