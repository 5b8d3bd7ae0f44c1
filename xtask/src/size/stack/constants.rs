//! What a register that a function calls by is known to hold: the compiler keeps the address of a
//! function that is called more than once in a register, and loads it from the constants.
//!
//! Forwards through the function, as far as every path agrees. A register is only known between where its
//! constant is loaded and the next instruction that may write it.

use std::collections::{BTreeMap, BTreeSet};

use super::program::Function;
use super::thumb::{Flow, Half, Instruction, Write};

/// Registers with a known word.
type Known = BTreeMap<u16, u32>;

/// What a call leaves alone: R4 to R11 (AAPCS32 §6.1.1).
const PRESERVED: std::ops::Range<u16> = 4..12;

/// The target of each call by a register that can be told, by the address of the call.
pub fn targets(function: &Function) -> BTreeMap<u64, u64> {
    let states = states(function);
    let calls = states.iter().filter_map(|(address, known)| {
        let by = function.instructions.get(address)?.by?;
        let word = known.get(&by).filter(|word| **word & 1 != 0)?;
        Some((*address, u64::from(word & !1)))
    });
    calls.collect()
}

/// What is known before each instruction that can be reached.
fn states(function: &Function) -> BTreeMap<u64, Known> {
    let conditional = conditional(function);
    let mut states: BTreeMap<u64, Known> = BTreeMap::new();
    let mut pending = vec![(function.addresses.start, Known::new())];
    while let Some((address, arriving)) = pending.pop() {
        let Some(read) = function.instructions.get(&address) else { continue };
        let before = match states.get(&address) {
            None => arriving,
            Some(known) => {
                let met = meet(known, &arriving);
                if met == *known {
                    continue;
                }
                met
            }
        };
        let after = after(function, address, read, &before, conditional.contains(&address));
        states.insert(address, before);
        let next = address + read.length;
        // Whether it returns or not where it is conditional, the next one may follow.
        let follows = conditional.contains(&address)
            || !matches!(read.flow, Flow::Jump(_) | Flow::Return | Flow::Stop | Flow::Table);
        if follows {
            pending.push((next, after.clone()));
        }
        match read.flow {
            Flow::Jump(to) | Flow::Branch(to) => pending.push((to, after)),
            // Where the table leads is not looked up: anywhere.
            Flow::Table => {
                pending.extend(function.instructions.keys().map(|to| (*to, after.clone())));
            }
            _ => {}
        }
    }
    states
}

/// What both agree in.
fn meet(one: &Known, other: &Known) -> Known {
    let same = |(register, word): &(&u16, &u32)| other.get(register) == Some(word);
    one.iter().filter(same).map(|(register, word)| (*register, *word)).collect()
}

fn after(
    function: &Function,
    address: u64,
    read: &Instruction,
    before: &Known,
    is_conditional: bool,
) -> Known {
    let mut known = before.clone();
    let word = match (read.half, read.writes) {
        (Some(Half::Low(register, low)), _) => Some((register, Some(u32::from(low)))),
        (Some(Half::High(register, high)), _) => {
            let low = before.get(&register).map(|word| word & 0xFFFF);
            Some((register, low.map(|low| u32::from(high) << 16 | low)))
        }
        (None, Write::Copy { to, from }) => Some((to, before.get(&from).copied())),
        (None, Write::Constant { to, .. }) => Some((to, function.constants.get(&address).copied())),
        (None, Write::Registers(set)) => {
            known.retain(|register, _| set >> register & 1 == 0);
            None
        }
    };
    if let Some((register, word)) = word {
        known.remove(&register);
        if let Some(word) = word.filter(|_| !is_conditional) {
            known.insert(register, word);
        }
    }
    if matches!(read.flow, Flow::Call(_) | Flow::CallRegister) {
        known.retain(|register, _| PRESERVED.contains(register));
    }
    known
}

/// The instructions that are executed under a condition.
fn conditional(function: &Function) -> BTreeSet<u64> {
    let mut conditional = BTreeSet::new();
    let mut left = 0;
    for (address, read) in &function.instructions {
        if left > 0 {
            left -= 1;
            conditional.insert(*address);
        }
        left = left.max(read.block.count);
    }
    conditional
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 0x100, with the constant 0x201 where an LDR of the program counter looks for it.
    fn function(words: &[u16]) -> Function {
        let mut function = Function::assembled(0x100, words);
        for (address, read) in function.instructions.clone() {
            if matches!(read.writes, Write::Constant { .. }) {
                function.constants.insert(address, 0x201);
            }
        }
        function
    }

    #[test]
    fn a_constant_lasts_across_calls_in_a_register_that_they_preserve() {
        // push {r4, lr}; ldr r4, [pc]; blx r4; blx r4; pop {r4, pc}
        let known = targets(&function(&[0xB510, 0x4C00, 0x47A0, 0x47A0, 0xBD10]));
        assert_eq!(known, [(0x104, 0x200), (0x106, 0x200)].into());
        // The same in r3, which they do not.
        let known = targets(&function(&[0xB510, 0x4B00, 0x4798, 0x4798, 0xBD10]));
        assert_eq!(known, [(0x104, 0x200)].into());
    }

    #[test]
    fn halves_and_copies_are_followed() {
        // movw r8, #0x201; movt r8, #0; mov r2, r8; blx r2
        let known = targets(&function(&[0xF240, 0x2801, 0xF2C0, 0x0800, 0x4642, 0x4790]));
        assert_eq!(known, [(0x10A, 0x200)].into());
    }

    #[test]
    fn what_may_be_something_else_is_unknown() {
        for words in [
            // ldr r4, [pc]; ldr r4, [r0]; blx r4
            &[0x4C00, 0x6804, 0x47A0][..],
            // ldr r4, [pc]; cbz r0, 1f; mov r4, r1; 1: blx r4
            &[0x4C00, 0xB100, 0x460C, 0x47A0],
            // ldr r4, [pc]; it eq; moveq r4, r1; blx r4
            &[0x4C00, 0xBF08, 0x460C, 0x47A0],
            // ldr r4, [pc]; 1: blx r4; add.w r4, r4, #2; b 1b
            &[0x4C00, 0x47A0, 0xF104, 0x0402, 0xE7FB],
            // ldr r4, [pc]; ldmia.w r0!, {r4, r5}; blx r4
            &[0x4C00, 0xE8B0, 0x0030, 0x47A0],
            // it eq; ldreq r4, [pc]; blx r4
            &[0xBF08, 0x4C00, 0x47A0],
        ] {
            assert_eq!(targets(&function(words)), BTreeMap::new(), "{words:04x?}");
        }
        // cbz r0, 1f; ldr r4, [pc]; 1: blx r4
        assert_eq!(targets(&function(&[0xB100, 0x4C00, 0x47A0])), BTreeMap::new());
    }

    #[test]
    fn a_table_may_lead_anywhere() {
        // ldr r4, [pc]; tbb [pc, r0]; ldr r3, [pc]; blx r3; blx r4
        let known = targets(&function(&[0x4C00, 0xE8DF, 0xF000, 0x4B00, 0x4798, 0x47A0]));
        assert_eq!(known, [(0x10A, 0x200)].into(), "r3 where it may have been jumped to");
    }
}
