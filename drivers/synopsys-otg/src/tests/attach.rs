//! What `connect` writes.

use usbd_acm::Controller;

use super::connected;
use crate::registers::fake::{pended, written_to};
use crate::registers::{
    DCFG, DIEPMSK, GAHBCFG, GCCFG, GINTMSK, GOTGCTL, GRXFSIZ, GUSBCFG, Register, transmit_size,
};
use crate::{Core, Vbus, stm32f4, stm32h7};

/// What `connect` wrote last to a register.
fn last<C: Core>(vbus: Vbus, register: Register) -> Option<u32> {
    let _controller = connected::<C>(vbus);
    written_to(register).last().copied()
}

/// RM0090 §34.16.2 and RM0433 §57.14: PWRDWN is 16, and what VBUS is watched by.
#[test]
fn vbus_is_watched_as_the_generation_of_the_core_does() {
    type Chip = fn(Vbus, Register) -> Option<u32>;
    let rows: [(Chip, Vbus, u32, Option<u32>); 6] = [
        (last::<stm32f4::OtgFs>, Vbus::Sensed, 1 << 16 | 1 << 19, None),
        (last::<stm32f4::OtgFs>, Vbus::Ignored, 1 << 16 | 1 << 21, None),
        (last::<stm32h7::Otg1>, Vbus::Sensed, 1 << 16 | 1 << 21, Some(0)),
        (last::<stm32h7::Otg2>, Vbus::Ignored, 1 << 16, Some(0b11 << 6)),
        // The transceiver on the chip is off.
        (last::<stm32h7::Otg1Ulpi>, Vbus::Sensed, 1 << 21, Some(0)),
        (last::<stm32h7::Otg1Ulpi>, Vbus::Ignored, 0, Some(0b11 << 6)),
    ];
    for (last, vbus, gccfg, gotgctl) in rows {
        assert_eq!(last(vbus, GCCFG), Some(gccfg));
        assert_eq!(last(vbus, GOTGCTL), gotgctl);
    }
}

/// FDMOD is 30, PHYSEL 6, TRDT from 10 on; DSPD is 3 for the PHY on the chip, NZLSOHSK 2,
/// XCVRDLY 14.
#[test]
fn transceiver_speed_and_turnaround_go_together() {
    let full_speed = 1 << 30 | 6 << 10 | 1 << 6;
    assert_eq!(last::<stm32f4::OtgFs>(Vbus::Sensed, GUSBCFG), Some(full_speed));
    assert_eq!(last::<stm32h7::Otg2>(Vbus::Sensed, GUSBCFG), Some(full_speed));
    assert_eq!(last::<stm32h7::Otg1Ulpi>(Vbus::Sensed, GUSBCFG), Some(1 << 30 | 9 << 10));
    assert_eq!(last::<stm32h7::Otg1>(Vbus::Sensed, DCFG), Some(0b111));
    assert_eq!(last::<stm32h7::Otg1Ulpi>(Vbus::Sensed, DCFG), Some(1 << 14 | 0b100));
}

/// RXFLVL 4, IEPINT 18, OTGINT 2, USBSUSP 11, USBRST 12, ENUMDNE 13, WKUPINT 31; not OEPINT, not SOF.
#[test]
fn it_is_interrupted_by_what_it_looks_at() {
    let bits = [2, 4, 11, 12, 13, 18, 31].map(|bit| 1u32 << bit).iter().sum::<u32>();
    assert_eq!(last::<stm32f4::OtgFs>(Vbus::Sensed, GINTMSK), Some(bits));
    assert_eq!(last::<stm32f4::OtgFs>(Vbus::Sensed, DIEPMSK), Some(1));
    assert_eq!(last::<stm32f4::OtgFs>(Vbus::Sensed, GAHBCFG), Some(1));
}

/// Depth in the upper half, start in the lower; for EP0, data and notification of one port.
#[test]
fn the_ram_is_shared_out_by_plan() {
    assert_eq!(last::<stm32f4::OtgFs>(Vbus::Sensed, GRXFSIZ), Some(69));
    for (number, (start, depth)) in [(69, 16), (85, 219), (304, 16)].into_iter().enumerate() {
        let register = transmit_size(number.try_into().unwrap());
        assert_eq!(register, Register([0x028, 0x104, 0x108][number]));
        assert_eq!(last::<stm32f4::OtgFs>(Vbus::Sensed, register), Some(depth << 16 | start));
    }
}

/// NVIC_ISPR0 and the words after it: 67 is bit 3 of the third, 77 bit 13 of it, 101 bit 5 of the fourth.
#[test]
fn the_doorbell_is_the_interrupt_of_the_core() {
    fn ring<C: Controller>(_: &C) -> Vec<(u32, u32)> {
        (C::DOORBELL)();
        pended()
    }
    assert_eq!(ring(&connected::<stm32f4::OtgFs>(Vbus::Sensed)), [(0xE000_E208, 1 << 3)]);
    assert_eq!(ring(&connected::<stm32h7::Otg1>(Vbus::Sensed)), [(0xE000_E208, 1 << 13)]);
    assert_eq!(ring(&connected::<stm32h7::Otg2>(Vbus::Sensed)), [(0xE000_E20C, 1 << 5)]);
}
