//! A line coding that the bus side stores and anybody reads, whole.

use super::ControlShared;
use crate::LineCoding;
use crate::sync::{AtomicU32, Ordering, OwnLoad, fence};

/// A line coding as two words.
pub(super) struct Words {
    rate: AtomicU32,
    format: AtomicU32,
}

/// The low bit of `line_codings` says which words are valid.
impl ControlShared {
    /// The line coding, from any context. A reader that was interrupted by two new codings reads
    /// again, and each of them is a control transfer of at least three transactions against six
    /// loads here; one that interrupts the bus side finds the coding before, whole.
    pub(super) fn load_line_coding(&self) -> LineCoding {
        loop {
            let number = self.line_codings.load(Ordering::Acquire);
            let words = self.words(number);
            let pair = (words.rate.load(Ordering::Relaxed), words.format.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            // The next coding goes to the other words; only the one after it overwrites ours, and
            // the next one's number is stored before that.
            if self.line_codings.load(Ordering::Relaxed) == number {
                return LineCoding::from_words(pair);
            }
        }
    }

    /// The line coding. Bus side.
    pub(super) fn own_line_coding(&self) -> LineCoding {
        LineCoding::from_words(self.own_words().load_own())
    }

    /// The same as it is on the wire. Bus side.
    pub(super) fn line_coding_on_the_wire(&self) -> (u32, u32) {
        LineCoding::on_the_wire(self.own_words().load_own())
    }

    /// Stores a line coding and returns whether it is another. Bus side.
    pub(super) fn store_line_coding(&self, coding: LineCoding) -> bool {
        let (rate, format) = coding.to_words();
        let number = self.line_codings.load_own();
        if (rate, format) == self.words(number).load_own() {
            return false;
        }
        let number = number.wrapping_add(1);
        let words = self.words(number);
        // Pairs with the Acquire fence in `load_line_coding`: who reads one of these words also sees
        // the number that was stored before them.
        fence(Ordering::Release);
        words.rate.store(rate, Ordering::Relaxed);
        words.format.store(format, Ordering::Relaxed);
        self.line_codings.store(number, Ordering::Release);
        true
    }

    fn own_words(&self) -> &Words {
        self.words(self.line_codings.load_own())
    }

    fn words(&self, number: u16) -> &Words {
        &self.line_coding[usize::from(number & 1)]
    }
}

impl Words {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        let (rate, format) = LineCoding::DEFAULT.to_words();
        Self { rate: AtomicU32::new(rate), format: AtomicU32::new(format) }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        let (rate, format) = LineCoding::DEFAULT.to_words();
        Self { rate: AtomicU32::new(rate), format: AtomicU32::new(format) }
    }

    fn load_own(&self) -> (u32, u32) {
        (self.rate.load_own(), self.format.load_own())
    }
}
