//! Bulk and interrupt packets.

use usbd_acm::{Controller, Event, TxPacket};

use super::{data, data_in, data_out, dma_ends, has, opened, slots, start};
use crate::line::Line;
use crate::registers::fake::{raise, set, written, written_to};
use crate::registers::{
    DTOGGLE, EPINEN, EPOUTEN, EPSTALL, Register, TEST_ADDRESS, USBREGSTATUS, USBRESET, amount,
    halted_out, size_out,
};

/// NVIC_ISPR1, where USBD is bit 7.
const PENDING: Register = Register(0xE000_E204);

fn line_in() -> Line {
    Line::of(data_in())
}

fn line_out() -> Line {
    Line::of(data_out())
}

fn packet() -> TxPacket {
    TxPacket::ZERO_LENGTH
}

#[test]
fn two_packets_are_held_and_the_second_starts_by_itself() {
    let mut controller = opened();
    assert!(controller.send(data_in(), packet()).is_ok());
    assert_eq!(written_to(start(line_in())), [1]);
    assert!(controller.send(data_in(), packet()).is_ok());
    assert!(controller.send(data_in(), packet()).is_err());
    dma_ends(line_in());
    assert!(controller.poll().is_none());
    assert_eq!(written_to(start(line_in())), [], "its buffer is not free");
    data(line_in());
    assert!(matches!(controller.poll(), Some(Event::Sent(address)) if address == data_in()));
    assert_eq!(written_to(start(line_in())), [1], "in the poll that tells of the first");
    dma_ends(line_in());
    data(line_in());
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert!(controller.poll().is_none());
}

#[test]
fn an_acknowledgement_is_told_also_when_it_is_seen_with_the_end_of_its_dma() {
    let mut controller = opened();
    assert!(controller.send(data_in(), packet()).is_ok());
    dma_ends(line_in());
    data(line_in());
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
}

#[test]
fn one_dma_runs_at_a_time() {
    let mut controller = opened();
    let mut slots = slots();
    assert!(controller.receive(data_out(), slots()).is_ok());
    assert!(controller.send(data_in(), packet()).is_ok());
    data(line_out());
    set(size_out(line_out()), 5);
    assert!(controller.poll().is_none());
    assert!(!has(&written(), start(line_out()), 1));
    dma_ends(line_in());
    assert!(controller.poll().is_none());
    assert!(has(&written(), start(line_out()), 1));
}

#[test]
fn a_packet_without_a_slot_waits_and_does_not_interrupt() {
    let mut controller = opened();
    let mut slots = slots();
    for _ in 0..2 {
        assert!(controller.receive(data_out(), slots()).is_ok());
    }
    assert!(controller.receive(data_out(), slots()).is_err());
    for length in [64, 0] {
        set(size_out(line_out()), length);
        set(amount(line_out()), length);
        data(line_out());
        assert!(controller.poll().is_none());
        dma_ends(line_out());
        let Some(Event::Received(address, _, received)) = controller.poll() else { panic!() };
        assert_eq!((address, u32::from(received)), (data_out(), length));
    }
    data(line_out());
    written();
    assert!(controller.poll().is_none());
    assert!(controller.poll().is_none());
    let log = written();
    assert!(!has(&log, start(line_out()), 1));
    assert!(has(&log, crate::registers::EPDATA, 0), "the interrupt is over");
    assert!(controller.receive(data_out(), slots()).is_ok());
    assert_eq!(written_to(start(line_out())), [1]);
}

#[test]
fn maxcnt_is_what_came_and_never_more_than_the_slot() {
    let mut controller = opened();
    let mut slots = slots();
    let maxcnt = Register(amount(line_out()).0 - 4);
    for (size, length) in [(5, 5), (64, 64), (0x7F, 64), (u32::MAX, 64)] {
        assert!(controller.receive(data_out(), slots()).is_ok());
        set(size_out(line_out()), size);
        data(line_out());
        assert!(controller.poll().is_none());
        assert_eq!(written_to(maxcnt), [length]);
        dma_ends(line_out());
        assert!(controller.poll().is_some());
    }
}

#[test]
fn size_is_written_with_the_first_slot_and_then_never() {
    let mut controller = opened();
    let mut slots = slots();
    assert_eq!(written_to(size_out(line_out())), []);
    for times in [1, 0, 0] {
        assert!(controller.receive(data_out(), slots()).is_ok());
        assert_eq!(written_to(size_out(line_out())).len(), times);
        data(line_out());
        assert!(controller.poll().is_none());
        dma_ends(line_out());
        assert!(matches!(controller.poll(), Some(Event::Received(..))));
        assert_eq!(written_to(size_out(line_out())), []);
    }
}

