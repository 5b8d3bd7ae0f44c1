//! EP0 while something else comes in.

use usbd_acm::{Controller, Event, SetupPacket};

use super::{attached, data_out, open, slots};
use crate::SynopsysOtg;
use crate::endpoint::{Line, ctl};
use crate::registers::Register;
use crate::registers::fake::{Access, accesses, pended, receive, receive_at, written_to};
use crate::stm32f4::OtgFs;

const GET_DEVICE: [u32; 2] = [0x0100_0680, 0x0012_0000];
const GET_STATUS: [u32; 2] = [0x0000_0080, 0x0002_0000];

/// A SETUP in the receive FIFO, and that its stage is over.
fn setup([low, high]: [u32; 2]) -> [u32; 4] {
    [6 << 17 | 8 << 4, low, high, 4 << 17]
}

/// A packet of four bytes for OUT endpoint 1, and the end of its transfer.
const PACKET: [u32; 3] = [2 << 17 | 4 << 4 | 1, 0x0403_0201, 3 << 17 | 1];

fn told(event: Option<Event>) -> Option<[u32; 2]> {
    let Some(Event::Setup(setup)) = event else { return None };
    let SetupPacket { request_type, request, value, index, length } = setup;
    let low = u32::from(request_type) | u32::from(request) << 8 | u32::from(value) << 16;
    Some([low, u32::from(index) | u32::from(length) << 16])
}

/// What the stack may answer a SETUP with.
const ANSWERS: [fn(&mut SynopsysOtg<OtgFs>); 5] = [
    |controller| controller.ep0_send(&[18, 1]),
    |controller| controller.ep0_receive(),
    |controller| controller.ep0_status_in(Some(5)),
    |controller| controller.ep0_status_out(),
    |controller| controller.ep0_stall(),
];

/// What was written to the registers of EP0.
fn written() -> Vec<(Register, u32)> {
    let lines = [Line::EP0_IN, Line::EP0_OUT];
    let of_ep0 = |access| match access {
        Access::Write(register, value)
            if lines.iter().any(|line| [line.control(), line.size()].contains(&register)) =>
        {
            Some((register, value))
        }
        _ => None,
    };
    accesses().into_iter().filter_map(of_ep0).collect()
}

/// Newer cores do not tell of the next one while STUP stands, or STSPHSRX of a write before it. Whether that is
/// raised when the entry of an end is taken out, or after that, no manual says: the next SETUP packet clears it, too.
#[test]
fn what_the_end_of_a_stage_raises_is_cleared() {
    let raised = 1 << 0 | 1 << 3 | 1 << 5 | 1 << 15;
    let mut controller = attached();
    let [packet @ .., end] = setup(GET_DEVICE);
    for entry in [&packet[..], &[end], &[3 << 17]] {
        accesses();
        receive(entry);
        controller.poll();
        assert_eq!(written_to(Line::EP0_OUT.interrupts()), [raised]);
    }
}

/// Newer cores tell of a SETUP packet as of the end of a transfer. It lets nothing in: the data of a transfer that is
/// not told would come.
#[test]
fn a_setup_that_is_not_told_lets_nothing_in() {
    let mut controller = attached();
    receive(&setup(GET_DEVICE));
    assert_eq!(told(controller.poll()), Some(GET_DEVICE));
    controller.ep0_receive();
    accesses();
    let [packet @ .., end] = setup(GET_STATUS);
    receive(&packet);
    receive(&[3 << 17]);
    assert!(controller.poll().is_none());
    assert_eq!(written(), []);
    receive(&[end]);
    assert_eq!(told(controller.poll()), Some(GET_STATUS));
}

/// Of the SETUPs that are there, the last counts.
#[test]
fn the_newest_of_setups_in_a_row_is_told_when_their_stage_is_over() {
    let mut controller = attached();
    let [first @ .., _] = setup(GET_DEVICE);
    receive(&first);
    assert!(controller.poll().is_none());
    receive(&setup(GET_STATUS));
    assert_eq!(told(controller.poll()), Some(GET_STATUS));
    assert!(controller.poll().is_none());
}

#[test]
fn what_answers_an_older_setup_is_not_armed() {
    for answer in ANSWERS {
        let mut controller = attached();
        receive(&setup(GET_DEVICE));
        assert_eq!(told(controller.poll()), Some(GET_DEVICE));
        receive(&setup(GET_STATUS));
        accesses();
        answer(&mut controller);
        assert_eq!(written(), []);
        assert_eq!(told(controller.poll()), Some(GET_STATUS));
    }
}

