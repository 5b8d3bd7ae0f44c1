//! The call graph, and how deep the stack can get below each function.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

use super::frame::{Call, Frame, frame};
use super::program::Program;

/// Bounds of a program's functions.
pub struct Graph<'a> {
    program: &'a Program,
    frames: BTreeMap<u64, Frame>,
    /// What is known already, by first address.
    bounds: BTreeMap<u64, Bound>,
}

/// The most that a function and what it calls can take.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Bound {
    /// Bytes below its entry.
    pub bytes: u64,
    /// What is called on the deepest path.
    next: Option<u64>,
}

impl<'a> Graph<'a> {
    /// Nothing is looked at before it is asked for: what no entry point reaches needs no bound.
    pub fn new(program: &'a Program) -> Self {
        Self { program, frames: BTreeMap::new(), bounds: BTreeMap::new() }
    }

    /// The bound of the function at an address.
    ///
    /// Fails where there is none: recursion, a computed stack pointer, a call to what is no function.
    pub fn bound(&mut self, entry: u64) -> Result<Bound> {
        self.descend(entry, &mut Vec::new())
    }

    fn descend(&mut self, entry: u64, callers: &mut Vec<u64>) -> Result<Bound> {
        if let Some(bound) = self.bounds.get(&entry) {
            return Ok(*bound);
        }
        if let Some(at) = callers.iter().position(|caller| *caller == entry) {
            bail!("recursion: {}", self.path(callers.iter().skip(at).chain([&entry])));
        }
        let program = self.program;
        let (_, function) = program.at(entry).context("there is no function here")?;
        let own = frame(function)?;
        callers.push(entry);
        let mut bound = Bound { bytes: own.own, next: None };
        for call in &own.calls {
            for target in self.targets(call)? {
                let below = self.descend(target, callers)?;
                let returns = call.is_jump || !self.frames[&target].is_tail;
                ensure!(
                    returns,
                    "{} moves the stack pointer of who calls it",
                    program.name(target)
                );
                bound = bound.max(Bound { bytes: call.depth + below.bytes, next: Some(target) });
            }
        }
        callers.pop();
        self.frames.insert(entry, own);
        self.bounds.insert(entry, bound);
        Ok(bound)
    }

    /// What a call can lead to: where a register says it, each function whose address is taken.
    fn targets(&self, call: &Call) -> Result<Vec<u64>> {
        let Some(to) = call.to else { return Ok(self.program.taken.iter().copied().collect()) };
        let (start, _) = self.program.at(to).with_context(|| {
            format!("{} calls {to:#x}, which is no function", self.program.name(call.from))
        })?;
        ensure!(
            start == to,
            "{} jumps into {}",
            self.program.name(call.from),
            self.program.name(to)
        );
        Ok(vec![to])
    }

    /// Names along the deepest path below a function, without their modules.
    pub fn deepest(&self, entry: u64) -> String {
        let next = |address: &u64| self.bounds.get(address)?.next;
        let path = std::iter::successors(next(&entry), next);
        let name = |address| self.program.name(address).rsplit("::").next().unwrap_or_default();
        path.map(name).collect::<Vec<_>>().join(" > ")
    }

    /// Functions that were reached, and of them those that call by a register.
    pub fn reached(&self) -> (usize, Vec<&str>) {
        let by_register = |(address, frame): (&u64, &Frame)| {
            let calls = frame.calls.iter().any(|call| call.to.is_none());
            calls.then(|| self.program.name(*address))
        };
        (self.frames.len(), self.frames.iter().filter_map(by_register).collect())
    }

    fn path<'b>(&self, addresses: impl IntoIterator<Item = &'b u64>) -> String {
        let names = addresses.into_iter().map(|address| self.program.name(*address));
        names.collect::<Vec<_>>().join(" > ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// push {lr}; sub sp, #8; bl; add sp, #8; pop {pc}: 12 bytes, and what it calls.
    fn calls(offset: u16) -> [u16; 6] {
        [0xB500, 0xB082, 0xF000, 0xF800 | ((offset - 8) / 2), 0xB002, 0xBD00]
    }

    /// push {r4, r5}; pop {r4, r5}; bx lr: 8 bytes.
    const LEAF: [u16; 3] = [0xB430, 0xBC30, 0x4770];
    /// push {lr}; blx r0; pop {pc}: 4 bytes, and what a register says.
    const BY_REGISTER: [u16; 3] = [0xB500, 0x4780, 0xBD00];

    #[test]
    fn a_bound_is_the_sum_along_the_deepest_path() {
        let first = calls(0x100);
        let program = Program::assembled(&[(0x100, &first), (0x200, &LEAF)], &[]);
        let mut graph = Graph::new(&program);
        assert_eq!(graph.bound(0x100).unwrap().bytes, 20);
        assert_eq!((graph.bound(0x200).unwrap().bytes, graph.deepest(0x100)), (8, "f200".into()));
    }

    #[test]
    fn a_register_leads_to_any_function_whose_address_is_taken() {
        let deep = calls(0x100);
        let functions = [(0x100, &BY_REGISTER[..]), (0x200, &deep), (0x300, &LEAF), (0x400, &LEAF)];
        let program = Program::assembled(&functions, &[0x200, 0x400]);
        let mut graph = Graph::new(&program);
        assert_eq!(graph.bound(0x100).unwrap().bytes, 24);
        assert_eq!(graph.reached(), (4, vec!["f100"]));
    }

    #[test]
    fn recursion_has_no_bound() {
        let first = calls(0x100);
        let functions = [(0x100, &first[..]), (0x200, &BY_REGISTER)];
        let program = Program::assembled(&functions, &[0x100]);
        let said = Graph::new(&program).bound(0x100).unwrap_err().to_string();
        assert_eq!(said, "recursion: f100 > f200 > f100");
    }

    #[test]
    fn what_is_no_function_is_not_called() {
        let first = calls(0x200);
        let program = Program::assembled(&[(0x100, &first)], &[]);
        assert!(Graph::new(&program).bound(0x100).is_err());
    }
}
