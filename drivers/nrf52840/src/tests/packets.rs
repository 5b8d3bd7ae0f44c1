//! Bulk and interrupt packets.

use usbd_acm::{Controller, Direction, EndpointAddress, Event};

use super::{
    PENDING, amount, data, data_in, data_out, dma_ends, has, line_in, line_out, maxcnt, opened,
    packet, slots, start,
};
use crate::line::Line;
use crate::registers::fake::{raise, set, written, written_to};
use crate::registers::{
    DTOGGLE, EPINEN, EPOUTEN, EPSTALL, TEST_ADDRESS, USBREGSTATUS, USBRESET, halted_out, size_out,
};

#[test]
fn a_packet_is_held_until_the_host_has_it_and_the_next_starts_at_once() {
    let mut controller = opened();
    assert!(controller.send(data_in(), packet()).is_ok());
    assert_eq!(written_to(start(line_in())), [1]);
    assert!(controller.send(data_in(), packet()).is_err());
    dma_ends(line_in());
    assert!(controller.poll().is_none());
    assert!(controller.send(data_in(), packet()).is_err(), "its buffer is not free");
    assert_eq!(written_to(start(line_in())), []);
    data(line_in());
    assert!(matches!(controller.poll(), Some(Event::Sent(address)) if address == data_in()));
    assert!(controller.send(data_in(), packet()).is_ok());
    assert_eq!(written_to(start(line_in())), [1]);
    dma_ends(line_in());
    data(line_in());
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert!(controller.poll().is_none());
}

/// Its packet, which waits for the DMA of another endpoint, is not that which the host has.
#[test]
fn a_late_acknowledgement_is_none_of_the_packet_that_follows() {
    let mut controller = opened();
    let mut slots = slots();
    assert!(controller.receive(data_out(), slots()).is_ok());
    data(line_out());
    assert!(controller.poll().is_none());
    assert!(controller.send(data_in(), packet()).is_ok());
    data(line_in());
    assert!(controller.poll().is_none());
    written();
    dma_ends(line_out());
    assert!(matches!(controller.poll(), Some(Event::Received(..))));
    assert_eq!(written_to(start(line_in())), [1], "it is not lost");
    data(line_in());
    assert!(controller.poll().is_none(), "nor while it is on its way to the buffer");
    dma_ends(line_in());
    assert!(controller.poll().is_none());
    data(line_in());
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
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
    for length in [64, 0] {
        assert!(controller.receive(data_out(), slots()).is_ok());
        assert!(controller.receive(data_out(), slots()).is_err());
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
    for (size, length) in [(5, 5), (64, 64), (0x7F, 64), (u32::MAX, 64)] {
        assert!(controller.receive(data_out(), slots()).is_ok());
        set(size_out(line_out()), size);
        data(line_out());
        assert!(controller.poll().is_none());
        assert_eq!(written_to(maxcnt(line_out())).last(), Some(&length));
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
    assert!(controller.receive(data_out(), slots()).is_ok());
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
    assert!(controller.send(data_in(), packet()).is_ok());
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

/// The host may send the next packet at once, and the chip refuses it while this one is in the buffer.
#[test]
fn a_packet_leaves_the_buffer_before_anything_is_told() {
    let mut controller = opened();
    assert!(controller.receive(data_out(), slots()()).is_ok());
    controller.ep0_status_in(None);
    data(line_out());
    written();
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert!(has(&written(), start(line_out()), 1));
}

#[test]
fn a_packet_from_before_a_reset_stays_where_it_is() {
    let mut controller = opened();
    assert!(controller.receive(data_out(), slots()()).is_ok());
    data(line_out());
    raise(USBRESET, 1);
    assert!(matches!(controller.poll(), Some(Event::Reset(_))));
    assert!(!has(&written(), start(line_out()), 1));
}

/// The memory of a packet is read only, whatever endpoint it is sent on.
#[test]
fn no_packet_is_sent_on_an_out_endpoint_nor_slot_filled_on_an_in_endpoint() {
    let mut controller = opened();
    let mut slots = slots();
    assert!(controller.send(data_out(), packet()).is_ok());
    assert_eq!(written_to(maxcnt(line_out())), []);
    assert!(controller.receive(data_in(), slots()).is_ok());
    assert_eq!(written_to(maxcnt(line_in())), []);
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
    assert!(matches!(controller.poll(), Some(Event::VbusLost)), "packets of a device that is gone");
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

#[test]
fn one_acknowledgement_of_several_is_told_and_pends_the_interrupt_for_the_others() {
    let mut controller = opened();
    let notification = EndpointAddress::new(2, Direction::In).unwrap();
    for address in [data_in(), notification] {
        assert!(controller.send(address, packet()).is_ok());
        dma_ends(Line::of(address));
        assert!(controller.poll().is_none());
    }
    data(line_in());
    data(Line::of(notification));
    written();
    assert!(matches!(controller.poll(), Some(Event::Sent(address)) if address == data_in()));
    assert_eq!(written_to(PENDING), [1 << 7]);
    assert!(matches!(controller.poll(), Some(Event::Sent(address)) if address == notification));
    assert_eq!(written_to(PENDING), []);
}
