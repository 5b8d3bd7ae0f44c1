//! Where the bytes and the instructions are: a table of functions.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::elf::{Firmware, Symbol};
use super::emulator::Run;
use super::host::Mode;

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

/// Flash and RAM by part and by symbol.
pub fn sizes(firmware: &Firmware) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "  flash {} B, RAM {} B", firmware.flash_size(), firmware.ram_size());
    let mut symbols: Vec<_> = firmware.symbols.iter().filter(|symbol| is_counted(symbol)).collect();
    symbols.sort_by_key(|symbol| std::cmp::Reverse(symbol.size));
    symbols.dedup_by_key(|symbol| symbol.address);
    let mut parts = BTreeMap::<_, u64>::new();
    for symbol in symbols.iter().filter(|symbol| symbol.section == ".text") {
        *parts.entry(part(&symbol.name)).or_default() += symbol.size;
    }
    for (part, size) in &parts {
        let _ = writeln!(text, "  {size:6}  {}", part.name());
    }
    let code = firmware.section(".text");
    let rest = (code.end - code.start).saturating_sub(parts.values().sum());
    let constants = firmware.section(".rodata");
    let _ = writeln!(text, "  {rest:6}  between functions: constants, alignment");
    let _ = writeln!(text, "  {:6}  .rodata", constants.end - constants.start);
    for symbol in symbols {
        let _ = writeln!(text, "    {:6}  {:8} {}", symbol.size, symbol.section, symbol.name);
    }
    text
}

fn is_counted(symbol: &Symbol) -> bool {
    [".text", ".rodata", ".data", ".bss"].contains(&symbol.section.as_str())
}

/// Instructions by function, per 64 bytes or per poll.
pub fn instructions(mode: Mode, run: &Run) -> String {
    let (units, unit) = match mode {
        Mode::Idle => (run.counted as f64, "idle poll"),
        _ => (run.counted as f64 / 64.0, "64 bytes"),
    };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "  {mode:?}: {:.1} instructions and {:.2} polls per {unit}",
        run.data as f64 / units,
        run.looks as f64 / units
    );
    let mut functions: Vec<_> = run.functions.iter().collect();
    functions.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (name, count) in functions {
        let _ = writeln!(text, "    {:8.1}  {name}", *count as f64 / units);
    }
    text
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
