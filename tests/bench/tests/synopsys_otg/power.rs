//! Clocks, mode, VBUS, suspend, reset and wake-up (§34.4 to §34.8, §34.16).

use usbd_acm_bench::soc::Violation;
use usbd_acm_virtual::{Handshake, InResponse};

use crate::chip::*;

/// GINTSTS.
const MMIS: u32 = 1 << 1;
const OTGINT: u32 = 1 << 2;
const USBSUSP: u32 = 1 << 11;
const USBRST: u32 = 1 << 12;
const ENUMDNE: u32 = 1 << 13;
const SRQINT: u32 = 1 << 30;
const WKUPINT: u32 = 1 << 31;

#[test]
fn without_its_bus_clock_a_core_has_no_registers() {
    let mut chip = Chip::full_speed();
    assert_eq!(chip.read(0x03C), 0x1200);
    chip.clocked = false;
    assert_eq!(chip.read(0x03C), 0);
    assert_eq!(chip.violations(), [Violation::RegisterWithoutClock]);
}

#[test]
fn without_48_mhz_it_hears_nothing() {
    let mut chip = Chip::attached();
    chip.phy_clock = false;
    assert_eq!(chip.setup([0; 8]), Handshake::NoResponse);
    assert_eq!(chip.violations(), [Violation::BusWithoutPhyClock]);
}

#[test]
fn a_forced_mode_takes_25_ms() {
    let mut chip = Chip::full_speed();
    chip.otg.set_id(false);
    assert!(chip.has(GINTSTS, 1), "CMOD");
    chip.write(GUSBCFG, 1 << 30);
    chip.run(24 * MILLISECOND);
    chip.write(DCFG, 3);
    assert!(chip.has(GINTSTS, 1 | MMIS));
    assert_eq!(chip.violations(), [Violation::ModeMismatch]);
    chip.run(MILLISECOND);
    assert!(!chip.has(GINTSTS, 1));
    chip.write(DCFG, 3);
    assert_eq!(chip.read(DCFG), 3);
}

#[test]
fn a_core_reset_keeps_the_mode_and_the_transceiver() {
    let mut chip = Chip::attached();
    chip.write(GAHBCFG, 1);
    chip.send(1, &[1]);
    chip.write(GRSTCTL, 1);
    assert!(chip.has(GRSTCTL, 1));
    chip.run(2 * MICROSECOND);
    assert!(!chip.has(GRSTCTL, 1));
    assert_eq!(chip.read(GUSBCFG), 1 << 30 | 1 << 6 | 6 << 10);
    assert_eq!(chip.read(GCCFG), 1 << 21 | 1 << 16);
    assert_eq!((chip.read(GAHBCFG), chip.read(diepctl(1))), (0, 0));
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
}

#[test]
fn the_pull_up_needs_a_session_the_transceiver_and_no_soft_disconnect() {
    let mut chip = Chip::full_speed();
    chip.otg.set_vbus(true, 0);
    assert!(!chip.otg.is_attached());
    chip.write(GCCFG, 1 << 21);
    assert!(!chip.otg.is_attached());
    chip.write(GCCFG, 1 << 21 | 1 << 16);
    assert!(chip.otg.is_attached());
    chip.write(DCTL, 2);
    assert!(!chip.otg.is_attached());
    chip.write(DCTL, 0);
    chip.write(GCCFG, 1 << 16);
    assert!(!chip.otg.is_attached());
}

#[test]
fn vbus_that_is_sensed_interrupts_when_it_comes_and_goes() {
    let mut chip = Chip::full_speed();
    chip.write(GCCFG, 1 << 19 | 1 << 16);
    chip.otg.set_vbus(true, chip.now);
    assert!(chip.has(GINTSTS, SRQINT) && chip.has(0x000, 1 << 19) && chip.otg.is_attached());
    chip.write(GINTSTS, SRQINT);
    assert!(!chip.has(GINTSTS, SRQINT));
    chip.otg.set_vbus(false, chip.now);
    assert!(chip.has(GINTSTS, OTGINT) && chip.has(GOTGINT, 1 << 2));
    assert!(!chip.has(0x000, 1 << 19) && !chip.otg.is_attached());
    chip.write(GOTGINT, 1 << 2);
    assert!(!chip.has(GINTSTS, OTGINT));
}

#[test]
fn vbus_that_is_not_sensed_goes_like_an_idle_bus() {
    let mut chip = Chip::attached();
    chip.write(GINTSTS, !0);
    chip.otg.set_vbus(false, chip.now);
    chip.run(2_999 * MICROSECOND);
    assert!(!chip.has(GINTSTS, USBSUSP));
    chip.run(2 * MICROSECOND);
    assert!(chip.has(GINTSTS, USBSUSP) && chip.has(DSTS, 1));
}

