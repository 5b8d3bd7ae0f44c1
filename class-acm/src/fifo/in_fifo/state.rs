//! What the bus half tells the application, in one word: one load shows all of it.

use super::settled;
use crate::fifo::{low, number_of};

/// A packet is in flight that leaves its slot open, or has none: a zero-length one. It is older than
/// the others that are.
const OPEN: u32 = 1;
/// One of the slots whose last packet was submitted and not acknowledged, of which there are 64 at most.
const SLOT: u32 = 2;
/// How many they are.
const SLOTS: u32 = 0xFE;
/// Packets that were submitted and not acknowledged.
const IN_FLIGHT: u32 = SLOTS | OPEN;
/// The last packet was full, so the host waits for more (USB 2.0 §5.8.3).
const ZLP_DUE: u32 = 0x100;
/// A zero-length packet goes before everything else.
const RESTART: u32 = 0x200;
/// No byte of this session was seen yet: those that are there may be of the one before.
const FRESH: u32 = 0x400;
/// Where `sent` begins.
const SENT: u32 = 16;

/// The position `sent`: bytes before it were submitted to the driver, or skipped. Below it what goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct State(u32);

impl State {
    pub(super) fn from_word(word: u32) -> Self {
        Self(word)
    }

    pub(super) fn word(self) -> u32 {
        self.0
    }

    /// Bytes before this position were submitted, or skipped.
    pub(super) fn sent(self) -> u16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// Slots before this number are acknowledged or given up, as far as it was told. A driver may hold
    /// them still.
    #[inline]
    pub(super) fn head<const SIZE: usize>(self) -> u8 {
        let [slots, ..] = ((self.0 & SLOTS) / SLOT).to_le_bytes();
        number_of::<SIZE>(self.sent()).wrapping_sub(slots)
    }

    /// Whether packets were submitted and not acknowledged. While there are any, the bus half looks again
    /// without a doorbell.
    #[inline]
    pub(super) fn is_in_flight(self) -> bool {
        self.0 & IN_FLIGHT != 0
    }

    /// Whether so many packets are in flight, or more.
    #[inline]
    pub(super) fn reaches(self, depth: usize) -> bool {
        match depth {
            1 => self.is_in_flight(),
            _ => ((self.0 & SLOTS) / SLOT + (self.0 & OPEN)) as usize >= depth,
        }
    }

    pub(super) fn is_zlp_due(self) -> bool {
        self.0 & ZLP_DUE != 0
    }

    pub(super) fn restarts(self) -> bool {
        self.0 & RESTART != 0
    }

    pub(super) fn is_fresh(self) -> bool {
        self.0 & FRESH != 0
    }

    /// Whether the next packet is one as usual.
    #[inline]
    pub(super) fn is_under_way(self) -> bool {
        self.0 & (RESTART | FRESH) == 0
    }

    /// Whether something is with the host that it has not acknowledged, or not whole.
    #[inline]
    pub(super) fn is_unsettled(self) -> bool {
        self.0 & (IN_FLIGHT | ZLP_DUE) != 0
    }

    /// A packet of `length` bytes was submitted.
    #[inline]
    pub(super) fn submitted<const SIZE: usize>(self, length: u16, packet_size: usize) -> Self {
        let mut next = self.without(ZLP_DUE | RESTART).forward(length);
        if SIZE > 64 {
            next = next.skipped_to(settled::<SIZE>(next.sent(), packet_size));
        }
        if usize::from(length) == packet_size {
            return Self(next.0 + (ZLP_DUE + SLOT));
        }
        // No packet crosses the end of a slot, and so this bit changes.
        let ends_slot = (next.0 ^ self.0) & u32::from(low(SIZE)) << SENT != 0;
        if ends_slot { Self(next.0 + SLOT) } else { next.with(OPEN) }
    }

    /// The host acknowledged the oldest packet, if there is one.
    #[inline]
    pub(super) fn acknowledged(self) -> Self {
        match self.0 & IN_FLIGHT {
            0 => self,
            // One less is without the open packet, if there is one, and else without half a slot.
            _ => Self((self.0 - OPEN) & !OPEN),
        }
    }

    /// `length` bytes more are sent.
    fn forward(self, length: u16) -> Self {
        Self(self.0.wrapping_add(u32::from(length) << SENT))
    }

    /// Bytes before this position are sent or skipped.
    pub(super) fn skipped_to(self, sent: u16) -> Self {
        Self(self.0 & !(u32::MAX << SENT) | u32::from(sent) << SENT)
    }

    /// Nothing is in flight, nor due but what starts anew.
    pub(super) fn emptied(self) -> Self {
        self.without(IN_FLIGHT | ZLP_DUE)
    }

    pub(super) fn restarted(self, restart: bool) -> Self {
        if restart { self.with(RESTART) } else { self.without(RESTART) }
    }

    pub(super) fn refreshed(self) -> Self {
        self.with(FRESH)
    }

    /// No longer fresh, which it was.
    pub(super) fn begun(self) -> Self {
        // Short instructions have no such mask.
        Self(self.0.wrapping_sub(FRESH))
    }

    fn with(self, bits: u32) -> Self {
        Self(self.0 | bits)
    }

    fn without(self, bits: u32) -> Self {
        Self(self.0 & !bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 64;

    /// After packets of these lengths.
    fn after(lengths: &[u16]) -> State {
        let empty = State::from_word(0);
        lengths.iter().fold(empty, |state, &length| state.submitted::<SIZE>(length, SIZE))
    }

    #[test]
    fn slots_before_the_head_are_acknowledged() {
        let mut state = after(&[64, 64]);
        for head in [0, 1, 2, 2] {
            assert_eq!((state.head::<SIZE>(), state.is_in_flight()), (head, head < 2));
            state = state.acknowledged();
        }
        assert_eq!(state, after(&[64, 64]).emptied().with(ZLP_DUE));
    }

    #[test]
    fn a_packet_that_leaves_its_slot_open_is_acknowledged_before_the_slots() {
        let state = after(&[10, 54, 64]);
        assert_eq!((state.head::<SIZE>(), state.sent()), (0, 128));
        assert!(state.reaches(3) && !state.reaches(4) && state.is_zlp_due());
        let state = state.acknowledged();
        assert_eq!((state.head::<SIZE>(), state.reaches(2), state.reaches(3)), (0, true, false));
        assert_eq!(state.acknowledged().head::<SIZE>(), 1);
    }

    #[test]
    fn a_zero_length_packet_is_in_flight_without_a_slot() {
        let state = after(&[64]).acknowledged().submitted::<SIZE>(0, SIZE);
        assert_eq!((state.head::<SIZE>(), state.is_in_flight()), (1, true));
        assert!(!state.is_zlp_due() && !state.acknowledged().is_unsettled());
    }

    #[test]
    fn positions_wrap_without_touching_what_goes_on() {
        let state = State::from_word(0).skipped_to(u16::MAX - 63).submitted::<SIZE>(64, SIZE);
        assert_eq!((state.sent(), state.head::<SIZE>()), (0, 255));
        assert_eq!(state, after(&[64]).skipped_to(0));
    }
}
