//! Bulk transfers (§34.17.6), and how they end early.

use usbd_acm_bench::soc::Violation;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use crate::chip::*;

#[test]
fn an_in_packet_waits_for_its_last_word_and_is_repeated_until_it_is_acknowledged() {
    let mut chip = Chip::attached();
    let bytes: Vec<u8> = (0..10).collect();
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
    chip.arm(1, 10);
    chip.fill(&bytes[..8]);
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
    chip.fill(&bytes[8..]);
    assert_eq!(chip.read(dieptsiz(1)), size(1, 0));
    // The padding is not sent.
    assert_eq!(chip.token_in(1, false), data(Pid::Data0, 0..10));
    assert!(chip.has(diepctl(1), EPENA) && !chip.has(diepint(1), 1));
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, 0..10));
    assert!(!chip.has(diepctl(1), EPENA) && chip.has(diepint(1), 1));
    assert_eq!(chip.read(dieptsiz(1)), 0);
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
    chip.send(1, &[7]);
    assert_eq!(chip.token_in(1, true), data(Pid::Data1, [7]));
    assert_eq!(chip.violations(), []);
}

#[test]
fn a_transfer_of_several_packets_interrupts_once() {
    let mut chip = Chip::attached();
    let bytes: Vec<u8> = (0..130).collect();
    chip.send(3, &bytes);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, 0..64));
    assert_eq!(chip.token_in(1, true), data(Pid::Data1, 64..128));
    assert!(!chip.has(diepint(1), 1));
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, 128..130));
    assert!(chip.has(diepint(1), 1));
    chip.write(diepint(1), 1);
    assert!(!chip.has(diepint(1), 1));
    assert_eq!(chip.violations(), []);
}

#[test]
fn a_packet_of_no_bytes_needs_no_word() {
    let mut chip = Chip::attached();
    chip.send(1, &[]);
    assert_eq!(chip.token_in(1, false), data(Pid::Data0, []));
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, []));
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
    assert_eq!(chip.violations(), []);
}

#[test]
fn an_out_packet_comes_with_its_status_and_the_end_of_its_transfer() {
    let mut chip = Chip::attached();
    assert_eq!(chip.token_out(1, Pid::Data0, &[1, 2, 3]), Handshake::Nak);
    chip.receive(1);
    assert_eq!(chip.token_out(1, Pid::Data0, &[1, 2, 3]), Handshake::Ack);
    // NAK is set, and a repeated packet is acknowledged and dropped.
    assert!(chip.has(doepctl(1), NAKSTS));
    assert_eq!(chip.token_out(1, Pid::Data0, &[1, 2, 3]), Handshake::Ack);
    assert_eq!(chip.token_out(1, Pid::Data1, &[4]), Handshake::Nak);
    assert_eq!(chip.read(GRXSTSR), chip.read(GRXSTSR));
    assert_eq!(chip.pop(), Some((OUT_DATA, 1, 0, vec![1, 2, 3])));
    assert!(chip.has(doepctl(1), EPENA) && !chip.has(doepint(1), 1));
    assert_eq!(chip.pop(), Some((OUT_COMPLETE, 1, 0, vec![])));
    assert!(!chip.has(doepctl(1), EPENA) && chip.has(doepint(1), 1));
    assert_eq!(chip.pop(), None);
    chip.receive(1);
    assert_eq!(chip.token_out(1, Pid::Data1, &[4]), Handshake::Ack);
    assert_eq!(chip.pop(), Some((OUT_DATA, 1, 2, vec![4])));
    assert_eq!(chip.violations(), []);
}

#[test]
fn an_out_transfer_ends_with_its_last_packet_or_a_short_one() {
    let mut chip = Chip::attached();
    let full = [9; 64];
    chip.receive(2);
    assert_eq!(chip.token_out(1, Pid::Data0, &full), Handshake::Ack);
    assert_eq!(chip.read(doeptsiz(1)), size(1, 64));
    assert_eq!(chip.pop_all(), [(OUT_DATA, full.to_vec())]);
    assert_eq!(chip.token_out(1, Pid::Data1, &full), Handshake::Ack);
    assert_eq!(chip.pop_all(), [(OUT_DATA, full.to_vec()), (OUT_COMPLETE, vec![])]);
    chip.receive(2);
    assert_eq!(chip.token_out(1, Pid::Data0, &[]), Handshake::Ack);
    assert_eq!(chip.pop_all(), [(OUT_DATA, vec![]), (OUT_COMPLETE, vec![])]);
    assert_eq!(chip.read(doeptsiz(1)), size(1, 128));
    assert_eq!(chip.violations(), []);
}

#[test]
fn a_packet_that_is_too_long_is_not_answered() {
    let mut chip = Chip::attached();
    chip.receive(1);
    assert_eq!(chip.token_out(1, Pid::Data0, &[0; 65]), Handshake::NoResponse);
    assert_eq!(chip.pop(), None);
}

