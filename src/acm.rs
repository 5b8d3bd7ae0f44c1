//! The class requests of CDC-ACM, answered for every port (PSTN 1.2 §6.3).

use usbd_acm_class::{ControlLineState, LineCoding, SetupPacket};

use crate::bus_port::BusPort;
use crate::control::Outcome;
use crate::request::{Row, action};
use crate::{Controller, Device, Direction, DtrPolicy, Hooks};

/// The rate that stands for a touch, in bit/s.
const TOUCH_RATE: u32 = 1200;

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// Answers a class request to an interface that there is, of the configured device.
    pub(crate) fn class(&mut self, row: &Row, setup: &SetupPacket) -> Option<Outcome> {
        // Those of a port go to its communication interface: they have the even numbers.
        if !setup.index.is_multiple_of(2) {
            return None;
        }
        let port = usize::from(setup.index / 2);
        let mut half = self.ports.get_mut(port)?;
        match row.action() {
            action::CONTROL_LINE_STATE => {
                self.set_control_lines(port, ControlLineState::from_value(setup.value));
            }
            action::SEND_BREAK => half.control().send_break_value(setup.value),
            _ if setup.direction() == Direction::Out => {
                return Some(Outcome::SetLineCoding { port });
            }
            _ => return Some(Outcome::Words(half.control().line_coding_on_the_wire(), 7)),
        }
        Some(Outcome::Done)
    }

    /// Applies a complete line coding, unless the board refuses it.
    pub(crate) fn set_line_coding(&mut self, index: usize, bytes: [u8; 8]) -> bool {
        let coding = LineCoding::from_padded(bytes);
        let Some(mut half) = self.ports.get_mut(index) else { return false };
        let taken = self.hooks.accepts(index, &coding);
        if taken {
            half.control().set_line_coding(coding);
        }
        taken
    }

    /// The status stage of the request that dropped DTR is over: the board may restart.
    #[inline(never)]
    pub(crate) fn touch(&mut self) {
        for (index, mut half) in self.ports.iter_mut().enumerate() {
            if half.pace().is_touch_due() {
                half.pace().set_touch_due(false);
                half.control().touched();
                self.hooks.touched(index);
            }
        }
    }

    /// The request that dropped DTR was not completed.
    pub(crate) fn forget_touch(&mut self) {
        self.ports.iter_mut().for_each(|half| half.pace().set_touch_due(false));
    }

    fn set_control_lines(&mut self, index: usize, lines: ControlLineState) {
        let (Some(half), Some(endpoints)) =
            (self.ports.get_mut(index), self.descriptors.ports().get(index))
        else {
            return;
        };
        let mut port = BusPort { half, endpoints };
        let dtr_changed = port.half.control().set_control_lines(lines);
        if H::TOUCH_1200
            && dtr_changed
            && !lines.contains(ControlLineState::DTR)
            && port.half.control().line_coding().rate == TOUCH_RATE
        {
            // Acted on when the host has our answer, not before.
            port.half.pace().set_touch_due(true);
        }
        if !dtr_changed || H::DTR == DtrPolicy::Ignore {
            return;
        }
        if lines.contains(ControlLineState::DTR) {
            port.set_session::<H>(true);
        } else {
            port.hang_up::<C, H>(&mut self.controller);
        }
    }
}
