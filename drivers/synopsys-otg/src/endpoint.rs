//! The registers of one endpoint, and how it is disabled.

use usbd_acm::{Direction, EndpointAddress};

use crate::registers::Register;

/// An endpoint in one direction, by its bit in DAINT: its number, and 16 more for OUT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Line(u32);

/// The number of the first OUT endpoint among lines.
const FIRST_OUT: u32 = 16;

impl Line {
    pub(crate) const EP0_IN: Self = Self::new(0, Direction::In);
    pub(crate) const EP0_OUT: Self = Self::new(0, Direction::Out);

    pub(crate) const fn new(number: u32, direction: Direction) -> Self {
        match direction {
            Direction::In => Self(number & 0xF),
            Direction::Out => Self(number & 0xF | FIRST_OUT),
        }
    }

    #[inline]
    pub(crate) fn of(address: EndpointAddress) -> Self {
        Self::new(address.number().into(), address.direction())
    }

    pub(crate) const fn is_out(self) -> bool {
        self.0 & FIRST_OUT != 0
    }

    pub(crate) const fn number(self) -> u32 {
        self.0 & 0xF
    }

    /// `None` for EP0.
    pub(crate) const fn address(self) -> Option<EndpointAddress> {
        let [number, ..] = self.number().to_le_bytes();
        let direction = if self.is_out() { Direction::Out } else { Direction::In };
        EndpointAddress::new(number, direction)
    }

    /// Where a queue for it is: endpoint 1 comes first, EP0 nowhere.
    pub(crate) const fn index(self) -> usize {
        (self.number() as usize).wrapping_sub(1)
    }

    /// DIEPCTL or DOEPCTL: those of OUT follow those of 16 IN endpoints.
    pub(crate) const fn control(self) -> Register {
        Register(0x900 + 0x20 * self.0)
    }

    /// DIEPINT or DOEPINT.
    pub(crate) const fn interrupts(self) -> Register {
        Register(0x908 + 0x20 * self.0)
    }

    /// DIEPTSIZ or DOEPTSIZ.
    pub(crate) const fn size(self) -> Register {
        Register(0x910 + 0x20 * self.0)
    }
}

/// DIEPCTL and DOEPCTL.
pub(crate) mod ctl {
    /// wMaxPacketSize.
    pub(crate) const MPSIZ: u32 = 0x7FF;
    pub(crate) const USBAEP: u32 = 1 << 15;
    /// Reads as NAKSTS; 17 is read only.
    pub(crate) const EPTYP: u32 = 18;
    pub(crate) const STALL: u32 = 1 << 21;
    pub(crate) const TXFNUM: u32 = 22;
    pub(crate) const CNAK: u32 = 1 << 26;
    pub(crate) const SNAK: u32 = 1 << 27;
    pub(crate) const SD0PID: u32 = 1 << 28;
    const EPDIS: u32 = 1 << 30;
    pub(crate) const EPENA: u32 = 1 << 31;
    /// What is set by writing 1, and must not be by writing back what was read. Both disable an endpoint that is
    /// enabled.
    pub(crate) const ACTIONS: u32 = EPENA | EPDIS;
}

/// DIEPINT and DOEPINT.
pub(crate) mod int {
    /// The transfer is over.
    pub(crate) const XFRC: u32 = 1 << 0;
    pub(crate) const EPDISD: u32 = 1 << 1;
    /// EP0 OUT: the SETUP stage is over.
    const STUP: u32 = 1 << 3;
    /// EP0 OUT: the status stage of a write begins.
    const STSPHSRX: u32 = 1 << 5;
    /// IN: the NAK that was set is in effect.
    pub(crate) const INEPNE: u32 = 1 << 6;
    /// EP0 OUT: a SETUP packet was received.
    const STPKTRX: u32 = 1 << 15;
    /// OUT: what an entry that was taken out of the receive FIFO may leave there.
    pub(crate) const TOLD: u32 = XFRC | STUP | STSPHSRX | STPKTRX;
}

/// DIEPTSIZ and DOEPTSIZ.
pub(crate) mod tsiz {
    pub(crate) const PKTCNT: u32 = 19;
    /// IN: one packet a frame, which counts for interrupt endpoints. OUT: nothing.
    pub(crate) const MCNT_1: u32 = 1 << 29;
    /// EP0 OUT: three SETUP packets may follow each other.
    pub(crate) const STUPCNT_3: u32 = 3 << 29;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_where_the_manual_has_them() {
        let line = |number, direction| Line::of(EndpointAddress::new(number, direction).unwrap());
        let (first_in, last_out) = (line(1, Direction::In), line(15, Direction::Out));
        assert_eq!(first_in.control(), Register(0x920));
        assert_eq!(first_in.interrupts(), Register(0x928));
        assert_eq!(first_in.size(), Register(0x930));
        assert_eq!(last_out.control(), Register(0xCE0));
        assert_eq!((first_in.number(), first_in.index(), first_in.is_out()), (1, 0, false));
        assert_eq!((last_out.number(), last_out.index(), last_out.is_out()), (15, 14, true));
        assert_eq!(Line::EP0_OUT.size(), Register(0xB10));
        assert!(Line::EP0_IN.index() > 15, "it has no queue");
    }
}
