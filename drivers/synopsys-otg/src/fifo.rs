//! Bytes from and to the FIFOs, as words with the first byte lowest.

use core::mem::take;

use crate::Core;
use crate::errata::fifo_write_uninterrupted;
use crate::registers::{Register, Usb, fifo};

/// The window on the receive FIFO that is read.
const RECEIVE: Register = fifo(0);

/// Bytes that are moved without a look at whether there are more.
const BLOCK: usize = 16;

/// Writes a packet to a transmit FIFO. There is room for it.
pub(crate) fn push<C: Core>(usb: &Usb<C>, number: u32, packet: &[u8]) {
    let register = fifo(number);
    fifo_write_uninterrupted(|| {
        let mut rest = packet;
        while let Some((block, more)) = rest.split_first_chunk::<BLOCK>() {
            if let ([a, b, c, d], _) = block.as_chunks() {
                usb.write(register, u32::from_le_bytes(*a));
                usb.write(register, u32::from_le_bytes(*b));
                usb.write(register, u32::from_le_bytes(*c));
                usb.write(register, u32::from_le_bytes(*d));
            }
            rest = more;
        }
        for bytes in rest.chunks(4) {
            let word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
            usb.write(register, word);
        }
    });
}

/// Takes a word out of the receive FIFO.
pub(crate) fn pop_word<C: Core>(usb: &Usb<C>) -> u32 {
    usb.read(RECEIVE)
}

/// Takes a packet of so many bytes out of the receive FIFO, all of it, and keeps what the buffer holds.
/// Returns how many bytes that are.
pub(crate) fn pop<C: Core>(usb: &Usb<C>, buffer: &mut [u8], bytes: u16) -> u16 {
    let kept = bytes.min(u16::try_from(buffer.len()).unwrap_or(u16::MAX));
    let dropped = usize::from(bytes.saturating_sub(kept));
    let mut rest = buffer.get_mut(..kept.into()).unwrap_or_default();
    while rest.len() >= BLOCK {
        let Some((block, more)) = take(&mut rest).split_first_chunk_mut::<BLOCK>() else { break };
        if let ([a, b, c, d], _) = block.as_chunks_mut() {
            *a = pop_word(usb).to_le_bytes();
            *b = pop_word(usb).to_le_bytes();
            *c = pop_word(usb).to_le_bytes();
            *d = pop_word(usb).to_le_bytes();
        }
        rest = more;
    }
    let words = (rest.len() + dropped + 3) >> 2;
    let mut places = rest.iter_mut();
    for _ in 0..words {
        let mut word = pop_word(usb);
        for place in places.by_ref().take(4) {
            [*place, ..] = word.to_le_bytes();
            word >>= 8;
        }
    }
    kept
}
