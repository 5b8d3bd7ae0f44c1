//! Errata of the nRF52840 (nRF52840 Errata, all revisions up to 3), and what is done about them.
//!
//! | erratum | what is wrong | what is done | where |
//! |---|---|---|---|
//! | 166 | ISO endpoints are not double-buffered | a test register, after each enable | `erratum_166` |
//! | 171 | USBD may not power up, nor leave low power | a test register around both | `erratum_171_begin`, `_end` |
//! | 187 | USBD may not come up | a test register around the enable | `erratum_187_begin`, `_end` |
//! | 199 | tasks and tokens during a DMA are lost | a latch around each DMA | `erratum_199_begin`, `_end` |
//!
//! 211, which is late to leave suspend, takes a host that does without resume signalling against USB 2.0
//! §7.1.7.7, so nothing is done about it; nor does the manufacturer's own driver unless it is asked to. 104, 154
//! and others are of engineering samples only.

use crate::registers::{
    Access, DMA_LATCH, ERRATA_KEY, ERRATUM_171, ERRATUM_187, Register, TEST_ADDRESS, TEST_DATA,
    Usbd,
};

/// What opens and closes the registers of errata 171 and 187.
const KEY: u32 = 0x9375;

/// Isochronous endpoints are not double-buffered. This stack has none; it is for whoever takes the
/// enabled peripheral over.
pub(crate) fn erratum_166(usbd: &Usbd) {
    usbd.write(TEST_ADDRESS, 0x7E3);
    usbd.write(TEST_DATA, 0x40);
}

/// USBD may not power up, or may not leave low-power mode: before ENABLE, and before LOWPOWER is
/// left.
#[inline(always)]
pub(crate) fn erratum_171_begin(usbd: &Usbd) {
    unlocked(usbd, ERRATUM_171, 0xC0);
}

/// After READY, and after USBWUALLOWED.
#[inline(always)]
pub(crate) fn erratum_171_end(usbd: &Usbd) {
    unlocked(usbd, ERRATUM_171, 0);
}

/// USBD may not come up: before ENABLE.
pub(crate) fn erratum_187_begin(usbd: &Usbd) {
    unlocked(usbd, ERRATUM_187, 3);
}

/// After READY.
pub(crate) fn erratum_187_end(usbd: &Usbd) {
    unlocked(usbd, ERRATUM_187, 0);
}

/// A task or token during a DMA is lost unless it is latched: before each DMA.
pub(crate) fn erratum_199_begin(usbd: &Usbd) {
    usbd.write(DMA_LATCH, 0x82);
}

/// After each DMA.
pub(crate) fn erratum_199_end(usbd: &Usbd) {
    usbd.write(DMA_LATCH, 0);
}

/// Takes a packet that the host has not fetched back from the buffer of an IN endpoint. There is no
/// documented way; this is how the manufacturer's own driver does it.
#[inline(always)]
pub(crate) fn disarm(usbd: &Usbd, number: u32) {
    let bit = if number == 0 { 1 << 2 } else { 1 << 1 };
    usbd.write(TEST_ADDRESS, 0x7B4 + 2 * number);
    let value = usbd.read(TEST_DATA) | bit;
    usbd.write(TEST_DATA, value);
    // The write is over when this was read.
    usbd.read(TEST_DATA);
}

/// Writes a register that opens with a key, and closes it. Where it is open, somebody else opened
/// it, and it stays open.
#[inline(never)]
fn unlocked(usbd: &Usbd, register: Register, value: u32) {
    let closed = usbd.read(ERRATA_KEY) == 0;
    if closed {
        usbd.write(ERRATA_KEY, KEY);
    }
    usbd.write(register, value);
    if closed {
        usbd.write(ERRATA_KEY, KEY);
    }
}
