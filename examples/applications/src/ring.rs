//! The FIFO that a UART in hardware lacks.

/// Bytes that came and were not taken yet.
#[derive(Clone, Debug)]
pub struct Ring<const SIZE: usize> {
    bytes: [u8; SIZE],
    /// Where the oldest is.
    first: usize,
    length: usize,
}

impl<const SIZE: usize> Ring<SIZE> {
    /// Nothing came.
    pub const fn new() -> Self {
        Self { bytes: [0; SIZE], first: 0, length: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Takes one more; false when there is no room, and it is lost.
    pub fn push(&mut self, byte: u8) -> bool {
        if self.length == SIZE {
            return false;
        }
        let Some(place) = self.bytes.get_mut((self.first + self.length) % SIZE) else {
            return false;
        };
        *place = byte;
        self.length += 1;
        true
    }

    /// The oldest.
    pub fn front(&self) -> Option<u8> {
        if self.is_empty() { None } else { self.bytes.get(self.first).copied() }
    }

    /// Frees the place of the oldest.
    pub fn pop(&mut self) {
        if !self.is_empty() {
            self.first = (self.first + 1) % SIZE;
            self.length -= 1;
        }
    }
}

impl<const SIZE: usize> Default for Ring<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let mut ring = Ring::<3>::new();
        for round in 0..10u8 {
            assert!(ring.push(round) && ring.push(round + 100));
            assert_eq!((ring.len(), ring.front()), (2, Some(round)));
            ring.pop();
            assert_eq!(ring.front(), Some(round + 100));
            ring.pop();
            assert!(ring.is_empty() && ring.front().is_none());
        }
    }

    #[test]
    fn what_does_not_fit_is_said_and_changes_nothing() {
        let mut ring = Ring::<2>::new();
        assert!(ring.push(1) && ring.push(2) && !ring.push(3));
        ring.pop();
        assert!(ring.push(4));
        assert_eq!(ring.front(), Some(2));
        ring.pop();
        assert_eq!(ring.front(), Some(4));
        ring.pop();
        ring.pop();
        assert!(ring.is_empty());
    }
}
