//! The virtual controller against tokens made by hand.

mod by_hand;

use by_hand::*;
use usbd_acm::{
    Controller, Direction, Endpoint, EndpointSet, Event, Speed, TransferType, TxPacket,
};
use usbd_acm_virtual::{
    DevicePort, FullSpeed, Handshake, InResponse, Pid, Variant, Violation, VirtualController,
    VirtualHighSpeed,
};

#[test]
fn nothing_answers_before_pull_up_vbus_and_reset() {
    let (mut device, mut wire) = VirtualController::<FullSpeed>::new(1);
    wire.set_vbus(true);
    assert!(!wire.attached());
    wire.bus_reset(Speed::Full);
    assert!(device.poll().is_none(), "a device without pull-up sees no reset");
    device.connect();
    assert!(wire.attached());
    assert_eq!(wire.setup(0, 0, GET_DESCRIPTOR), Handshake::NoResponse);
    wire.bus_reset(Speed::Full);
    assert_eq!(wire.setup(0, 0, GET_DESCRIPTOR), Handshake::Ack);
    device.disconnect();
    assert!(!wire.attached());
    assert_eq!(wire.setup(0, 0, GET_DESCRIPTOR), Handshake::NoResponse);
}

#[test]
fn speed_is_the_lower_of_both_ends() {
    assert_eq!(VirtualController::<FullSpeed>::new(1).1.bus_reset(Speed::High), Speed::Full);
    assert_eq!(VirtualHighSpeed::new(1).1.bus_reset(Speed::Full), Speed::Full);
    assert_eq!(VirtualHighSpeed::new(1).1.bus_reset(Speed::High), Speed::High);
}

#[test]
fn control_read_goes_data1_data0_and_ends_with_status_out() {
    let (mut device, mut wire) = reset_device::<FullSpeed>(1);
    setup(&mut device, &mut wire, GET_DESCRIPTOR);
    assert_eq!(wire.in_token(0, 0, true), InResponse::Nak);
    device.ep0_send(&[1; 64]);
    assert_eq!(wire.in_token(0, 0, true), data(Pid::Data1, &[1; 64]));
    assert_eq!(wire.in_token(0, 0, true), InResponse::Nak);
    assert!(matches!(device.poll(), Some(Event::Ep0Sent)));
    device.ep0_send(&[2; 3]);
    assert_eq!(wire.in_token(0, 0, true), data(Pid::Data0, &[2; 3]));
    assert!(matches!(device.poll(), Some(Event::Ep0Sent)));
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[]), Handshake::Nak);
    device.ep0_status_out();
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[]), Handshake::Ack);
    assert!(matches!(device.poll(), Some(Event::Ep0Status)));
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[]), Handshake::Ack, "the host missed our ACK");
    assert!(device.poll().is_none());
    assert_eq!(wire.violations(), []);
}

#[test]
fn lost_ack_repeats_the_packet_and_status_out_stands_for_it() {
    let (mut device, mut wire) = reset_device::<FullSpeed>(1);
    setup(&mut device, &mut wire, GET_DESCRIPTOR);
    device.ep0_send(&[7]);
    assert_eq!(wire.in_token(0, 0, false), data(Pid::Data1, &[7]));
    assert_eq!(wire.in_token(0, 0, false), data(Pid::Data1, &[7]));
    assert!(device.poll().is_none());
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[]), Handshake::Ack);
    assert!(matches!(device.poll(), Some(Event::Ep0Status)));
    assert!(device.poll().is_none());
}

#[test]
fn status_out_with_data_is_stalled() {
    let (mut device, mut wire) = reset_device::<FullSpeed>(1);
    setup(&mut device, &mut wire, GET_DESCRIPTOR);
    device.ep0_send(&[7]);
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[1]), Handshake::Stall);
    assert_eq!(wire.in_token(0, 0, true), InResponse::Stall);
    setup(&mut device, &mut wire, GET_DESCRIPTOR);
    assert_eq!(wire.in_token(0, 0, true), InResponse::Nak);
}

