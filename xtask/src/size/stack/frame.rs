//! How deep one function gets, and how deep it is at each of its calls: every path through it.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use super::constants::targets;
use super::program::Function;
use super::thumb::{Block, Flow, Instruction, Stack};

/// More than any function here takes: a stack that grows in a loop gets there.
const LIMIT: u64 = 1 << 16;

/// A function without what it calls.
#[derive(Debug, Default)]
pub struct Frame {
    /// Bytes below its entry, at most.
    pub own: u64,
    pub calls: Vec<Call>,
    /// It gives back more than it took, as the end of a function that several have in common does.
    pub is_tail: bool,
}

/// A call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Call {
    /// Where it stands.
    pub from: u64,
    /// What is called; `None` where a register says it.
    pub to: Option<u64>,
    /// Bytes below the entry at that moment.
    pub depth: u64,
    /// It does not return here.
    pub is_jump: bool,
}

/// Follows every path from the entry. Negative depths belong to the caller.
pub fn frame(function: &Function) -> Result<Frame> {
    let mut walk = Walk {
        function,
        targets: targets(function),
        depths: BTreeMap::new(),
        frame: Frame::default(),
        tables: None,
    };
    walk.from(function.addresses.start, 0)?;
    // Targets of tables, which the compiler reaches in no other way.
    while let Some(depth) = walk.tables {
        let first = Conditions::default();
        let is_new = |address: &&u64| {
            let mut known = walk.depths.range((**address, first)..);
            known.next().is_none_or(|((known, _), _)| known != *address)
        };
        let Some(&next) = function.instructions.keys().find(is_new) else { break };
        walk.from(next, depth)?;
    }
    walk.frame.calls.sort();
    walk.frame.calls.dedup();
    Ok(walk.frame)
}

struct Walk<'a> {
    function: &'a Function,
    /// Of calls by a register.
    targets: BTreeMap<u64, u64>,
    /// The greatest depth before each instruction, under each condition that it has.
    depths: BTreeMap<(u64, Conditions), i64>,
    frame: Frame,
    /// The greatest depth at a jump by a table.
    tables: Option<i64>,
}

/// The instructions that are conditional from here on, and what is known of their condition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Conditions {
    block: Block,
    /// Whether it holds; `None` after a comparison.
    holds: Option<bool>,
}

impl Conditions {
    /// Whether the next instruction may be executed, and whether it may be skipped.
    fn next(self) -> (bool, bool) {
        let Some(holds) = self.holds.filter(|_| self.block.count > 0) else {
            return (true, self.block.count > 0);
        };
        let runs = (self.block.then & 1 == 1) == holds;
        (runs, !runs)
    }

    /// Behind the next instruction.
    fn rest(self) -> Self {
        match self.block.count {
            0 | 1 => Self::default(),
            count => {
                let block = Block { count: count - 1, then: self.block.then >> 1 };
                Self { block, ..self }
            }
        }
    }
}

impl Walk<'_> {
    fn from(&mut self, address: u64, depth: i64) -> Result<()> {
        let mut pending = vec![(address, depth, Conditions::default())];
        while let Some((address, depth, conditions)) = pending.pop() {
            let Some(read) = self.function.instructions.get(&address).copied() else { continue };
            let known = self.depths.get(&(address, conditions));
            if known.is_some_and(|known| *known >= depth) {
                continue;
            }
            self.depths.insert((address, conditions), depth);
            let next = address + read.length;
            let (runs, skips) = conditions.next();
            if skips {
                pending.push((next, depth, conditions.rest()));
            }
            if !runs {
                continue;
            }
            let after = self.after(&read, depth, address)?;
            if let Some(target) = self.follow(address, &read, after) {
                pending.push((target, after, Conditions::default()));
            }
            if goes_on(read.flow) {
                let each = following(&read, conditions);
                pending.extend(each.into_iter().map(|conditions| (next, after, conditions)));
            }
        }
        Ok(())
    }

    fn after(&mut self, read: &Instruction, depth: i64, address: u64) -> Result<i64> {
        let name = &self.function.name;
        let after = match read.stack {
            Stack::Same => depth,
            Stack::Down(bytes) => depth.saturating_add_unsigned(bytes),
            Stack::Up(bytes) => depth.saturating_sub_unsigned(bytes),
            Stack::Unknown => bail!("{name}: the stack pointer is computed at {address:#x}"),
        };
        let deepest = u64::try_from(after).unwrap_or(0);
        ensure!(deepest < LIMIT, "{name}: the stack grows in a loop at {address:#x}");
        self.frame.own = self.frame.own.max(deepest);
        Ok(after)
    }

    /// Notes calls; where within the function a jump goes.
    fn follow(&mut self, address: u64, read: &Instruction, depth: i64) -> Option<u64> {
        let positive = u64::try_from(depth).unwrap_or(0);
        let known = self.targets.get(&address).copied();
        let mut call = |to, is_jump| {
            self.frame.calls.push(Call { from: address, to, depth: positive, is_jump });
        };
        match read.flow {
            Flow::Call(to) => call(Some(to), false),
            Flow::CallRegister => call(known, false),
            Flow::TailCallRegister => call(known, true),
            Flow::Jump(to) | Flow::Branch(to) => {
                if self.function.addresses.contains(&to) {
                    return Some(to);
                }
                call(Some(to), true);
            }
            Flow::Table => self.tables = self.tables.max(Some(depth)),
            Flow::Return => self.frame.is_tail |= depth < 0,
            Flow::Next | Flow::Stop => {}
        }
        None
    }
}

