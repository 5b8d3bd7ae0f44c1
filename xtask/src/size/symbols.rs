//! Where the bytes and the instructions are: a table of functions.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;

use super::elf::{Firmware, Symbol};
use super::emulator::Run;
use super::host::Mode;
use super::lines::Lines;
use super::report::number;

/// What a function belongs to, told from its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    /// Entry points of the comparison, with whatever of the stack was inlined into them.
    EntryPoint,
    Class,
    Descriptors,
    Stack,
    Memory,
    Formatting,
    Panic,
    Other,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::EntryPoint => "entry points, stack inlined",
            Self::Class => "class",
            Self::Descriptors => "descriptors",
            Self::Stack => "stack",
            Self::Memory => "memcpy, memmove, memset",
            Self::Formatting => "core::fmt",
            Self::Panic => "panic machinery",
            Self::Other => "other",
        }
    }
}

/// Names that tell a part, the first that occurs decides.
const PARTS: [(&str, Part); 21] = [
    ("core::fmt", Part::Formatting),
    ("core::panicking", Part::Panic),
    ("rust_begin_unwind", Part::Panic),
    ("_fail", Part::Panic),
    ("expect_failed", Part::Panic),
    ("unwrap_failed", Part::Panic),
    ("board::panic", Part::Panic),
    ("mem::mem", Part::Memory),
    ("__aeabi_mem", Part::Memory),
    ("memcpy", Part::Memory),
    ("memmove", Part::Memory),
    ("memset", Part::Memory),
    ("usbd_acm_class::", Part::Class),
    ("usbd_serial::", Part::Class),
    ("embassy_usb::class", Part::Class),
    ("usbd_acm_descriptors::", Part::Descriptors),
    ("usbd_acm::", Part::Stack),
    ("usb_device::", Part::Stack),
    ("embassy_usb::", Part::Stack),
    ("board::app", Part::EntryPoint),
    ("::init", Part::EntryPoint),
];

fn part(name: &str) -> Part {
    PARTS.iter().find(|(text, _)| name.contains(text)).map_or(Part::Other, |(_, part)| *part)
}

/// Whether a function is part of the panic machinery or of formatting.
pub fn is_panic(name: &str) -> bool {
    matches!(part(name), Part::Panic | Part::Formatting)
}

/// Flash and RAM by part, by source function, and by static.
pub fn sizes(firmware: &Firmware) -> Result<String> {
    let mut text = String::new();
    let _ = writeln!(text, "  flash {} B, RAM {} B", firmware.flash_size(), firmware.ram_size());
    let code = firmware.section(".text");
    // Thumb instructions, and compressed RISC-V ones, are multiples of two bytes.
    let halfwords = code.step_by(2).map(|address| (address, 2));
    let functions = by_function(firmware, halfwords)?;
    let mut parts = BTreeMap::<_, usize>::new();
    for (name, size) in &functions {
        *parts.entry(part(name)).or_default() += size;
    }
    for (part, size) in &parts {
        let _ = writeln!(text, "  {size:6}  {}", part.name());
    }
    let constants = firmware.section(".rodata");
    let _ = writeln!(text, "  {:6}  .rodata", constants.end - constants.start);
    for symbol in firmware.symbols.iter().filter(|symbol| is_static(symbol)) {
        let _ = writeln!(text, "    {:6}  {:8} {}", symbol.size, symbol.section, symbol.name);
    }
    list(&mut text, functions, 1.0);
    Ok(text)
}

fn is_static(symbol: &Symbol) -> bool {
    [".rodata", ".data", ".bss"].contains(&symbol.section.as_str())
}

/// Instructions by source function, per 64 bytes or per poll.
pub fn instructions(firmware: &Firmware, mode: Mode, run: &Run) -> Result<String> {
    let (units, unit) = match mode {
        Mode::Idle => (run.counted as f64, "idle poll"),
        _ => (run.counted as f64 / 64.0, "64 bytes"),
    };
    let mut text = String::new();
    let (instructions, looks) = (run.data as f64 / units, run.looks as f64 / units);
    let _ = writeln!(
        text,
        "  {mode:?}: {instructions:.1} instructions and {looks:.2} looks per {unit}"
    );
    let executed = run.addresses.iter().map(|(address, count)| (*address, *count));
    list(&mut text, by_function(firmware, executed)?, units);
    if mode == Mode::Echo {
        text += &run.depth;
    }
    Ok(text)
}

/// Sums what lies at addresses by the source function it was compiled from.
fn by_function(
    firmware: &Firmware,
    amounts: impl Iterator<Item = (u64, usize)>,
) -> Result<BTreeMap<String, usize>> {
    let lines = Lines::read(&firmware.bytes)?;
    let mut functions = BTreeMap::new();
    for (address, amount) in amounts {
        let symbol = firmware.symbol_at(address).map(|symbol| symbol.name.clone());
        // Outlined code and compiler_builtins have a symbol, but no lines.
        let name =
            lines.function(address).or(symbol).unwrap_or_else(|| "constants, alignment".into());
        *functions.entry(name).or_default() += amount;
    }
    Ok(functions)
}

fn list(text: &mut String, functions: BTreeMap<String, usize>, units: f64) {
    let mut functions: Vec<_> = functions.into_iter().collect();
    functions.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
    for (name, amount) in functions {
        let _ = writeln!(text, "    {:>8}  {name}", number(Some(amount as f64 / units)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_from_names() {
        assert_eq!(part("core::panicking::panic_bounds_check"), Part::Panic);
        assert_eq!(part("core::slice::index::slice_index_fail"), Part::Panic);
        assert_eq!(part("<core::fmt::Formatter>::pad"), Part::Formatting);
        assert_eq!(part("compiler_builtins::mem::memcpy"), Part::Memory);
        assert_eq!(part("usbd_acm_class::fifo::in_fifo::Producer::write"), Part::Class);
        assert_eq!(part("<usbd_acm::device::Device<C>>::poll"), Part::Stack);
        assert_eq!(part("OUTLINED_FUNCTION_3"), Part::Other);
    }
}