/// Nor when packets lie in front of the newer one; those are told first, and no interrupt line tells.
#[test]
fn what_answers_a_setup_that_is_older_than_packets_is_not_armed() {
    for answer in ANSWERS {
        let mut controller = attached();
        open(&mut controller);
        assert!(controller.receive(data_out(), slots()()).is_ok());
        receive(&setup(GET_DEVICE));
        assert_eq!(told(controller.poll()), Some(GET_DEVICE));
        receive(&PACKET);
        receive(&setup(GET_STATUS));
        accesses();
        pended();
        answer(&mut controller);
        assert_eq!(written(), []);
        assert_eq!(pended(), [(0xE000_E208, 1 << 3)]);
        let Some(Event::Received(address, slot, 4)) = controller.poll() else { panic!() };
        assert_eq!((address, &slot[..4]), (data_out(), &[1, 2, 3, 4][..]));
        assert_eq!(told(controller.poll()), Some(GET_STATUS));
    }
}

/// The core has set NAK with the newer SETUP, and the answer to the older one clears it.
#[test]
fn what_was_armed_while_a_newer_setup_came_is_held_back() {
    // A STALL cannot be taken back; the core ends it with the next SETUP.
    let lines = [Line::EP0_IN, Line::EP0_OUT, Line::EP0_IN, Line::EP0_OUT];
    for (answer, line) in ANSWERS.into_iter().zip(lines) {
        let mut controller = attached();
        receive(&setup(GET_DEVICE));
        assert_eq!(told(controller.poll()), Some(GET_DEVICE));
        accesses();
        receive_at(line.control(), &setup(GET_STATUS));
        answer(&mut controller);
        let log = written();
        assert!(log.ends_with(&[
            (Line::EP0_IN.control(), ctl::SNAK),
            (Line::EP0_OUT.control(), ctl::SNAK),
        ]));
        assert_eq!(told(controller.poll()), Some(GET_STATUS));
    }
}

/// USB 2.0 §8.5.3: the status stage is a zero-length packet.
#[test]
fn a_status_stage_with_data_is_stalled() {
    let mut controller = attached();
    receive(&setup(GET_DEVICE));
    assert_eq!(told(controller.poll()), Some(GET_DEVICE));
    controller.ep0_send(&[18, 1]);
    controller.ep0_status_out();
    accesses();
    receive(&[2 << 17 | 3 << 4, 0x0003_0201, 3 << 17]);
    assert!(controller.poll().is_none());
    let stalls = [Line::EP0_IN, Line::EP0_OUT].map(|line| (line.control(), ctl::STALL));
    assert_eq!(written(), stalls);
}

/// What the stack does not read of a packet does not hide what comes after it.
#[test]
fn a_packet_that_is_not_read_is_dropped() {
    for (buffer, length) in [(None, 3), (None, 7), (Some(2), 7), (Some(8), 64)] {
        let mut controller = attached();
        receive(&setup(GET_DEVICE));
        assert_eq!(told(controller.poll()), Some(GET_DEVICE));
        controller.ep0_receive();
        receive(&[2 << 17 | u32::try_from(length).unwrap() << 4]);
        // Taken for an entry, this would be that of a SETUP.
        receive(&vec![6 << 17 | 0x0201; usize::div_ceil(length, 4)]);
        receive(&[3 << 17]);
        assert!(matches!(controller.poll(), Some(Event::Ep0Received)));
        if let Some(size) = buffer {
            let mut bytes = [0; 8];
            assert_eq!(controller.ep0_read(&mut bytes[..size]), length);
            assert_eq!(bytes[..2], [1, 2]);
            assert!(bytes[size..].iter().all(|byte| *byte == 0));
        }
        receive(&setup(GET_STATUS));
        assert_eq!(told(controller.poll()), Some(GET_STATUS));
    }
}

/// What was let in before may end only then; the packet that is asked for is let in once more.
#[test]
fn data_is_let_in_when_the_transfer_before_it_is_over() {
    let mut controller = attached();
    receive(&setup(GET_DEVICE));
    assert_eq!(told(controller.poll()), Some(GET_DEVICE));
    controller.ep0_receive();
    accesses();
    receive(&[3 << 17]);
    assert!(controller.poll().is_none());
    assert!(written().contains(&(Line::EP0_OUT.control(), ctl::EPENA | ctl::CNAK)));
}
