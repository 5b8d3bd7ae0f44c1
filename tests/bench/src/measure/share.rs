//! Flash and RAM that USB takes: the echo, less the same firmware without USB.

use std::path::Path;

use anyhow::Result;
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, SectionFlags, elf};

use super::{Sheet, Stack};
use crate::firmware::App;

/// Optimised for size in either way: the smaller one counts.
const PROFILES: [&str; 2] = ["opt-z", "opt-s"];

pub fn measure(stack: &Stack, sheet: &mut Sheet) -> Result<()> {
    let mut best: Option<(u64, u64)> = None;
    for profile in PROFILES {
        let with = Size::of(&stack.firmware(App::Echo, profile).build()?)?;
        let without = Size::of(&stack.without_usb(profile).build()?)?;
        let share =
            (with.flash.saturating_sub(without.flash), with.ram.saturating_sub(without.ram));
        let metric = profile.trim_start_matches("opt-");
        sheet.add(format!("usb_flash_bytes_{metric}"), share.0 as f64, "bytes");
        best = Some(best.map_or(share, |best| best.min(share)));
    }
    if let Some((flash, ram)) = best {
        sheet.add("usb_flash_bytes", flash as f64, "bytes");
        sheet.add("usb_ram_bytes", ram as f64, "bytes");
    }
    Ok(())
}

/// What a firmware takes, in bytes. RAM is static data, without the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Size {
    flash: u64,
    ram: u64,
}

impl Size {
    fn of(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path)?;
        let elf = ElfFile32::<Endianness>::parse(&*bytes)?;
        let mut size = Self::default();
        for section in elf.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            if sh_flags & elf::SHF_ALLOC == elf::SectionFlags(0) {
                continue;
            }
            // Initial values lie in flash, too.
            if section.file_range().is_some() {
                size.flash += section.size();
            }
            if sh_flags & elf::SHF_WRITE != elf::SectionFlags(0) {
                size.ram += section.size();
            }
        }
        Ok(size)
    }
}
