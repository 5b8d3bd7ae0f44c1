//! Control transfers (§34.17.5, §34.17.6).

use usbd_acm_bench::soc::Violation;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use crate::chip::*;

pub const GET_DESCRIPTOR: [u8; 8] = [0x80, 6, 0, 1, 0, 0, 18, 0];
const SET_ADDRESS: [u8; 8] = [0, 5, 23, 0, 0, 0, 0, 0];
const SET_LINE_CODING: [u8; 8] = [0x21, 0x20, 0, 0, 0, 0, 7, 0];

/// Lets EP0 send these bytes.
fn answer(chip: &mut Chip, bytes: &[u8]) {
    chip.write(dieptsiz(0), size(1, bytes.len() as u32));
    chip.set(diepctl(0), EPENA | CNAK);
    for chunk in bytes.chunks(4) {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        chip.write(fifo(0), u32::from_le_bytes(word));
    }
}

/// Lets EP0 receive a packet, and three more SETUPs.
fn expect(chip: &mut Chip) {
    chip.write(doeptsiz(0), 3 << 29 | size(1, 64));
    chip.set(doepctl(0), EPENA | CNAK);
}

#[test]
fn a_setup_is_reported_at_once_and_its_end_with_the_next_token() {
    let mut chip = Chip::attached();
    assert_eq!(chip.setup(GET_DESCRIPTOR), Handshake::Ack);
    assert_eq!(chip.read(doeptsiz(0)) >> 29, 2);
    assert_eq!(chip.pop_all(), [(SETUP_DATA, GET_DESCRIPTOR.to_vec())]);
    assert!(!chip.has(doepint(0), 1 << 3));
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
    assert!(!chip.has(doepint(0), 1 << 3));
    assert_eq!(chip.pop_all(), [(SETUP_COMPLETE, vec![])]);
    assert!(chip.has(doepint(0), 1 << 3));
    // Not again.
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
    assert_eq!(chip.pop(), None);
}

#[test]
fn a_read_ends_with_a_status_stage_to_the_device() {
    let mut chip = Chip::attached();
    chip.setup(GET_DESCRIPTOR);
    answer(&mut chip, &[18, 1, 0]);
    assert_eq!(chip.token_in(0, true), data(Pid::Data1, [18, 1, 0]));
    assert_eq!(chip.token_out(0, Pid::Data1, &[]), Handshake::Nak);
    chip.pop_all();
    expect(&mut chip);
    assert_eq!(chip.token_out(0, Pid::Data1, &[]), Handshake::Ack);
    assert_eq!(chip.pop_all(), [(OUT_DATA, vec![]), (OUT_COMPLETE, vec![])]);
    assert_eq!(chip.violations(), []);
}

#[test]
fn a_write_has_its_data_and_a_status_stage_to_the_host() {
    let mut chip = Chip::attached();
    let coding = [0, 0xC2, 1, 0, 0, 0, 8];
    chip.setup(SET_LINE_CODING);
    assert_eq!(chip.token_out(0, Pid::Data1, &coding), Handshake::Nak);
    chip.pop_all();
    expect(&mut chip);
    assert_eq!(chip.token_out(0, Pid::Data1, &coding), Handshake::Ack);
    assert_eq!(chip.pop_all(), [(OUT_DATA, coding.to_vec()), (OUT_COMPLETE, vec![])]);
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
    answer(&mut chip, &[]);
    assert_eq!(chip.token_in(0, true), data(Pid::Data1, []));
    assert_eq!(chip.violations(), []);
}

#[test]
fn setups_in_a_row_are_all_taken_and_end_once() {
    let mut chip = Chip::attached();
    for round in 0..3 {
        assert_eq!(chip.setup([round, 0, 0, 0, 0, 0, 0, 0]), Handshake::Ack);
    }
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
    let kinds: Vec<u32> = chip.pop_all().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [SETUP_DATA, SETUP_DATA, SETUP_DATA, SETUP_COMPLETE]);
    assert_eq!(chip.violations(), []);
    chip.setup(GET_DESCRIPTOR);
    assert_eq!(chip.violations(), [Violation::SetupCountExhausted]);
}

#[test]
fn a_setup_ends_a_stall_and_sets_nak_both_ways() {
    let mut chip = Chip::attached();
    chip.setup(GET_DESCRIPTOR);
    chip.set(diepctl(0), STALL);
    chip.set(doepctl(0), STALL);
    assert_eq!(chip.token_in(0, true), InResponse::Stall);
    assert_eq!(chip.token_out(0, Pid::Data1, &[]), Handshake::Stall);
    // Firmware cannot end it.
    chip.write(diepctl(0), 0);
    assert_eq!(chip.token_in(0, true), InResponse::Stall);
    assert_eq!(chip.setup(SET_LINE_CODING), Handshake::Ack);
    assert!(chip.has(diepctl(0), NAKSTS) && chip.has(doepctl(0), NAKSTS));
    assert!(!chip.has(diepctl(0), STALL) && !chip.has(doepctl(0), STALL));
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
    assert_eq!(chip.token_out(0, Pid::Data1, &[1]), Handshake::Nak);
}

#[test]
fn a_setup_holds_back_what_was_to_be_sent_before_it() {
    let mut chip = Chip::attached();
    chip.setup(GET_DESCRIPTOR);
    answer(&mut chip, &[1, 2]);
    chip.setup(SET_LINE_CODING);
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
    // It is still there, for whoever only clears the NAK.
    chip.set(diepctl(0), CNAK);
    assert_eq!(chip.token_in(0, false), data(Pid::Data1, [1, 2]));
    chip.write(GRSTCTL, 1 << 5);
    assert_eq!(chip.token_in(0, true), InResponse::Nak);
}

#[test]
fn the_address_changes_after_the_status_stage() {
    let mut chip = Chip::attached();
    chip.setup(SET_ADDRESS);
    chip.set(DCFG, 23 << 4);
    assert_eq!(chip.read(DCFG) >> 4 & 0x7F, 23);
    answer(&mut chip, &[]);
    assert_eq!(chip.otg.address(), 0);
    assert_eq!(chip.token_in(0, false), data(Pid::Data1, []));
    assert_eq!(chip.otg.address(), 0);
    assert_eq!(chip.token_in(0, true), data(Pid::Data1, []));
    assert_eq!(chip.otg.address(), 23);
    // A reset does not change it: that is for firmware to do.
    chip.reset();
    assert_eq!(chip.otg.address(), 23);
    chip.write(DCFG, 3);
    assert_eq!(chip.otg.address(), 0);
}
