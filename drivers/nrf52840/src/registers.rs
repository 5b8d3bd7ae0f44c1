//! The registers: where they are, and the only accesses to them.
//!
//! Names, addresses and fields are those of the nRF52840 Product Specification, chapters USBD, POWER and
//! CLOCK, and of the NVIC of the Cortex-M4.
#![allow(unsafe_code)]

#[cfg(test)]
pub(crate) mod fake;

use crate::line::Line;

/// A register, by its address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Register(pub(crate) u32);

const fn usbd(offset: u32) -> Register {
    Register(0x4002_7000 + offset)
}

/// POWER and CLOCK are one peripheral with two names.
const fn power(offset: u32) -> Register {
    Register(0x4000_0000 + offset)
}

const STARTEPIN: Register = usbd(0x004);
pub(crate) const EP0RCVOUT: Register = usbd(0x04C);
pub(crate) const EP0STATUS: Register = usbd(0x050);
pub(crate) const EP0STALL: Register = usbd(0x054);
pub(crate) const DPDMDRIVE: Register = usbd(0x058);
pub(crate) const USBRESET: Register = usbd(0x100);
const ENDEPIN: Register = usbd(0x108);
pub(crate) const EP0DATADONE: Register = usbd(0x128);
pub(crate) const SOF: Register = usbd(0x154);
pub(crate) const USBEVENT: Register = usbd(0x158);
pub(crate) const EP0SETUP: Register = usbd(0x15C);
pub(crate) const EPDATA: Register = usbd(0x160);
pub(crate) const INTENSET: Register = usbd(0x304);
pub(crate) const INTENCLR: Register = usbd(0x308);
pub(crate) const EVENTCAUSE: Register = usbd(0x400);
pub(crate) const EPDATASTATUS: Register = usbd(0x46C);
pub(crate) const USBADDR: Register = usbd(0x470);
pub(crate) const BMREQUESTTYPE: Register = usbd(0x480);
pub(crate) const ENABLE: Register = usbd(0x500);
pub(crate) const USBPULLUP: Register = usbd(0x504);
pub(crate) const DPDMVALUE: Register = usbd(0x508);
pub(crate) const DTOGGLE: Register = usbd(0x50C);
pub(crate) const EPINEN: Register = usbd(0x510);
pub(crate) const EPOUTEN: Register = usbd(0x514);
pub(crate) const EPSTALL: Register = usbd(0x518);
pub(crate) const FRAMECNTR: Register = usbd(0x520);
pub(crate) const LOWPOWER: Register = usbd(0x52C);
const MAXCNT_EPIN: Register = usbd(0x604);
/// EPOUT\[0\].AMOUNT: bytes that its last DMA moved.
pub(crate) const AMOUNT_EPOUT0: Register = usbd(0x708);
/// Not documented; named by errata 166 and by what disarms an IN endpoint.
pub(crate) const TEST_ADDRESS: Register = usbd(0x800);
pub(crate) const TEST_DATA: Register = usbd(0x804);
/// Not documented; named by erratum 199.
pub(crate) const DMA_LATCH: Register = usbd(0xC1C);

/// Not documented; named by errata 171 and 187.
pub(crate) const ERRATA_KEY: Register = Register(0x4006_EC00);
pub(crate) const ERRATUM_171: Register = Register(0x4006_EC14);
pub(crate) const ERRATUM_187: Register = Register(0x4006_ED14);

pub(crate) const HFCLKSTART: Register = power(0x000);
pub(crate) const HFCLKSTOP: Register = power(0x004);
pub(crate) const HFCLKSTARTED: Register = power(0x100);
pub(crate) const USBDETECTED: Register = power(0x11C);
pub(crate) const USBREMOVED: Register = power(0x120);
pub(crate) const USBPWRRDY: Register = power(0x124);
pub(crate) const POWER_INTENSET: Register = power(0x304);
pub(crate) const HFCLKSTAT: Register = power(0x40C);
pub(crate) const USBREGSTATUS: Register = power(0x438);

/// NVIC_ISPR1; USBD is interrupt 39.
const ISPR1: Register = Register(0xE000_E204);
const USBD_INTERRUPT: u32 = 1 << (39 - 32);

/// HALTED.EPOUT\[n\].
pub(crate) fn halted_out(line: Line) -> Register {
    usbd(0x444 + 4 * line.number())
}

