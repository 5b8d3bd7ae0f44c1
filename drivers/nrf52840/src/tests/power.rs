//! Plugged and unplugged, suspend and resume.

use usbd_acm::{Controller, Event, TxPacket};

use super::{
    PENDING, attached, cause, connect, data, data_in, data_out, detached, dma_ends, has, opened,
    slots, start,
};
use crate::line::Line;
use crate::registers::fake::{raise, set, written, written_to};
use crate::registers::{
    DPDMDRIVE, DPDMVALUE, ENABLE, EVENTCAUSE, FRAMECNTR, HFCLKSTART, HFCLKSTAT, HFCLKSTOP,
    INTENCLR, INTENSET, LOWPOWER, SOF, USBEVENT, USBPULLUP, USBREGSTATUS, USBRESET, size_out,
};

/// USBRESET, ENDEPIN, EP0DATADONE, ENDEPOUT, USBEVENT, EP0SETUP, EPDATA.
const ALL_INTERRUPTS: u32 = 0x01CF_F7FD;
const SOF_INTERRUPT: u32 = 1 << 21;
const SUSPEND: u32 = 1 << 8;
const RESUME: u32 = 1 << 9;
const USBWUALLOWED: u32 = 1 << 10;

#[test]
fn nothing_is_enabled_before_vbus() {
    let mut controller = detached::<1>();
    written();
    controller.connect();
    assert_eq!(written(), [(PENDING, 1 << 7)], "it may be plugged in already");
    assert!(controller.poll().is_none());
    assert_eq!(written(), []);
}

#[test]
fn nothing_is_enabled_before_it_is_wanted() {
    let mut controller = detached::<1>();
    set(USBREGSTATUS, 3);
    written();
    assert!(controller.poll().is_none());
    assert_eq!(written(), []);
}

#[test]
fn the_pull_up_waits_for_ready_the_regulator_and_the_crystal() {
    let mut controller = detached::<1>();
    set(USBREGSTATUS, 1);
    connect(&mut controller);
    let log = written();
    assert!(has(&log, ENABLE, 1) && has(&log, HFCLKSTART, 1));
    assert!(has(&log, INTENSET, 1 << 22) && !has(&log, INTENSET, ALL_INTERRUPTS));
    for step in [|| cause(super::READY), || set(USBREGSTATUS, 3)] {
        step();
        assert!(controller.poll().is_none());
        let log = written();
        assert!(!has(&log, USBPULLUP, 1));
        assert!(has(&log, USBEVENT, 0), "whatever it was for");
    }
    // The internal oscillator runs, which is not exact enough.
    set(HFCLKSTAT, 1 << 16);
    assert!(controller.poll().is_none());
    assert_eq!(written_to(USBPULLUP), []);
    set(HFCLKSTAT, 1 << 16 | 1);
    assert!(controller.poll().is_none());
    assert_eq!(written_to(USBPULLUP), [1]);
}

#[test]
fn unplugged_it_is_disabled_and_says_so_once() {
    let mut controller = attached();
    set(USBREGSTATUS, 0);
    assert!(matches!(controller.poll(), Some(Event::VbusLost)));
    let log = written();
    assert!(has(&log, USBPULLUP, 0) && has(&log, ENABLE, 0) && has(&log, HFCLKSTOP, 1));
    assert!(has(&log, INTENCLR, u32::MAX), "nothing interrupts that nobody clears");
    assert!(controller.poll().is_none());
    // And again.
    set(USBREGSTATUS, 3);
    assert!(controller.poll().is_none());
    assert!(has(&written(), ENABLE, 1));
}

