//! Names for the endpoints, as EPDATASTATUS numbers them.

use core::num::NonZeroU8;

use usbd_acm::{Direction, EndpointAddress};

/// An endpoint in one direction: its bit in EPDATASTATUS, 0 to 7 for IN and 16 to 23 for OUT. Not
/// zero, so that none of them is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Line(NonZeroU8);

/// What is set in every line beside its number.
const SOME: NonZeroU8 = NonZeroU8::new(0x20).unwrap();

impl Line {
    pub(crate) const EP0_IN: Self = Self::of_bit(0);
    pub(crate) const EP0_OUT: Self = Self::of_bit(16);

    /// Every IN endpoint but EP0.
    pub(crate) const INS: u32 = 0xFE;

    /// Every OUT endpoint but EP0.
    pub(crate) const OUTS: u32 = Self::INS << 16;

    /// How far behind the bit of an OUT line its [`closed_bit`](Self::closed_bit) is.
    pub(crate) const CLOSED: u32 = 8;

    /// Both lines of EP0.
    pub(crate) const EP0: u32 = 1 | 1 << 16;

    /// The line of a bit in EPDATASTATUS.
    const fn of_bit(bit: u8) -> Self {
        Self(match NonZeroU8::new(bit & 0x17 | SOME.get()) {
            Some(line) => line,
            None => SOME,
        })
    }

    /// The lowest of these bits; EP0 IN of none.
    pub(crate) const fn lowest(bits: u32) -> Self {
        let [bit, ..] = bits.trailing_zeros().to_le_bytes();
        Self::of_bit(bit)
    }

    #[inline]
    pub(crate) const fn of(address: EndpointAddress) -> Self {
        // Bit 7 is set for IN (USB 2.0 §9.6.6).
        let byte = address.to_byte();
        Self::of_bit(byte & 7 | (!byte >> 3) & 0x10)
    }

    /// `None` for EP0.
    pub(crate) const fn address(self) -> Option<EndpointAddress> {
        let direction = if self.is_out() { Direction::Out } else { Direction::In };
        EndpointAddress::new(self.0.get() & 7, direction)
    }

    pub(crate) const fn is_out(self) -> bool {
        self.0.get() & 0x10 != 0
    }

    /// Endpoint number, 0 to 7.
    pub(crate) const fn number(self) -> u32 {
        (self.0.get() & 7) as u32
    }

    /// 1 for OUT, 0 for IN.
    pub(crate) const fn out(self) -> u32 {
        self.is_out() as u32
    }

    /// Where a queue for it is: endpoint 1 comes first, EP0 nowhere.
    pub(crate) const fn index(self) -> usize {
        (self.number() as usize).wrapping_sub(1)
    }

    /// Its bit in EPDATASTATUS.
    pub(crate) const fn bit(self) -> u32 {
        1u32.wrapping_shl(self.0.get() as u32)
    }

    /// The bit, of an OUT line, that says that no packet is let in until there is a slot. EPDATASTATUS
    /// does not have it.
    pub(crate) const fn closed_bit(self) -> u32 {
        self.bit() << Self::CLOSED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u8, direction: Direction) -> Line {
        Line::of(EndpointAddress::new(number, direction).unwrap())
    }

    #[test]
    fn a_line_is_a_bit_of_epdatastatus() {
        let (first_in, last_out) = (line(1, Direction::In), line(7, Direction::Out));
        assert_eq!((first_in.bit(), first_in.number(), first_in.out()), (1 << 1, 1, 0));
        assert_eq!((last_out.bit(), last_out.number(), last_out.out()), (1 << 23, 7, 1));
        assert_eq!((Line::EP0_IN.bit(), Line::EP0_OUT.bit()), (1, 1 << 16));
    }

    #[test]
    fn the_lowest_bit_is_a_line() {
        for number in 1..=7 {
            for direction in [Direction::In, Direction::Out] {
                let line = line(number, direction);
                assert_eq!(Line::lowest(line.bit() | 1 << 31), line);
                assert_eq!(line.address(), EndpointAddress::new(number, direction));
            }
        }
        assert_eq!(Line::lowest(0), Line::EP0_IN);
        assert_eq!((Line::EP0_IN.address(), Line::EP0_OUT.address()), (None, None));
    }

    #[test]
    fn a_number_that_the_chip_does_not_have_is_none_of_another_peripheral() {
        assert!(line(15, Direction::Out).bit() <= 1 << 23);
    }
}
