//! EP0.

use usbd_acm::{Controller, Event, SetupPacket, TxPacket};

use super::{
    amount, attached, data, data_in, data_out, dma_ends, has, maxcnt, opened, slots, start,
};
use crate::line::Line;
use crate::registers::fake::{raise, raise_again, set, written, written_to};
use crate::registers::{
    BMREQUESTTYPE, ENABLE, EP0DATADONE, EP0RCVOUT, EP0SETUP, EP0STALL, EP0STATUS, Register,
    USBADDR, USBRESET, size_out,
};

const GET_DEVICE: [u8; 8] = [0x80, 6, 0, 1, 0, 0, 18, 0];
const SET_CODING: [u8; 8] = [0x21, 0x20, 0, 0, 0, 0, 7, 0];

/// SET_ADDRESS.
fn set_address(address: u8) -> [u8; 8] {
    [0, 5, address, 0, 0, 0, 0, 0]
}

/// The hardware receives a SETUP.
fn setup(bytes: [u8; 8]) {
    for (offset, byte) in (0..).zip(bytes) {
        set(Register(BMREQUESTTYPE.0 + 4 * offset), byte.into());
    }
    raise(EP0SETUP, 1);
}

fn told(event: Option<Event>) -> Option<SetupPacket> {
    match event {
        Some(Event::Setup(setup)) => Some(setup),
        _ => None,
    }
}

#[test]
fn data_in_goes_by_dma_and_its_status_stage_is_allowed_after_it() {
    let mut controller = attached();
    setup(GET_DEVICE);
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(GET_DEVICE)));
    assert!(controller.poll().is_none());
    controller.ep0_send(&[18, 1]);
    assert!(has(&written(), start(Line::EP0_IN), 1));
    dma_ends(Line::EP0_IN);
    assert!(controller.poll().is_none());
    raise(EP0DATADONE, 1);
    assert!(matches!(controller.poll(), Some(Event::Ep0Sent)));
    assert_eq!(written_to(EP0STATUS), []);
    controller.ep0_status_out();
    assert_eq!(written_to(EP0STATUS), [1]);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert!(controller.poll().is_none());
}

#[test]
fn data_out_is_let_in_read_and_told() {
    let mut controller = attached();
    setup(SET_CODING);
    assert!(told(controller.poll()).is_some());
    controller.ep0_receive();
    assert_eq!(written_to(EP0RCVOUT), [1]);
    set(size_out(Line::EP0_OUT), 7);
    raise(EP0DATADONE, 1);
    assert!(controller.poll().is_none());
    let log = written();
    assert!(has(&log, maxcnt(Line::EP0_OUT), 7) && has(&log, start(Line::EP0_OUT), 1));
    set(amount(Line::EP0_OUT), 7);
    dma_ends(Line::EP0_OUT);
    assert!(matches!(controller.poll(), Some(Event::Ep0Received)));
    assert_eq!(controller.ep0_read(&mut [0; 7]), 7);
    controller.ep0_status_in(None);
    assert_eq!(written_to(EP0STATUS), [1]);
}

#[test]
fn a_task_waits_for_the_dma_of_another_endpoint() {
    let mut controller = opened();
    setup(GET_DEVICE);
    assert!(told(controller.poll()).is_some());
    assert!(controller.send(data_in(), TxPacket::ZERO_LENGTH).is_ok());
    written();
    controller.ep0_stall();
    assert_eq!(written_to(EP0STALL), []);
    dma_ends(Line::of(data_in()));
    assert!(controller.poll().is_none());
    assert_eq!(written_to(EP0STALL), [1]);
}

#[test]
fn what_answers_an_older_setup_is_not_done() {
    let mut controller = attached();
    setup(GET_DEVICE);
    assert!(told(controller.poll()).is_some());
    setup(SET_CODING);
    written();
    controller.ep0_send(&[18, 1]);
    controller.ep0_status_out();
    controller.ep0_receive();
    controller.ep0_stall();
    let log = written();
    let tasks = [start(Line::EP0_IN), EP0STATUS, EP0RCVOUT, EP0STALL];
    assert!(!log.iter().any(|(register, _)| tasks.contains(register)), "{log:?}");
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(SET_CODING)));
}

