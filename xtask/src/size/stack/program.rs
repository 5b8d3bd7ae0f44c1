//! A linked program: its functions, their instructions, and which functions have their address taken.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, elf};

use super::thumb::{Half, Instruction, Write, decode};
use crate::size::elf::{Symbol, symbols};

/// Where the addresses of exception handlers are. Nobody calls through it but the hardware.
const VECTORS: &str = ".vector_table";

/// A program for ARMv6-M or ARMv7-M.
pub struct Program {
    /// By their first address.
    functions: BTreeMap<u64, Function>,
    /// Functions whose address is kept somewhere, and that a register may lead to.
    pub taken: BTreeSet<u64>,
    /// Exception handlers, the reset handler among them.
    pub handlers: BTreeSet<u64>,
}

/// A function.
pub struct Function {
    pub name: String,
    pub addresses: Range<u64>,
    /// By address.
    pub instructions: BTreeMap<u64, Instruction>,
    /// The words that instructions load from among the constants, by the address of the instruction.
    pub constants: BTreeMap<u64, u32>,
}

impl Program {
    /// Reads the bytes of an ELF file.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let file = object::File::parse(bytes)?;
        let code = thumb(&file)?;
        let mut functions = BTreeMap::new();
        for symbol in symbols(&file)?.iter().filter(|symbol| symbol.is_code) {
            let function = function(symbol, &code)?;
            functions.entry(symbol.address).or_insert(function);
        }
        let known = |addresses: BTreeSet<u64>| {
            addresses.into_iter().filter(|address| functions.contains_key(address)).collect()
        };
        let mut taken = taken(&file, &code)?;
        taken.extend(functions.values().flat_map(moved));
        let (taken, handlers) = (known(taken), known(handlers(&file)?));
        Ok(Self { functions, taken, handlers })
    }

    /// The function that has this address.
    pub fn at(&self, address: u64) -> Option<(u64, &Function)> {
        let (start, function) = self.functions.range(..=address).next_back()?;
        function.addresses.contains(&address).then_some((*start, function))
    }

    /// Every function, by its first address.
    pub fn functions(&self) -> impl Iterator<Item = (u64, &Function)> {
        self.functions.iter().map(|(address, function)| (*address, function))
    }

    /// The name of the function that has this address.
    pub fn name(&self, address: u64) -> &str {
        self.at(address).map_or("no function", |(_, function)| &function.name)
    }
}

/// Sections with code, and where in them instructions are: the ABI's mapping symbols `$t` and `$d`
/// tell them from constants (AAELF32 §5.5.5).
struct Code<'a> {
    sections: Vec<(u64, &'a [u8])>,
    /// Whether instructions begin at an address, or constants.
    marks: BTreeMap<u64, bool>,
}

fn thumb<'a>(file: &object::File<'a>) -> Result<Code<'a>> {
    let mut sections = Vec::new();
    for section in file.sections().filter(is_allocated) {
        sections.push((section.address(), section.data()?));
    }
    let mut marks = BTreeMap::new();
    for symbol in file.symbols() {
        match symbol.name()?.get(..2) {
            Some("$t") => marks.insert(symbol.address(), true),
            // Where both stand, instructions follow.
            Some("$d") => Some(*marks.entry(symbol.address()).or_insert(false)),
            _ => None,
        };
    }
    Ok(Code { sections, marks })
}

impl Code<'_> {
    fn is_instruction(&self, address: u64) -> bool {
        self.marks.range(..=address).next_back().is_none_or(|(_, is_code)| *is_code)
    }

    fn halfword(&self, address: u64) -> Option<u16> {
        let within = |(start, bytes): &&(u64, &[u8])| {
            (*start..start + bytes.len() as u64).contains(&address)
        };
        let (start, bytes) = self.sections.iter().find(within)?;
        let at = usize::try_from(address - start).ok()?;
        let pair: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(u16::from_le_bytes(pair))
    }

    /// What cannot be written: sections of the flash.
    fn word(&self, address: u64) -> Option<u32> {
        let (low, high) = (self.halfword(address)?, self.halfword(address + 2)?);
        Some(u32::from(high) << 16 | u32::from(low))
    }
}