#[test]
fn an_odd_number_of_bytes_is_made_even_before_it_is_disabled() {
    let mut controller = opened();
    let (line, mut slots) = (Line::of(data_out()), slots());
    for length in [64, 7] {
        assert!(controller.receive(data_out(), slots()).is_ok());
        set(size_out(line), length);
        data(line);
        assert!(controller.poll().is_none());
        dma_ends(line);
        assert!(matches!(controller.poll(), Some(Event::Received(..))));
    }
    written();
    controller.suspend();
    set(USBREGSTATUS, 0);
    // Nothing ends a DMA here: it is given up.
    assert!(matches!(controller.poll(), Some(Event::VbusLost)));
    let log = written();
    let places = [(LOWPOWER, 0), (start(Line::EP0_IN), 1), (ENABLE, 0)];
    let places = places.map(|write| log.iter().position(|w| *w == write).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn unplugged_while_it_comes_up_it_is_disabled_in_silence() {
    let mut controller = detached::<1>();
    set(USBREGSTATUS, 1);
    connect(&mut controller);
    set(USBREGSTATUS, 0);
    assert!(controller.poll().is_none());
    assert!(has(&written(), ENABLE, 0));
}

#[test]
fn a_dma_that_never_ends_is_stopped_and_the_device_starts_anew() {
    let mut controller = opened();
    assert!(controller.send(data_in(), TxPacket::ZERO_LENGTH).is_ok());
    controller.halt(data_in());
    assert!(has(&written(), ENABLE, 0), "after a bounded wait");
    assert!(matches!(controller.poll(), Some(Event::VbusLost)));
    assert!(controller.poll().is_none());
    assert!(has(&written(), ENABLE, 1));
}

#[test]
fn suspend_gates_and_resume_restores() {
    let mut controller = attached();
    cause(SUSPEND);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    controller.suspend();
    let log = written();
    assert!(has(&log, LOWPOWER, 1) && has(&log, HFCLKSTOP, 1));
    cause(RESUME);
    assert!(matches!(controller.poll(), Some(Event::Resume)));
    controller.resume();
    assert!(controller.poll().is_none());
    let log = written();
    assert!(has(&log, LOWPOWER, 0) && has(&log, HFCLKSTART, 1));
}

#[test]
fn a_bus_that_resumed_already_is_not_slept_through() {
    let mut controller = attached();
    cause(SUSPEND);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    cause(RESUME);
    controller.suspend();
    assert_eq!(written_to(LOWPOWER), [1, 0]);
    assert!(matches!(controller.poll(), Some(Event::Resume)));
}

#[test]
fn a_suspend_that_was_over_before_it_was_seen_is_not_told() {
    let mut controller = attached();
    cause(SUSPEND | RESUME);
    assert!(controller.poll().is_none());
    set(EVENTCAUSE, 0);
    assert!(controller.poll().is_none());
}

#[test]
fn remote_wakeup_waits_for_the_hardware_and_the_crystal_and_resumes_with_the_first_frame() {
    let mut controller = attached();
    cause(SUSPEND);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    controller.suspend();
    set(HFCLKSTAT, 0);
    controller.resume();
    controller.remote_wakeup();
    assert!(controller.poll().is_none());
    assert_eq!(written_to(LOWPOWER), [1], "not without the crystal");
    set(HFCLKSTAT, 1 << 16 | 1);
    assert!(controller.poll().is_none());
    let log = written();
    assert!(has(&log, LOWPOWER, 0) && !has(&log, DPDMDRIVE, 1));
    cause(USBWUALLOWED);
    assert!(controller.poll().is_none());
    let log = written();
    assert!(has(&log, DPDMVALUE, 1) && has(&log, DPDMDRIVE, 1) && has(&log, INTENSET, 1 << 21));
    assert!(controller.poll().is_none());
    raise(SOF, 1);
    assert!(matches!(controller.poll(), Some(Event::Resume)));
    let log = written();
    assert!(has(&log, SOF, 0) && has(&log, INTENCLR, SOF_INTERRUPT), "the others interrupt nobody");
    assert!(controller.poll().is_none());
    assert_eq!(written_to(DPDMDRIVE), [], "once");
}

#[test]
fn nothing_is_started_before_low_power_is_left() {
    let mut controller = opened();
    cause(SUSPEND);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    controller.suspend();
    set(HFCLKSTAT, 0);
    cause(RESUME);
    assert!(matches!(controller.poll(), Some(Event::Resume)));
    controller.resume();
    assert!(controller.send(data_in(), TxPacket::ZERO_LENGTH).is_ok());
    assert!(!has(&written(), start(Line::of(data_in())), 1));
    set(HFCLKSTAT, 1 << 16 | 1);
    assert!(controller.poll().is_none());
    assert!(has(&written(), start(Line::of(data_in())), 1));
}

/// A packet came that found no slot, and then there was one.
#[test]
fn in_low_power_no_packet_leaves_the_buffer() {
    let mut controller = opened();
    let mut slots = slots();
    let line = Line::of(data_out());
    assert!(controller.receive(data_out(), slots()).is_ok());
    data(line);
    assert!(controller.poll().is_none());
    dma_ends(line);
    assert!(matches!(controller.poll(), Some(Event::Received(..))));
    data(line);
    assert!(controller.poll().is_none());
    cause(SUSPEND);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    controller.suspend();
    written();
    assert!(controller.receive(data_out(), slots()).is_ok());
    assert!(controller.poll().is_none());
    assert!(!has(&written(), start(line), 1));
    controller.resume();
    assert!(controller.poll().is_none());
    assert!(has(&written(), start(line), 1));
}

#[test]
fn awake_there_is_nothing_to_wake() {
    let mut controller = attached();
    controller.remote_wakeup();
    cause(USBWUALLOWED);
    assert!(controller.poll().is_none());
    assert_eq!(written_to(DPDMDRIVE), []);
}

#[test]
fn a_watched_frame_interrupts_and_is_not_told() {
    let mut controller = attached();
    set(FRAMECNTR, 0x7FF);
    assert_eq!(controller.frame(), Some(0x7FF));
    controller.watch_frames(true);
    assert_eq!(written_to(INTENSET), [SOF_INTERRUPT]);
    raise(SOF, 1);
    assert!(controller.poll().is_none());
    assert_eq!(written_to(SOF), [0]);
    controller.watch_frames(false);
    assert_eq!(written_to(INTENCLR), [SOF_INTERRUPT]);
}

#[test]
fn a_reset_ends_suspend() {
    let mut controller = attached();
    cause(SUSPEND);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    raise(USBRESET, 1);
    assert!(matches!(controller.poll(), Some(Event::Reset(_))));
    cause(RESUME);
    assert!(controller.poll().is_none(), "nothing to resume");
}
