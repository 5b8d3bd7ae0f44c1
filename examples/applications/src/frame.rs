//! A line coding as most UARTs can do it.

use usbd_acm::class::{LineCoding, Parity, StopBits};

/// A parity bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParityBit {
    /// The number of ones is even, the parity bit included.
    Even,
    /// It is odd.
    Odd,
}

/// What is sent for a byte, beside the start bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// 7 or 8.
    pub data_bits: u8,
    /// None: there is no such bit.
    pub parity: Option<ParityBit>,
    /// Two, or one.
    pub two_stop_bits: bool,
}

impl Frame {
    /// The frame that a line coding asks for; `None` for mark and space parity, one and a half stop bits,
    /// and other numbers of data bits.
    pub fn of(coding: &LineCoding) -> Option<Self> {
        let parity = match coding.parity().ok()? {
            Parity::None => None,
            Parity::Even => Some(ParityBit::Even),
            Parity::Odd => Some(ParityBit::Odd),
            _ => return None,
        };
        let two_stop_bits = match coding.stop_bits().ok()? {
            StopBits::One => false,
            StopBits::Two => true,
            _ => return None,
        };
        let data_bits = coding.data_bits;
        matches!(data_bits, 7 | 8).then_some(Self { data_bits, parity, two_stop_bits })
    }

    /// Data and parity bits.
    pub fn length(&self) -> u8 {
        self.data_bits + u8::from(self.parity.is_some())
    }

    /// The data bits of what was received.
    pub fn mask(&self) -> u16 {
        (1 << self.data_bits) - 1
    }
}

/// Cycles of a clock, in Hz, in a bit at `rate` bit/s, to the nearest; `None` when they are not 16 to 65535.
pub fn divider(clock: u32, rate: u32) -> Option<u16> {
    let nearest = clock.checked_add(rate / 2)?.checked_div(rate)?;
    u16::try_from(nearest).ok().filter(|divider| *divider >= 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coding([stop, parity, bits]: [u8; 3]) -> LineCoding {
        LineCoding::from_bytes([0, 0xC2, 1, 0, stop, parity, bits])
    }

    #[test]
    fn a_frame_is_what_the_line_coding_says() {
        let frame = Frame::of(&coding([0, 0, 8])).unwrap();
        assert_eq!(frame, Frame { data_bits: 8, parity: None, two_stop_bits: false });
        assert_eq!((frame.length(), frame.mask()), (8, 0xFF));
        let frame = Frame::of(&coding([2, 2, 7])).unwrap();
        let even = Some(ParityBit::Even);
        assert_eq!(frame, Frame { data_bits: 7, parity: even, two_stop_bits: true });
        assert_eq!((frame.length(), frame.mask()), (8, 0x7F));
        let frame = Frame::of(&coding([0, 1, 8])).unwrap();
        assert_eq!((frame.parity, frame.length()), (Some(ParityBit::Odd), 9));
    }

    #[test]
    fn what_few_uarts_can_do_is_refused() {
        for wrong in [[1, 0, 8], [3, 0, 8], [0, 3, 8], [0, 4, 8], [0, 5, 8], [0, 0, 5], [0, 0, 16]]
        {
            assert_eq!(Frame::of(&coding(wrong)), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_divider_is_the_nearest_that_there_is() {
        assert_eq!(divider(42_000_000, 115_200), Some(365)); // 364.6
        assert_eq!(divider(42_000_000, 2_625_000), Some(16));
        assert_eq!(divider(42_000_000, 3_000_000), None);
        assert_eq!(divider(42_000_000, 641), Some(65_523));
        assert_eq!(divider(42_000_000, 600), None);
        assert_eq!(divider(42_000_000, 0), None);
        assert_eq!(divider(42_000_000, u32::MAX), None);
    }
}
