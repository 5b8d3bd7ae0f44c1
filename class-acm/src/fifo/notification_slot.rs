//! One slot for one notification, filled and lent by the bus side alone.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::slot::{Byte, Slot, TxPacket};

/// Bytes of a SERIAL_STATE notification (PSTN 1.2 §6.5.4).
const LENGTH: usize = 10;

/// Room for one notification on its way to the host.
pub struct NotificationSlot {
    slot: Slot<[Byte; LENGTH]>,
}

impl NotificationSlot {
    /// An empty slot.
    #[cfg(not(loom))]
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self { slot: Slot::<[Byte; LENGTH]>::new() }
    }
}

/// Fills and lends a [`NotificationSlot`].
pub struct NotificationSender<'a> {
    slot: &'static Slot<[Byte; LENGTH]>,
    borrow: PhantomData<&'a mut ()>,
}

impl NotificationSender<'_> {
    /// The caller sees to it that there is one sender at a time.
    pub(crate) fn new(slot: &'static NotificationSlot) -> Self {
        Self { slot: &slot.slot, borrow: PhantomData }
    }

    /// Whether the driver still holds the last notification.
    pub fn is_lent(&self) -> bool {
        !self.slot.is_free()
    }

    /// The packet that carries `notification`; `None` while the driver holds the last one.
    pub fn packet(&mut self, notification: [u8; LENGTH]) -> Option<TxPacket> {
        if self.is_lent() {
            return None;
        }
        // SAFETY: the slot is not lent, and `&mut self` is the only way to its bytes.
        unsafe { self.slot.set(notification) };
        // SAFETY: the slot is not lent, and `write` above is not reached again while it is.
        Some(unsafe { self.slot.lend(0, LENGTH) })
    }
}
