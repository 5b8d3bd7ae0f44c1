//! Control transfers of a class of usb-device on one of our controllers, call by call.

use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress as BusAddress, EndpointType};
use usb_device::{UsbDirection, UsbError};
use usbd_acm::usb_device::{AsUsbBus, BusStorage};
use usbd_acm::{Event, SetupPacket, Speed};
use usbd_acm_tests::bridge::leak;

use crate::chip::{Call, Chip};

type Bus = AsUsbBus<Chip, 1, 64>;

/// The three words of a poll of EP0, each a bit.
#[derive(PartialEq, Eq, Debug)]
enum News {
    None,
    Setup,
    Out,
    InComplete,
}

/// A bus with EP0 packets of so many bytes.
fn bus_of(packet_size: u16) -> (Bus, Chip) {
    let chip = Chip::default();
    let mut bus = Bus::new(chip.clone(), leak(BusStorage::new()));
    for (direction, address) in [(UsbDirection::Out, 0x00), (UsbDirection::In, 0x80)] {
        let wanted = Some(BusAddress::from(address));
        let got = bus.alloc_ep(direction, wanted, EndpointType::Control, packet_size, 0);
        assert_eq!(got, Ok(BusAddress::from(address)));
    }
    (bus, chip)
}

fn bus() -> (Bus, Chip) {
    bus_of(64)
}

fn news(bus: &Bus) -> News {
    match bus.poll() {
        PollResult::None => News::None,
        PollResult::Data { ep_setup: 1, ep_out: 0, ep_in_complete: 0 } => News::Setup,
        PollResult::Data { ep_setup: 0, ep_out: 1, ep_in_complete: 0 } => News::Out,
        PollResult::Data { ep_setup: 0, ep_out: 0, ep_in_complete: 1 } => News::InComplete,
        _ => panic!("more than one thing at once"),
    }
}

fn read(bus: &Bus, room: usize) -> Result<Vec<u8>, UsbError> {
    let mut buffer = vec![0; room];
    let length = bus.read(BusAddress::from(0x00), &mut buffer)?;
    Ok(buffer[..length].to_vec())
}

fn write(bus: &Bus, packet: &[u8]) -> Result<usize, UsbError> {
    bus.write(BusAddress::from(0x80), packet)
}

/// A request is told and read: IN or OUT, and wLength.
fn begin((bus, chip): &(Bus, Chip), request_type: u8, length: u16) {
    let setup = SetupPacket { request_type, request: 1, value: 2, index: 3, length };
    chip.tell(Event::Setup(setup));
    assert_eq!(news(bus), News::Setup);
    assert_eq!(read(bus, 128), Ok(setup.to_bytes().to_vec()));
}

const IN: u8 = 0x80;
const OUT: u8 = 0x00;

/// A descriptor that does not fit the buffer of `UsbDevice` is never sent.
#[test]
fn a_request_without_an_answer_is_stalled_once() {
    for (request_type, length) in [(IN, 4), (IN, 0), (OUT, 0)] {
        let both = bus();
        begin(&both, request_type, length);
        let (bus, chip) = &both;
        assert_eq!(chip.calls(), []);
        assert_eq!(news(bus), News::None);
        assert_eq!(chip.calls(), [Call::Stall]);
        assert_eq!(news(bus), News::None);
        bus.set_stalled(BusAddress::from(0x80), true);
        assert_eq!(chip.calls(), [], "there is nothing to refuse any more");
    }
}

#[test]
fn what_was_not_read_waits_for_its_answer() {
    let both = bus();
    let (bus, chip) = &both;
    chip.tell(Event::Setup(SetupPacket { request_type: IN, ..GET }));
    for _ in 0..3 {
        assert_eq!(news(bus), News::Setup);
    }
    begin(&both, OUT, 2);
    assert_eq!(chip.calls(), [Call::Ep0Receive]);
    chip.ep0_data(&[1, 2]);
    for _ in 0..3 {
        assert_eq!(news(bus), News::Out);
    }
    assert_eq!(chip.calls(), []);
    // Read, it is due.
    assert_eq!(read(bus, 128), Ok(vec![1, 2]));
    assert_eq!(read(bus, 128), Err(UsbError::WouldBlock));
    assert_eq!(news(bus), News::None);
    assert_eq!(chip.calls(), [Call::Stall]);
}