#[test]
fn control_write_takes_data_once_and_ends_with_status_in() {
    let (mut device, mut wire) = reset_device::<FullSpeed>(1);
    setup(&mut device, &mut wire, SET_LINE_CODING);
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[1; 7]), Handshake::Nak);
    device.ep0_receive();
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[9; 7]), Handshake::Ack);
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[8; 7]), Handshake::Ack, "a repetition");
    assert!(matches!(device.poll(), Some(Event::Ep0Received)));
    assert!(device.poll().is_none());
    let mut buffer = [0; 4];
    assert_eq!(device.ep0_read(&mut buffer), 7);
    assert_eq!(buffer, [9; 4]);
    device.ep0_status_in(None);
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[8; 7]), Handshake::Ack, "still a repetition");
    assert_eq!(wire.in_token(0, 0, true), data(Pid::Data1, &[]));
    assert!(matches!(device.poll(), Some(Event::Ep0Status)));
    assert_eq!(wire.violations(), []);
}

#[test]
fn address_takes_effect_with_the_acknowledged_status_stage() {
    let (mut device, mut wire) = reset_device::<FullSpeed>(1);
    setup(&mut device, &mut wire, SET_ADDRESS_5);
    device.ep0_status_in(Some(5));
    assert_eq!(wire.in_token(0, 0, false), data(Pid::Data1, &[]));
    assert_eq!(wire.setup(5, 0, GET_DESCRIPTOR), Handshake::NoResponse);
    assert_eq!(wire.in_token(0, 0, true), data(Pid::Data1, &[]));
    assert_eq!(wire.setup(0, 0, GET_DESCRIPTOR), Handshake::NoResponse);
    assert_eq!(wire.setup(5, 0, GET_DESCRIPTOR), Handshake::Ack);
    wire.bus_reset(Speed::Full);
    assert_eq!(wire.setup(0, 0, GET_DESCRIPTOR), Handshake::Ack);
}

#[test]
fn setup_drops_the_transfer_before_it_and_its_events() {
    let (mut device, mut wire) = reset_device::<FullSpeed>(1);
    setup(&mut device, &mut wire, GET_DESCRIPTOR);
    device.ep0_send(&[1]);
    wire.in_token(0, 0, true);
    assert_eq!(wire.setup(0, 0, SET_LINE_CODING), Handshake::Ack);
    assert_eq!(wire.setup(0, 0, SET_ADDRESS_5), Handshake::Ack);
    assert_eq!(wire.in_token(0, 0, true), InResponse::Nak);
    assert!(matches!(device.poll(), Some(Event::Setup(s)) if s.request == 5));
    assert!(device.poll().is_none());
}

#[test]
fn an_answer_to_an_older_setup_does_nothing() {
    let (mut device, mut wire) = reset_device::<FullSpeed>(1);
    setup(&mut device, &mut wire, GET_DESCRIPTOR);
    assert_eq!(wire.setup(0, 0, SET_LINE_CODING), Handshake::Ack);
    device.ep0_send(&[1]);
    assert_eq!(wire.in_token(0, 0, true), InResponse::Nak);
    assert!(matches!(device.poll(), Some(Event::Setup(s)) if s.request == 0x20));
    device.ep0_stall();
    assert_eq!(wire.out_token(0, 0, Pid::Data1, &[0; 7]), Handshake::Stall);
    assert_eq!(wire.in_token(0, 0, true), InResponse::Stall);
    assert_eq!(wire.violations(), []);
}

#[test]
fn bulk_in_alternates_repeats_and_holds_its_depth() {
    let (mut device, mut wire) = open_device(2);
    assert_eq!(wire.in_token(0, 1, true), InResponse::Nak);
    assert!(device.send(ep1_in(), packet(b"one")).is_ok());
    assert!(device.send(ep1_in(), packet(b"two")).is_ok());
    assert!(device.send(ep1_in(), packet(b"three")).is_err());
    assert_eq!(wire.in_token(0, 1, false), data(Pid::Data0, b"one"));
    assert_eq!(wire.in_token(0, 1, true), data(Pid::Data0, b"one"));
    assert!(device.send(ep1_in(), TxPacket::ZERO_LENGTH).is_ok());
    assert_eq!(wire.in_token(0, 1, true), data(Pid::Data1, b"two"));
    assert_eq!(wire.in_token(0, 1, true), data(Pid::Data0, b""));
    for _ in 0..3 {
        assert!(matches!(device.poll(), Some(Event::Sent(a)) if a == ep1_in()));
    }
    assert!(device.poll().is_none());
}

