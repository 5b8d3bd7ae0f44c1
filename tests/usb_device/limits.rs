//! What `usb-device` 0.3.2 or a `UsbBus` cannot do, and how much of it shows.

use usb_device::bus::UsbBusAllocator;
use usbd_acm::usb_device::AcmClass;
use usbd_acm::{SetupPacket, Storage};
use usbd_acm_tests::bridge::{Bridge, board, leak};
use usbd_acm_tests::fixture::Application;
use usbd_acm_tests::model::DEFAULT_LINE_CODING;
use usbd_acm_tests::{ONE_PORT, TWO_PORTS, model};
use usbd_acm_virtual::host::request::{self, CONFIGURATION, DEVICE, get_descriptor};
use usbd_acm_virtual::host::{AcmPort, Conduct, Host, TransferError, linux};
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
    while port.writer.write(b"new").is_err() {}
    // The packet in the hardware, none of the other; the zero-length one ends it.
    assert_eq!(host.read(acm.function().data_in, 200).as_deref(), Ok(&old[..64]));
    assert_eq!(host.read(acm.function().data_in, 200).as_deref(), Ok(&b"new"[..]));
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
