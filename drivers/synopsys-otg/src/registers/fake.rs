//! The core's registers in a test: memory, a log of what was written, and no core behind them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::cores::Core;
use super::{GINTSTS, Register, Usb};

thread_local! {
    static CORE: RefCell<Fake> = RefCell::default();
}

/// What the driver did to a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    Read(Register),
    Write(Register, u32),
}

#[derive(Default)]
struct Fake {
    /// By address.
    registers: BTreeMap<u32, u32>,
    log: Vec<Access>,
    /// What a register that was not set reads as, from the last number on.
    noise: Option<u32>,
    pended: Vec<(u32, u32)>,
}

impl<C: Core> Usb<C> {
    /// The core of this thread, all of whose registers are 0.
    pub(crate) fn fake() -> Self {
        CORE.take();
        Self(std::marker::PhantomData)
    }
}

pub(super) fn read<C: Core>(register: Register) -> u32 {
    CORE.with_borrow_mut(|core| {
        core.log.push(Access::Read(register));
        match &mut core.noise {
            Some(noise) => {
                // Numerical Recipes' linear congruential generator; the upper bits are the better ones.
                *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                noise.rotate_left(16)
            }
            None => core.registers.get(&(C::BASE + register.0)).copied().unwrap_or(0),
        }
    })
}

pub(super) fn write<C: Core>(register: Register, value: u32) {
    CORE.with_borrow_mut(|core| {
        core.log.push(Access::Write(register, value));
        let place = core.registers.entry(C::BASE + register.0).or_default();
        match register {
            // Written with 1 to clear.
            GINTSTS => *place &= !value,
            _ => *place = value,
        }
    });
}

pub(super) fn write_absolute(address: u32, value: u32) {
    CORE.with_borrow_mut(|core| core.pended.push((address, value)));
}

/// From here on every register reads as noise that this number begins.
pub(crate) fn make_noise(seed: u32) {
    CORE.with_borrow_mut(|core| core.noise = Some(seed));
}

/// What the hardware does: sets a register.
pub(crate) fn set<C: Core>(register: Register, value: u32) {
    CORE.with_borrow_mut(|core| _ = core.registers.insert(C::BASE + register.0, value));
}

/// What was read and written since this was asked last.
pub(crate) fn accesses() -> Vec<Access> {
    CORE.with_borrow_mut(|core| std::mem::take(&mut core.log))
}

/// What was written to one register since [`accesses`] was asked last.
pub(crate) fn written_to(register: Register) -> Vec<u32> {
    let of = |access| match access {
        Access::Write(other, value) if other == register => Some(value),
        _ => None,
    };
    accesses().into_iter().filter_map(of).collect()
}

/// Words that were written outside of the core: address and value.
pub(crate) fn pended() -> Vec<(u32, u32)> {
    CORE.with_borrow_mut(|core| std::mem::take(&mut core.pended))
}
