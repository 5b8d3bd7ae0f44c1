//! A line coding that one context writes while others read.

use crate::LineCoding;
use crate::sync::{AtomicU32, Ordering, const_fn, fence};

/// Two copies and a sequence number that says which one to read: the copy that is being written is
/// never the one that readers are sent to. So a reader that interrupts the writer is done at once,
/// and a reader that was interrupted by a writer knows it.
pub(crate) struct LineCodingLatch {
    /// Even: read the first copy. Odd: the second.
    sequence: AtomicU32,
    first: Words,
    second: Words,
}

/// dwDTERate, and the three bytes that follow.
struct Words(AtomicU32, AtomicU32);

impl LineCodingLatch {
    const_fn! {
        pub(crate) const fn new(coding: LineCoding) -> Self {
            Self {
                sequence: AtomicU32::new(0),
                first: Words::new(coding),
                second: Words::new(coding),
            }
        }
    }

    /// Only one context may call this.
    pub(crate) fn store(&self, coding: LineCoding) {
        let even = self.sequence.load(Ordering::Relaxed);
        // Each step sends the readers to the other copy, which is complete (Release), before it
        // writes the copy they left (fence): whoever sees one of those words sees this sequence
        // number or a later one.
        self.sequence.store(even.wrapping_add(1), Ordering::Release);
        fence(Ordering::Release);
        self.first.store(coding);
        self.sequence.store(even.wrapping_add(2), Ordering::Release);
        fence(Ordering::Release);
        self.second.store(coding);
    }

    /// A line coding that was stored as a whole.
    ///
    /// It reads again only when the writer began a step meanwhile, and every two steps are another
    /// SET_LINE_CODING of the host: at least three transactions on the bus, against eight loads.
    pub(crate) fn load(&self) -> LineCoding {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let coding = if before & 1 == 0 { self.first.load() } else { self.second.load() };
            // Pairs with the fences in `store`.
            fence(Ordering::Acquire);
            if self.sequence.load(Ordering::Relaxed) == before {
                return coding;
            }
        }
    }
}

impl Words {
    const_fn! {
        const fn new(coding: LineCoding) -> Self {
            let [rate, format] = split(coding);
            Self(AtomicU32::new(rate), AtomicU32::new(format))
        }
    }

    fn store(&self, coding: LineCoding) {
        let [rate, format] = split(coding);
        self.0.store(rate, Ordering::Relaxed);
        self.1.store(format, Ordering::Relaxed);
    }

    fn load(&self) -> LineCoding {
        let dte_rate = self.0.load(Ordering::Relaxed);
        let [char_format, parity_type, data_bits, _] = self.1.load(Ordering::Relaxed).to_le_bytes();
        LineCoding { dte_rate, char_format, parity_type, data_bits }
    }
}

const fn split(coding: LineCoding) -> [u32; 2] {
    let LineCoding { dte_rate, char_format, parity_type, data_bits } = coding;
    [dte_rate, u32::from_le_bytes([char_format, parity_type, data_bits, 0])]
}
