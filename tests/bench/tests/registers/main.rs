//! The model by itself, register by register: what the product specification and the errata of the
//! nRF52840 say.

mod chip;

use chip::{Chip, data};
use usbd_acm_bench::soc::nrf52840::MICROSECOND;
use usbd_acm_bench::soc::{Chip as _, ResetCause, Soc as _, Violation};
use usbd_acm_virtual::{Handshake, InResponse, Pid};

const RAM: u32 = 0x2000_0000;
const USBD: u32 = 0x4002_7000;
const EPDATA: u32 = 0x160;
const ENDEPIN1: u32 = 0x10C;
const ENDEPOUT1: u32 = 0x134;
const STARTEPIN1: u32 = 0x008;
const STARTEPOUT1: u32 = 0x02C;
const EP0STATUS: u32 = 0x050;
const SIZE_EPOUT1: u32 = 0x4A4;
/// A DMA of 64 bytes takes less.
const DMA: u64 = 3 * MICROSECOND;

#[test]
fn errata_171_and_187_usbd_does_not_come_up_without_both_workarounds() {
    for (erratum_171, erratum_187) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut chip = Chip::new();
        chip.soc.set_vbus(true, 0);
        chip.enable(erratum_171, erratum_187);
        assert_eq!(chip.is_ready(), erratum_171 && erratum_187);
    }
}

#[test]
fn erratum_199_a_task_during_a_dma_is_lost_without_the_latch() {
    for latched in [false, true] {
        let mut chip = Chip::attached();
        chip.setup([0x21, 0x22, 3, 0, 0, 0, 0, 0]);
        chip.point(0x614, RAM, 64);
        if latched {
            chip.usbd(0xC1C, 0x82);
        }
        chip.usbd(STARTEPIN1, 1);
        chip.usbd(EP0STATUS, 1);
        chip.run(DMA);
        let status = chip.token_in(0, true);
        let expected = if latched { data(Pid::Data1, []) } else { InResponse::Nak };
        assert_eq!(status, expected);
        let lost = if latched { vec![] } else { vec![Violation::TaskDuringDma] };
        assert_eq!(chip.violations(), lost);
    }
}

#[test]
fn one_dma_at_a_time() {
    let mut chip = Chip::attached();
    chip.usbd(0xC1C, 0x82);
    chip.point(0x614, RAM, 64);
    chip.usbd(STARTEPIN1, 1);
    chip.usbd(STARTEPIN1, 1);
    assert_eq!(chip.violations(), [Violation::DmaDuringDma]);
}

/// Product specification, USBD, EVENTS_STARTED: it confirms that PTR and MAXCNT of the endpoints in EPSTATUS
/// were captured. Those of another endpoint may be written at any time.
#[test]
fn ptr_and_maxcnt_are_left_alone_until_started() {
    let mut chip = Chip::attached();
    chip.usbd(0xC1C, 0x82);
    chip.point(0x614, RAM, 64);
    chip.usbd(STARTEPIN1, 1);
    chip.point(0x628, RAM, 8);
    chip.point(0x714, RAM, 8);
    assert_eq!(chip.violations(), []);
    chip.usbd(0x614, RAM + 64);
    assert_eq!(chip.violations(), [Violation::PointerBeforeStarted]);
    assert_eq!((chip.event(0x104), chip.read(USBD + 0x468)), (false, 0));
    chip.run(MICROSECOND);
    assert_eq!((chip.event(0x104), chip.read(USBD + 0x468)), (true, 1 << 1));
    chip.point(0x614, RAM + 64, 32);
    assert!(!chip.event(ENDEPIN1));
    chip.run(DMA);
    assert!(chip.event(ENDEPIN1));
    assert_eq!(chip.violations(), [Violation::PointerBeforeStarted]);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, 0..64));
}

#[test]
fn erratum_166_opens_by_its_two_registers() {
    let mut chip = Chip::attached();
    assert!(!chip.soc.usbd.has_isochronous_double_buffer());
    chip.usbd(0x800, 0x7E3);
    chip.usbd(0x804, 0x40);
    assert!(chip.soc.usbd.has_isochronous_double_buffer());
}

