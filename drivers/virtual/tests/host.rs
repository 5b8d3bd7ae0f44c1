//! The simulated host against a device written by hand: control transfers and enumeration.

mod tiny;

use tiny::{TinyHost, host, plugged};
use usbd_acm::{EndpointSet, SetupPacket, Speed};
use usbd_acm_virtual::host::{
    AcmPort, Conduct, EnumerationError, KnownDevice, Statistics, TransferError, linux, macos,
    request, windows,
};
use usbd_acm_virtual::{DevicePort, FullSpeed, Handshake, HighSpeed, Variant};

const CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

type Enumerate = fn(&mut TinyHost) -> Result<KnownDevice, EnumerationError>;
type Open = fn(&mut TinyHost, &mut AcmPort, [u8; 7]) -> Result<(), TransferError>;

#[test]
fn every_system_enumerates_and_opens() {
    let (mut host, knobs) = plugged();
    let systems: [(Enumerate, Open); 3] = [
        (linux::enumerate, linux::open),
        (windows::enumerate, windows::open),
        (macos::enumerate, macos::open),
    ];
    for (enumerate, open) in systems {
        let device = enumerate(&mut host).unwrap();
        assert_eq!((device.address, device.speed), (5, Speed::Full));
        assert_eq!(device.product.as_deref(), Some("Pä"));
        assert_eq!(device.configuration.len(), 58);
        let [port] = &mut AcmPort::all(&device)[..] else { panic!("one serial port") };
        open(&mut host, port, CODING).unwrap();
        assert_eq!(knobs.borrow().line_coding, CODING);
        assert_eq!(knobs.borrow().lines, 3);
        knobs.borrow_mut().line_coding = [0; 7];
    }
    assert_eq!(host.port().wire().violations(), []);
}

/// A controller whose EP0 has the smallest packets.
struct SmallEp0;

impl Variant for SmallEp0 {
    const ENDPOINTS: EndpointSet = EndpointSet::first(2);
    const EP0_PACKET_SIZE: u8 = 8;
}

#[test]
fn every_system_learns_the_packet_size_of_ep0() {
    let (mut host, _) = host::<SmallEp0>(8);
    host.plug().unwrap();
    for enumerate in [linux::enumerate, windows::enumerate, macos::enumerate] {
        let device = enumerate(&mut host).unwrap();
        assert_eq!(device.device_descriptor.len(), 18);
        assert_eq!(device.manufacturer.unwrap_or("M".into()), "M");
    }
}

#[test]
fn a_high_speed_device_uses_microframes() {
    let (mut host, _) = host::<HighSpeed>(64);
    let statistics = host.observe(Statistics::default());
    host.plug().unwrap();
    assert_eq!(host.reset(), Ok(Speed::High));
    let before = statistics.borrow().frames;
    host.run(1_000_000);
    assert_eq!(statistics.borrow().frames - before, 8);
}

#[test]
fn a_port_without_device_says_so() {
    let (mut host, _) = host::<FullSpeed>(64);
    assert_eq!(host.control_in(request::get_device_status()), Err(TransferError::Detached));
    assert_eq!(
        linux::enumerate(&mut host),
        Err(EnumerationError::Transfer(TransferError::Detached))
    );
}

#[test]
fn unsupported_requests_end_in_stall_and_the_next_one_works() {
    let (mut host, _) = plugged();
    host.reset().unwrap();
    let unknown = request::get_descriptor(0x42, 0, 18);
    assert_eq!(host.control_in(unknown), Err(TransferError::Stall));
    let device = request::get_descriptor(request::DEVICE, 0, 18);
    assert_eq!(host.control_in(device).unwrap().len(), 18);
}

#[test]
fn a_device_that_never_answers_times_out_after_5_s() {
    let (mut host, knobs) = plugged();
    host.reset().unwrap();
    knobs.borrow_mut().deaf = true;
    let start = host.now();
    let device = request::get_descriptor(request::DEVICE, 0, 18);
    assert_eq!(host.control_in(device), Err(TransferError::Timeout));
    let taken = host.now() - start;
    assert!((5_000_000_000..5_010_000_000).contains(&taken), "{taken} ns");
}

#[test]
fn the_device_answers_to_its_address_alone() {
    let (mut host, _) = plugged();
    host.reset().unwrap();
    host.control_out(request::set_address(9), &[]).unwrap();
    let setup = request::get_descriptor(request::DEVICE, 0, 18);
    for address in 0..=127 {
        let expected = if address == 9 { Handshake::Ack } else { Handshake::NoResponse };
        assert_eq!(host.port_mut().setup(address, 0, setup.to_bytes()), expected, "{address}");
    }
    assert_eq!((host.address(), host.control_in(setup).map(|data| data.len())), (9, Ok(18)));
    host.reset().unwrap();
    assert_eq!((host.address(), host.control_in(setup).map(|data| data.len())), (0, Ok(18)));
}

#[test]
fn transfers_conducted_badly_do_not_hurt_the_next() {
    let (mut host, knobs) = plugged();
    let device = linux::enumerate(&mut host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, CODING).unwrap();
    let configuration = request::get_descriptor(request::CONFIGURATION, 0, 58);
    let set = request::set_line_coding(0);
    type Case = (SetupPacket, &'static [u8], Conduct, Result<usize, TransferError>);
    let cases: [Case; 9] = [
        (configuration, &[], Conduct::AbortAfter(0), Ok(0)),
        (configuration, &[], Conduct::AbortAfter(1), Ok(58)),
        (configuration, &[], Conduct::StatusAfter(0), Ok(0)),
        (configuration, &[], Conduct::ReadOn, Ok(58)),
        (configuration, &[], Conduct::WrongToggle(0), Ok(58)),
        (set, &[1; 7], Conduct::AbortAfter(0), Ok(0)),
        (set, &[2; 7], Conduct::AbortAfter(1), Ok(0)),
        (set, &[3; 6], Conduct::Regular, Err(TransferError::Stall)),
        (set, &[4; 7], Conduct::WrongToggle(0), Err(TransferError::Timeout)),
    ];
    for (setup, data, conduct, expected) in cases {
        knobs.borrow_mut().line_coding = CODING;
        let outcome = host.control(setup, data, conduct).map(|data| data.len());
        assert_eq!(outcome, expected, "{conduct:?} {data:?}");
        let after = port.line_coding(&mut host).unwrap();
        let taken = if conduct == Conduct::AbortAfter(1) && setup == set { [2; 7] } else { CODING };
        assert_eq!(after, taken, "{conduct:?}");
    }
    assert_eq!(host.port().wire().violations(), []);
}

#[test]
fn break_reaches_the_device() {
    let (mut host, knobs) = plugged();
    let device = linux::enumerate(&mut host).unwrap();
    let port = AcmPort::all(&device).remove(0);
    port.send_break(&mut host, 0xFFFF).unwrap();
    assert_eq!(knobs.borrow().break_time, Some(0xFFFF));
}
