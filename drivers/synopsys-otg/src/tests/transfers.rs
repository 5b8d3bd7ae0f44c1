//! Packets to the host, on their way.

use usbd_acm::{Controller, Event};

use super::{data_in, data_out, open, packets, slots, with_depth};
use crate::endpoint::{Line, ctl, int, tsiz};
use crate::registers::fake::{Access, accesses, pended, receive, receive_at, set, written_to};
use crate::registers::{DAINT, DCTL, GINTSTS, GRSTCTL, fifo};
use crate::stm32f4::OtgFs;
use crate::{SynopsysOtg, Vbus};

/// GINTSTS: an IN endpoint has something.
const IEPINT: u32 = 1 << 18;

/// A transfer of four packets.
fn begun() -> SynopsysOtg<OtgFs, 1, 8> {
    let mut controller = with_depth(Vbus::Ignored);
    open(&mut controller);
    // The first goes at once, and the others together after it.
    let mut packets = packets();
    (0..5).for_each(|_| controller.send(data_in(), packets(64)).unwrap());
    finish(&mut controller);
    controller
}

/// What the hardware does: the transfer is over.
fn finish(controller: &mut SynopsysOtg<OtgFs, 1, 8>) {
    let line = Line::of(data_in());
    controller.usb.modify(line.control(), ctl::EPENA, 0);
    set::<OtgFs>(DAINT, 1 << 1);
    set::<OtgFs>(line.interrupts(), int::XFRC);
    set::<OtgFs>(GINTSTS, IEPINT);
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    set::<OtgFs>(GINTSTS, 0);
}

/// Packets that are told as acknowledged, until nothing is told.
fn told(controller: &mut SynopsysOtg<OtgFs, 1, 8>) -> usize {
    std::iter::from_fn(|| controller.poll())
        .inspect(|event| assert!(matches!(event, Event::Sent(_))))
        .count()
}

/// So `abort` does not take back what the host has had for long. PKTCNT is counted down when a packet leaves
/// the FIFO (RM0090 §34.16.4), and so the last of those may be on its way.
#[test]
fn packets_of_a_transfer_are_told_while_it_goes_on() {
    let mut controller = begun();
    for (left, expected) in [(4, 0), (3, 0), (2, 1), (2, 0), (1, 1), (0, 1)] {
        set::<OtgFs>(Line::of(data_in()).size(), left << tsiz::PKTCNT);
        assert_eq!(told(&mut controller), expected, "{left}");
    }
    finish(&mut controller);
    assert_eq!(told(&mut controller), 0, "the last was told by the end of the transfer");
}

/// NVIC_ISPR and NVIC_ICPR, and the bit of interrupt 67.
const PENDED: (u32, u32) = (0xE000_E208, 1 << 3);
const TAKEN_BACK: (u32, u32) = (0xE000_E288, 1 << 3);

/// The others are told by the polls that follow. That these come is seen to, unless they have by then: so a
/// transfer is one interrupt.
#[test]
fn the_interrupt_is_pended_until_all_of_a_transfer_is_told() {
    let mut controller = begun();
    pended();
    finish(&mut controller);
    assert_eq!(pended(), [PENDED], "three are left");
    for left in [2, 1] {
        assert!(matches!(controller.poll(), Some(Event::Sent(_))));
        assert_eq!(pended(), [PENDED], "{left}");
    }
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert_eq!(pended(), [TAKEN_BACK]);
    assert!(controller.poll().is_none());
    assert_eq!(pended(), []);
}

/// It is not taken back while something else is to be told.
#[test]
fn the_interrupt_stays_pended_for_a_packet_from_the_host() {
    let mut controller = begun();
    let mut slots = slots();
    (0..2).for_each(|_| assert!(controller.receive(data_out(), slots()).is_ok()));
    let packet = [2 << 17 | 4 << 4 | 1, 0];
    receive(&[packet, packet].concat());
    controller.ep0_stall();
    finish(&mut controller);
    pended();
    assert_eq!((0..3).filter(|_| matches!(controller.poll(), Some(Event::Sent(_)))).count(), 3);
    assert_eq!(pended(), [PENDED; 3]);
    assert!(matches!(controller.poll(), Some(Event::Received(..))));
}

/// A poll tells of one thing. Of a second packet from the host, which is in its slot by then, no interrupt line
/// tells: neither after the first, nor after something else that came first.
#[test]
fn what_is_left_to_tell_pends_the_interrupt() {
    let mut controller = with_depth::<OtgFs, 2>(Vbus::Ignored);
    open(&mut controller);
    assert!(controller.send(data_in(), packets()(16)).is_ok());
    let mut slots = slots();
    (0..2).for_each(|_| assert!(controller.receive(data_out(), slots()).is_ok()));
    let packet = [2 << 17 | 4 << 4 | 1, 0];
    receive(&[packet, packet].concat());
    pended();
    assert!(matches!(controller.poll(), Some(Event::Received(..))));
    assert_eq!(pended().len(), 1, "after the first");
    // WKUPINT.
    set::<OtgFs>(GINTSTS, 1 << 31);
    assert!(controller.poll().is_none());
    assert_eq!(pended().len(), 1, "after what the bus does");
    let line = Line::of(data_in());
    set::<OtgFs>(DAINT, 1 << 1);
    set::<OtgFs>(line.interrupts(), int::XFRC);
    set::<OtgFs>(GINTSTS, IEPINT);
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert_eq!(pended().len(), 1, "after what came first");
    set::<OtgFs>(GINTSTS, 0);
    assert!(matches!(controller.poll(), Some(Event::Received(..))));
    assert_eq!(pended(), [], "nothing is left");
}

