//! What takes effect later than it was asked for.

use super::endpoint::Side;
use crate::cpu::Cycles;

/// Something that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pending {
    /// SNAK of an endpoint.
    Nak(Side, usize),
    /// EPDIS of an endpoint.
    Disable(Side, usize),
    /// DCTL.SGINAK.
    GlobalInNak,
    /// DCTL.SGONAK.
    GlobalOutNak,
    /// GRSTCTL.RXFFLSH and TXFFLSH.
    Flushed,
    /// GRSTCTL.CSRST.
    CoreReset,
    /// GUSBCFG.FDMOD.
    Mode,
    /// The end of a bus reset.
    Enumerated,
    /// The bus has been idle for 3 ms.
    Idle,
}

/// What is to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule(Vec<(Cycles, Pending)>);

impl Schedule {
    pub fn add(&mut self, at: Cycles, pending: Pending) {
        self.cancel(pending);
        self.0.push((at, pending));
    }

    pub fn cancel(&mut self, pending: Pending) {
        self.0.retain(|(_, other)| *other != pending);
    }

    pub fn has(&self, pending: Pending) -> bool {
        self.0.iter().any(|(_, other)| *other == pending)
    }

    pub fn next(&self) -> Option<Cycles> {
        self.0.iter().map(|(at, _)| *at).min()
    }

    /// The earliest that is due, in the order in which they were asked for.
    pub fn take(&mut self, now: Cycles) -> Option<Pending> {
        let at = self.next().filter(|at| *at <= now)?;
        let index = self.0.iter().position(|(other, _)| *other == at)?;
        Some(self.0.remove(index).1)
    }
}
