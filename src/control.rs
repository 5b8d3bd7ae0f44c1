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

use crate::Controller;

/// What a request is answered with: exactly one of these for every SETUP (I9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// A data IN stage with a descriptor, or as much of it as wLength asks for.
    Descriptor(&'static [u8]),
    /// A data IN stage with up to seven bytes; the first `length` of them count.
    Bytes { bytes: [u8; 7], length: u8 },
    /// Status stage.
    Ack,
    /// Status stage, then a new address.
    Address(u8),
    /// A data OUT stage of exactly a line coding for this port.
    LineCoding { port: usize },
    /// Protocol STALL.
    Stall,
}

impl Outcome {
    pub(crate) fn byte(value: u8) -> Self {
        Self::Bytes { bytes: [value, 0, 0, 0, 0, 0, 0], length: 1 }
    }

    pub(crate) fn word(value: u8) -> Self {
        Self::Bytes { bytes: [value, 0, 0, 0, 0, 0, 0], length: 2 }
    }
}

/// The stage that a control transfer is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Stage {
    /// No transfer, or one that is over.
    #[default]
    Idle,
    /// IN data is armed; this is left after it, and whether a zero-length packet ends it.
    DataIn { rest: &'static [u8], zlp: bool },
    /// The seven bytes of a line coding are due.
    DataOut { port: usize },
    /// Our zero-length packet is armed; the address to take once the host has it.
    StatusIn { address: Option<u8> },
    /// The host's zero-length packet is due.
    StatusOut,
    /// STALLed until the next SETUP.
    Stalled,
}

impl Stage {
    /// Before the first reset. Nothing happens on EP0 until then; a variant that gives every byte
    /// a value, as padding would be copied by a call of memcpy, and link it.
    pub(crate) const POWER_ON: Self = Self::DataIn { rest: &[], zlp: false };

    /// The stage that `outcome` leads to, armed in `controller`.
    pub(crate) fn start<C: Controller>(
        controller: &mut C,
        outcome: Outcome,
        host_length: u16,
    ) -> Self {
        match outcome {
            Outcome::Descriptor(_) | Outcome::Bytes { .. } if host_length == 0 => {
                // Without data stage, the status stage is IN (USB 2.0 §9.3.1).
                Self::status_in(controller, None)
            }
            Outcome::Descriptor(descriptor) => {
                let (reply, zlp) = cut::<C>(descriptor, host_length);
                Self::send(controller, reply, zlp)
            }
            Outcome::Bytes { bytes, length } => {
                let bytes = bytes.get(..usize::from(length)).unwrap_or_default();
                // One short packet, as bMaxPacketSize0 is 8 at least.
                controller.ep0_send(cut::<C>(bytes, host_length).0);
                Self::DataIn { rest: &[], zlp: false }
            }
            Outcome::Ack => Self::status_in(controller, None),
            Outcome::Address(address) => Self::status_in(controller, Some(address)),
            Outcome::LineCoding { port } => {
                controller.ep0_receive();
                Self::DataOut { port }
            }
            Outcome::Stall => Self::stall(controller),
        }
    }

    /// The stage after the host acknowledged a packet of a data IN stage.
    pub(crate) fn sent<C: Controller>(self, controller: &mut C) -> Self {
        let Self::DataIn { rest, zlp } = self else { return self };
        if zlp || !rest.is_empty() {
            return Self::send(controller, rest, zlp);
        }
        controller.ep0_status_out();
        Self::StatusOut
    }

    fn send<C: Controller>(controller: &mut C, rest: &'static [u8], zlp: bool) -> Self {
        let (packet, rest) = rest.split_at(rest.len().min(usize::from(C::EP0_PACKET_SIZE)));
        controller.ep0_send(packet);
        Self::DataIn { rest, zlp: zlp && !packet.is_empty() }
    }

    pub(crate) fn status_in<C: Controller>(controller: &mut C, address: Option<u8>) -> Self {
        controller.ep0_status_in(address);
        Self::StatusIn { address }
    }

    pub(crate) fn stall<C: Controller>(controller: &mut C) -> Self {
        controller.ep0_stall();
        Self::Stalled
    }
}

/// The one place that compares with wLength: the reply is never longer (I1), and a zero-length
/// packet ends it when it is shorter and a multiple of bMaxPacketSize0 (USB 2.0 §5.5.3).
fn cut<C: Controller>(reply: &[u8], host_length: u16) -> (&[u8], bool) {
    let host_length = usize::from(host_length);
    match reply.split_at_checked(host_length) {
        Some((reply, _)) => (reply, false),
        None => (reply, reply.len().is_multiple_of(usize::from(C::EP0_PACKET_SIZE))),
    }
}