/// What was written to the FIFO of the endpoint, in words, since this was asked last.
fn words_sent() -> usize {
    written_to(fifo(1)).len()
}

/// USB 2.0 §9.4.5: a halt loses no packet. Nor is one sent twice that the host acknowledged while the endpoint was
/// halted, of which the interrupt is still to be handled.
#[test]
fn a_packet_is_sent_again_after_a_halt_unless_it_was_acknowledged() {
    for (acknowledged, again) in [(false, 4), (true, 0)] {
        let mut controller = with_depth::<OtgFs, 2>(Vbus::Ignored);
        open(&mut controller);
        let line = Line::of(data_in());
        accesses();
        assert!(controller.send(data_in(), packets()(16)).is_ok());
        assert_eq!(words_sent(), 4);
        if acknowledged {
            controller.usb.modify(line.control(), ctl::EPENA, 0);
            set::<OtgFs>(line.interrupts(), int::XFRC);
        }
        controller.halt(data_in());
        assert_eq!(words_sent(), 0);
        controller.usb.modify(line.control(), ctl::EPENA, 0);
        controller.unhalt(data_in());
        assert_eq!(words_sent(), again, "acknowledged: {acknowledged}");
        assert!(
            controller.send(data_in(), packets()(16)).is_err(),
            "it has its place until it is told"
        );
    }
}

#[test]
fn nothing_is_told_of_a_transfer_that_was_aborted() {
    let mut controller = begun();
    set::<OtgFs>(Line::of(data_in()).size(), 1 << tsiz::PKTCNT);
    controller.abort(data_in());
    assert_eq!(told(&mut controller), 0);
}

/// Without a host, or in a reset, an endpoint may not come to its end; what is not active moves no packet. It is
/// disabled when it is opened again, which takes a core to test.
#[test]
fn closing_waits_for_nothing() {
    let mut controller = with_depth::<OtgFs, 2>(Vbus::Ignored);
    open(&mut controller);
    assert!(controller.send(data_in(), packets()(16)).is_ok());
    assert!(controller.receive(data_out(), slots()()).is_ok());
    let lines = [data_in(), data_out()].map(Line::of);
    assert!(lines.iter().all(|line| controller.is_enabled(*line)));
    accesses();
    controller.close_all();
    let log = accesses();
    let is_of_all = |access: &Access| matches!(access, Access::Write(DCTL | GRSTCTL, _));
    assert!(!log.iter().any(is_of_all));
    for line in lines {
        let of_it = |access: &&Access| matches!(access, Access::Write(register, _) if *register == line.control());
        let written: Vec<&Access> = log.iter().filter(of_it).collect();
        assert_eq!(written, [&Access::Write(line.control(), ctl::SNAK)]);
    }
}

/// The contract of `abort`: a packet that is acknowledged at that very moment is not told, which would pass for
/// the next one.
#[test]
fn what_the_host_acknowledges_while_it_is_aborted_is_not_told() {
    let mut controller = with_depth::<OtgFs, 2>(Vbus::Ignored);
    open(&mut controller);
    let line = Line::of(data_in());
    assert!(controller.send(data_in(), packets()(16)).is_ok());
    controller.usb.modify(line.control(), ctl::EPENA, 0);
    set::<OtgFs>(line.interrupts(), int::XFRC);
    controller.abort(data_in());
    assert!(controller.send(data_in(), packets()(16)).is_ok());
    assert_eq!(controller.usb.read(line.interrupts()) & int::XFRC, 0);
}

/// No interrupt line tells of it, as it is out of the receive FIFO.
#[test]
fn a_packet_that_comes_while_its_endpoint_is_halted_is_told() {
    let mut controller = with_depth::<OtgFs, 2>(Vbus::Ignored);
    open(&mut controller);
    assert!(controller.receive(data_out(), slots()()).is_ok());
    pended();
    // Then global OUT NAK.
    receive_at(DCTL, &[2 << 17 | 4 << 4 | 1, 0x0403_0201, 1 << 17]);
    controller.halt(data_out());
    assert_eq!(pended(), [PENDED]);
    let Some(Event::Received(address, slot, 4)) = controller.poll() else { panic!() };
    assert_eq!((address, &slot[..4]), (data_out(), &[1, 2, 3, 4][..]));
}