#[test]
fn unhalt_sets_data0_halted_or_not() {
    let mut controller = opened();
    for halted in [false, true] {
        for (address, selector) in [(data_in(), 0x81), (data_out(), 0x01)] {
            if halted {
                controller.halt(address);
                assert_eq!(written_to(EPSTALL), [selector | 0x100]);
            }
            controller.unhalt(address);
            let log = written();
            assert!(has(&log, DTOGGLE, selector | 0x100));
            assert!(has(&log, EPSTALL, selector));
        }
    }
}

#[test]
fn unhalt_writes_size_only_over_an_empty_buffer_of_a_halted_endpoint() {
    let mut controller = opened();
    let mut slots = slots();
    for _ in 0..2 {
        assert!(controller.receive(data_out(), slots()).is_ok());
    }
    written();
    controller.unhalt(data_out());
    assert_eq!(written_to(size_out(line_out())), [], "not halted");
    set(halted_out(line_out()), 1);
    controller.unhalt(data_out());
    assert_eq!(written_to(size_out(line_out())), [0]);
    data(line_out());
    controller.unhalt(data_out());
    assert_eq!(written_to(size_out(line_out())), [], "there is a packet");
    assert!(controller.poll().is_none());
    assert_eq!(written_to(start(line_out())), [1], "which is not lost");
}

#[test]
fn abort_takes_packets_back_also_from_the_hardware() {
    let mut controller = opened();
    for _ in 0..2 {
        assert!(controller.send(data_in(), packet()).is_ok());
    }
    dma_ends(line_in());
    assert!(controller.poll().is_none());
    data(line_in());
    controller.abort(data_in());
    assert_eq!(written_to(TEST_ADDRESS), [0x7B6]);
    assert!(controller.poll().is_none(), "what the host took at that moment is not told");
    assert!(controller.send(data_in(), packet()).is_ok());
    assert_eq!(written_to(start(line_in())), [1]);
}

#[test]
fn abort_waits_for_a_dma() {
    let mut controller = opened();
    assert!(controller.send(data_in(), packet()).is_ok());
    dma_ends(line_in());
    controller.abort(data_in());
    assert_eq!(written_to(TEST_ADDRESS), [0x7B6]);
    assert!(controller.poll().is_none());
}

#[test]
fn what_comes_to_an_aborted_endpoint_is_dropped() {
    let mut controller = opened();
    let mut slots = slots();
    assert!(controller.receive(data_out(), slots()).is_ok());
    controller.abort(data_out());
    data(line_out());
    assert!(controller.poll().is_none());
    written();
    assert!(controller.receive(data_out(), slots()).is_ok());
    let log = written();
    assert!(has(&log, size_out(line_out()), 0) && !has(&log, start(line_out()), 1));
}

#[test]
fn close_all_leaves_ep0() {
    let mut controller = opened();
    assert!(controller.send(data_in(), packet()).is_ok());
    dma_ends(line_in());
    controller.close_all();
    let log = written();
    assert!(has(&log, EPINEN, 1) && has(&log, EPOUTEN, 1));
    data(line_in());
    assert!(controller.poll().is_none());
}

#[test]
fn a_reset_drops_everything() {
    let mut controller = opened();
    let mut slots = slots();
    assert!(controller.receive(data_out(), slots()).is_ok());
    assert!(controller.send(data_in(), packet()).is_ok());
    dma_ends(line_in());
    data(line_in());
    data(line_out());
    raise(USBRESET, 1);
    assert!(matches!(controller.poll(), Some(Event::Reset(_))));
    assert!(controller.poll().is_none());
}

/// The device asks once an interrupt, and the power of the chip tells of a change once.
#[test]
fn what_no_interrupt_line_tells_of_pends_the_interrupt() {
    let mut controller = opened();
    assert!(controller.send(data_in(), packet()).is_ok());
    dma_ends(line_in());
    data(line_in());
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert_eq!(written_to(PENDING), [], "the line tells of all else");
    assert!(controller.send(data_in(), packet()).is_ok());
    dma_ends(line_in());
    data(line_in());
    set(USBREGSTATUS, 0);
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert_eq!(written_to(PENDING), [1 << 7]);
    assert!(matches!(controller.poll(), Some(Event::VbusLost)));
    assert_eq!(written_to(PENDING), [1 << 7], "it may be plugged in again by now");
}

/// The end of the status stage is an event of ours alone.
#[test]
fn a_status_stage_pends_the_interrupt() {
    let mut controller = opened();
    controller.ep0_status_in(None);
    assert_eq!(written_to(PENDING), [1 << 7]);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
}
