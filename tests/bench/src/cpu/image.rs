//! Firmware as an ELF file: what is loaded where, and which function is at an address.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use object::elf::PT_LOAD;
use object::read::elf::{ElfFile32, ProgramHeader};
use object::{Architecture, Endianness, Object, ObjectSection, ObjectSymbol, SymbolKind};
use rustc_demangle::demangle;

/// A function of the firmware.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// First address.
    pub address: u32,
    /// Length in bytes, 0 where the symbol does not say.
    pub size: u32,
    /// Demangled name, without a hash.
    pub name: String,
}

/// What is programmed into the chip.
#[derive(Clone, Debug)]
pub struct Image {
    /// Address and bytes of everything that is loaded.
    pub segments: Vec<(u32, Vec<u8>)>,
    /// Address of the vector table.
    pub vectors: u32,
    /// Every function, by address.
    pub functions: Vec<Function>,
    /// First RAM address after static data, where the symbols tell.
    pub static_end: Option<u32>,
}

impl Image {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// When it cannot be read, or is no firmware for a Cortex-M.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&bytes).with_context(|| format!("{} is no firmware", path.display()))
    }

    /// The same, of bytes in memory.
    ///
    /// # Errors
    /// When they are no ELF file of a Cortex-M.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let elf = ElfFile32::<Endianness>::parse(bytes)?;
        if elf.architecture() != Architecture::Arm {
            bail!("it is for {:?}", elf.architecture());
        }
        let segments = segments(&elf)?;
        let Some(lowest) = segments.iter().map(|(address, _)| *address).min() else {
            bail!("nothing to load");
        };
        let table = elf.section_by_name(".vector_table").map(|section| section.address());
        let vectors = table.and_then(|address| u32::try_from(address).ok()).unwrap_or(lowest);
        Ok(Self { segments, vectors, functions: functions(&elf), static_end: static_end(&elf) })
    }

    /// The function at an address.
    pub fn function_at(&self, address: u32) -> Option<&Function> {
        let after = self.functions.partition_point(|function| function.address <= address);
        let function = self.functions.get(after.checked_sub(1)?)?;
        let is_within = function.size == 0 || address - function.address < function.size;
        is_within.then_some(function)
    }

    /// Name of the function at an address, or the address.
    pub fn place(&self, address: u32) -> String {
        match self.function_at(address) {
            Some(function) => format!("{address:#010x} in {}", function.name),
            None => format!("{address:#010x}"),
        }
    }
}

fn segments(elf: &ElfFile32<'_>) -> Result<Vec<(u32, Vec<u8>)>> {
    let endian = Endianness::Little;
    let mut segments = Vec::new();
    for header in elf.elf_program_headers() {
        if header.p_type(endian) != PT_LOAD || header.p_filesz(endian) == 0 {
            continue;
        }
        let data = header.data(endian, elf.data());
        let Ok(data) = data else { bail!("a segment is not in the file") };
        segments.push((header.p_paddr(endian), data.to_vec()));
    }
    Ok(segments)
}

fn functions(elf: &ElfFile32<'_>) -> Vec<Function> {
    let texts = elf.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
    let mut functions: Vec<Function> = texts
        .filter_map(|symbol| {
            let address = u32::try_from(symbol.address()).ok()? & !1;
            let size = u32::try_from(symbol.size()).ok()?;
            Some(Function { address, size, name: format!("{:#}", demangle(symbol.name().ok()?)) })
        })
        .collect();
    functions.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
    functions.dedup_by_key(|function| function.address);
    functions
}

/// cortex-m-rt's linker script has a symbol where the heap, and so the room for the stack, begins.
fn static_end(elf: &ElfFile32<'_>) -> Option<u32> {
    let symbol = elf.symbols().find(|symbol| symbol.name() == Ok("__sheap"))?;
    u32::try_from(symbol.address()).ok()
}
