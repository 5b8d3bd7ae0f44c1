//! Bytes from one buffer to another.
//!
//! Not `core::ptr::copy_nonoverlapping`: with a length that is not constant it calls the target's
//! memcpy, which is larger than the rest of the FIFO.
#![allow(unsafe_code)]
#![expect(clippy::multiple_unsafe_ops_per_block, reason = "a pointer and the access through it")]

use core::sync::atomic::{Ordering, compiler_fence};

/// Bytes of a word, and of a block.
const WORD: usize = size_of::<u32>();
const BLOCK: usize = size_of::<Block>();
/// What a load and a store of several registers copy.
type Block = [u32; 4];

/// Whether a load takes any address: so from Armv7-M on, which has compare-and-swap, while Armv6-M has
/// neither; and on what tests run. Elsewhere the compiler may make bytes of words that are not aligned.
const TAKES_ANY_ADDRESS: bool = cfg!(any(
    all(target_arch = "arm", target_has_atomic = "32"),
    target_arch = "aarch64",
    target_arch = "x86_64",
));

/// Copies `count` bytes. Not inlined: unrolled, it takes the registers that a caller needs.
///
/// # Safety
/// `to` is valid for writes of that many bytes and nobody else reaches them; `from` is valid for
/// reads and nobody writes to them.
#[inline(never)]
pub(super) unsafe fn copy(mut to: *mut u8, mut from: *const u8, mut count: usize) {
    if (to.addr() | from.addr()).is_multiple_of(WORD) {
        while count >= BLOCK {
            // SAFETY: so many bytes are left, and both sides are aligned, as is what follows them.
            unsafe {
                copy_block(to.cast(), from.cast());
                (to, from) = (to.add(BLOCK), from.add(BLOCK));
            }
            count -= BLOCK;
            // Keeps the loop from being taken for a memcpy.
            compiler_fence(Ordering::SeqCst);
        }
    }
    while TAKES_ANY_ADDRESS && count >= WORD {
        // SAFETY: so many bytes are left.
        unsafe {
            to.cast::<u32>().write_unaligned(from.cast::<u32>().read_unaligned());
            (to, from) = (to.add(WORD), from.add(WORD));
        }
        count -= WORD;
        compiler_fence(Ordering::SeqCst);
    }
    while count > 0 {
        // SAFETY: so many bytes are left.
        unsafe {
            to.write(from.read());
            (to, from) = (to.add(1), from.add(1));
        }
        count -= 1;
        compiler_fence(Ordering::SeqCst);
    }
}

/// Copies a block, through registers: then a load and a store of several also count both pointers on.
///
/// # Safety
/// As for [`copy`]; both sides are aligned.
#[inline(always)]
unsafe fn copy_block(to: *mut u32, from: *const u32) {
    // SAFETY: passed on to the caller.
    unsafe {
        let [first, second, third, fourth] = from.cast::<Block>().read();
        to.cast::<Block>().write([first, second, third, fourth]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_from_any_address_to_any_other() {
        let from: [u8; 80] = core::array::from_fn(|index| index.to_le_bytes()[0]);
        for (start, place, count) in (0..4 * 4 * 70).map(|n| (n & 3, n >> 2 & 3, n >> 4)) {
            let mut to = [0; 80];
            // SAFETY: both are longer than 73 bytes.
            unsafe { copy(to[place..].as_mut_ptr(), from[start..].as_ptr(), count) };
            let mut expected = [0; 80];
            expected[place..place + count].copy_from_slice(&from[start..start + count]);
            assert_eq!(to, expected);
        }
    }
}
