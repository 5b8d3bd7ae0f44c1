//! Packets of a class of usb-device on one of our controllers, and its power, call by call.

use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{EndpointAddress as BusAddress, EndpointType};
use usb_device::{UsbDirection, UsbError};
use usbd_acm::usb_device::{AsUsbBus, BeyondUsbBus, BusStorage, OnAsUsbBus};
use usbd_acm::{EndpointAddress, Event, SetupPacket, Speed};
use usbd_acm_tests::bridge::leak;

use crate::chip::{Call, Chip};

type Bus = AsUsbBus<Chip, 2, 64>;

const IN: u8 = 0x81;
const OUT: u8 = 0x01;

/// Two endpoints, on a bus that was reset; the calls up to there are forgotten.
fn bus() -> (Bus, Chip) {
    let chip = Chip::default();
    let mut bus = Bus::new(chip.clone(), leak(BusStorage::new()));
    for (direction, address) in [(UsbDirection::In, IN), (UsbDirection::Out, OUT)] {
        let wanted = Some(BusAddress::from(address));
        assert!(bus.alloc_ep(direction, wanted, EndpointType::Bulk, 64, 0).is_ok());
    }
    bus.enable();
    assert_eq!(chip.calls(), [Call::Connect]);
    chip.tell(Event::Reset(Speed::Full));
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    assert_eq!(chip.calls(), [Call::Open(IN), Call::Open(OUT), Call::Slot(OUT), Call::Slot(OUT)]);
    (bus, chip)
}

/// What a poll says of the endpoints: bits of IN, and of OUT.
fn bits(bus: &Bus) -> (u16, u16) {
    match bus.poll() {
        PollResult::None => (0, 0),
        PollResult::Data { ep_in_complete, ep_out, ep_setup: 0 } => (ep_in_complete, ep_out),
        _ => panic!("neither packets nor nothing"),
    }
}

fn read(bus: &Bus) -> Result<Vec<u8>, UsbError> {
    let mut buffer = [0; 64];
    let length = bus.read(BusAddress::from(OUT), &mut buffer)?;
    Ok(buffer[..length].to_vec())
}

fn write(bus: &Bus, packet: &[u8]) -> Result<usize, UsbError> {
    bus.write(BusAddress::from(IN), packet)
}

fn data_in() -> EndpointAddress {
    EndpointAddress::from_byte(IN).expect("an endpoint")
}

fn suspend(bus: &Bus, chip: &Chip) {
    chip.tell(Event::Suspend);
    assert!((0..2).any(|_| matches!(bus.poll(), PollResult::Suspend)));
    bus.suspend();
    assert_eq!(chip.calls(), [Call::Suspend]);
}

/// Two wait for the host, and each is told once: of two bits in one poll a class sees one.
#[test]
fn each_packet_is_told_once() {
    let (bus, chip) = bus();
    assert_eq!(write(&bus, &[1]), Ok(1));
    assert_eq!(write(&bus, &[2; 64]), Ok(64));
    assert_eq!(write(&bus, &[3]), Err(UsbError::WouldBlock));
    assert_eq!(chip.calls(), [Call::Send(IN, vec![1]), Call::Send(IN, vec![2; 64])]);
    chip.complete(IN);
    chip.complete(IN);
    assert_eq!([bits(&bus), bits(&bus), bits(&bus)], [(2, 0), (2, 0), (0, 0)]);
    assert_eq!(write(&bus, &[4]), Ok(1));
}

#[test]
fn packets_are_read_in_order_and_make_room() {
    let (bus, chip) = bus();
    chip.arrive(OUT, &[1; 64]);
    chip.arrive(OUT, &[]);
    // A packet is told until it is read.
    assert_eq!([bits(&bus), bits(&bus)], [(0, 2), (0, 2)]);
    assert_eq!(read(&bus), Ok(vec![1; 64]));
    assert_eq!(chip.calls(), [Call::Slot(OUT)]);
    assert_eq!(bits(&bus), (0, 2));
    assert_eq!(read(&bus), Ok(vec![]));
    assert_eq!(chip.calls(), [Call::Slot(OUT)]);
    assert_eq!(bits(&bus), (0, 0));
    assert_eq!(read(&bus), Err(UsbError::WouldBlock));
}

#[test]
fn both_directions_of_a_number_at_once() {
    let (bus, chip) = bus();
    assert_eq!(write(&bus, &[1]), Ok(1));
    chip.complete(IN);
    chip.arrive(OUT, &[2]);
    assert_eq!(bits(&bus), (2, 2));
}

#[test]
fn packets_do_not_outlast_a_reset() {
    let (bus, chip) = bus();
    chip.arrive(OUT, &[1]);
    assert_eq!(write(&bus, &[1]), Ok(1));
    chip.complete(IN);
    bus.set_stalled(BusAddress::from(IN), true);
    // Both are news of one poll, of which the bit of IN is told; a reset comes before the next.
    chip.tell(Event::Reset(Speed::Full));
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    assert_eq!(bits(&bus), (0, 0));
    assert_eq!(read(&bus), Err(UsbError::WouldBlock));
    assert!(!bus.is_stalled(BusAddress::from(IN)));
}

/// Without VBUS there is nobody to open them for.
#[test]
fn endpoints_stay_closed_without_vbus() {
    let (bus, chip) = bus();
    chip.tell(Event::VbusLost);
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    assert_eq!(chip.calls(), []);
    assert_eq!(write(&bus, &[1]), Err(UsbError::InvalidEndpoint));
    chip.tell(Event::Reset(Speed::Full));
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    assert_eq!(chip.calls().len(), 4);
    assert_eq!(write(&bus, &[1]), Ok(1));
}