#[test]
fn bulk_out_drops_repetitions_and_naks_without_slot() {
    let (mut device, mut wire) = open_device(1);
    assert_eq!(wire.out_token(0, 1, Pid::Data0, b"one"), Handshake::Nak);
    assert!(device.receive(ep1_out(), slot()).is_ok());
    assert!(device.receive(ep1_out(), slot()).is_err());
    assert_eq!(wire.out_token(0, 1, Pid::Data0, &[0; 65]), Handshake::NoResponse);
    assert_eq!(wire.out_token(0, 1, Pid::Data0, b"one"), Handshake::Ack);
    assert_eq!(wire.out_token(0, 1, Pid::Data0, b"one"), Handshake::Ack);
    assert_eq!(wire.out_token(0, 1, Pid::Data1, b"two"), Handshake::Nak);
    let Some(Event::Received(a, slot, 3)) = device.poll() else { panic!("one packet of 3") };
    assert_eq!((a, &slot[..3]), (ep1_out(), &b"one"[..]));
    assert!(device.poll().is_none());
}

#[test]
fn halt_stalls_and_unhalt_starts_at_data0_with_what_is_queued() {
    let (mut device, mut wire) = open_device(1);
    assert!(device.send(ep1_in(), packet(b"a")).is_ok());
    wire.in_token(0, 1, true);
    assert!(device.send(ep1_in(), packet(b"b")).is_ok());
    device.halt(ep1_in());
    assert_eq!(wire.in_token(0, 1, true), InResponse::Stall);
    device.unhalt(ep1_in());
    assert_eq!(wire.in_token(0, 1, false), data(Pid::Data0, b"b"));

    assert!(device.receive(ep1_out(), slot()).is_ok());
    device.halt(ep1_out());
    assert_eq!(wire.out_token(0, 1, Pid::Data0, b"x"), Handshake::Stall);
    device.unhalt(ep1_out());
    assert_eq!(wire.out_token(0, 1, Pid::Data0, b"x"), Handshake::Ack);
    device.unhalt(ep1_out());
    assert!(device.receive(ep1_out(), slot()).is_ok());
    assert_eq!(wire.out_token(0, 1, Pid::Data0, b"y"), Handshake::Ack);
}

#[test]
fn abort_drops_packets_and_keeps_the_toggle() {
    let (mut device, mut wire) = open_device(2);
    assert!(device.send(ep1_in(), packet(b"a")).is_ok());
    assert!(device.send(ep1_in(), packet(b"b")).is_ok());
    wire.in_token(0, 1, true);
    device.abort(ep1_in());
    assert!(device.poll().is_none());
    assert_eq!(wire.in_token(0, 1, true), InResponse::Nak);
    assert!(device.send(ep1_in(), packet(b"c")).is_ok());
    assert_eq!(wire.in_token(0, 1, true), data(Pid::Data1, b"c"));
    assert!(device.receive(ep1_out(), slot()).is_ok());
    device.abort(ep1_out());
    assert_eq!(wire.out_token(0, 1, Pid::Data0, b"x"), Handshake::Nak);
}

#[test]
fn closed_endpoints_and_other_addresses_are_nobody() {
    let (mut device, mut wire) = open_device(1);
    assert_eq!(wire.in_token(0, 2, true), InResponse::NoResponse);
    assert_eq!(wire.in_token(1, 1, true), InResponse::NoResponse);
    assert_eq!(wire.setup(0, 1, GET_DESCRIPTOR), Handshake::NoResponse);
    assert!(device.send(ep1_in(), packet(b"a")).is_ok());
    device.close_all();
    assert_eq!(wire.in_token(0, 1, true), InResponse::NoResponse);
    assert_eq!(wire.out_token(0, 1, Pid::Data0, b"x"), Handshake::NoResponse);
    device.open(bulk(ep1_in()));
    assert_eq!(wire.in_token(0, 1, true), InResponse::Nak, "opened anew, nothing armed");
}

#[test]
fn until_a_reset_is_told_the_stack_talks_to_nobody() {
    let (mut device, mut wire) = open_device(1);
    assert_eq!(wire.setup(0, 0, GET_DESCRIPTOR), Handshake::Ack);
    wire.bus_reset(Speed::Full);
    assert!(device.send(ep1_in(), packet(b"stale")).is_ok());
    device.open(bulk(ep1_in()));
    device.ep0_send(&[1]);
    assert_eq!(wire.in_token(0, 1, true), InResponse::NoResponse);
    assert!(matches!(device.poll(), Some(Event::Reset(Speed::Full))));
    assert!(device.poll().is_none(), "the SETUP before the reset is gone");
    assert_eq!(wire.violations(), []);
}

