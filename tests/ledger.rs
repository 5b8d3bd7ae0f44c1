//! The reference model of one direction: what was written in which session, and what of it may
//! arrive.

/// The bytes written in one session. Which bytes these are follows from its number.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    /// Bytes that the sending end took over.
    taken: usize,
    /// Bytes that the sending end was told had arrived.
    acknowledged: usize,
}

/// One direction of a port. The sending end writes streams, one a session; the receiving end reads
/// segments, one a session it knows of. Every segment must be the beginning of one stream, in order,
/// and no shorter than what was acknowledged of it.
#[derive(Debug)]
pub struct Ledger {
    streams: Vec<Stream>,
    /// The streams before this one are over at the receiving end.
    next: usize,
    segment: Vec<u8>,
    /// As many bytes of a session may arrive in the next one.
    tolerance: usize,
    /// The stream whose end may arrive in this segment, and how much of it arrived.
    late: Option<(usize, usize)>,
}

impl Default for Ledger {
    fn default() -> Self {
        let streams = vec![Stream::default()];
        Self { streams, next: 0, segment: Vec::new(), tolerance: 0, late: None }
    }
}

impl Ledger {
    /// A ledger of a way that may hold so many bytes of a session back for the next one: hardware
    /// that takes packets before there is room for them.
    pub fn with_tolerance(tolerance: usize) -> Self {
        Self { tolerance, ..Self::default() }
    }
}

/// Sending end.
impl Ledger {
    /// The next `count` bytes of this session's stream, to be written.
    pub fn upcoming(&self, count: usize) -> Vec<u8> {
        let taken = self.now().taken;
        (taken..taken + count).map(|index| byte(self.streams.len() - 1, index)).collect()
    }

    /// The first `count` of these were taken over.
    pub fn take(&mut self, count: usize) {
        self.now_mut().taken += count;
    }

    /// The sending end was told that every byte arrived, or all but the last `count`.
    pub fn acknowledge_all_but(&mut self, count: usize) {
        let now = self.now_mut();
        now.acknowledged = now.taken - count;
    }

    /// The session is over for the sending end. What was not acknowledged may arrive or not.
    pub fn end_stream(&mut self) {
        if self.now().taken > 0 {
            self.streams.push(Stream::default());
        }
    }

    /// Nothing that was acknowledged in this session need arrive, nor what is held back of those before:
    /// the receiving end could lose it by right.
    pub fn excuse(&mut self) {
        self.now_mut().acknowledged = 0;
        let first = self.late.map_or(self.next, |(number, _)| number);
        for stream in self.streams.iter_mut().skip(first) {
            stream.acknowledged = stream.acknowledged.saturating_sub(self.tolerance);
        }
    }

    /// Bytes that the sending end took over in this session.
    pub fn taken(&self) -> usize {
        self.now().taken
    }

    fn now(&self) -> Stream {
        *self.streams.last().unwrap()
    }

    fn now_mut(&mut self) -> &mut Stream {
        self.streams.last_mut().unwrap()
    }
}

/// Receiving end.
impl Ledger {
    /// These bytes arrived.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.segment.extend(bytes);
    }

    /// The session is over for the receiving end.
    ///
    /// # Panics
    /// When what arrived in it is not what was written in one session.
    pub fn end_segment(&mut self) {
        self.take_late();
        if self.segment.is_empty() {
            return;
        }
        let found = (self.next..self.streams.len()).find(|number| self.is_beginning_of(*number));
        let Some(number) = found else {
            panic!("{} bytes of no session: {:?} in {self:?}", self.segment.len(), self.segment)
        };
        let acknowledged = self.streams[number].acknowledged;
        let count = self.segment.len();
        let least = acknowledged.saturating_sub(self.tolerance);
        assert!(count >= least, "stream {number}: {count} of {acknowledged} bytes");
        self.late = (self.tolerance > 0).then_some((number, count));
        self.assert_nothing_missed(number);
        self.next = number + 1;
        self.segment.clear();
    }

    /// Both ends are idle in the same session, and everything must have arrived.
    ///
    /// # Panics
    /// When it has not.
    pub fn settle(&mut self) {
        self.take_late();
        if let Some((number, count)) = self.late {
            let acknowledged = self.streams[number].acknowledged;
            assert!(count >= acknowledged, "stream {number}: {count} of {acknowledged} bytes");
        }
        let last = self.streams.len() - 1;
        assert_eq!(self.segment.len(), self.now().taken, "arrived, of written in {last}: {self:?}");
        assert!(self.is_beginning_of(last), "stream {last}: {:?}", self.segment);
        self.assert_nothing_missed(last);
        self.next = last;
    }

    /// Takes the end of an earlier stream off the segment.
    fn take_late(&mut self) {
        if (self.next..self.streams.len()).any(|number| self.is_beginning_of(number)) {
            return;
        }
        let Some((number, count)) = &mut self.late else { return };
        let left = self.streams[*number].taken - *count;
        let late = (self.segment.iter().zip(*count..))
            .take(left.min(self.tolerance))
            .take_while(|(have, index)| **have == byte(*number, *index))
            .count();
        *count += late;
        self.segment.drain(..late);
    }

    /// Bytes that arrived in this session.
    pub fn arrived(&self) -> usize {
        self.segment.len()
    }

    fn assert_nothing_missed(&self, number: usize) {
        for missed in self.next..number {
            let acknowledged = self.streams[missed].acknowledged;
            assert_eq!(acknowledged, 0, "nothing arrived of stream {missed}");
        }
    }

    fn is_beginning_of(&self, number: usize) -> bool {
        self.segment.len() <= self.streams[number].taken
            && self.segment.iter().enumerate().all(|(index, &have)| have == byte(number, index))
    }
}

/// A stream begins with its number, and goes on so that no shift of it looks like it.
pub fn byte(stream: usize, index: usize) -> u8 {
    if index < 4 {
        return stream.to_le_bytes()[index];
    }
    let mixed = (stream as u64 ^ (index as u64) << 20).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed.to_be_bytes()[0]
}