const GET: SetupPacket =
    SetupPacket { request_type: IN, request: 1, value: 2, index: 3, length: 4 };

#[test]
fn a_reply_goes_out_by_packets() {
    let both = bus_of(8);
    let (bus, chip) = &both;
    // bMaxPacketSize0 outlasts resets and transfers.
    chip.tell(Event::Reset(Speed::Full));
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    for _ in 0..2 {
        begin(&both, IN, 18);
        for packet in [[1; 8], [2; 8]] {
            assert_eq!(write(bus, &packet), Ok(8));
            assert_eq!(write(bus, &packet), Err(UsbError::WouldBlock));
            assert_eq!(chip.calls(), [Call::Ep0Send(packet.to_vec())]);
            assert_eq!(news(bus), News::None);
            chip.tell(Event::Ep0Sent);
            assert_eq!(news(bus), News::InComplete);
        }
        // No more than wLength of it goes out.
        assert_eq!(write(bus, &[3; 8]), Ok(8));
        assert_eq!(chip.calls(), [Call::Ep0Send(vec![3; 2])]);
        chip.tell(Event::Ep0Sent);
        assert_eq!(news(bus), News::InComplete);
        assert_eq!(chip.calls(), [Call::StatusOut]);
        chip.tell(Event::Ep0Status);
        assert_eq!(news(bus), News::Out);
        assert_eq!(read(bus, 8), Ok(vec![]));
        assert_eq!(news(bus), News::None);
        assert_eq!(chip.calls(), []);
    }
}

/// A short packet, and one that fills wLength, end the data stage; `UsbDevice` may have a zero-length
/// packet in mind all the same.
#[test]
fn the_data_stage_ends_once() {
    for (length, packet) in [(100, 10), (64, 64), (10, 10), (100, 0)] {
        let both = bus();
        let (bus, chip) = &both;
        begin(&both, IN, length);
        assert_eq!(write(bus, &vec![1; packet]), Ok(packet));
        chip.tell(Event::Ep0Sent);
        assert_eq!(news(bus), News::InComplete);
        assert_eq!(chip.calls(), [Call::Ep0Send(vec![1; packet]), Call::StatusOut]);
        assert_eq!(write(bus, &[1]), Err(UsbError::WouldBlock));
        assert_eq!(write(bus, &[]), Ok(0));
        assert_eq!(news(bus), News::InComplete);
        assert_eq!(news(bus), News::None);
        assert_eq!(chip.calls(), []);
    }
}

/// A packet of 64 of 100 bytes is followed by another one, and so an answer is due.
#[test]
fn a_reply_that_stops_in_the_middle_is_stalled() {
    let both = bus();
    let (bus, chip) = &both;
    begin(&both, IN, 100);
    assert_eq!(write(bus, &[1; 64]), Ok(64));
    chip.tell(Event::Ep0Sent);
    assert_eq!(news(bus), News::InComplete);
    chip.calls();
    assert_eq!(news(bus), News::None);
    assert_eq!(chip.calls(), [Call::Stall]);
}

/// USB 2.0 §8.5.3: it may stop early.
#[test]
fn the_host_may_end_the_data_stage() {
    let both = bus();
    let (bus, chip) = &both;
    begin(&both, IN, 100);
    assert_eq!(write(bus, &[1; 64]), Ok(64));
    chip.tell(Event::Ep0Status);
    assert_eq!(news(bus), News::Out);
    assert_eq!(read(bus, 64), Ok(vec![]));
    assert_eq!(news(bus), News::None);
    assert_eq!(chip.calls(), [Call::Ep0Send(vec![1; 64])]);
}