#[test]
fn a_suspended_device_is_deaf_until_resume_and_wakes_after_5_ms_of_idle() {
    let (mut device, mut wire) = open_device(1);
    wire.set_suspended(true);
    assert!(matches!(device.poll(), Some(Event::Suspend)));
    device.suspend();
    assert_eq!(wire.setup(0, 0, GET_DESCRIPTOR), Handshake::NoResponse);
    device.resume();
    device.remote_wakeup();
    assert!(!wire.wakeup_signalled());
    wire.run(2_000_000);
    assert!(wire.wakeup_signalled());
    wire.set_suspended(false);
    assert!(!wire.wakeup_signalled());
    assert!(matches!(device.poll(), Some(Event::Resume)));
    device.resume();
    assert_eq!(wire.in_token(0, 1, true), InResponse::Nak, "endpoints stay open");
    assert_eq!(wire.violations(), []);
}

#[test]
fn unplugging_tells_vbus_lost_and_nothing_before_it() {
    let (mut device, mut wire) = open_device(1);
    assert!(device.send(ep1_in(), packet(b"a")).is_ok());
    wire.in_token(0, 1, true);
    wire.set_vbus(false);
    assert!(!wire.attached());
    assert!(matches!(device.poll(), Some(Event::VbusLost)));
    assert!(device.poll().is_none());
    wire.set_vbus(true);
    assert!(wire.attached(), "the pull-up waits for VBUS");
    assert_eq!(wire.setup(0, 0, GET_DESCRIPTOR), Handshake::NoResponse);
}

#[test]
fn ping_tells_whether_the_next_out_finds_room() {
    let (mut device, mut wire) = VirtualHighSpeed::new(1);
    device.connect();
    wire.set_vbus(true);
    wire.bus_reset(Speed::High);
    assert!(matches!(device.poll(), Some(Event::Reset(Speed::High))));
    assert_eq!(wire.ping(0, 1), Handshake::NoResponse);
    setup(&mut device, &mut wire, SET_LINE_CODING);
    assert_eq!(wire.ping(0, 0), Handshake::Nak);
    device.ep0_receive();
    assert_eq!(wire.ping(0, 0), Handshake::Ack);
    let out = address(2, Direction::Out);
    device.open(Endpoint {
        address: out,
        transfer_type: TransferType::Interrupt,
        max_packet_size: 64,
    });
    assert_eq!(wire.ping(0, 2), Handshake::Nak);
    assert!(device.receive(out, slot()).is_ok());
    assert_eq!(wire.ping(0, 2), Handshake::Ack);
    device.halt(out);
    assert_eq!(wire.ping(0, 2), Handshake::Stall);
    assert_eq!(wire.violations(), []);
}

/// One number is one endpoint, in one direction.
struct Unshared;

impl Variant for Unshared {
    const ENDPOINTS: EndpointSet =
        EndpointSet { in_numbers: 0b110, out_numbers: 0b110, shared_numbers: false };
}

#[test]
fn violations_are_recorded_one_by_one() {
    let (mut device, mut wire) = reset_device::<Unshared>(1);
    device.ep0_send(&[1]);
    setup(&mut device, &mut wire, GET_DESCRIPTOR);
    device.ep0_send(&[0; 65]);
    device.ep0_send(&[1]);
    device.ep0_send(&[1]);
    device.ep0_read(&mut []);
    assert!(device.send(ep1_in(), packet(b"a")).is_ok());
    device.open(bulk(ep1_in()));
    assert!(device.receive(ep1_in(), slot()).is_ok());
    device.open(bulk(ep1_out()));
    let small = Endpoint { max_packet_size: 8, ..bulk(ep1_in()) };
    device.open(small);
    assert!(device.send(ep1_in(), packet(b"too long!")).is_ok());
    let odd = Endpoint { max_packet_size: 9, ..bulk(address(2, Direction::In)) };
    device.open(odd);
    let third = bulk(address(3, Direction::In));
    device.open(third);
    device.remote_wakeup();
    device.suspend();
    assert_eq!(
        wire.violations(),
        [
            Violation::StageNotDue("ep0_send"),
            Violation::Ep0PacketTooLong(65),
            Violation::StageNotDue("ep0_send"),
            Violation::NothingToRead,
            Violation::NotOpen(ep1_in()),
            Violation::WrongDirection(ep1_in()),
            Violation::IllegalEndpoint(bulk(ep1_out())),
            Violation::PacketTooLong(ep1_in(), 9),
            Violation::IllegalEndpoint(odd),
            Violation::IllegalEndpoint(third),
            Violation::NotSuspended("remote_wakeup"),
            Violation::NotSuspended("suspend"),
        ]
    );
}
