//! Two packets on an IN endpoint.

use usbd_acm::{Controller, Event};

use super::{
    data, data_in, data_out, dma_ends, line_in, line_out, maxcnt, opened_with, packet, slots, start,
};
use crate::registers::USBRESET;
use crate::registers::fake::{raise, written, written_to};
use crate::{Nrf52840, OnChip};

type Two = Nrf52840<OnChip, 1, 2>;

/// With two packets queued on IN endpoint 1.
fn queued() -> Two {
    let mut controller = opened_with();
    for _ in 0..2 {
        assert!(controller.send(data_in(), packet()).is_ok());
    }
    controller
}

/// The hardware is done with the DMA of a packet, and so it lies in the endpoint's buffer.
fn moved(controller: &mut Two) {
    dma_ends(line_in());
    assert!(controller.poll().is_none());
}

/// The host has a packet of IN endpoint 1, which is told.
fn acknowledged(controller: &mut Two) {
    data(line_in());
    assert!(matches!(controller.poll(), Some(Event::Sent(address)) if address == data_in()));
}

/// The host may ask for it at once, and the chip answers NAK until it is in the endpoint's buffer.
#[test]
fn a_second_packet_is_on_its_way_before_the_first_is_told() {
    let mut controller = queued();
    assert!(controller.send(data_in(), packet()).is_err(), "two are held");
    assert_eq!(written_to(start(line_in())), [1], "its buffer takes one");
    moved(&mut controller);
    assert_eq!(written_to(start(line_in())), [], "which is not free");
    controller.ep0_status_in(None);
    for _ in 0..3 {
        written();
        acknowledged(&mut controller);
        assert_eq!(written_to(start(line_in())), [1]);
        assert!(controller.send(data_in(), packet()).is_ok(), "the place of the first is free");
        assert!(controller.send(data_in(), packet()).is_err());
        assert_eq!(written_to(start(line_in())), []);
        assert!(matches!(controller.poll(), Some(Event::Ep0Status) | None));
        moved(&mut controller);
    }
    acknowledged(&mut controller);
    moved(&mut controller);
    acknowledged(&mut controller);
    assert!(controller.poll().is_none());
}

#[test]
fn a_second_packet_waits_for_the_dma_of_another_endpoint() {
    let mut controller = queued();
    moved(&mut controller);
    assert!(controller.receive(data_out(), slots()()).is_ok());
    data(line_out());
    assert!(controller.poll().is_none());
    written();
    acknowledged(&mut controller);
    assert_eq!(written_to(start(line_in())), []);
    dma_ends(line_out());
    assert!(matches!(controller.poll(), Some(Event::Received(..))));
    assert_eq!(written_to(start(line_in())), [1]);
    moved(&mut controller);
    acknowledged(&mut controller);
    assert!(controller.poll().is_none());
}

/// Product specification, USBD, EVENTS_STARTED: until then PTR and MAXCNT are those of the task. It comes
/// before ENDEPIN.
#[test]
fn the_place_of_a_second_packet_is_written_when_the_dma_of_the_first_is_over() {
    let mut controller: Two = opened_with();
    let mut slots = slots();
    assert!(controller.receive(data_out(), slots()).is_ok());
    data(line_out());
    assert!(controller.poll().is_none());
    assert!(controller.send(data_in(), packet()).is_ok());
    assert_eq!(written_to(maxcnt(line_in())), [0]);
    assert!(controller.send(data_in(), packet()).is_ok(), "the first waits");
    dma_ends(line_out());
    assert!(controller.poll().is_some());
    assert_eq!(written_to(maxcnt(line_in())), [], "it is on its way");
    dma_ends(line_in());
    assert!(controller.poll().is_none());
    assert_eq!(written_to(maxcnt(line_in())), [0]);
}

/// The same where the second one comes during that DMA, and not again where it comes after.
#[test]
fn the_place_of_a_second_packet_is_not_written_during_the_dma_of_the_first() {
    for is_over in [false, true] {
        let mut controller: Two = opened_with();
        assert!(controller.send(data_in(), packet()).is_ok());
        if is_over {
            moved(&mut controller);
        }
        written();
        assert!(controller.send(data_in(), packet()).is_ok());
        let places = written_to(maxcnt(line_in()));
        assert_eq!(places, if is_over { vec![0] } else { vec![] });
        if !is_over {
            moved(&mut controller);
            assert_eq!(written_to(maxcnt(line_in())), [0]);
        }
        acknowledged(&mut controller);
        moved(&mut controller);
        assert_eq!(written_to(maxcnt(line_in())), []);
    }
}

/// An acknowledgement that an abort came upon may be told of later, when other packets wait.
#[test]
fn a_second_packet_does_not_overtake_the_first() {
    let mut controller: Two = opened_with();
    assert!(controller.receive(data_out(), slots()()).is_ok());
    data(line_out());
    assert!(controller.poll().is_none());
    for _ in 0..2 {
        assert!(controller.send(data_in(), packet()).is_ok());
    }
    data(line_in());
    dma_ends(line_out());
    assert!(matches!(controller.poll(), Some(Event::Received(..))));
    assert!(controller.poll().is_none(), "neither is sent");
    moved(&mut controller);
    acknowledged(&mut controller);
    moved(&mut controller);
    acknowledged(&mut controller);
}

#[test]
fn neither_of_two_packets_is_lost_by_a_halt() {
    let mut controller = queued();
    moved(&mut controller);
    controller.halt(data_in());
    assert!(controller.poll().is_none());
    controller.unhalt(data_in());
    assert!(controller.poll().is_none());
    acknowledged(&mut controller);
    dma_ends(line_in());
    controller.halt(data_in());
    controller.unhalt(data_in());
    assert!(controller.poll().is_none());
    acknowledged(&mut controller);
    assert!(controller.poll().is_none());
}

/// Of an acknowledgement that a halt comes upon, the second packet knows as of any.
#[test]
fn what_the_host_has_at_the_moment_of_a_halt_is_told_and_followed() {
    let mut controller = queued();
    moved(&mut controller);
    data(line_in());
    controller.unhalt(data_in());
    written();
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert_eq!(written_to(start(line_in())), [1]);
}

#[test]
fn abort_and_reset_drop_both_packets() {
    let drops: [fn(&mut Two); 3] = [
        |controller| controller.abort(data_in()),
        Controller::close_all,
        |controller| {
            raise(USBRESET, 1);
            assert!(matches!(controller.poll(), Some(Event::Reset(_))));
        },
    ];
    for (moves, drop) in [false, true].into_iter().flat_map(|moves| drops.map(|drop| (moves, drop)))
    {
        let mut controller = queued();
        dma_ends(line_in());
        if moves {
            assert!(controller.poll().is_none());
            data(line_in());
        }
        written();
        drop(&mut controller);
        assert!(controller.poll().is_none(), "what the host took at that moment is not told");
        data(line_in());
        assert!(controller.poll().is_none(), "nor what it seems to take later");
        assert_eq!(written_to(start(line_in())), []);
        for _ in 0..2 {
            assert!(controller.send(data_in(), packet()).is_ok());
        }
        assert_eq!(written_to(start(line_in())), [1]);
    }
}
