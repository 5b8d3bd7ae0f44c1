//! The FIFO RAM (§34.11, §34.13), and ES0182.

use usbd_acm_bench::soc::Violation;
use usbd_acm_virtual::{Handshake, Pid};

use crate::chip::*;

#[test]
fn txfe_is_half_or_wholly_empty_and_interrupts_where_it_is_asked_for() {
    let mut chip = Chip::attached();
    chip.write(GAHBCFG, 1);
    chip.write(GINTMSK, 1 << 18);
    chip.write(DAINTMSK, 2);
    assert!(chip.has(diepint(1), 1 << 7) && !chip.otg.interrupt());
    chip.write(DIEPEMPMSK, 2);
    assert!(chip.otg.interrupt() && chip.has(DAINT, 2) && chip.has(GINTSTS, 1 << 18));
    // 32 of 64 words are free: half empty, and not empty.
    chip.send(2, &[0; 128]);
    assert_eq!(chip.read(dtxfsts(1)), 32);
    assert!(chip.otg.interrupt());
    chip.write(GAHBCFG, 1 | 1 << 7);
    assert!(!chip.otg.interrupt());
    chip.token_in(1, true);
    assert_eq!(chip.read(dtxfsts(1)), 48);
    chip.token_in(1, true);
    assert!(chip.otg.interrupt());
    assert_eq!(chip.violations(), []);
}

#[test]
fn masks_and_the_global_one_hold_interrupts_back() {
    let mut chip = Chip::attached();
    chip.write(GINTSTS, !0);
    chip.send(1, &[1]);
    chip.token_in(1, true);
    assert_eq!(chip.read(DAINT), 0);
    chip.write(DIEPMSK, 1);
    assert_eq!(chip.read(DAINT), 2);
    assert!(!chip.has(GINTSTS, 1 << 18));
    chip.write(DAINTMSK, 2);
    assert!(chip.has(GINTSTS, 1 << 18) && !chip.otg.interrupt());
    chip.write(GINTMSK, 1 << 18 | 1 << 4);
    assert!(!chip.otg.interrupt());
    chip.write(GAHBCFG, 1);
    assert!(chip.otg.interrupt());
    chip.write(diepint(1), 1);
    assert!(!chip.otg.interrupt());
    chip.receive(1);
    chip.token_out(1, Pid::Data0, &[1]);
    assert!(chip.otg.interrupt(), "RXFLVL");
    chip.pop_all();
    assert!(!chip.otg.interrupt());
    chip.write(DOEPMSK, 1);
    chip.write(DAINTMSK, 2 << 16);
    assert!(chip.has(GINTSTS, 1 << 19) && chip.read(DAINT) == 2 << 16);
}

#[test]
fn a_full_receive_fifo_naks_and_still_takes_setups() {
    let mut chip = Chip::attached();
    // Ten words are for SETUP, 17 for a packet and its status, one for the end of the transfer.
    chip.divide(10 + 17 + 17 + 1, &[16, 64]);
    chip.receive(3);
    assert_eq!(chip.token_out(1, Pid::Data0, &[1; 64]), Handshake::Ack);
    assert_eq!(chip.token_out(1, Pid::Data1, &[2; 64]), Handshake::Ack);
    assert_eq!(chip.token_out(1, Pid::Data0, &[3; 64]), Handshake::Nak);
    for _ in 0..3 {
        assert_eq!(chip.setup([0; 8]), Handshake::Ack);
    }
    assert_eq!(chip.violations(), []);
    assert_eq!(chip.pop(), Some((OUT_DATA, 1, 0, vec![1; 64])));
    assert_eq!(chip.token_out(1, Pid::Data0, &[3; 64]), Handshake::Ack);
}