#[test]
fn an_out_endpoint_naks_until_its_size_is_written_and_is_free_again_after_its_dma() {
    let mut chip = Chip::attached();
    assert_eq!(chip.token_out(1, Pid::Data0, &[1, 2, 3]), Handshake::Nak);
    chip.usbd(SIZE_EPOUT1, 0);
    assert_eq!(chip.token_out(1, Pid::Data0, &[1, 2, 3]), Handshake::Ack);
    assert!(chip.event(EPDATA));
    assert_eq!(chip.read(USBD + 0x46C), 1 << 17);
    assert_eq!(chip.read(USBD + SIZE_EPOUT1), 3);
    // The same again, because the host missed our ACK; and the next.
    assert_eq!(chip.token_out(1, Pid::Data0, &[1, 2, 3]), Handshake::Ack);
    assert_eq!(chip.token_out(1, Pid::Data1, &[4]), Handshake::Nak);
    chip.receive(128, 3);
    assert!(chip.event(ENDEPOUT1));
    assert_eq!(chip.ram.0[128..131], [1, 2, 3]);
    assert_eq!(chip.token_out(1, Pid::Data1, &[4]), Handshake::Ack);
    assert_eq!(chip.violations(), []);
}

#[test]
fn a_size_written_over_an_unread_packet_loses_it() {
    let mut chip = Chip::attached();
    chip.usbd(SIZE_EPOUT1, 0);
    chip.token_out(1, Pid::Data0, &[1]);
    chip.usbd(SIZE_EPOUT1, 0);
    assert_eq!(chip.violations(), [Violation::SizeOverUnreadPacket]);
    assert_eq!(chip.token_out(1, Pid::Data1, &[2]), Handshake::Ack);
    chip.receive(128, 1);
    assert_eq!(chip.ram.0[128], 2);
}

#[test]
fn a_size_read_during_a_dma_is_not_valid() {
    let mut chip = Chip::attached();
    chip.usbd(SIZE_EPOUT1, 0);
    chip.token_out(1, Pid::Data0, &[1, 2]);
    chip.point(0x614, RAM, 64);
    chip.usbd(STARTEPIN1, 1);
    assert_eq!(chip.read(USBD + SIZE_EPOUT1), 0);
    assert_eq!(chip.violations(), [Violation::SizeReadDuringDma]);
}

#[test]
fn an_in_packet_is_repeated_until_it_is_acknowledged() {
    let mut chip = Chip::attached();
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
    chip.send(0, 64);
    assert!(chip.event(ENDEPIN1));
    let first = data(Pid::Data0, 0..64);
    assert_eq!(chip.token_in(1, false), first);
    assert!(!chip.event(EPDATA));
    assert_eq!(chip.token_in(1, true), first);
    assert!(chip.event(EPDATA));
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
    chip.send(10, 2);
    assert_eq!(chip.token_in(1, true), data(Pid::Data1, [10, 11]));
}

#[test]
fn an_in_packet_over_a_waiting_one_replaces_it() {
    let mut chip = Chip::attached();
    chip.send(0, 1);
    chip.send(5, 1);
    assert_eq!(chip.violations(), [Violation::InOverWaitingPacket]);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, [5]));
}

#[test]
fn a_waiting_in_packet_can_be_dropped_by_the_hidden_registers() {
    let mut chip = Chip::attached();
    chip.send(0, 1);
    chip.usbd(0x800, 0x7B6);
    chip.usbd(0x804, 2);
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
}

#[test]
fn a_halted_endpoint_stalls_keeps_its_packet_and_its_toggle_is_set_apart() {
    let mut chip = Chip::attached();
    chip.send(7, 1);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, [7]));
    chip.send(8, 1);
    chip.usbd(0x518, 1 << 8 | 1 << 7 | 1);
    assert_eq!(chip.token_in(1, true), InResponse::Stall);
    assert_eq!(chip.read(USBD + 0x424), 1);
    chip.usbd(0x50C, 1 << 8 | 1 << 7 | 1);
    chip.usbd(0x518, 1 << 7 | 1);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, [8]));
}

#[test]
fn easydma_reads_no_flash_and_leaves_no_ram() {
    let mut chip = Chip::attached();
    for (address, violation) in [
        (0x0000_1000, Violation::DmaFromFlash),
        (0x2004_0000 - 8, Violation::DmaOutsideRam),
        (0xFFFF_FFF0, Violation::DmaOutsideRam),
    ] {
        chip.point(0x614, address, 64);
        chip.usbd(STARTEPIN1, 1);
        chip.run(DMA);
        assert_eq!(chip.violations().pop(), Some(violation));
        chip.usbd(0x800, 0x7B6);
        chip.usbd(0x804, 2);
    }
}

#[test]
fn set_address_is_answered_by_hardware_after_its_status_stage() {
    let mut chip = Chip::attached();
    assert_eq!(chip.setup([0, 5, 23, 0, 0, 0, 0, 0]), Handshake::Ack);
    assert!(chip.event(0x15C));
    assert_eq!(chip.soc.usbd.address(), 0);
    assert_eq!(chip.token_in(0, true), data(Pid::Data1, []));
    assert_eq!(chip.read(USBD + 0x470), 23);
}

