//! The class requests of CDC-ACM, answered for every port (PSTN 1.2 §6.3).

use usbd_acm_class::{ControlLineState, LineCoding, RequestCode, SetupPacket};

use crate::bus_port::BusPort;
use crate::control::Armed;
use crate::device::State;
use crate::{Controller, Device, DtrPolicy, Hooks};

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    pub(crate) fn class(&mut self, setup: &SetupPacket) -> Option<Armed> {
        // No interface exists before the device is configured (wire: class requests).
        if self.state != State::Configured {
            return None;
        }
        let (index, request) = RequestCode::parse(setup)?;
        let mut half = self.ports.get_mut(index)?;
        match request {
            RequestCode::SetLineCoding => return Some(self.expect_line_coding(index)),
            RequestCode::GetLineCoding => {
                let coding = half.control().line_coding().to_bytes();
                return Some(self.reply_short(coding, setup.length));
            }
            RequestCode::SetControlLineState => {
                self.set_control_lines(index, ControlLineState::from_value(setup.value));
            }
            RequestCode::SendBreak => half.control().send_break_value(setup.value),
        }
        Some(self.acknowledge())
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

    fn set_control_lines(&mut self, index: usize, lines: ControlLineState) {
        let (Some(half), Some(endpoints)) =
            (self.ports.get_mut(index), self.descriptors.ports().get(index))
        else {
            return;
        };
        let mut port = BusPort { half, endpoints };
        let dtr_changed = port.half.control().set_control_lines(lines);
        if !dtr_changed || H::DTR == DtrPolicy::Ignore {
            return;
        }
        if lines.contains(ControlLineState::DTR) {
            port.set_session(true);
        } else {
            port.hang_up(&mut self.controller, H::DTR);
        }
    }
}