/// SIZE.EPOUT\[n\]: what the host sent, in bytes. Written, it lets the next packet in. Not to be
/// touched during a DMA.
pub(crate) fn size_out(line: Line) -> Register {
    usbd(0x4A0 + 4 * line.number())
}

/// The event that a DMA of this line is over.
#[inline(always)]
pub(crate) fn end(line: Line) -> Register {
    Register(ENDEPIN.0 + 4 * (line.number() + 10 * line.out()))
}

/// EPIN\[n\].MAXCNT or EPOUT\[n\].MAXCNT: bytes that a DMA of this line moves. PTR is before it.
#[inline(always)]
pub(crate) fn maxcnt(line: Line) -> Register {
    Register(MAXCNT_EPIN.0 + 0x14 * line.number() + 0x100 * line.out())
}

/// The USB device peripheral. There is one at most.
pub struct Usbd(());

#[cfg(target_has_atomic = "8")]
static TAKEN: core::sync::atomic::AtomicBool = core::sync::atomic::AtomicBool::new(false);

impl Usbd {
    /// The peripheral; `None` when it was taken before.
    #[cfg(target_has_atomic = "8")]
    pub fn take() -> Option<Self> {
        // The chip is a Cortex-M4, which can swap.
        (!TAKEN.swap(true, core::sync::atomic::Ordering::Relaxed)).then_some(Self(()))
    }

    /// The peripheral, whoever else has it.
    ///
    /// # Safety
    /// Nobody else has it, and nobody takes it later: EasyDMA is programmed by its owner alone.
    pub const unsafe fn steal() -> Self {
        Self(())
    }

    /// Tells where the DMAs of `line` that are started from now on have their memory, and its length.
    pub(crate) fn place(&self, line: Line, memory: *const u8, length: u32) {
        let register = maxcnt(line);
        self.point(Register(register.0 - 4), memory);
        self.write(register, length);
    }

    /// Starts the DMA of `line`: MAXCNT bytes between its [place](Self::place) and the endpoint's buffer.
    ///
    /// # Safety
    /// No DMA runs. The place is in RAM and valid for MAXCNT bytes, to be read for IN and to be
    /// written for OUT, until [`end`] of this line is set or the peripheral is disabled; nobody else
    /// writes to them before, nor reads them for OUT.
    #[inline(always)]
    pub(crate) unsafe fn start(&self, line: Line) {
        self.write(Register(STARTEPIN.0 + 4 * (line.number() + 9 * line.out())), 1);
    }
}

/// A peripheral that can be reached: every one from its owner, POWER and CLOCK from anywhere.
pub(crate) trait Access {
    fn read(&self, register: Register) -> u32 {
        access::read(register)
    }

    fn write(&self, register: Register, value: u32) {
        access::write(register, value);
    }

    fn point(&self, register: Register, memory: *const u8) {
        access::point(register, memory);
    }

    /// Whether the event happened.
    fn is_set(&self, event: Register) -> bool {
        self.read(event) != 0
    }

    /// Whether the event happened; clears it.
    fn take(&self, event: Register) -> bool {
        let is_set = self.is_set(event);
        if is_set {
            self.write(event, 0);
        }
        is_set
    }
}

impl Access for Usbd {}

/// Pends the USBD interrupt.
#[inline(never)]
pub(crate) fn pend() {
    access::write(ISPR1, USBD_INTERRUPT);
}

#[cfg(test)]
use fake as access;

#[cfg(not(test))]
mod access {
    use super::Register;

    #[inline(always)]
    pub(super) fn read(Register(address): Register) -> u32 {
        // SAFETY: every `Register` is the address of a register of this chip, which is read whole
        // and without an effect on memory.
        unsafe { core::ptr::with_exposed_provenance::<u32>(address as usize).read_volatile() }
    }

    #[inline(always)]
    pub(super) fn write(Register(address): Register, value: u32) {
        // SAFETY: as for `read`. The registers that make the chip write to memory, the tasks that
        // start a DMA, are private to this file, and `Usbd::start` is the only one to write them.
        unsafe {
            core::ptr::with_exposed_provenance_mut::<u32>(address as usize).write_volatile(value);
        }
    }

    #[inline(always)]
    pub(super) fn point(register: Register, memory: *const u8) {
        // Addresses of this chip are 32 bits.
        #[expect(clippy::cast_possible_truncation, reason = "a pointer is 32 bits on the chip")]
        write(register, memory.expose_provenance() as u32);
    }
}