#[test]
fn a_setup_that_finds_no_room_is_lost() {
    let mut chip = Chip::attached();
    chip.divide(16, &[16, 64]);
    chip.write(doeptsiz(0), 3 << 29);
    for _ in 0..6 {
        chip.setup([0; 8]);
        chip.write(doeptsiz(0), 3 << 29);
    }
    assert_eq!(chip.violations(), [Violation::RxFifoOverflow]);
    assert_eq!(chip.pop_all().len(), 5);
}

#[test]
fn a_word_in_the_wrong_place_is_noted() {
    type Wrong = fn(&mut Chip);
    let received: fn(&mut Chip) = |chip| {
        chip.receive(1);
        assert_eq!(chip.token_out(1, Pid::Data0, &[1, 2, 3, 4, 5]), Handshake::Ack);
        chip.read(GRXSTSP);
        chip.read(fifo(0));
    };
    let cases: [(Violation, Option<Wrong>, Wrong); 6] = [
        (Violation::RxFifoPopEmpty, None, |chip| assert_eq!(chip.read(GRXSTSP), 0)),
        (Violation::RxFifoPopEmpty, None, |chip| assert_eq!(chip.read(fifo(1)), 0)),
        (Violation::RxStatusOverData, Some(received), |chip| {
            assert_eq!(chip.read(GRXSTSP), 5);
        }),
        (Violation::RxDataOverStatus, Some(received), |chip| {
            assert_eq!((chip.read(fifo(0)), chip.read(fifo(0))), (5, 0));
        }),
        (Violation::TxFifoWithoutTransfer, None, |chip| chip.fill(&[1])),
        (Violation::TxFifoWithoutTransfer, None, |chip| {
            chip.send(1, &[1, 2, 3, 4]);
            chip.fill(&[5]);
        }),
    ];
    for (expected, before, wrong) in cases {
        let mut chip = Chip::attached();
        if let Some(before) = before {
            before(&mut chip);
        }
        assert_eq!(chip.violations(), []);
        wrong(&mut chip);
        assert_eq!(chip.violations(), [expected]);
    }
}

#[test]
fn a_transmit_fifo_takes_no_more_than_it_has() {
    let mut chip = Chip::attached();
    chip.divide(64, &[16, 20]);
    chip.arm(2, 128);
    chip.fill(&[1; 64]);
    chip.fill(&[2; 16]);
    assert_eq!(chip.violations(), []);
    chip.fill(&[2; 4]);
    assert_eq!(chip.violations(), [Violation::TxFifoOverflow]);
}

#[test]
fn fifos_lie_in_the_ram_and_apart_from_each_other() {
    let cases = [
        (64, [16, 240], None),
        (64, [16, 241], Some(Violation::FifoOutsideRam)),
        (15, [16, 64], Some(Violation::FifoTooShort)),
        (64, [15, 64], Some(Violation::FifoTooShort)),
    ];
    for (receive, transmit, expected) in cases {
        let mut chip = Chip::attached();
        chip.divide(receive, &transmit);
        chip.send(1, &[1]);
        assert_eq!(chip.violations(), Vec::from_iter(expected), "{receive} {transmit:?}");
    }
    let mut chip = Chip::attached();
    chip.write(GRXFSIZ, 65);
    chip.send(1, &[1]);
    assert_eq!(chip.violations(), [Violation::FifosOverlap]);
}

#[test]
fn es0182_an_access_to_an_endpoint_between_two_words_corrupts_the_next() {
    let mut chip = Chip::attached();
    chip.arm(1, 12);
    chip.fill(&[1; 4]);
    // Global registers and those of the device do no harm.
    chip.read(GINTSTS);
    chip.read(DSTS);
    chip.fill(&[2; 4]);
    assert_eq!(chip.violations(), []);
    chip.read(dtxfsts(1));
    chip.fill(&[3; 4]);
    assert_eq!(chip.violations(), [Violation::FifoWriteInterrupted]);
    let wrong = [1, 1, 1, 1, 2, 2, 2, 2, !3, !3, !3, !3];
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, wrong));
}
