//! How deep the stack gets below each function, in a run: the bytes from its call to the deepest point
//! before its return. A measure of what was executed; [`super::stack`] has the bound on what could be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::elf::Firmware;

/// Follows calls and returns.
pub struct Depth {
    /// Where functions begin.
    entries: BTreeSet<u64>,
    /// Functions that were called and have not returned.
    active: Vec<Frame>,
    deepest: BTreeMap<u64, u64>,
}

struct Frame {
    entry: u64,
    stack: u64,
    return_address: u64,
}

impl Depth {
    /// Before the first instruction.
    pub fn new(firmware: &Firmware) -> Self {
        let code = firmware.symbols.iter().filter(|symbol| symbol.section == ".text");
        let entries = code.map(|symbol| symbol.address & !1).collect();
        Self { entries, active: Vec::new(), deepest: BTreeMap::new() }
    }

    /// Before an instruction at `address`, with the stack pointer and the link register.
    pub fn step(&mut self, address: u64, stack: u64, link: u64) {
        let returned = |frame: &Frame| frame.return_address == address && stack >= frame.stack;
        if let Some(at) = self.active.iter().position(returned) {
            self.active.truncate(at);
        }
        if self.entries.contains(&address) {
            self.active.push(Frame { entry: address, stack, return_address: link & !1 });
        }
        for frame in &self.active {
            let deepest = self.deepest.entry(frame.entry).or_default();
            *deepest = (*deepest).max(frame.stack.saturating_sub(stack));
        }
    }

    /// By first address of the function.
    pub fn deepest(self) -> BTreeMap<u64, u64> {
        self.deepest
    }

    /// By name, deepest first.
    pub fn table(&self, firmware: &Firmware) -> String {
        let mut rows: Vec<(u64, &str)> = Vec::new();
        for (entry, bytes) in &self.deepest {
            let name = firmware.symbol_at(*entry).map_or("?", |symbol| symbol.name.as_str());
            rows.push((*bytes, name));
        }
        rows.sort_by(|a, b| b.cmp(a));
        let mut text = "  bytes of stack below the call of a function, as executed\n".to_owned();
        for (bytes, name) in rows {
            let _ = writeln!(text, "    {bytes:6}  {name}");
        }
        text
    }
}
