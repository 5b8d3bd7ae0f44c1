//! Bytes from and to the FIFOs, as words with the first byte lowest.

use crate::Core;
use crate::errata::fifo_write_uninterrupted;
use crate::registers::{Register, Usb, fifo};

/// The window on the receive FIFO that is read.
const RECEIVE: Register = fifo(0);

/// Words that so many bytes take.
const fn words(bytes: u16) -> u16 {
    bytes.div_ceil(4)
}

/// Writes a packet to a transmit FIFO. There is room for it.
pub(crate) fn push<C: Core>(usb: &Usb<C>, number: u32, packet: &[u8]) {
    let register = fifo(number);
    let (words, rest) = packet.as_chunks();
    fifo_write_uninterrupted(|| {
        for word in words {
            usb.write(register, u32::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
            usb.write(register, last);
        }
    });
}

/// Takes a packet of so many bytes out of the receive FIFO, all of it, and keeps what the buffer holds.
/// Returns how many bytes that are.
pub(crate) fn pop<C: Core>(usb: &Usb<C>, buffer: &mut [u8], bytes: u16) -> u16 {
    let kept = bytes.min(u16::try_from(buffer.len()).unwrap_or(u16::MAX));
    let buffer = buffer.get_mut(..kept.into()).unwrap_or_default();
    let (chunks, rest) = buffer.as_chunks_mut();
    for word in chunks {
        *word = usb.read(RECEIVE).to_le_bytes();
    }
    if !rest.is_empty() {
        let mut last = usb.read(RECEIVE);
        for byte in rest {
            [*byte, ..] = last.to_le_bytes();
            last >>= 8;
        }
    }
    (words(kept)..words(bytes)).for_each(|_| _ = usb.read(RECEIVE));
    kept
}
