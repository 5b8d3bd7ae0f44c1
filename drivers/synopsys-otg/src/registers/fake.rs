//! The core's registers in a test: memory, a log of what was written, and no core behind them.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use super::cores::Core;
use super::{GINTSTS, GRSTCTL, GRXSTSP, GRXSTSR, Register, Usb, fifo};

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
    /// The receive FIFO: statuses and data, in their order.
    received: VecDeque<u32>,
    /// What comes into it when this register is written.
    trap: Option<(Register, Vec<u32>)>,
}

impl Fake {
    /// What a register says of the receive FIFO. `None` when that is nothing.
    fn receive(&mut self, register: Register) -> Option<u32> {
        match register {
            GRXSTSR => self.received.front().copied(),
            GRXSTSP => self.received.pop_front(),
            _ if register == fifo(0) => self.received.pop_front(),
            _ => None,
        }
    }
}

/// GINTSTS: the receive FIFO is not empty.
const RXFLVL: u32 = 1 << 4;
/// GRSTCTL: flushes the receive FIFO.
const RXFFLSH: u32 = 1 << 4;

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
        if core.noise.is_none()
            && let Some(word) = core.receive(register)
        {
            return word;
        }
        match &mut core.noise {
            Some(noise) => {
                // Numerical Recipes' linear congruential generator; the upper bits are the better ones.
                *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                noise.rotate_left(16)
            }
            None if register == GINTSTS && !core.received.is_empty() => {
                core.registers.get(&(C::BASE + register.0)).copied().unwrap_or(0) | RXFLVL
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
            _ if is_endpoint_interrupts(register) => *place &= !value,
            GRSTCTL => {
                if value & RXFFLSH != 0 {
                    core.received.clear();
                }
            }
            _ => *place = value,
        }
        if core.trap.as_ref().is_some_and(|(trap, _)| *trap == register)
            && let Some((_, words)) = core.trap.take()
        {
            core.received.extend(words);
        }
    });
}

/// DIEPINT and DOEPINT.
fn is_endpoint_interrupts(Register(offset): Register) -> bool {
    (0x900..0xD00).contains(&offset) && offset % 0x20 == 8
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

/// What the hardware does: these words come into the receive FIFO.
pub(crate) fn receive(words: &[u32]) {
    CORE.with_borrow_mut(|core| core.received.extend(words));
}

/// The same, as soon as the driver writes to this register.
pub(crate) fn receive_at(register: Register, words: &[u32]) {
    CORE.with_borrow_mut(|core| core.trap = Some((register, words.to_vec())));
}
