//! What a firmware ELF says: sections, functions, and who refers to whom.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind, SymbolKind};

pub const FLASH: Range<u64> = 0x0001_0000..0x0005_0000;
pub const RAM: Range<u64> = 0x2000_0000..0x2001_0000;

/// A firmware, read into memory.
pub struct Firmware {
    /// The ELF file.
    pub bytes: Vec<u8>,
    pub entry: u64,
    pub flash: Vec<u8>,
    pub ram: Vec<u8>,
    sections: BTreeMap<String, Range<u64>>,
    pub symbols: Vec<Symbol>,
    references: Vec<(u64, u64)>,
}

/// A function or a static.
#[derive(Clone)]
pub struct Symbol {
    pub name: String,
    pub address: u64,
    pub size: u64,
    pub section: String,
    pub is_code: bool,
}

impl Firmware {
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = object::File::parse(&*bytes)
            .with_context(|| format!("{} is no ELF", path.display()))?;
        let mut firmware = Self {
            bytes: Vec::new(),
            entry: file.entry(),
            flash: vec![0; (FLASH.end - FLASH.start) as usize],
            ram: vec![0; (RAM.end - RAM.start) as usize],
            sections: BTreeMap::new(),
            symbols: Vec::new(),
            references: Vec::new(),
        };
        for section in file.sections().filter(|section| is_loaded(section)) {
            firmware.load(&section)?;
        }
        firmware.symbols = symbols(&file)?;
        firmware.references = references(&file);
        firmware.bytes = bytes;
        Ok(firmware)
    }

    fn load(&mut self, section: &object::Section<'_, '_>) -> Result<()> {
        let range = section.address()..section.address() + section.size();
        self.sections.insert(section.name()?.to_owned(), range.clone());
        let data = section.data()?;
        let (memory, start) = if FLASH.contains(&range.start) {
            (&mut self.flash, FLASH.start)
        } else {
            (&mut self.ram, RAM.start)
        };
        let at = (range.start - start) as usize;
        let room =
            memory.get_mut(at..at + data.len()).context("a section outside FLASH and RAM")?;
        room.copy_from_slice(data);
        Ok(())
    }

    /// Addresses of a section; empty when there is none.
    pub fn section(&self, name: &str) -> Range<u64> {
        self.sections.get(name).cloned().unwrap_or(0..0)
    }

    fn size_of(&self, names: &[&str]) -> u64 {
        names.iter().map(|name| self.section(name)).map(|range| range.end - range.start).sum()
    }

    /// Bytes of flash of the USB stack: code, constants, and the start values of variables.
    pub fn flash_size(&self) -> u64 {
        self.size_of(&[".text", ".rodata", ".data"])
    }

    /// Bytes of static RAM of the USB stack.
    pub fn ram_size(&self) -> u64 {
        self.size_of(&[".data", ".bss"])
    }

    /// The symbol that covers an address.
    pub fn symbol_at(&self, address: u64) -> Option<&Symbol> {
        let after = self.symbols.partition_point(|symbol| symbol.address <= address);
        let symbol = self.symbols.get(after.checked_sub(1)?)?;
        (address < symbol.address + symbol.size).then_some(symbol)
    }

    /// References to symbols whose name passes: the address they are at, and the name.
    pub fn references_to(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<(u64, String)> {
        let mut found: Vec<_> = (self.references.iter())
            .filter_map(|(from, to)| Some((*from, self.symbol_at(*to)?.name.clone())))
            .filter(|(from, to)| self.symbol_at(*from).is_some() && is_wanted(to))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

fn is_loaded(section: &object::Section<'_, '_>) -> bool {
    let is_placed = FLASH.contains(&section.address()) || RAM.contains(&section.address());
    is_placed
        && section.size() > 0
        && !matches!(section.kind(), SectionKind::Metadata | SectionKind::Other)
}

/// Every function and static, by address.
pub fn symbols(file: &object::File<'_>) -> Result<Vec<Symbol>> {
    let mut symbols = Vec::new();
    for symbol in file.symbols() {
        let Some(section) = symbol.section_index() else { continue };
        if symbol.size() == 0 || !matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data) {
            continue;
        }
        symbols.push(Symbol {
            name: format!("{:#}", rustc_demangle::demangle(symbol.name()?)),
            // Bit 0 of a function's address says Thumb.
            address: if symbol.kind() == SymbolKind::Text {
                symbol.address() & !1
            } else {
                symbol.address()
            },
            size: symbol.size(),
            section: file.section_by_index(section)?.name()?.to_owned(),
            is_code: symbol.kind() == SymbolKind::Text,
        });
    }
    symbols.sort_by_key(|symbol| symbol.address);
    Ok(symbols)
}

/// References that the linker kept (`--emit-relocs`).
fn references(file: &object::File<'_>) -> Vec<(u64, u64)> {
    let mut references = Vec::new();
    for section in file.sections() {
        for (offset, relocation) in section.relocations() {
            let RelocationTarget::Symbol(index) = relocation.target() else { continue };
            let Ok(symbol) = file.symbol_by_index(index) else { continue };
            // In a linked ELF the offset is the address itself.
            references.push((offset, symbol.address() & !1));
        }
    }
    references
}
