//! Endpoints of a `UsbBus`, which takes bytes, as the stack sees them, which lends packets.
//!
//! One packet at a time is given to the bus, for it reports completions by a bit for each endpoint:
//! of two packets nobody would know which of them is done. A second one waits here, and goes as soon
//! as the first is acknowledged.

use usb_device::UsbError;

use crate::{RxSlot, TxPacket};

/// The longest bulk packet, in bytes: `usb-device` knows no other speed (USB 2.0 §5.8.3).
const FULL_SPEED_PACKET: usize = 64;

/// What the hardware behind the bus holds of an IN endpoint.
enum InBus {
    Nothing,
    /// Kept until it is acknowledged, as some drivers lose a packet when they end a halt.
    Packet(TxPacket),
    /// A packet that was aborted here; no `UsbBus` can take one back.
    Stale,
}

/// The hardware of one endpoint.
pub(super) trait Hardware {
    /// Writes a packet, if there is room for one.
    fn write(&self, packet: &[u8]) -> bool;
    /// Reads a packet.
    fn read(&self, buffer: &mut [u8]) -> Result<usize, UsbError>;
    /// Sets or ends the halt.
    fn set_stalled(&self, stalled: bool);
}

/// A bulk or interrupt IN endpoint.
pub(super) struct InPipe {
    in_bus: InBus,
    queued: Option<TxPacket>,
    halted: bool,
    /// The bus said that a packet was acknowledged.
    completed: bool,
}

impl InPipe {
    pub(super) const NEW: Self =
        Self { in_bus: InBus::Nothing, queued: None, halted: false, completed: false };

    /// The bus was reset: it holds nothing.
    pub(super) fn reset(&mut self) {
        *self = Self::NEW;
    }

    /// The endpoint is opened: not halted, DATA0 where the bus can, nothing queued.
    pub(super) fn open(&mut self, hardware: &impl Hardware) {
        self.abort();
        self.unhalt(hardware);
    }

    /// Queues a packet, or gives it back when one is queued already.
    pub(super) fn send(
        &mut self,
        packet: TxPacket,
        hardware: &impl Hardware,
    ) -> Result<(), TxPacket> {
        if self.queued.is_some() {
            return Err(packet);
        }
        self.queued = Some(packet);
        self.advance(hardware);
        Ok(())
    }

    /// Gives the queued packet to the bus, if it has room.
    pub(super) fn advance(&mut self, hardware: &impl Hardware) {
        // On a halted endpoint some drivers end the halt with a write.
        if self.halted || !matches!(self.in_bus, InBus::Nothing) {
            return;
        }
        self.write_queued(hardware);
    }

    /// The bus says that a packet was acknowledged.
    pub(super) fn completed(&mut self) {
        self.completed = true;
    }

    /// Whether a packet was acknowledged that is to be told of. Goes on with the queued one.
    pub(super) fn take_completed(&mut self, hardware: &impl Hardware) -> bool {
        if !core::mem::take(&mut self.completed) {
            self.advance(hardware);
            return false;
        }
        let before = core::mem::replace(&mut self.in_bus, InBus::Nothing);
        self.advance(hardware);
        matches!(before, InBus::Packet(_))
    }

    /// Drops what is queued. What the hardware holds goes out all the same, untold.
    pub(super) fn abort(&mut self) {
        self.queued = None;
        if matches!(self.in_bus, InBus::Packet(_)) {
            self.in_bus = InBus::Stale;
        }
    }

    /// Whether the hardware holds a packet that was aborted here.
    pub(super) fn is_stale(&self) -> bool {
        matches!(self.in_bus, InBus::Stale)
    }

    /// The hardware dropped its packet, too.
    pub(super) fn aborted(&mut self) {
        self.in_bus = InBus::Nothing;
        self.completed = false;
    }

    pub(super) fn halt(&mut self, hardware: &impl Hardware) {
        self.halted = true;
        hardware.set_stalled(true);
    }

    /// Ends a halt. A driver that lost the packet with it takes it again; one that has it refuses.
    pub(super) fn unhalt(&mut self, hardware: &impl Hardware) {
        let was_halted = core::mem::take(&mut self.halted);
        hardware.set_stalled(false);
        match &self.in_bus {
            InBus::Packet(packet) if was_halted => {
                let _ = hardware.write(packet);
            }
            InBus::Stale if was_halted => self.write_queued(hardware),
            _ => self.advance(hardware),
        }
    }

    fn write_queued(&mut self, hardware: &impl Hardware) {
        let Some(packet) = self.queued.take() else { return };
        if hardware.write(&packet) {
            self.in_bus = InBus::Packet(packet);
        } else {
            self.queued = Some(packet);
        }
    }
}

/// A bulk OUT endpoint.
pub(super) struct OutPipe {
    slot: Option<RxSlot>,
    /// The bus said that a packet waits.
    unread: bool,
    halted: bool,
    open: bool,
}

impl OutPipe {
    pub(super) const NEW: Self = Self { slot: None, unread: false, halted: false, open: false };

    /// The bus was reset: it holds nothing.
    pub(super) fn reset(&mut self) {
        *self = Self::NEW;
    }

    pub(super) fn open(&mut self, hardware: &impl Hardware) {
        // What arrived before is nobody's.
        self.drop_unread(hardware);
        self.open = true;
        self.slot = None;
        self.unhalt(hardware);
    }

    fn drop_unread(&mut self, hardware: &impl Hardware) {
        self.unread = false;
        let _ = hardware.read(&mut [0; FULL_SPEED_PACKET]);
    }

    /// From here on packets are dropped: the hardware goes on taking them.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.slot = None;
    }

    /// Takes an empty slot, or gives it back when there is one already.
    pub(super) fn receive(&mut self, slot: RxSlot) -> Result<(), RxSlot> {
        if self.slot.is_some() {
            return Err(slot);
        }
        self.slot = Some(slot);
        Ok(())
    }

    /// The bus says that a packet waits.
    pub(super) fn arrived(&mut self) {
        self.unread = true;
    }

    /// Whether the bus said that a packet waits, and it was not taken.
    pub(super) fn is_unread(&self) -> bool {
        self.unread
    }

    /// The packet that waits, in the slot that waits for it.
    pub(super) fn take(&mut self, hardware: &impl Hardware) -> Option<(RxSlot, u16)> {
        if !self.unread || self.halted {
            return None;
        }
        if !self.open {
            self.drop_unread(hardware);
            return None;
        }
        let mut slot = self.slot.take()?;
        self.unread = false;
        match hardware.read(&mut slot) {
            Ok(length) => Some((slot, u16::try_from(length).unwrap_or(u16::MAX))),
            Err(_) => {
                self.slot = Some(slot);
                None
            }
        }
    }

    pub(super) fn abort(&mut self) {
        self.slot = None;
    }

    pub(super) fn halt(&mut self, hardware: &impl Hardware) {
        self.halted = true;
        hardware.set_stalled(true);
    }

    pub(super) fn unhalt(&mut self, hardware: &impl Hardware) {
        self.halted = false;
        hardware.set_stalled(false);
    }
}
