//! What a firmware is looked at for while it runs: how long it masks interrupts, and how long one
//! poll of the device takes.

use std::ops::Range;

use armagnac::core::Processor;

use super::elf::{FLASH, Firmware};

const CPSID_I: u16 = 0xB672;
const CPSIE_I: u16 = 0xB662;

/// The entry point that polls the device, in board and in usbd-acm-async.
const POLLS: [&str; 2] = ["board::app::poll", "usbd_acm_async::poll_device"];

/// The longest of each, in instructions.
#[derive(Default)]
pub struct Watch {
    masked: Option<usize>,
    pub longest_masked: usize,
    entry: Option<u64>,
    text: Range<u64>,
    /// Where the poll under way returns to, and what it took so far.
    poll: Option<(u64, usize)>,
    pub longest_poll: usize,
}

impl Watch {
    pub fn new(firmware: &Firmware) -> Self {
        let is_poll = |name: &str| POLLS.iter().any(|poll| name.starts_with(poll));
        let entry = firmware.symbols.iter().find(|symbol| is_poll(&symbol.name));
        let entry = entry.map(|symbol| symbol.address);
        Self { entry, text: firmware.section(".text"), ..Self::default() }
    }

    /// Before the instruction at `address` is executed.
    pub fn look(&mut self, firmware: &Firmware, processor: &Processor, address: u64) {
        match opcode(firmware, address) {
            Some(CPSID_I) => self.masked = Some(0),
            // It is executed with interrupts masked, as the last one.
            Some(CPSIE_I) => {
                let masked = self.masked.take().map_or(0, |count| count + 1);
                self.longest_masked = self.longest_masked.max(masked);
            }
            _ => self.masked = self.masked.map(|count| count + 1),
        }
        if self.entry == Some(address) {
            self.poll = Some((u64::from(processor.lr() & !1), 0));
        }
        match &mut self.poll {
            Some((end, count)) if *end == address => {
                self.longest_poll = self.longest_poll.max(*count);
                self.poll = None;
            }
            Some((_, count)) if self.text.contains(&address) => *count += 1,
            _ => {}
        }
    }
}

fn opcode(firmware: &Firmware, address: u64) -> Option<u16> {
    let at = usize::try_from(address.checked_sub(FLASH.start)?).ok()?;
    let bytes = firmware.flash.get(at..at + 2)?;
    Some(u16::from_le_bytes([bytes[0], bytes[1]]))
}
