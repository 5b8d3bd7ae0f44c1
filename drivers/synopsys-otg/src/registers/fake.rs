//! The core's registers in a test: memory, a log of what was written, and no core behind them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::cores::Core;
use super::{GINTSTS, Register, Usb};

thread_local! {
    static CORE: RefCell<Fake> = RefCell::default();
}

#[derive(Default)]
struct Fake {
    /// By address.
    registers: BTreeMap<u32, u32>,
    log: Vec<(Register, u32)>,
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
    CORE.with_borrow_mut(|core| match &mut core.noise {
        Some(noise) => {
            // Numerical Recipes' linear congruential generator; the upper bits are the better ones.
            *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.rotate_left(16)
        }
        None => core.registers.get(&(C::BASE + register.0)).copied().unwrap_or(0),
    })
}

pub(super) fn write<C: Core>(register: Register, value: u32) {
    CORE.with_borrow_mut(|core| {
        core.log.push((register, value));
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
