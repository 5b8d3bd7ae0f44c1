//! Each erratum: what the documents ask for is written, and in that order.

use usbd_acm::{Controller, TxPacket};

use super::{attached, cause, connect, data_in, detached, dma_ends, opened, start};
use crate::errata::{disarm, erratum_166};
use crate::line::Line;
use crate::registers::fake::{set, written, written_to};
use crate::registers::{
    DMA_LATCH, ENABLE, ERRATA_KEY, ERRATUM_171, ERRATUM_187, HFCLKSTAT, LOWPOWER, Register,
    TEST_ADDRESS, TEST_DATA, USBREGSTATUS, Usbd,
};

/// The writes to these registers, in order.
fn only(registers: &[Register]) -> Vec<(Register, u32)> {
    written().into_iter().filter(|(register, _)| registers.contains(register)).collect()
}

#[test]
fn erratum_187_and_171_are_around_the_enable() {
    let mut controller = detached::<1>();
    set(USBREGSTATUS, 1);
    connect(&mut controller);
    let around = [ENABLE, ERRATUM_171, ERRATUM_187];
    let begins = [(ENABLE, 0), (ERRATUM_187, 3), (ERRATUM_171, 0xC0), (ENABLE, 1)];
    assert_eq!(only(&around), begins);
    assert!(controller.poll().is_none());
    assert_eq!(only(&around), [], "not before READY");
    cause(super::READY);
    assert!(controller.poll().is_none());
    assert_eq!(only(&around), [(ERRATUM_171, 0), (ERRATUM_187, 0)]);
}

#[test]
fn erratum_171_opens_the_register_and_closes_it() {
    let usbd = Usbd::fake();
    crate::errata::erratum_171_begin(&usbd);
    assert_eq!(written(), [(ERRATA_KEY, 0x9375), (ERRATUM_171, 0xC0), (ERRATA_KEY, 0x9375)]);
}

#[test]
fn erratum_171_leaves_an_open_register_open() {
    let usbd = Usbd::fake();
    set(ERRATA_KEY, 1);
    crate::errata::erratum_171_begin(&usbd);
    assert_eq!(written(), [(ERRATUM_171, 0xC0)]);
}

#[test]
fn erratum_171_is_around_the_end_of_low_power() {
    let mut controller = attached();
    controller.suspend();
    written();
    controller.resume();
    assert!(controller.poll().is_none());
    assert_eq!(only(&[ERRATUM_171, LOWPOWER]), [(ERRATUM_171, 0xC0), (LOWPOWER, 0)]);
    cause(1 << 10);
    assert!(controller.poll().is_none());
    assert_eq!(only(&[ERRATUM_171]), [(ERRATUM_171, 0)]);
}

#[test]
fn erratum_166_is_after_the_enable() {
    erratum_166(&Usbd::fake());
    let fix = [(TEST_ADDRESS, 0x7E3), (TEST_DATA, 0x40)];
    assert_eq!(written(), fix);
    let mut controller = detached::<1>();
    set(USBREGSTATUS, 3);
    set(HFCLKSTAT, 1 << 16 | 1);
    connect(&mut controller);
    written();
    cause(super::READY);
    assert!(controller.poll().is_none());
    assert_eq!(only(&[TEST_ADDRESS, TEST_DATA]), fix);
}

#[test]
fn erratum_199_is_around_each_dma() {
    let mut controller = opened();
    let line = Line::of(data_in());
    assert!(controller.send(data_in(), TxPacket::ZERO_LENGTH).is_ok());
    assert_eq!(only(&[DMA_LATCH, start(line)]), [(DMA_LATCH, 0x82), (start(line), 1)]);
    assert!(controller.poll().is_none());
    assert_eq!(written_to(DMA_LATCH), [], "not before the end");
    dma_ends(line);
    assert!(controller.poll().is_none());
    assert_eq!(written_to(DMA_LATCH), [0]);
}

#[test]
fn an_in_endpoint_is_disarmed_by_its_test_register() {
    let usbd = Usbd::fake();
    set(TEST_DATA, 0x11);
    disarm(&usbd, 3);
    assert_eq!(written(), [(TEST_ADDRESS, 0x7BA), (TEST_DATA, 0x13)]);
    set(TEST_DATA, 0x11);
    disarm(&usbd, 0);
    assert_eq!(written(), [(TEST_ADDRESS, 0x7B4), (TEST_DATA, 0x15)]);
}