#[test]
fn a_bus_reset_is_told_twice_and_closes_the_endpoints() {
    let mut chip = Chip::attached();
    chip.send(1, &[1]);
    chip.write(GINTSTS, !0);
    chip.otg.bus_reset(usbd_acm::Speed::Full, chip.now);
    assert!(chip.has(GINTSTS, USBRST) && !chip.has(GINTSTS, ENUMDNE));
    chip.run(2 * MILLISECOND);
    assert!(chip.has(GINTSTS, ENUMDNE));
    assert_eq!(chip.read(DSTS) >> 1 & 3, 3);
    assert!(!chip.has(diepctl(1), USBAEP) && !chip.has(doepctl(1), USBAEP));
    assert_eq!(chip.token_in(1, true), InResponse::NoResponse);
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
}

#[test]
fn a_suspended_bus_wakes_by_the_host() {
    let mut chip = Chip::attached();
    chip.write(GINTSTS, !0);
    chip.otg.set_suspended(true, chip.now);
    assert!(chip.has(GINTSTS, USBSUSP) && chip.has(DSTS, 1));
    chip.write(PCGCCTL, 1);
    assert_eq!(chip.read(PCGCCTL), 1 | 1 << 4);
    assert!(!chip.otg.take_wakeup_line());
    chip.otg.set_suspended(false, chip.now);
    assert!(chip.has(GINTSTS, WKUPINT) && chip.otg.take_wakeup_line());
    // Nothing is heard before the clock runs.
    assert_eq!(chip.setup([0; 8]), Handshake::NoResponse);
    assert_eq!(chip.violations(), []);
    chip.read(DSTS);
    assert_eq!(chip.violations(), [Violation::RegisterWhileClockStopped]);
    chip.write(PCGCCTL, 0);
    assert_eq!(chip.setup([0; 8]), Handshake::Ack);
}

#[test]
fn a_reset_while_the_clock_is_stopped_is_seen_when_it_runs() {
    let mut chip = Chip::attached();
    chip.otg.set_suspended(true, chip.now);
    chip.write(PCGCCTL, 1);
    chip.write(GINTSTS, !0);
    chip.reset();
    assert!(chip.has(GINTSTS, WKUPINT) && !chip.has(GINTSTS, USBRST));
    chip.write(PCGCCTL, 0);
    assert!(chip.has(GINTSTS, USBRST));
    chip.run(2 * MILLISECOND);
    assert!(chip.has(GINTSTS, ENUMDNE));
}

#[test]
fn the_clock_is_not_stopped_while_the_bus_is_in_use() {
    let mut chip = Chip::attached();
    chip.write(PCGCCTL, 1);
    assert_eq!(chip.violations(), [Violation::ClockStoppedOnActiveBus]);
}

#[test]
fn remote_wake_up_is_for_a_suspended_bus_and_lasts_1_to_15_ms() {
    for (milliseconds, expected) in
        [(0, vec![Violation::WakeUpDuration]), (10, vec![]), (16, vec![Violation::WakeUpDuration])]
    {
        let mut chip = Chip::attached();
        chip.otg.set_suspended(true, chip.now);
        chip.run(2 * MILLISECOND);
        chip.set(DCTL, 1);
        assert!(chip.otg.signals_wakeup());
        chip.run(milliseconds * MILLISECOND);
        chip.write(DCTL, 0);
        assert!(!chip.otg.signals_wakeup());
        assert_eq!(chip.violations(), expected);
    }
    let mut chip = Chip::attached();
    chip.set(DCTL, 1);
    assert_eq!(chip.violations(), [Violation::WakeUpWithoutSuspend]);
}

/// USB 2.0 §7.1.7.7: 5 ms of idle before it, of which the core tells after 3.
#[test]
fn remote_wake_up_waits_for_5_ms_of_idle() {
    for (microseconds, expected) in [(1_990, vec![Violation::WakeUpTooEarly]), (2_000, vec![])] {
        let mut chip = Chip::attached();
        chip.otg.set_suspended(true, chip.now);
        chip.run(microseconds * MILLISECOND / 1_000);
        chip.set(DCTL, 1);
        assert_eq!(chip.violations(), expected);
    }
}

#[test]
fn data_with_too_short_a_turnaround_is_noted() {
    let mut chip = Chip::attached();
    chip.write(GUSBCFG, 1 << 30 | 1 << 6 | 5 << 10);
    chip.send(1, &[1]);
    chip.token_in(1, true);
    assert_eq!(chip.violations(), [Violation::TurnaroundTooShort]);
}

#[test]
fn a_frame_has_its_number() {
    let mut chip = Chip::attached();
    chip.otg.sof(0x7A5);
    assert!(chip.has(GINTSTS, 1 << 3));
    assert_eq!(chip.read(DSTS) >> 8 & 0x3FFF, 0x7A5);
}
