//! Frames, remote wake-up and test modes.

use usbd_acm::{Controller, Event, Speed, TestMode};

use super::{attached, connected};
use crate::endpoint::{Line, ctl, tsiz};
use crate::registers::fake::{Access, accesses, receive, set, written_to};
use crate::registers::{DCTL, DSTS, GINTMSK, GINTSTS, GOTGINT, PCGCCTL};
use crate::stm32f4::OtgFs;
use crate::stm32h7::Otg1Ulpi;
use crate::{Core, SynopsysOtg, Vbus};

/// GINTSTS and GINTMSK.
const OTGINT: u32 = 1 << 2;
const SOF: u32 = 1 << 3;
const USBSUSP: u32 = 1 << 11;
const USBRST: u32 = 1 << 12;
const ENUMDNE: u32 = 1 << 13;
const WKUPINT: u32 = 1 << 31;
/// DSTS: full speed on the PHY in the chip, and that the bus is suspended.
const FULL_SPEED: u32 = 3 << 1;
const SUSPSTS: u32 = 1 << 0;
/// DCTL: resume signalling, soft disconnect, the field of the test mode.
const RWUSIG: u32 = 1 << 0;
const SDIS: u32 = 1 << 1;
const TCTL: u32 = 7 << 4;

/// What a poll tells when these bits of GINTSTS are set; those that are cleared by no writing 1 stay so.
fn told<C: Core>(controller: &mut SynopsysOtg<C>, status: u32) -> Option<Event> {
    set::<C>(GINTSTS, status);
    let event = controller.poll();
    set::<C>(GINTSTS, 0);
    event
}

fn suspend(controller: &mut SynopsysOtg<OtgFs>) {
    set::<OtgFs>(DSTS, FULL_SPEED | SUSPSTS);
    assert!(matches!(told(controller, USBSUSP), Some(Event::Suspend)));
}

/// RM0090 §34.16.4, RM0433 §57.14: FNSOF is DSTS from bit 8 on. At high speed its last three bits count
/// microframes.
#[test]
fn a_frame_is_a_millisecond_at_both_speeds() {
    let controller = attached();
    for (frame, told) in [(0, 0), (1, 1), (0x7FF, 0x7FF)] {
        set::<OtgFs>(DSTS, FULL_SPEED | frame << 8);
        assert_eq!(controller.frame(), Some(told));
    }
    let controller = connected::<Otg1Ulpi>(Vbus::Ignored);
    for (microframe, told) in [(0, 0), (7, 0), (8, 1), (0x3FFF, 0x7FF)] {
        set::<Otg1Ulpi>(DSTS, microframe << 8);
        assert_eq!(controller.frame(), Some(told));
    }
    // The same PHY on a full-speed hub: ENUMSPD is 1.
    set::<Otg1Ulpi>(DSTS, 1 << 1 | 0x7FF << 8);
    assert_eq!(controller.frame(), Some(0x7FF));
}

#[test]
fn a_frame_interrupts_while_it_is_asked_for_and_nothing_is_told() {
    let mut controller = attached();
    let mask = controller.usb.read(GINTMSK);
    assert_eq!(mask & SOF, 0);
    controller.watch_frames(true);
    assert_eq!(controller.usb.read(GINTMSK), mask | SOF);
    set::<OtgFs>(GINTSTS, SOF);
    assert!(controller.poll().is_none());
    assert_eq!(controller.usb.read(GINTSTS) & SOF, 0, "acknowledged");
    controller.watch_frames(false);
    assert_eq!(controller.usb.read(GINTMSK), mask);
}

/// Nothing would tell of its end, which was before it.
#[test]
fn a_suspend_that_is_over_is_not_told() {
    let mut controller = attached();
    set::<OtgFs>(DSTS, FULL_SPEED);
    set::<OtgFs>(GINTSTS, WKUPINT | USBSUSP);
    assert!(controller.poll().is_none() && controller.poll().is_none());
    assert_eq!(controller.usb.read(GINTSTS), 0);
}