#[test]
fn a_halted_endpoint_stalls_and_its_toggle_is_set_apart() {
    let mut chip = Chip::attached();
    chip.send(1, &[1]);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, [1]));
    chip.set(diepctl(1), STALL);
    chip.set(doepctl(1), STALL);
    assert_eq!(chip.token_in(1, true), InResponse::Stall);
    assert_eq!(chip.token_out(1, Pid::Data0, &[]), Handshake::Stall);
    let control = chip.read(diepctl(1)) & !STALL;
    chip.write(diepctl(1), control | SD0PID);
    chip.send(1, &[2]);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, [2]));
}

#[test]
fn an_in_endpoint_is_disabled_by_nak_then_epdis_then_a_flush() {
    let mut chip = Chip::attached();
    chip.send(1, &[1, 2]);
    chip.set(diepctl(1), SNAK);
    assert!(!chip.has(diepint(1), 1 << 6), "INEPNE takes a while");
    chip.run(2 * MICROSECOND);
    assert!(chip.has(diepint(1), 1 << 6));
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
    chip.set(diepctl(1), SNAK | EPDIS);
    chip.run(2 * MICROSECOND);
    assert!(chip.has(diepint(1), 1 << 1) && !chip.has(diepctl(1), EPENA));
    assert_eq!(chip.read(dtxfsts(1)), 63);
    chip.write(GRSTCTL, 1 << 6 | 1 << 5);
    assert!(chip.has(GRSTCTL, 1 << 5));
    chip.run(2 * MICROSECOND);
    assert!(!chip.has(GRSTCTL, 1 << 5));
    assert_eq!(chip.read(dtxfsts(1)), 64);
    chip.send(1, &[3]);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, [3]));
    assert_eq!(chip.violations(), []);
}

#[test]
fn an_out_endpoint_is_disabled_in_global_out_nak() {
    let mut chip = Chip::attached();
    chip.receive(1);
    chip.set(DCTL, 1 << 9);
    assert!(chip.has(DCTL, 1 << 3) && !chip.has(GINTSTS, 1 << 7));
    assert_eq!(chip.token_out(1, Pid::Data0, &[1]), Handshake::Nak);
    chip.run(MILLISECOND);
    assert_eq!(chip.pop_all(), [], "it takes longer than a frame");
    chip.run(MILLISECOND);
    assert_eq!(chip.pop_all(), [(GLOBAL_OUT_NAK, vec![])]);
    assert!(chip.has(GINTSTS, 1 << 7));
    chip.set(doepctl(1), SNAK | EPDIS);
    chip.run(2 * MICROSECOND);
    assert!(chip.has(doepint(1), 1 << 1) && !chip.has(doepctl(1), EPENA));
    chip.set(DCTL, 1 << 10);
    assert!(!chip.has(GINTSTS, 1 << 7) && !chip.has(DCTL, 1 << 3));
    chip.write(doepint(1), 1 << 1);
    chip.receive(1);
    assert_eq!(chip.token_out(1, Pid::Data0, &[1]), Handshake::Ack);
    assert_eq!(chip.violations(), []);
}

#[test]
fn global_in_nak_holds_every_in_endpoint() {
    let mut chip = Chip::attached();
    chip.send(1, &[1]);
    chip.set(DCTL, 1 << 7);
    chip.run(2 * MICROSECOND);
    assert!(chip.has(GINTSTS, 1 << 6) && chip.has(DCTL, 1 << 2));
    assert_eq!(chip.token_in(1, true), InResponse::Nak);
    chip.set(DCTL, 1 << 8);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, [1]));
}

#[test]
fn what_is_against_the_book_is_noted() {
    type Wrong = fn(&mut Chip);
    let cases: [(Violation, Wrong); 8] = [
        (Violation::DisableNotEnabled, |chip| chip.set(diepctl(1), SNAK | EPDIS)),
        (Violation::DisableWithoutNak, |chip| {
            chip.send(1, &[1]);
            chip.set(diepctl(1), SNAK | EPDIS);
        }),
        (Violation::DisableWithoutNak, |chip| {
            chip.receive(1);
            chip.set(doepctl(1), SNAK | EPDIS);
        }),
        (Violation::TransferSizeWhileEnabled, |chip| {
            chip.send(1, &[1]);
            chip.write(dieptsiz(1), size(1, 2));
        }),
        (Violation::TransferSizeWrong, |chip| chip.arm(1, 65)),
        (Violation::TransferSizeWrong, |chip| {
            chip.write(doeptsiz(1), size(1, 63));
            chip.set(doepctl(1), EPENA | CNAK);
        }),
        (Violation::FlushWhileEnabled, |chip| {
            chip.send(1, &[1]);
            chip.write(GRSTCTL, 1 << 6 | 1 << 5);
        }),
        (Violation::ReceiveWithoutEnable, |chip| {
            chip.set(doepctl(1), CNAK);
            assert_eq!(chip.token_out(1, Pid::Data0, &[1]), Handshake::Ack);
        }),
    ];
    for (expected, wrong) in cases {
        let mut chip = Chip::attached();
        wrong(&mut chip);
        assert_eq!(chip.violations(), [expected]);
    }
}