/// Whether the next instruction may follow.
fn goes_on(flow: Flow) -> bool {
    matches!(flow, Flow::Next | Flow::Branch(_) | Flow::Call(_) | Flow::CallRegister)
}

/// Under which conditions the next instruction follows: after IT, under either.
fn following(read: &Instruction, conditions: Conditions) -> Vec<Conditions> {
    let Block { count, .. } = read.block;
    let rest = conditions.rest();
    match count {
        0 if read.compares => vec![Conditions { holds: None, ..rest }],
        0 => vec![rest],
        _ => [true, false].map(|is| Conditions { block: read.block, holds: Some(is) }).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(words: &[u16]) -> Function {
        Function::assembled(0, words)
    }

    fn call(from: u64, to: Option<u64>, depth: u64, is_jump: bool) -> Call {
        Call { from, to, depth, is_jump }
    }

    #[test]
    fn a_frame_is_the_deepest_path() {
        // push {r4, lr}; cbz r0, 1f; sub sp, #8; bl 0x100c; add sp, #8; 1: pop {r4, pc}
        let words = [0xB510, 0xB118, 0xB082, 0xF001, 0xF801, 0xB002, 0xBD10];
        let frame = frame(&function(&words)).unwrap();
        assert_eq!((frame.own, frame.is_tail), (16, false));
        assert_eq!(frame.calls, [call(6, Some(0x100C), 16, false)]);
    }

    #[test]
    fn a_call_at_the_end_is_made_with_the_frame_given_back() {
        // push {r4, lr}; pop.w {r4, lr}; b.w 0x100a
        let words = [0xB510, 0xE8BD, 0x4010, 0xF001, 0xB800];
        let frame = frame(&function(&words)).unwrap();
        assert_eq!(frame.own, 8);
        assert_eq!(frame.calls, [call(6, Some(0x100A), 0, true)]);
    }

    #[test]
    fn a_conditional_return_is_one_of_two_paths() {
        // push {r4, lr}; it eq; popeq {r4, pc}; sub sp, #8; blx r0; add sp, #8; pop {r4, pc}
        let words = [0xB510, 0xBF08, 0xBD10, 0xB082, 0x4780, 0xB002, 0xBD10];
        let frame = frame(&function(&words)).unwrap();
        assert_eq!((frame.own, frame.is_tail), (16, false));
        assert_eq!(frame.calls, [call(8, None, 16, false)]);
    }

    #[test]
    fn of_two_ways_to_end_one_is_taken() {
        // push {r4, lr}; ite ne; popne.w {r4, lr}; popeq {r4, pc}; b.w 0x1010
        let words = [0xB510, 0xBF14, 0xE8BD, 0x4010, 0xBD10, 0xF001, 0xB801];
        let frame = frame(&function(&words)).unwrap();
        assert_eq!((frame.own, frame.is_tail), (8, false));
        assert_eq!(frame.calls, [call(10, Some(0x1010), 0, true)]);
    }

    #[test]
    fn after_a_comparison_either_may_be() {
        // push {r4, lr}; itt eq; cmpeq r0, r1; popeq {r4, pc}; pop {r4, pc}
        let frame = frame(&function(&[0xB510, 0xBF04, 0x4288, 0xBD10, 0xBD10])).unwrap();
        assert_eq!((frame.own, frame.is_tail), (8, false));
    }

    #[test]
    fn targets_of_a_table_are_as_deep_as_its_jump() {
        // push {lr}; add pc, r1; nop; sub sp, #4; add sp, #4; pop {pc}
        let frame = frame(&function(&[0xB500, 0x448F, 0xBF00, 0xB081, 0xB001, 0xBD00])).unwrap();
        assert_eq!((frame.own, frame.is_tail), (8, false));
    }

    #[test]
    fn what_has_no_bound_is_refused() {
        // 1: push {r0}; b 1b
        assert!(frame(&function(&[0xB401, 0xE7FD])).is_err());
        // mov sp, r7
        assert!(frame(&function(&[0x46BD])).is_err());
    }
}
