//! What of an ELF file lies in flash and in RAM.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, Object as _, ObjectSymbol as _, elf};
use sha2::{Digest, Sha256};

/// A firmware, as it is flashed.
pub struct Image {
    /// Address and bytes of each piece, in order.
    pieces: Vec<(u32, Vec<u8>)>,
    /// Bytes of RAM that variables take; the stack has a region of its own.
    pub ram: u64,
    /// The lowest address of a variable.
    variables: Option<u32>,
    stack: Stack,
}

/// The region of the stack: `_stack_end` is below `_stack_start`.
#[derive(Clone, Copy, Debug)]
struct Stack {
    start: u32,
    end: u32,
}

/// Where every Cortex-M has its RAM.
const RAM: u32 = 0x2000_0000;
/// Bytes below the stack that a boot loader has to itself.
const BOOT_LOADER: u32 = 8;

impl Image {
    /// Reads an ELF file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&bytes).with_context(|| format!("{} is no firmware", path.display()))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let header = elf::FileHeader32::<Endianness>::parse(bytes)?;
        let endian = header.endian()?;
        let mut pieces = Vec::new();
        let mut ram = 0;
        let mut variables: Option<u32> = None;
        for segment in header.program_headers(endian, bytes)? {
            if segment.p_type(endian) != elf::PT_LOAD {
                continue;
            }
            if segment.p_vaddr(endian) >= RAM {
                ram += u64::from(segment.p_memsz(endian));
                let address = segment.p_vaddr(endian);
                variables = Some(variables.map_or(address, |lowest| lowest.min(address)));
            }
            let data = segment.data(endian, bytes).ok().context("a segment beyond the file")?;
            if !data.is_empty() {
                pieces.push((segment.p_paddr(endian), data.to_vec()));
            }
        }
        pieces.sort();
        Ok(Self { pieces, ram, variables, stack: Stack::of(bytes)? })
    }

    /// Whether the stack would run into a variable, or into RAM at all, when it overflows. Below RAM there
    /// is nothing, and a fault.
    pub fn stack_runs_into_ram(&self) -> bool {
        let Stack { start, end } = self.stack;
        end > RAM + BOOT_LOADER || self.variables.is_some_and(|lowest| lowest < start)
    }

    /// Bytes of flash.
    pub fn flash(&self) -> u64 {
        self.pieces.iter().map(|(_, bytes)| bytes.len() as u64).sum()
    }

    /// SHA-256 of what is flashed, and where.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (address, bytes) in &self.pieces {
            hash.update(address.to_le_bytes());
            hash.update(bytes);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether these bytes are in it.
    pub fn contains(&self, text: &[u8]) -> bool {
        self.pieces.iter().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window == text))
    }
}

impl Stack {
    fn of(bytes: &[u8]) -> Result<Self> {
        let file = object::File::parse(bytes)?;
        let address = |name: &str| -> Result<u32> {
            let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name));
            let address = symbol.map(|symbol| symbol.address());
            Ok(u32::try_from(address.with_context(|| format!("no symbol {name}"))?)?)
        };
        Ok(Self { start: address("_stack_start")?, end: address("_stack_end")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(pieces: &[(u32, &[u8])]) -> Image {
        let pieces = pieces.iter().map(|(at, bytes)| (*at, bytes.to_vec())).collect();
        Image { pieces, ram: 0, variables: None, stack: Stack { start: RAM + 0x2000, end: RAM } }
    }

    #[test]
    fn a_stack_belongs_below_everything() {
        let mut image = image(&[]);
        assert!(!image.stack_runs_into_ram());
        image.variables = Some(RAM + 0x2000);
        image.stack.end = RAM + BOOT_LOADER;
        assert!(!image.stack_runs_into_ram());
        image.variables = Some(RAM + 0x1FFC);
        assert!(image.stack_runs_into_ram());
        image.variables = Some(RAM + 0x2000);
        image.stack = Stack { start: RAM + 0x2000, end: RAM + 0x1000 };
        assert!(image.stack_runs_into_ram());
    }

    #[test]
    fn a_hash_is_of_bytes_and_addresses() {
        let hash = image(&[(0, b"ab")]).hash();
        assert_eq!(hash, image(&[(0, b"ab")]).hash());
        assert_ne!(hash, image(&[(0, b"ac")]).hash());
        assert_ne!(hash, image(&[(4, b"ab")]).hash());
    }

    #[test]
    fn what_is_in_it_is_found() {
        let image = image(&[(0, b"a path: /here/now"), (100, b"x")]);
        assert!(image.contains(b"/here/now") && !image.contains(b"/here/not"));
        assert_eq!(image.flash(), 17 + 1);
    }

    #[test]
    fn what_is_no_elf_is_none() {
        assert!(Image::parse(b"no ELF at all").is_err());
    }
}
