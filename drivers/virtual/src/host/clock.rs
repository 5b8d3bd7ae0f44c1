//! Simulated time: frames, and what a transaction costs.

use usbd_acm::Speed;

use crate::Nanoseconds;

/// Frames and microframes.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    pub(super) now: Nanoseconds,
    pub(super) speed: Speed,
    next_sof: Nanoseconds,
    /// Frames or microframes since the beginning.
    ticks: u64,
}

impl Clock {
    pub(super) const fn new(speed: Speed) -> Self {
        Self { now: 0, speed, next_sof: frame_length(speed), ticks: 0 }
    }

    /// Changes the speed; the next frame begins now.
    pub(super) fn set_speed(&mut self, speed: Speed) {
        self.speed = speed;
        self.next_sof = self.now;
    }

    pub(super) const fn until_sof(&self) -> Nanoseconds {
        self.next_sof.saturating_sub(self.now)
    }

    /// Begins the next frame or microframe, and returns its 11-bit number (USB 2.0 §8.4.3).
    pub(super) fn begin_frame(&mut self) -> u16 {
        self.next_sof = self.now + frame_length(self.speed);
        self.ticks += 1;
        let frame = match self.speed {
            Speed::Full => self.ticks,
            Speed::High => self.ticks / 8,
        };
        u16::try_from(frame & 0x7FF).unwrap_or(0)
    }

    /// Frames (full speed) or microframes (high speed) that have begun.
    pub(super) const fn ticks(&self) -> u64 {
        self.ticks
    }
}

/// A frame at full speed, a microframe at high speed (USB 2.0 §5.3.3).
const fn frame_length(speed: Speed) -> Nanoseconds {
    match speed {
        Speed::Full => 1_000_000,
        Speed::High => 125_000,
    }
}

/// How far a transaction got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extent {
    /// SOF alone.
    Sof,
    /// Token, and nobody answered.
    Token,
    /// Token and handshake.
    Handshake,
    /// Token and a data packet of this many bytes, with its handshake or with the wait for it.
    Data(usize),
}

impl Extent {
    /// Bus time, in nanoseconds, with what lies between the packets.
    ///
    /// USB 2.0 table 5-9 counts 13 bytes beside the data of a full-speed bulk transaction, table
    /// 5-10 counts 55 at high speed. 19 packets of 64 bytes are 1463 of the 1500 bytes of a frame,
    /// 13 of 512 are 7371 of the 7500 of a microframe; neither leaves room for one more, with or
    /// without bit stuffing.
    pub(super) fn duration(self, speed: Speed) -> Nanoseconds {
        let bytes = match (self, speed) {
            (Extent::Sof, Speed::Full) => 6,
            (Extent::Sof, Speed::High) => 20,
            // SYNC, PID, address and CRC, and 18 bit times of silence (§7.1.19.1); 816 at high
            // speed.
            (Extent::Token, Speed::Full) => 7,
            (Extent::Token, Speed::High) => 118,
            (Extent::Handshake, Speed::Full) => 8,
            (Extent::Handshake, Speed::High) => 36,
            (Extent::Data(length), Speed::Full) => 13 + length as u64,
            (Extent::Data(length), Speed::High) => 55 + length as u64,
        };
        match speed {
            Speed::Full => (bytes * 8_000).div_ceil(12),
            Speed::High => (bytes * 8_000).div_ceil(480),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_frame(speed: Speed, length: usize) -> u64 {
        let room = frame_length(speed) - Extent::Sof.duration(speed);
        room / Extent::Data(length).duration(speed)
    }

    #[test]
    fn bulk_packets_per_frame_are_those_of_tables_5_9_and_5_10() {
        assert_eq!(per_frame(Speed::Full, 64), 19);
        assert_eq!(per_frame(Speed::Full, 32), 33);
        assert_eq!(per_frame(Speed::Full, 16), 51);
        assert_eq!(per_frame(Speed::Full, 8), 71);
        assert_eq!(per_frame(Speed::High, 512), 13);
    }

    #[test]
    fn high_speed_counts_eight_microframes_a_frame() {
        let mut clock = Clock::new(Speed::High);
        let frames: std::vec::Vec<u16> = (0..17).map(|_| clock.begin_frame()).collect();
        assert_eq!((frames[6], frames[7], frames[14], frames[15]), (0, 1, 1, 2));
    }
}
