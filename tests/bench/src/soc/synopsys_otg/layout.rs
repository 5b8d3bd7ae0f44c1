//! How the FIFO RAM is divided.

use super::Otg;
use crate::soc::Violation;

/// The shortest FIFO (RM0090 §34.16.2: GRXFSIZ, DIEPTXFx).
const LEAST: u32 = 16;

/// A part of the FIFO RAM, in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Part {
    start: u32,
    depth: u32,
}

impl Part {
    fn end(self) -> u32 {
        self.start + self.depth
    }

    fn overlaps(self, other: Part) -> bool {
        self.start < other.end() && other.start < self.end()
    }
}

impl Otg {
    /// Words of a transmit FIFO.
    pub(super) fn tx_depth(&self, fifo: usize) -> u32 {
        self.part(fifo).depth
    }

    /// DIEPTXF0, DIEPTXFx: depth and start address.
    fn part(&self, fifo: usize) -> Part {
        let register = self.global.tx_sizes.get(fifo).copied().unwrap_or(0);
        Part { start: register & 0xFFFF, depth: register >> 16 }
    }

    /// The receive FIFO and the transmit FIFOs of active endpoints lie in the RAM, apart from each other.
    pub(super) fn check_layout(&self) -> Result<(), Violation> {
        let rx = Part { start: 0, depth: self.global.rx_size };
        let fifos =
            self.ins.iter().filter(|endpoint| endpoint.active).map(|endpoint| endpoint.fifo);
        let parts: Vec<Part> = [rx].into_iter().chain(fifos.map(|fifo| self.part(fifo))).collect();
        for (index, part) in parts.iter().enumerate() {
            if part.depth < LEAST {
                return Err(Violation::FifoTooShort);
            }
            if part.end() > self.parameters.fifo_words {
                return Err(Violation::FifoOutsideRam);
            }
            if parts[..index].iter().any(|other| other.overlaps(*part)) {
                return Err(Violation::FifosOverlap);
            }
        }
        Ok(())
    }
}
