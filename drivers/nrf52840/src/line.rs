//! Names for the endpoints, as EPDATASTATUS numbers them.

use usbd_acm::{Direction, EndpointAddress};

/// An endpoint in one direction: its bit in EPDATASTATUS, 0 to 7 for IN and 16 to 23 for OUT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Line(u8);

impl Line {
    pub(crate) const EP0_IN: Self = Self(0);
    pub(crate) const EP0_OUT: Self = Self(16);

    /// Every IN endpoint but EP0.
    pub(crate) const INS: u32 = 0xFE;

    pub(crate) const fn new(direction: Direction, number: u8) -> Self {
        match direction {
            Direction::In => Self(number & 7),
            Direction::Out => Self(number & 7 | 16),
        }
    }

    pub(crate) const fn of(address: EndpointAddress) -> Self {
        Self::new(address.direction(), address.number())
    }

    /// Endpoint number, 0 to 7.
    pub(crate) const fn number(self) -> u32 {
        (self.0 & 7) as u32
    }

    /// 1 for OUT, 0 for IN.
    pub(crate) const fn out(self) -> u32 {
        (self.0 >> 4) as u32
    }

    /// Its bit in EPDATASTATUS.
    pub(crate) const fn bit(self) -> u32 {
        1 << self.0
    }

    /// Its fields EP and IO in EPSTALL and DTOGGLE.
    pub(crate) const fn selector(self) -> u32 {
        self.number() | (self.out() ^ 1) << 7
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_bit_of_epdatastatus() {
        let (first_in, last_out) = (Line::new(Direction::In, 1), Line::new(Direction::Out, 7));
        assert_eq!((first_in.bit(), first_in.number(), first_in.out()), (1 << 1, 1, 0));
        assert_eq!((last_out.bit(), last_out.number(), last_out.out()), (1 << 23, 7, 1));
        assert_eq!((first_in.selector(), last_out.selector()), (0x81, 0x07));
    }

    #[test]
    fn a_number_that_the_chip_does_not_have_is_none_of_another_peripheral() {
        assert!(Line::new(Direction::Out, 15).bit() <= 1 << 23);
    }
}