/// USB 2.0 §7.1.7.7. How long is looked at on the emulated chip.
#[test]
fn resume_is_signalled_on_a_suspended_bus_and_no_other() {
    let mut controller = attached();
    accesses();
    controller.remote_wakeup();
    assert_eq!(written_to(DCTL), []);
    suspend(&mut controller);
    let mask = controller.usb.read(GINTMSK);
    accesses();
    controller.remote_wakeup();
    let log = accesses();
    let signals: Vec<u32> = log
        .iter()
        .filter_map(|access| match access {
            Access::Write(DCTL, value) => Some(*value),
            _ => None,
        })
        .collect();
    assert_eq!(signals, [RWUSIG, 0]);
    // The first frame tells that the host took over.
    assert_eq!(controller.usb.read(GINTMSK), mask | SOF);
    assert!(matches!(told(&mut controller, SOF), Some(Event::Resume)));
    assert_eq!(controller.usb.read(GINTMSK), mask);
}

/// The contract of a controller: nothing is told that was before a reset. RM0090 §34.17.5: EP0 OUT is to answer
/// NAK from then on, and takes SETUP packets.
#[test]
fn what_was_before_a_reset_is_gone() {
    let mut controller = attached();
    // A SETUP and its end, and a packet of EP0.
    receive(&[6 << 17 | 8 << 4, 0x0100_0680, 0x0012_0000, 4 << 17, 2 << 17 | 1 << 4, 7]);
    accesses();
    set::<OtgFs>(DSTS, FULL_SPEED);
    let reset = told(&mut controller, USBRST | ENUMDNE);
    assert!(matches!(reset, Some(Event::Reset(Speed::Full))));
    let log = accesses();
    let has = |register, bits| {
        let is = |access: &Access| matches!(access, Access::Write(other, value) if *other == register && value & bits == bits);
        log.iter().any(is)
    };
    assert!(has(Line::EP0_OUT.control(), ctl::SNAK));
    assert!(has(Line::EP0_OUT.size(), tsiz::STUPCNT_3));
    assert!(controller.poll().is_none());
}

/// A controller at high speed, in a test mode.
fn in_test_mode(mode: TestMode) -> SynopsysOtg<Otg1Ulpi> {
    let mut controller = connected::<Otg1Ulpi>(Vbus::Sensed);
    let reset = told(&mut controller, USBRST | ENUMDNE);
    assert!(matches!(reset, Some(Event::Reset(Speed::High))));
    controller.test_mode(mode);
    controller
}

/// RM0433 §57.14: TCTL is DCTL from bit 4 on, with the numbers of USB 2.0 table 9-7.
#[test]
fn a_test_mode_is_the_one_that_was_asked_for() {
    let modes = [TestMode::J, TestMode::K, TestMode::Se0Nak, TestMode::Packet];
    for (number, mode) in (1..).zip(modes) {
        let controller = in_test_mode(mode);
        assert_eq!(controller.usb.read(DCTL), number << 4);
    }
}

/// The lines are not those of a bus: that they rest, or are low, is no suspend and no reset.
#[test]
fn a_test_mode_is_left_with_vbus_and_by_nothing_else() {
    let mut controller = in_test_mode(TestMode::K);
    set::<Otg1Ulpi>(DSTS, SUSPSTS);
    accesses();
    for status in [USBSUSP, USBRST, ENUMDNE, USBRST | ENUMDNE, WKUPINT, SOF] {
        assert!(told(&mut controller, status).is_none(), "{status:#x}");
    }
    controller.watch_frames(true);
    assert_eq!(controller.usb.read(GINTMSK), OTGINT, "nothing else interrupts");
    assert_eq!(controller.usb.read(DCTL) & TCTL, 2 << 4);
    assert_eq!(controller.usb.read(PCGCCTL), 0, "its clocks run");
    // SEDET.
    set::<Otg1Ulpi>(GOTGINT, 1 << 2);
    assert!(matches!(told(&mut controller, OTGINT), Some(Event::VbusLost)));
    assert_eq!(controller.usb.read(DCTL) & TCTL, 0);
    assert_eq!(controller.usb.read(GINTMSK) & (SOF | USBRST), SOF | USBRST);
    let reset = told(&mut controller, USBRST | ENUMDNE);
    assert!(matches!(reset, Some(Event::Reset(Speed::High))));
}

#[test]
fn a_test_mode_is_left_by_disconnect() {
    let mut controller = in_test_mode(TestMode::Packet);
    controller.disconnect();
    assert_eq!(controller.usb.read(DCTL), SDIS);
    controller.connect();
    let reset = told(&mut controller, USBRST | ENUMDNE);
    assert!(matches!(reset, Some(Event::Reset(Speed::High))));
}
