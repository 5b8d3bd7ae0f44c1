//! Which source function an instruction comes from, through every inlining.

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use anyhow::Result;
use object::{Object, ObjectSection};

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// The line table of a firmware.
pub struct Lines<'a> {
    context: Context<Reader<'a>>,
}

impl<'a> Lines<'a> {
    pub fn read(elf: &'a [u8]) -> Result<Self> {
        let file = object::File::parse(elf)?;
        // The linker has applied the relocations that it kept, so the sections are read as they are.
        let dwarf = Dwarf::load(|id: SectionId| -> Result<Reader<'a>> {
            let section = file.section_by_name(id.name());
            let data = section.map_or(Ok(&[][..]), |section| section.data())?;
            Ok(Reader::new(data, LittleEndian))
        })?;
        Ok(Self { context: Context::from_dwarf(dwarf)? })
    }

    /// The innermost function that is not of the standard library.
    pub fn function(&self, address: u64) -> Option<String> {
        self.frames(address).into_iter().find(|frame| !frame.is_library).map(|frame| frame.function)
    }

    /// The functions inlined at an address, innermost first.
    pub fn frames(&self, address: u64) -> Vec<Frame> {
        let mut frames = Vec::new();
        let Ok(mut found) = self.context.find_frames(address).skip_all_loads() else {
            return frames;
        };
        while let Ok(Some(frame)) = found.next() {
            let Some(name) = frame.function.as_ref().and_then(|name| name.demangle().ok()) else {
                continue;
            };
            let function = shorten(&name);
            let (file, line) =
                frame.location.map_or((None, None), |place| (place.file, place.line));
            let is_library = file.is_some_and(|file| file.contains("/library/"));
            let place = format!("{}:{}", file.unwrap_or("?"), line.unwrap_or(0));
            frames.push(Frame { function, place, is_library });
        }
        frames
    }
}

/// One function of several that were inlined into each other.
pub struct Frame {
    pub function: String,
    /// File and line.
    pub place: String,
    /// It is of the standard library.
    pub is_library: bool,
}

/// The name without generic arguments and hash.
fn shorten(name: &str) -> String {
    let mut depth = 0;
    let mut short = String::new();
    for (at, character) in name.char_indices() {
        // A leading `<` is that of `<Type as Trait>`, and `->` is no bracket.
        match character {
            '<' if at > 0 => depth += 1,
            '>' if depth > 0 => depth -= 1,
            _ if depth == 0 => short.push(character),
            _ => {}
        }
    }
    match short.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 => path.into(),
        _ => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_generic_arguments_and_hash() {
        assert_eq!(
            shorten("usbd_acm::device::Device<C,H>::poll::h0123456789abcdef"),
            "usbd_acm::device::Device::poll"
        );
        assert_eq!(shorten("<a::B<C> as d::E<F>>::g"), "<a::B as d::E>::g");
    }
}
