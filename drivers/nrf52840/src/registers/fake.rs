//! The chip's registers in a test: memory, a log of what was written, and no chip behind them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{EPDATASTATUS, EVENTCAUSE, Register, Usbd};

thread_local! {
    static CHIP: RefCell<Chip> = RefCell::default();
}

#[derive(Default)]
struct Chip {
    registers: BTreeMap<Register, u32>,
    log: Vec<(Register, u32)>,
    /// This event happens again as soon as it is cleared, once.
    again: Option<Register>,
    /// What a register that was not set reads as, from the last number on.
    noise: Option<u32>,
}

impl Usbd {
    /// The peripheral of this thread, all of whose registers are 0.
    pub(crate) fn fake() -> Self {
        CHIP.take();
        Self(())
    }
}

pub(super) fn read(register: Register) -> u32 {
    CHIP.with_borrow_mut(|chip| match &mut chip.noise {
        Some(noise) => {
            // Numerical Recipes' linear congruential generator; the upper bits are the better ones.
            *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.rotate_left(16)
        }
        None => chip.registers.get(&register).copied().unwrap_or(0),
    })
}

pub(super) fn write(register: Register, value: u32) {
    CHIP.with_borrow_mut(|chip| {
        chip.log.push((register, value));
        let place = chip.registers.entry(register).or_default();
        match register {
            // Written with 1 to clear.
            EPDATASTATUS | EVENTCAUSE => *place &= !value,
            _ if chip.again.take_if(|again| *again == register).is_some() => {}
            _ => *place = value,
        }
    });
}

#[expect(clippy::cast_possible_truncation, reason = "what the chip would see of it")]
pub(super) fn point(register: Register, memory: *const u8) {
    write(register, memory.addr() as u32);
}

/// What the hardware does: sets bits of a register.
pub(crate) fn raise(register: Register, bits: u32) {
    CHIP.with_borrow_mut(|chip| *chip.registers.entry(register).or_default() |= bits);
}

/// What the hardware does: sets an event once more, when it is cleared.
pub(crate) fn raise_again(event: Register) {
    CHIP.with_borrow_mut(|chip| chip.again = Some(event));
}

/// What the hardware does: sets a register.
pub(crate) fn set(register: Register, value: u32) {
    CHIP.with_borrow_mut(|chip| _ = chip.registers.insert(register, value));
}

/// From here on every register reads as noise that this number begins.
pub(crate) fn make_noise(seed: u32) {
    CHIP.with_borrow_mut(|chip| chip.noise = Some(seed));
}

/// What was written since this was asked last.
pub(crate) fn written() -> Vec<(Register, u32)> {
    CHIP.with_borrow_mut(|chip| std::mem::take(&mut chip.log))
}

/// What was written to one register since [`written`] was asked last.
pub(crate) fn written_to(register: Register) -> Vec<u32> {
    let log = written();
    log.into_iter().filter(|(r, _)| *r == register).map(|(_, value)| value).collect()
}