#[test]
fn out_data_is_as_long_as_the_request_says() {
    // wLength, the packets, and whether the last of them is right.
    let cases: [(u16, &[usize], bool); 8] = [
        (10, &[10], true),
        (10, &[9], false),
        (10, &[11], false),
        (64, &[64], true),
        (100, &[64, 36], true),
        (100, &[64, 35], false),
        (100, &[64, 37], false),
        (128, &[64, 64], true),
    ];
    for (length, packets, is_right) in cases {
        let both = bus();
        let (bus, chip) = &both;
        begin(&both, OUT, length);
        let (last, before) = packets.split_last().expect("a packet");
        for packet in before {
            chip.ep0_data(&vec![1; *packet]);
            assert_eq!(news(bus), News::Out);
            assert_eq!(read(bus, 128), Ok(vec![1; *packet]));
        }
        assert_eq!(chip.calls(), vec![Call::Ep0Receive; packets.len()]);
        assert_eq!(news(bus), News::None, "more is expected");
        assert_eq!(write(bus, &[]), Err(UsbError::WouldBlock));
        chip.ep0_data(&vec![2; *last]);
        if !is_right {
            assert_eq!(news(bus), News::None);
            assert_eq!(chip.calls(), [Call::Stall], "{length} {packets:?}");
            continue;
        }
        assert_eq!(news(bus), News::Out);
        assert_eq!(read(bus, 128), Ok(vec![2; *last]));
        assert_eq!(write(bus, &[]), Ok(0));
        assert_eq!(chip.calls(), [Call::StatusIn(None)]);
        assert_eq!(news(bus), News::None);
        chip.tell(Event::Ep0Status);
        assert_eq!(news(bus), News::InComplete);
        assert_eq!(news(bus), News::None);
        assert_eq!(chip.calls(), []);
    }
}

/// `UsbDevice` would forget what it has no room for.
#[test]
fn more_out_data_than_there_is_room_for_is_refused_at_once() {
    for (room, is_refused) in [(9, true), (10, false), (11, false)] {
        let (bus, chip) = bus();
        chip.tell(Event::Setup(SetupPacket { request_type: OUT, length: 10, ..GET }));
        assert_eq!(news(&bus), News::Setup);
        assert!(read(&bus, room).is_ok());
        let call = if is_refused { Call::Stall } else { Call::Ep0Receive };
        assert_eq!(chip.calls(), [call]);
    }
}

#[test]
fn an_address_goes_with_the_status_stage() {
    let both = bus();
    let (bus, chip) = &both;
    for address in [Some(7), None] {
        begin(&both, OUT, 0);
        if let Some(address) = address {
            bus.set_device_address(address);
        }
        assert_eq!(write(bus, &[]), Ok(0));
        assert_eq!(chip.calls(), [Call::StatusIn(address)]);
        assert_eq!(write(bus, &[1]), Err(UsbError::WouldBlock));
        chip.tell(Event::Ep0Status);
        assert_eq!(news(bus), News::InComplete);
    }
    // That of a transfer which was given up is forgotten.
    begin(&both, OUT, 0);
    bus.set_device_address(8);
    begin(&both, OUT, 0);
    chip.calls();
    assert_eq!(write(bus, &[]), Ok(0));
    assert_eq!(chip.calls(), [Call::StatusIn(None)]);
}

#[test]
fn a_refused_request_is_stalled_once() {
    let both = bus();
    let (bus, chip) = &both;
    begin(&both, IN, 4);
    for address in [0x00, 0x80] {
        bus.set_stalled(BusAddress::from(address), true);
    }
    assert_eq!(chip.calls(), [Call::Stall]);
    for address in [0x00, 0x80] {
        bus.set_stalled(BusAddress::from(address), false);
    }
    assert_eq!(write(bus, &[1]), Err(UsbError::WouldBlock));
    assert_eq!(news(bus), News::None);
    assert_eq!(chip.calls(), []);
}

/// Nothing of a transfer outlasts a reset.
#[test]
fn a_reset_ends_the_transfer() {
    let both = bus();
    let (bus, chip) = &both;
    begin(&both, IN, 4);
    chip.tell(Event::Reset(Speed::Full));
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    chip.calls();
    assert_eq!(news(bus), News::None);
    assert_eq!(write(bus, &[1]), Err(UsbError::WouldBlock));
    assert_eq!(chip.calls(), []);
    // Out of turn, there is no stage for it.
    chip.ep0_data(&[1]);
    assert_eq!(news(bus), News::None);
    chip.tell(Event::Ep0Status);
    assert_eq!(news(bus), News::None);
    assert_eq!(chip.calls(), []);
}

/// Nor what was not read by then.
#[test]
fn a_reset_drops_the_setup_before_it() {
    let (bus, chip) = bus();
    chip.tell(Event::Setup(GET));
    assert_eq!(news(&bus), News::Setup);
    chip.tell(Event::Reset(Speed::Full));
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    assert_eq!(news(&bus), News::None);
    assert_eq!(read(&bus, 64), Err(UsbError::WouldBlock));
}
