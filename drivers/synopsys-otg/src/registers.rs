//! The registers: where they are, and the only accesses to them.
//!
//! Names, offsets and fields are those of RM0090 chapter 34 (OTG_FS) and RM0433 chapter 57 (OTG_HS), and
//! of the NVIC of Armv7-M.
#![allow(unsafe_code)]

pub(crate) mod cores;
#[cfg(test)]
pub(crate) mod fake;

use core::marker::PhantomData;

use cores::Core;

/// A register, by its offset from the core's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Register(pub(crate) u32);

pub(crate) const GOTGCTL: Register = Register(0x000);
pub(crate) const GOTGINT: Register = Register(0x004);
pub(crate) const GAHBCFG: Register = Register(0x008);
pub(crate) const GUSBCFG: Register = Register(0x00C);
pub(crate) const GRSTCTL: Register = Register(0x010);
pub(crate) const GINTSTS: Register = Register(0x014);
pub(crate) const GINTMSK: Register = Register(0x018);
/// The oldest entry of the receive FIFO, which stays there.
pub(crate) const GRXSTSR: Register = Register(0x01C);
/// The same, taken out.
pub(crate) const GRXSTSP: Register = Register(0x020);
pub(crate) const GRXFSIZ: Register = Register(0x024);
const DIEPTXF0: Register = Register(0x028);
pub(crate) const GCCFG: Register = Register(0x038);
/// Which core it is.
pub(crate) const CID: Register = Register(0x03C);
const DIEPTXF1: Register = Register(0x104);
pub(crate) const DCFG: Register = Register(0x800);
pub(crate) const DCTL: Register = Register(0x804);
pub(crate) const DSTS: Register = Register(0x808);
pub(crate) const DIEPMSK: Register = Register(0x810);
pub(crate) const DAINT: Register = Register(0x818);
pub(crate) const DAINTMSK: Register = Register(0x81C);
pub(crate) const PCGCCTL: Register = Register(0xE00);

/// NVIC_ISPR0.
const ISPR0: u32 = 0xE000_E200;
/// NVIC_ICPR0.
const ICPR0: u32 = 0xE000_E280;

/// DIEPTXF\[n\], of the transmit FIFO of an IN endpoint.
pub(crate) const fn transmit_size(number: u16) -> Register {
    match number {
        0 => DIEPTXF0,
        _ => Register(DIEPTXF1.0 + 4 * (number as u32 - 1)),
    }
}

/// The FIFO of an endpoint: what is written is sent by that IN endpoint, and what is read is the oldest
/// packet of the receive FIFO, whatever endpoint it is of.
pub(crate) const fn fifo(number: u32) -> Register {
    Register(0x1000 + 0x1000 * number)
}

/// A core. There is one at most of each kind.
pub struct Usb<C>(PhantomData<C>);

impl<C: Core> Usb<C> {
    /// The core, whoever else has it.
    ///
    /// # Safety
    /// Nobody else uses the registers of this core, and nobody makes another one of these.
    pub const unsafe fn steal() -> Self {
        Self(PhantomData)
    }

    #[inline(always)]
    pub(crate) fn read(&self, register: Register) -> u32 {
        access::read::<C>(register)
    }

    #[inline(always)]
    pub(crate) fn write(&self, register: Register, value: u32) {
        access::write::<C>(register, value);
    }

    /// Sets and clears bits of a register that nothing but software changes.
    #[inline(always)]
    pub(crate) fn modify(&self, register: Register, clear: u32, set: u32) {
        self.write(register, self.read(register) & !clear | set);
    }
}

/// Pends the interrupt of a core.
#[inline(never)]
pub(crate) fn pend<C: Core>() {
    write_nvic::<C>(ISPR0);
}

/// Takes that back. What a line of the core interrupts for is pending again at once. A doorbell that is
/// taken back with it was rung for work that the stack looks for after each poll.
pub(crate) fn unpend<C: Core>() {
    write_nvic::<C>(ICPR0);
}

/// Writes the bit of the interrupt of a core to its register of these.
#[inline(always)]
fn write_nvic<C: Core>(first: u32) {
    let interrupt = u32::from(C::INTERRUPT);
    access::write_absolute(first + 4 * (interrupt / 32), 1 << (interrupt % 32));
}

#[cfg(test)]
use fake as access;

#[cfg(not(test))]
mod access {
    use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

    use super::{Core, Register};

    // An offset is added to a pointer, not to an address, which the compiler makes better code of.
    #[inline(always)]
    pub(super) fn read<C: Core>(Register(offset): Register) -> u32 {
        let register = with_exposed_provenance::<u32>(C::BASE as usize);
        let register = register.wrapping_byte_add(offset as usize);
        // SAFETY: every `Register` is the offset of a register of this core, by the contract of `Core`,
        // which is read whole and without an effect on memory: DMA is never enabled.
        unsafe { register.read_volatile() }
    }

    #[inline(always)]
    pub(super) fn write<C: Core>(Register(offset): Register, value: u32) {
        let register = with_exposed_provenance_mut::<u32>(C::BASE as usize);
        let register = register.wrapping_byte_add(offset as usize);
        // SAFETY: as for `read`.
        unsafe { register.write_volatile(value) }
    }

    #[inline(always)]
    pub(super) fn write_absolute(address: u32, value: u32) {
        let register = with_exposed_provenance_mut::<u32>(address as usize);
        // SAFETY: the address is that of NVIC_ISPR or NVIC_ICPR, which may be written at any time.
        unsafe { register.write_volatile(value) }
    }
}
