//! The control pipe: the stages of one control transfer on EP0 (USB 2.0 §8.5.3).
//!
//! The state holds everything that belongs to the transfer, so that a SETUP or a reset, by
//! replacing it, drops the transfer before it as a whole (I2).
//!
//! ```text
//!   SETUP ─┬─ data IN ── Ep0Sent… ── status OUT ── Ep0Status ─┐
//!          ├─ data OUT ─ Ep0Received ─ status IN ─ Ep0Status ─┼─ Idle
//!          ├─ status IN ───────────────────────── Ep0Status ──┘
//!          └─ STALL, until the next SETUP
//! ```
//! A host may end a data IN stage early with its status stage; any SETUP starts over.

use usbd_acm_class::SetupPacket;

use crate::device::State;
use crate::{Controller, Device, Hooks, TestMode};

/// What software has to know of the control transfer that goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Nothing: there is no transfer, or it is STALLed, or in a status stage that changes nothing.
    Idle,
    /// IN data is armed; this is left after it, and whether a packet that is not full must end it.
    DataIn { rest: &'static [u8], zlp: bool },
    /// The last of the IN data is armed.
    LastIn,
    /// The seven bytes of a line coding are due.
    DataOut { port: usize },
    /// Our zero-length packet is armed, after which this is the address.
    Address(u8),
    /// The same, and the test mode.
    TestMode(TestMode),
}

/// What a request is answered with: exactly one of these for every SETUP, or a STALL (I9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// The status stage of a request without data.
    Done,
    /// A data IN stage, or as much of it as wLength asks for; without a data stage, its status.
    Data(&'static [u8]),
    /// The same with so many bytes of little-endian words.
    Words((u32, u32), usize),
    /// Status stage, then a new address.
    Address(u8),
    /// A data OUT stage of exactly a line coding for this port.
    SetLineCoding { port: usize },
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// SETUP replaces whatever transfer there was (I2, I3) and has exactly one outcome (I9).
    pub(crate) fn setup(&mut self, setup: &SetupPacket) {
        self.stage = Stage::Idle;
        if H::TOUCH_1200 {
            self.forget_touch();
        }
        let outcome = self.answer(setup);
        trace_setup(setup, outcome.is_some());
        match outcome {
            Some(Outcome::Done) => self.controller.ep0_status_in(None),
            Some(Outcome::Data(reply)) => match cut(reply, setup.length) {
                Some((reply, zlp)) => self.send(reply, zlp),
                None => self.controller.ep0_status_in(None),
            },
            Some(Outcome::Words(words, length)) => self.send_words(words, length, setup.length),
            Some(Outcome::Address(address)) => {
                self.stage = Stage::Address(address);
                self.controller.ep0_status_in(Some(address));
            }
            Some(Outcome::SetLineCoding { port }) => {
                self.stage = Stage::DataOut { port };
                self.controller.ep0_receive();
            }
            None => self.controller.ep0_stall(),
        }
    }

    /// One short packet.
    fn send_words(&mut self, (low, high): (u32, u32), length: usize, host_length: u16) {
        let words = [low.to_le_bytes(), high.to_le_bytes()];
        match words.as_flattened().get(..length).and_then(|words| cut(words, host_length)) {
            Some((words, _)) => {
                self.stage = Stage::LastIn;
                self.controller.ep0_send(words);
            }
            None => self.controller.ep0_status_in(None),
        }
    }

    /// The host acknowledged a packet of a data IN stage.
    pub(crate) fn ep0_sent(&mut self) {
        match self.stage {
            Stage::DataIn { rest, zlp } => self.send(rest, zlp),
            Stage::LastIn => {
                self.stage = Stage::Idle;
                self.controller.ep0_status_out();
            }
            _ => {}
        }
    }

    pub(crate) fn ep0_received(&mut self) {
        let Stage::DataOut { port } = self.stage else { return };
        self.stage = Stage::Idle;
        let mut bytes = [0; 8];
        let length = self.controller.ep0_read(&mut bytes);
        // The whole coding or nothing (I5): a packet of another size is stalled.
        if length == 7 && self.set_line_coding(port, bytes) {
            self.controller.ep0_status_in(None);
        } else {
            self.controller.ep0_stall();
        }
    }

    pub(crate) fn ep0_status(&mut self) {
        if let Stage::Address(address) = self.stage {
            // USB 2.0 §9.4.6: the state changes with the address, after the status stage.
            self.state = if address == 0 { State::Default } else { State::Address };
        }
        // USB 2.0 §9.4.9: as with the address.
        if C::TEST_MODES
            && let Stage::TestMode(mode) = self.stage
        {
            self.controller.test_mode(mode);
        }
        self.stage = Stage::Idle;
        if H::TOUCH_1200 {
            self.touch();
        }
    }

    fn send(&mut self, rest: &'static [u8], zlp: bool) {
        let size = usize::from(C::EP0_PACKET_SIZE);
        // A packet that is not full ends the transfer.
        let is_last = rest.len() + usize::from(zlp) <= size;
        let (packet, rest) = rest.split_at(rest.len().min(size));
        self.controller.ep0_send(packet);
        self.stage = if is_last { Stage::LastIn } else { Stage::DataIn { rest, zlp } };
    }
}

/// The one place that compares with wLength: the reply is never longer (I1), and where it is shorter, a
/// packet that is not full has to end it (USB 2.0 §5.5.3). `None` when wLength is 0: there is no data
/// stage, and the status stage is IN (USB 2.0 §9.3.1).
fn cut(reply: &[u8], host_length: u16) -> Option<(&[u8], bool)> {
    let host_length = usize::from(host_length);
    if host_length == 0 {
        return None;
    }
    Some(match reply.split_at_checked(host_length) {
        Some((reply, _)) => (reply, false),
        None => (reply, true),
    })
}

#[allow(unused_variables, reason = "without a logging feature there is nothing to do")]
fn trace_setup(setup: &SetupPacket, taken: bool) {
    #[cfg(feature = "defmt")]
    defmt::trace!("SETUP {} stalled: {}", setup, !taken);
    #[cfg(feature = "log")]
    log::trace!("{setup:?} stalled: {}", !taken);
}