#[test]
fn a_setup_drops_what_ep0_had() {
    let mut chip = Chip::attached();
    chip.setup([0x80, 6, 0, 1, 0, 0, 18, 0]);
    chip.point(0x600, RAM, 18);
    chip.usbd(0x004, 1);
    chip.run(DMA);
    chip.setup([0x80, 0, 0, 0, 0, 0, 2, 0]);
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
    // A DMA of the transfer before is under way while the next SETUP comes.
    chip.point(0x600, RAM, 2);
    chip.usbd(0x004, 1);
    let (now, address) = (chip.now, 0);
    chip.soc.with_usbd(|usbd, around| {
        usbd.setup_token(address, 0, [0x80, 8, 0, 0, 0, 0, 1, 0], (now, now + 1), around)
    });
    chip.run(DMA);
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
}

#[test]
fn ep0_stalls_until_the_next_setup() {
    let mut chip = Chip::attached();
    chip.setup([0x80, 6, 0, 15, 0, 0, 5, 0]);
    chip.usbd(0x054, 1);
    assert_eq!(chip.token_in(0, true), InResponse::Stall);
    chip.setup([0x21, 0x22, 3, 0, 0, 0, 0, 0]);
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
}

#[test]
fn nothing_is_heard_without_the_crystal() {
    let mut chip = Chip::attached();
    chip.write(0x4000_0004, 1);
    assert_eq!(chip.setup([0x80, 6, 0, 1, 0, 0, 18, 0]), Handshake::NoResponse);
    assert_eq!(chip.violations(), [Violation::BusWithoutCrystal]);
}

#[test]
fn waking_the_host_takes_the_workaround_of_171_the_crystal_and_the_event() {
    let mut chip = Chip::attached();
    chip.soc.usbd.set_suspended(true, chip.now);
    assert_eq!(chip.read(USBD + 0x400) & 1 << 8, 1 << 8);
    chip.usbd(0x52C, 1);
    chip.usbd(0x508, 1);
    chip.usbd(0x058, 1);
    assert!(!chip.soc.usbd.signals_wakeup());
    assert_eq!(chip.violations(), [Violation::WakeUpNotAllowed]);
    // The workaround is still open from the start; without it nothing comes.
    chip.write(0x4006_EC00, 0x9375);
    chip.write(0x4006_EC14, 0);
    chip.usbd(0x52C, 0);
    chip.run(500 * MICROSECOND);
    assert_eq!(chip.read(USBD + 0x400) & 1 << 10, 0);
    chip.usbd(0x52C, 1);
    chip.write(0x4006_EC14, 0xC0);
    chip.usbd(0x52C, 0);
    chip.run(1_000 * MICROSECOND);
    assert_eq!(chip.read(USBD + 0x400) & 1 << 10, 1 << 10);
    chip.usbd(0x058, 1);
    assert!(!chip.soc.usbd.signals_wakeup(), "the bus is not idle for 5 ms yet");
    chip.run(500 * MICROSECOND);
    assert!(chip.soc.usbd.signals_wakeup());
    chip.soc.usbd.set_suspended(false, chip.now);
    assert_eq!(chip.read(USBD + 0x400) & 1 << 9, 1 << 9);
}

#[test]
fn no_task_before_ready_and_no_pull_up_without_supply() {
    let mut chip = Chip::new();
    chip.usbd(STARTEPIN1, 1);
    chip.usbd(0x504, 1);
    assert_eq!(chip.violations(), [Violation::TaskBeforeReady, Violation::PullUpBeforeReady]);
    assert!(!chip.soc.usbd.is_attached());
}

#[test]
fn the_configuration_is_written_with_leave_only_and_survives_resets() {
    let mut chip = Chip::new();
    chip.write(0x1000_1208, 0x5A);
    assert_eq!(chip.violations(), [Violation::ConfigurationWriteProtected]);
    chip.write(0x4001_E504, 1);
    chip.write(0x1000_1208, 0xFFFF_FF5A);
    chip.soc.reset(ResetCause::BrownOut, chip.now);
    assert_eq!(chip.read(0x1000_1208), 0xFFFF_FF5A);
    assert_eq!(chip.read(0x4001_E504), 0);
}

#[test]
fn power_events_come_in_order() {
    let mut chip = Chip::new();
    chip.soc.set_vbus(true, 0);
    let status = |chip: &mut Chip| chip.read(0x4000_0438);
    assert_eq!(status(&mut chip), 0);
    chip.run(200 * MICROSECOND);
    assert_eq!((status(&mut chip), chip.read(0x4000_011C)), (1, 1));
    chip.run(800 * MICROSECOND);
    assert_eq!((status(&mut chip), chip.read(0x4000_0124)), (3, 1));
    chip.soc.set_vbus(false, chip.now);
    assert_eq!((status(&mut chip), chip.read(0x4000_0120)), (0, 1));
}
