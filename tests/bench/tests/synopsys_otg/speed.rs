//! OTG_HS with an external PHY, and what is different in a newer core (RM0433 §57).

use usbd_acm::Speed;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use crate::chip::*;
use crate::control::GET_DESCRIPTOR;

/// Started, with VBUS detection, and reset.
fn started(physel: bool, speed: u32) -> (Chip, Speed) {
    let mut chip = Chip::high_speed();
    chip.otg.set_vbus(true, 0);
    chip.write(GUSBCFG, 1 << 30 | u32::from(physel) << 6 | 9 << 10);
    chip.run(25 * MILLISECOND);
    chip.write(GCCFG, 1 << 21 | 1 << 16);
    chip.write(DCFG, speed);
    assert!(!chip.otg.is_attached(), "SDIS is set after a reset");
    chip.write(DCTL, 0);
    assert!(chip.otg.is_attached());
    chip.divide(400, &[64, 256]);
    let speed = chip.reset();
    (chip, speed)
}

#[test]
fn dspd_and_the_phy_decide_about_the_speed() {
    for (physel, dspd, expected, enumspd) in [
        (false, 0, Speed::High, 0),
        (false, 1, Speed::Full, 1),
        (true, 0, Speed::Full, 3),
        (true, 3, Speed::Full, 3),
    ] {
        let (mut chip, speed) = started(physel, dspd);
        assert_eq!(speed, expected);
        assert_eq!(chip.read(DSTS) >> 1 & 3, enumspd);
    }
}

#[test]
fn packets_of_512_bytes_go_both_ways_and_ping_asks_for_room() {
    let (mut chip, _) = started(false, 0);
    chip.open(512);
    let bytes: Vec<u8> = (0..=255).chain(0..=255).collect();
    chip.send(1, &bytes);
    assert_eq!(chip.token_in(1, true), data(Pid::Data0, bytes.clone()));
    assert_eq!(chip.ping(1), Handshake::Nak);
    chip.write(doeptsiz(1), size(2, 1024));
    chip.set(doepctl(1), EPENA | CNAK);
    assert_eq!(chip.ping(1), Handshake::Ack);
    assert_eq!(chip.token_out(1, Pid::Data0, &bytes), Handshake::Ack);
    assert_eq!(chip.pop(), Some((OUT_DATA, 1, 0, bytes)));
    assert_eq!(chip.violations(), []);
}

#[test]
fn a_newer_core_senses_vbus_by_vbden_or_not_at_all() {
    let mut chip = Chip::high_speed();
    chip.write(GUSBCFG, 1 << 30 | 1 << 6);
    chip.write(DCTL, 0);
    chip.write(GCCFG, 1 << 16);
    chip.otg.set_vbus(true, 0);
    assert!(!chip.otg.is_attached());
    // BVALOEN and BVALOVAL.
    chip.write(0x000, 1 << 6 | 1 << 7);
    assert!(chip.otg.is_attached() && !chip.has(GINTSTS, 1 << 30));
    chip.write(0x000, 0);
    assert!(!chip.otg.is_attached());
    chip.write(GCCFG, 1 << 21 | 1 << 16);
    assert!(chip.otg.is_attached() && chip.has(GINTSTS, 1 << 30));
}

#[test]
fn a_newer_core_tells_that_the_status_stage_of_a_write_begins() {
    let (mut chip, _) = started(true, 3);
    chip.write(doeptsiz(0), 3 << 29 | size(1, 64));
    chip.setup([0x21, 0x20, 0, 0, 0, 0, 7, 0]);
    chip.set(doepctl(0), EPENA | CNAK);
    assert_eq!(chip.token_out(0, Pid::Data1, &[7; 7]), Handshake::Ack);
    let kinds: Vec<u32> = chip.pop_all().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [SETUP_DATA, OUT_COMPLETE, SETUP_COMPLETE, OUT_DATA, OUT_COMPLETE]);
    chip.write(doepint(0), !0);
    chip.token_in(0, true);
    // STSPHST, and STSPHSRX instead of XFRC.
    assert!(chip.has(GRXSTSR, 1 << 27));
    assert_eq!(chip.pop_all(), [(OUT_COMPLETE, vec![])]);
    assert_eq!(chip.read(doepint(0)) & 0x21, 1 << 5);
}

/// hathach/tinyusb#3669.
#[test]
fn a_newer_core_keeps_the_end_of_a_setup_stage_back_while_the_one_before_stands() {
    let (mut chip, _) = started(true, 3);
    let taken = |chip: &mut Chip| -> Vec<u32> {
        assert_eq!(chip.token_in(0, true), InResponse::Nak);
        chip.pop_all().into_iter().map(|(kind, _)| kind).collect()
    };
    chip.setup(GET_DESCRIPTOR);
    assert_eq!(taken(&mut chip), [SETUP_DATA, OUT_COMPLETE, SETUP_COMPLETE]);
    // STPKTRX and STUP.
    assert_eq!(chip.read(doepint(0)) & 0x8008, 0x8008);
    chip.setup(GET_DESCRIPTOR);
    assert_eq!(taken(&mut chip), [SETUP_DATA, OUT_COMPLETE]);
    chip.write(doepint(0), 1 << 3);
    assert_eq!(taken(&mut chip), [SETUP_COMPLETE]);
}