fn function(symbol: &Symbol, code: &Code<'_>) -> Result<Function> {
    let addresses = symbol.address..symbol.address + symbol.size;
    let mut instructions = BTreeMap::new();
    let mut address = addresses.start;
    while address < addresses.end {
        if !code.is_instruction(address) {
            address += 2;
            continue;
        }
        let first = code.halfword(address).context("a function without bytes")?;
        let read = decode(address, first, code.halfword(address + 2));
        let read = read.with_context(|| format!("half an instruction in {}", symbol.name))?;
        instructions.insert(address, read);
        address += read.length;
    }
    let constant = |(address, read): (&u64, &Instruction)| match read.writes {
        Write::Constant { at, .. } => Some((*address, code.word(at)?)),
        _ => None,
    };
    let constants = instructions.iter().filter_map(constant).collect();
    Ok(Function { name: symbol.name.clone(), addresses, instructions, constants })
}

fn is_allocated(section: &object::Section<'_, '_>) -> bool {
    match section.flags() {
        object::SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(elf::SHF_ALLOC),
        _ => false,
    }
}

/// The words of the vector table.
fn handlers(file: &object::File<'_>) -> Result<BTreeSet<u64>> {
    let Some(section) = file.section_by_name(VECTORS) else { return Ok(BTreeSet::new()) };
    let words = section.data()?.chunks_exact(4).filter_map(|word| word.try_into().ok());
    // The first is the initial stack pointer.
    Ok(words.skip(1).map(|word| u64::from(u32::from_le_bytes(word) & !1)).collect())
}

/// Odd words among the constants, which are addresses of Thumb functions if they are addresses, and
/// what pairs of MOVW and MOVT make.
fn taken(file: &object::File<'_>, code: &Code<'_>) -> Result<BTreeSet<u64>> {
    let mut taken = BTreeSet::new();
    for section in file.sections().filter(is_allocated) {
        if section.name()? == VECTORS {
            continue;
        }
        let is_code = section.kind() == SectionKind::Text;
        let words = section.data()?.chunks_exact(4).zip((section.address()..).step_by(4));
        let is_constant = |at: u64| !is_code || !code.is_instruction(at);
        let constants = words.filter_map(|(word, at)| is_constant(at).then_some(word));
        let constants = constants.filter_map(|word| word.try_into().ok().map(u32::from_le_bytes));
        taken.extend(constants.filter_map(odd));
    }
    Ok(taken)
}

fn odd(word: u32) -> Option<u64> {
    (word & 1 != 0).then_some(u64::from(word & !1))
}

/// The words that MOVW and MOVT put together in a register (§A7.7.76, §A7.7.79).
fn moved(function: &Function) -> impl Iterator<Item = u64> {
    let mut halves = BTreeMap::new();
    let words = function.instructions.values().filter_map(move |read| match read.half {
        Some(Half::Low(register, low)) => {
            halves.insert(register, low);
            None
        }
        Some(Half::High(register, high)) => {
            Some(u32::from(high) << 16 | u32::from(*halves.get(&register)?))
        }
        None => None,
    });
    words.filter_map(odd)
}

#[cfg(test)]
impl Function {
    /// A function of these halfwords.
    pub fn assembled(start: u64, words: &[u16]) -> Self {
        let mut instructions = BTreeMap::new();
        let mut at = 0;
        while let Some(first) = words.get(at) {
            let address = start + 2 * at as u64;
            let read = decode(address, *first, words.get(at + 1).copied()).unwrap();
            instructions.insert(address, read);
            at += read.length as usize / 2;
        }
        let addresses = start..start + 2 * words.len() as u64;
        Self { name: format!("f{start:x}"), addresses, instructions, constants: BTreeMap::new() }
    }
}

#[cfg(test)]
impl Program {
    /// A program of these functions, of which some have their address taken.
    pub fn assembled(functions: &[(u64, &[u16])], taken: &[u64]) -> Self {
        let assembled =
            |(start, words): &(u64, &[u16])| (*start, Function::assembled(*start, words));
        let functions = functions.iter().map(assembled).collect();
        Self { functions, taken: taken.iter().copied().collect(), handlers: BTreeSet::new() }
    }
}
