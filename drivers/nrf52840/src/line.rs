//! Names for the endpoints, each with a bit in sets of them.

use core::num::NonZeroU8;

use usbd_acm::{Direction, EndpointAddress};

/// An endpoint in one direction: its bit in a set of lines, 0 to 7 for IN and 8 to 15 for OUT. Not
/// zero, so that none of them is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Line(NonZeroU8);

/// What is set in every line beside its number.
const SOME: NonZeroU8 = NonZeroU8::new(0x20).unwrap();

impl Line {
    pub(crate) const EP0_IN: Self = Self::of_bit(0);
    pub(crate) const EP0_OUT: Self = Self::of_bit(8);
    pub(crate) const EP1_IN: Self = Self::of_bit(1);
    pub(crate) const EP1_OUT: Self = Self::of_bit(9);

    /// The IN endpoints that a port can have, which are 1 to 6.
    pub(crate) const INS: u16 = 0x7E;

    /// The OUT endpoints that a port can have, which are 1 to 3.
    pub(crate) const OUTS: u16 = 0xE00;

    /// The OUT endpoints of so many ports.
    pub(crate) const fn outs(ports: usize) -> u16 {
        match ports {
            1 => 1 << 9,
            2 => 3 << 9,
            _ => Self::OUTS,
        }
    }

    /// The bit of no line of a port: whether an odd number of bytes was moved since the peripheral was
    /// enabled.
    pub(crate) const ODD: u16 = 1 << 7;

    /// Both lines of EP0.
    pub(crate) const EP0: u16 = 1 | 1 << 8;

    /// How far behind the bit of an OUT line its [`closed_bit`](Self::closed_bit) is.
    pub(crate) const CLOSED: u32 = 4;

    /// The line of a bit in a set.
    const fn of_bit(bit: u8) -> Self {
        Self(match NonZeroU8::new(bit & 0xF | SOME.get()) {
            Some(line) => line,
            None => SOME,
        })
    }

    /// The set in EPDATASTATUS, which has OUT endpoints from bit 16 on.
    pub(crate) const fn set_of(status: u32) -> u16 {
        let [ins, outs, ..] = (status | status >> 8).to_le_bytes();
        u16::from_le_bytes([ins, outs]) & (Self::INS | Self::OUTS)
    }

    /// The bits in EPDATASTATUS of the lines of a set.
    pub(crate) const fn status_of(set: u16) -> u32 {
        let [ins, outs] = (set & (Self::INS | Self::OUTS)).to_le_bytes();
        u32::from_le_bytes([ins, 0, outs, 0])
    }

    /// The first of a set; EP0 IN of none.
    pub(crate) const fn first(set: u16) -> Self {
        let [bit, ..] = (set as u32).trailing_zeros().to_le_bytes();
        Self::of_bit(bit)
    }

    #[inline]
    pub(crate) const fn of(address: EndpointAddress) -> Self {
        // Bit 7 is set for IN (USB 2.0 §9.6.6).
        let byte = address.to_byte();
        Self::of_bit(byte & 7 | (!byte >> 4) & 8)
    }

    /// The endpoint of this number that packets are sent on.
    #[inline]
    pub(crate) const fn input(address: EndpointAddress) -> Self {
        Self::of_bit(address.to_byte() & 7)
    }

    /// The endpoint of this number that packets come on.
    #[inline]
    pub(crate) const fn output(address: EndpointAddress) -> Self {
        Self::of_bit(address.to_byte() & 7 | 8)
    }

    /// The same, where it is an OUT line of one of so many ports: of one port it is constant.
    pub(crate) const fn out_of(self, ports: usize) -> Self {
        if ports == 1 { Self::EP1_OUT } else { self }
    }

    /// `None` for EP0.
    pub(crate) const fn address(self) -> Option<EndpointAddress> {
        let direction = if self.is_out() { Direction::Out } else { Direction::In };
        EndpointAddress::new(self.0.get() & 7, direction)
    }

    pub(crate) const fn is_out(self) -> bool {
        self.0.get() & 8 != 0
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

    /// Its bit in a set.
    pub(crate) const fn bit(self) -> u16 {
        1u16.wrapping_shl(self.0.get() as u32)
    }

    /// The bit, of an OUT line that a port can have, that says that no packet is let in until there is
    /// a slot. Neither a line nor EPDATASTATUS has it.
    pub(crate) const fn closed_bit(self) -> u16 {
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
    fn a_line_is_a_bit_of_a_set() {
        let (first_in, last_out) = (line(1, Direction::In), line(7, Direction::Out));
        assert_eq!((first_in.bit(), first_in.number(), first_in.out()), (1 << 1, 1, 0));
        assert_eq!((last_out.bit(), last_out.number(), last_out.out()), (1 << 15, 7, 1));
        assert_eq!((Line::EP0_IN.bit(), Line::EP0_OUT.bit()), (1, 1 << 8));
    }

    /// nRF52840 Product Specification, USBD, EPDATASTATUS: EPIN1 to 7 are bits 1 to 7, EPOUT1 to 7 are
    /// bits 17 to 23. Beyond what ports can have there is nothing, where the bits mean something else.
    #[test]
    fn epdatastatus_is_a_set_of_lines() {
        for number in 1..=7 {
            let own = if number <= 6 { line(number, Direction::In).bit() } else { 0 };
            assert_eq!(Line::set_of(1 << number), own);
            let out = if number <= 3 { line(number, Direction::Out).bit() } else { 0 };
            assert_eq!(Line::set_of(1 << (16 + number)), out);
        }
        assert_eq!(Line::set_of(u32::MAX), Line::INS | Line::OUTS);
    }

    #[test]
    fn what_is_closed_is_no_line() {
        let closed = (1..=3).map(|number| line(number, Direction::Out).closed_bit());
        assert_eq!(closed.fold(0, |set, bit| set | bit), 0xE000);
        assert_eq!((Line::INS | Line::OUTS | Line::EP0) & (0xE000 | Line::ODD), 0);
    }

    #[test]
    fn the_first_of_a_set_is_a_line() {
        for number in 1..=7 {
            for direction in [Direction::In, Direction::Out] {
                let line = line(number, direction);
                assert_eq!(Line::first(line.bit() | 1 << 15), line);
                assert_eq!(line.address(), EndpointAddress::new(number, direction));
            }
        }
        assert_eq!(Line::first(0), Line::EP0_IN);
        assert_eq!((Line::EP0_IN.address(), Line::EP0_OUT.address()), (None, None));
    }

    #[test]
    fn a_number_that_the_chip_does_not_have_is_none_of_another_peripheral() {
        assert_eq!(line(15, Direction::Out), line(7, Direction::Out));
    }
}
