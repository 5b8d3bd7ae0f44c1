//! Time on the bus side, for those who need it: told to the ports, and held against the hold of a
//! probe. Nothing of this is there unless a board asks for it.

use crate::bus_port::BusPort;
use crate::device::Power;
use crate::{Controller, Device, Hooks};

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// Milliseconds, modulo at least 2048.
    pub(crate) fn now(&mut self) -> Option<u16> {
        self.hooks.milliseconds().or_else(|| self.controller.frame())
    }

    /// Tells the time, and ends holds that are over. Returns whether one is.
    pub(crate) fn pass_time(&mut self) -> bool {
        // The registers of a gated chip are left alone.
        if self.power == Power::Gated {
            return false;
        }
        let now = self.now();
        let (mut over, mut holding, mut watching) = (false, false, false);
        for (half, endpoints) in self.ports.iter_mut().zip(self.descriptors.ports()) {
            let mut port = BusPort { half, endpoints };
            if H::FRAMES
                && let Some(now) = now
            {
                port.half.pace().set_time(now);
            }
            if H::PROBE.is_on() {
                over |= port.end_hold::<H>(now);
                holding |= port.is_holding();
                watching |= port.half.pace().is_watching();
            }
        }
        if holding != watching {
            self.ports.iter_mut().for_each(|half| half.pace().set_watching(holding));
            self.controller.watch_frames(holding);
        }
        over
    }
}