/// `UsbDevice` drops what comes with a suspend, and so the packets come first.
#[test]
fn suspend_is_told_after_the_packets_before_it() {
    let (bus, chip) = bus();
    chip.arrive(OUT, &[1]);
    chip.tell(Event::Suspend);
    assert_eq!(bits(&bus), (0, 2));
    assert!(matches!(bus.poll(), PollResult::Suspend));
    bus.suspend();
    chip.tell(Event::Resume);
    chip.arrive(OUT, &[2]);
    assert!(matches!(bus.poll(), PollResult::Resume));
    bus.resume();
    assert_eq!(bits(&bus), (0, 2));
}

#[test]
fn a_gated_controller_takes_no_calls() {
    let (bus, chip) = bus();
    chip.arrive(OUT, &[1]);
    assert_eq!(bits(&bus), (0, 2));
    suspend(&bus, &chip);
    assert_eq!(bits(&bus), (0, 0), "what waits is no news");
    assert_eq!(write(&bus, &[1]), Err(UsbError::WouldBlock));
    assert!(!<OnAsUsbBus as BeyondUsbBus<Bus>>::abort(&bus, data_in()));
    assert_eq!(read(&bus), Ok(vec![1]));
    assert_eq!(chip.calls(), []);
    chip.tell(Event::Resume);
    assert!(matches!(bus.poll(), PollResult::Resume));
    bus.resume();
    assert_eq!(chip.calls(), [Call::Resume, Call::Slot(OUT)]);
    bus.resume();
    assert_eq!(chip.calls(), [Call::Resume], "the slot is there");
    assert_eq!(write(&bus, &[1]), Ok(1));
}

#[test]
fn remote_wakeup_restores_the_controller_first() {
    let (bus, chip) = bus();
    suspend(&bus, &chip);
    <OnAsUsbBus as BeyondUsbBus<Bus>>::remote_wakeup(&bus);
    assert_eq!(chip.calls(), [Call::Resume, Call::RemoteWakeup]);
    // It takes calls again, but a packet that waits is no news before the host has resumed.
    assert_eq!(write(&bus, &[1]), Ok(1));
    assert_eq!(bits(&bus), (0, 0));
}

#[test]
fn a_reset_in_suspend_ends_it() {
    let (bus, chip) = bus();
    suspend(&bus, &chip);
    chip.tell(Event::Reset(Speed::Full));
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.resume();
    bus.reset();
    let opened = [Call::Open(IN), Call::Open(OUT), Call::Slot(OUT), Call::Slot(OUT)];
    assert_eq!(chip.calls(), [&[Call::Resume][..], &opened].concat());
    assert_eq!(write(&bus, &[1]), Ok(1));
}

#[test]
fn aborted_packets_are_not_told() {
    let (bus, chip) = bus();
    assert_eq!(write(&bus, &[1]), Ok(1));
    assert_eq!(write(&bus, &[2]), Ok(1));
    chip.complete(IN);
    chip.complete(IN);
    assert_eq!(bits(&bus), (2, 0));
    assert!(<OnAsUsbBus as BeyondUsbBus<Bus>>::abort(&bus, data_in()));
    assert_eq!(chip.calls().last(), Some(&Call::Abort(IN)));
    assert_eq!(bits(&bus), (0, 0));
    let nobody = EndpointAddress::from_byte(0x85).expect("an endpoint");
    assert!(!<OnAsUsbBus as BeyondUsbBus<Bus>>::abort(&bus, nobody));
    assert_eq!(chip.calls(), []);
}

#[test]
fn halts_reach_the_controller() {
    let (bus, chip) = bus();
    for address in [IN, OUT] {
        bus.set_stalled(BusAddress::from(address), true);
        bus.set_stalled(BusAddress::from(address), false);
        assert_eq!(chip.calls(), [Call::Halt(address), Call::Unhalt(address)]);
    }
}

/// So that a critical section is bounded; what is left keeps the interrupt line asserted.
#[test]
fn a_poll_takes_so_many_events() {
    let (bus, chip) = bus();
    for _ in 0..16 {
        chip.tell(Event::Sent(data_in()));
    }
    let setup = SetupPacket { request_type: 0, request: 9, value: 0, index: 0, length: 0 };
    chip.tell(Event::Setup(setup));
    assert_eq!(bits(&bus), (2, 0));
    assert!(matches!(bus.poll(), PollResult::Data { ep_setup: 1, .. }));
}

/// Where IN and OUT cannot have the same number.
#[test]
fn endpoint_numbers_of_one_direction() {
    let allocate = |bus: &mut AsUsbBus<Chip<false>, 4, 64>, direction, wanted: Option<u8>| {
        bus.alloc_ep(direction, wanted.map(BusAddress::from), EndpointType::Bulk, 64, 0)
    };
    let mut bus = AsUsbBus::new(Chip::<false>::default(), leak(BusStorage::<4, 64>::new()));
    assert_eq!(allocate(&mut bus, UsbDirection::In, None), Ok(BusAddress::from(0x81)));
    assert_eq!(allocate(&mut bus, UsbDirection::Out, None), Ok(BusAddress::from(0x02)));
    let taken = allocate(&mut bus, UsbDirection::Out, Some(0x01));
    assert_eq!(taken, Err(UsbError::InvalidEndpoint));
    assert_eq!(allocate(&mut bus, UsbDirection::Out, Some(0x03)), Ok(BusAddress::from(0x03)));
    assert_eq!(allocate(&mut bus, UsbDirection::In, None), Err(UsbError::EndpointOverflow));
    // The chip has three.
    let fourth = allocate(&mut bus, UsbDirection::In, Some(0x84));
    assert_eq!(fourth, Err(UsbError::InvalidEndpoint));
}
