//! A line coding that the bus side stores and anybody reads, whole.

use crate::LineCoding;
use crate::sync::{AtomicU16, AtomicU32, Ordering, OwnLoad, fence};

/// The line coding now and the one before, in turns.
pub(super) struct SharedLineCoding {
    /// Number of codings set, wrapping; its low bit says which words are valid.
    number: AtomicU16,
    even: Words,
    odd: Words,
}

/// A line coding as two words.
struct Words {
    rate: AtomicU32,
    format: AtomicU32,
}

impl SharedLineCoding {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self { number: AtomicU16::new(0), even: Words::new(), odd: Words::new() }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self { number: AtomicU16::new(0), even: Words::new(), odd: Words::new() }
    }

    /// The line coding, from any context. A reader that was interrupted by two new codings reads
    /// again, and each of them is a control transfer of at least three transactions against six
    /// loads here; one that interrupts the bus side finds the coding before, whole.
    pub(super) fn load(&self) -> LineCoding {
        loop {
            let number = self.number.load(Ordering::Acquire);
            let words = self.words(number);
            let pair = (words.rate.load(Ordering::Relaxed), words.format.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            // The next coding goes to the other words; only the one after it overwrites ours, and
            // the next one's number is stored before that.
            if self.number.load(Ordering::Relaxed) == number {
                return LineCoding::from_words(pair);
            }
        }
    }

    /// The line coding. Bus side.
    pub(super) fn load_own(&self) -> LineCoding {
        LineCoding::from_words(self.words(self.number.load_own()).load_own())
    }

    /// The same as it is on the wire. Bus side.
    pub(super) fn load_wire(&self) -> (u32, u32) {
        LineCoding::on_the_wire(self.words(self.number.load_own()).load_own())
    }

    /// Stores a line coding and returns whether it is another. Bus side.
    pub(super) fn store(&self, coding: LineCoding) -> bool {
        let number = self.number.load_own();
        let (rate, format) = coding.to_words();
        if (rate, format) == self.words(number).load_own() {
            return false;
        }
        let number = number.wrapping_add(1);
        let words = self.words(number);
        // Pairs with the Acquire fence in `load`: who reads one of these words also sees the number
        // that was stored before them.
        fence(Ordering::Release);
        words.rate.store(rate, Ordering::Relaxed);
        words.format.store(format, Ordering::Relaxed);
        self.number.store(number, Ordering::Release);
        true
    }

    fn words(&self, number: u16) -> &Words {
        if number & 1 == 0 { &self.even } else { &self.odd }
    }
}

impl Words {
    #[cfg(not(loom))]
    const fn new() -> Self {
        let (rate, format) = LineCoding::DEFAULT.to_words();
        Self { rate: AtomicU32::new(rate), format: AtomicU32::new(format) }
    }

    #[cfg(loom)]
    fn new() -> Self {
        let (rate, format) = LineCoding::DEFAULT.to_words();
        Self { rate: AtomicU32::new(rate), format: AtomicU32::new(format) }
    }

    fn load_own(&self) -> (u32, u32) {
        (self.rate.load_own(), self.format.load_own())
    }
}
