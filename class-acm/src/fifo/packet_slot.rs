//! One slot for one packet, in either direction, between a driver and somebody who has packets as
//! bytes.
#![allow(unsafe_code)]

use super::slot::{Byte, RxSlot, Slot, TxPacket};

/// Room for one packet of up to `SIZE` bytes.
pub struct PacketSlot<const SIZE: usize> {
    slot: Slot<[Byte; SIZE]>,
}

impl<const SIZE: usize> PacketSlot<SIZE> {
    /// An empty slot.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self { slot: Slot::<[Byte; SIZE]>::new() }
    }

    /// The one who lends the slot to a driver. It takes the slot for good.
    pub fn lender(&'static mut self) -> PacketLender<SIZE> {
        PacketLender { slot: &self.slot }
    }
}

/// Lends a [`PacketSlot`] to a driver, as a packet to send or as a slot to fill.
pub struct PacketLender<const SIZE: usize> {
    slot: &'static Slot<[Byte; SIZE]>,
}

impl<const SIZE: usize> PacketLender<SIZE> {
    /// A packet of these bytes; `None` while the driver holds the slot, and for more than `SIZE`
    /// bytes.
    pub fn packet(&mut self, bytes: &[u8]) -> Option<TxPacket> {
        let length = bytes.len();
        if length > SIZE || !self.slot.is_free() {
            return None;
        }
        if length == 0 {
            return Some(TxPacket::ZERO_LENGTH);
        }
        // SAFETY: the slot is not lent, and `&mut self` is the only way to its bytes.
        unsafe { self.slot.write(0, length, bytes) };
        // SAFETY: the slot is not lent, the range is not empty and was just found to lie within the
        // slot, and nothing writes to a slot that is lent.
        Some(unsafe { self.slot.lend(0, length) })
    }

    /// The slot, to be filled; `None` while the driver holds it.
    pub fn empty(&mut self) -> Option<RxSlot> {
        if !self.slot.is_free() {
            return None;
        }
        // SAFETY: the slot is not lent, and `&mut self` is the only way to its bytes, which it does
        // not reach while they are lent.
        Some(unsafe { self.slot.lend_empty() })
    }
}
