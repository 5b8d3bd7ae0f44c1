//! A byte array that is filled front to back at compile time.

/// `LEN` bytes, of which the first `filled` are written.
pub(crate) struct Bytes<const LEN: usize> {
    bytes: [u8; LEN],
    filled: usize,
}

impl<const LEN: usize> Bytes<LEN> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; LEN], filled: 0 }
    }

    /// Appends `more`. Evaluated at compile time, where running over the end is a compile error.
    pub(crate) const fn push(&mut self, more: &[u8]) {
        let mut rest = more;
        while let [first, tail @ ..] = rest {
            self.bytes[self.filled] = *first;
            self.filled += 1;
            rest = tail;
        }
    }

    /// The array, which must be full.
    pub(crate) const fn finish(self) -> [u8; LEN] {
        assert!(self.filled == LEN, "the length parameter is not the length of the descriptor");
        self.bytes
    }
}
