//! Transfers of more than one packet.

use usbd_acm::{Controller, Event};

use super::{data_in, open, packets, with_depth};
use crate::endpoint::{Line, ctl, int, tsiz};
use crate::registers::fake::set;
use crate::registers::{DAINT, GINTSTS};
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

#[test]
fn nothing_is_told_of_a_transfer_that_was_aborted() {
    let mut controller = begun();
    set::<OtgFs>(Line::of(data_in()).size(), 1 << tsiz::PKTCNT);
    controller.abort(data_in());
    assert_eq!(told(&mut controller), 0);
}