#[test]
fn what_answers_a_setup_before_a_reset_is_not_done() {
    let mut controller = attached();
    setup(GET_DEVICE);
    assert!(told(controller.poll()).is_some());
    raise(USBRESET, 1);
    written();
    controller.ep0_stall();
    assert_eq!(written(), []);
}

#[test]
fn a_setup_drops_what_was_armed() {
    let mut controller = attached();
    setup(GET_DEVICE);
    assert!(told(controller.poll()).is_some());
    controller.ep0_send(&[18, 1]);
    dma_ends(Line::EP0_IN);
    assert!(controller.poll().is_none());
    raise(EP0DATADONE, 1);
    setup(SET_CODING);
    written();
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(SET_CODING)));
    assert!(has(&written(), crate::registers::TEST_ADDRESS, 0x7B4), "EP0 IN is disarmed");
    assert!(controller.poll().is_none(), "and the acknowledgement is forgotten");
}

#[test]
fn a_setup_comes_after_the_packets_before_it() {
    let mut controller = opened();
    assert!(controller.send(data_in(), TxPacket::ZERO_LENGTH).is_ok());
    dma_ends(Line::of(data_in()));
    assert!(controller.poll().is_none());
    data(Line::of(data_in()));
    setup(GET_DEVICE);
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert!(told(controller.poll()).is_some());
}

#[test]
fn the_status_stage_of_set_address_is_left_to_the_chip() {
    let mut controller = attached();
    setup(set_address(9));
    assert!(told(controller.poll()).is_some());
    controller.ep0_status_in(Some(9));
    assert_eq!(written_to(EP0STATUS), []);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert!(controller.poll().is_none());
    set(USBADDR, 9);
    setup(GET_DEVICE);
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(GET_DEVICE)));
}

#[test]
fn the_address_is_told_before_the_setup_that_follows() {
    let mut controller = attached();
    setup(set_address(9));
    assert!(told(controller.poll()).is_some());
    controller.ep0_status_in(Some(9));
    set(USBADDR, 9);
    setup(GET_DEVICE);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(GET_DEVICE)));
}

#[test]
fn an_address_that_was_set_and_overwritten_before_it_was_seen_is_told() {
    let mut controller = attached();
    set(USBADDR, 9);
    setup(GET_DEVICE);
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(set_address(9))));
    controller.ep0_status_in(Some(9));
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(GET_DEVICE)));
}

/// The host gave up before the status stage: the device is at address 0 still, and in default state.
#[test]
fn an_address_that_was_not_taken_is_taken_back() {
    let mut controller = attached();
    setup(set_address(9));
    assert!(told(controller.poll()).is_some());
    controller.ep0_status_in(Some(9));
    setup(GET_DEVICE);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(set_address(0))));
    controller.ep0_status_in(Some(0));
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(GET_DEVICE)));
    assert!(controller.poll().is_none());
}

/// Its registers may be of both.
#[test]
fn a_setup_that_another_one_overwrites_is_not_told() {
    let mut controller = attached();
    setup(GET_DEVICE);
    raise_again(EP0SETUP);
    assert!(controller.poll().is_none());
    assert_eq!(told(controller.poll()), Some(SetupPacket::from_bytes(GET_DEVICE)));
}

#[test]
fn a_packet_longer_than_ep0_takes_is_cut() {
    let mut controller = attached();
    setup(GET_DEVICE);
    assert!(told(controller.poll()).is_some());
    written();
    controller.ep0_send(&[0; 100]);
    assert!(has(&written(), maxcnt(Line::EP0_IN), 64));
}

/// A SETUP is told after the packets that came before it; the interrupt line is asserted all the time.
#[test]
fn a_dma_that_does_not_end_keeps_no_setup_back() {
    let mut controller = opened();
    assert!(controller.receive(data_out(), slots()()).is_ok());
    data(Line::of(data_out()));
    assert!(controller.poll().is_none());
    setup(GET_DEVICE);
    let events = [(); 4].map(|()| controller.poll());
    assert!(events.iter().any(|event| matches!(event, Some(Event::VbusLost))), "{events:?}");
    assert_eq!(written_to(ENABLE).first(), Some(&0));
}
