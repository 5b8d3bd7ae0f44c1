//! The packet FIFOs between application and bus.
//!
//! Each direction has its own FIFO of packet slots. Both are lock-free between one application
//! half and one bus half, by atomic loads and stores only: neither side ever waits for the other,
//! from whatever context it runs in.
//!
//! | FIFO | application half | bus half | driver gets |
//! |---|---|---|---|
//! | [`InFifo`], device to host | [`PacketWriter`] | [`PacketSender`] | [`TxPacket`]: bytes to send |
//! | [`OutFifo`], host to device | [`PacketReader`] | [`PacketReceiver`] | [`RxSlot`]: a slot to fill |
//!
//! A slot that a driver holds is marked in the slot itself and unmarked when the handle is dropped,
//! so a driver may use the bytes by DMA, and the FIFO need not trust it with them.

mod in_fifo;
mod notification_slot;
mod out_fifo;
#[cfg(not(loom))]
mod packet_slot;
mod slot;

pub use in_fifo::{Grant, InFifo, PacketSender, PacketWriter};
pub use notification_slot::{NotificationSender, NotificationSlot};
pub use out_fifo::{OutFifo, PacketReader, PacketReceiver};
#[cfg(not(loom))]
pub use packet_slot::{PacketLender, PacketSlot};
use slot::{Byte, Slot};
pub use slot::{RxSlot, TxPacket};

/// Checked when a FIFO is made: slots are numbered by a wrapping byte, and a slot is a packet.
const fn assert_shape(slots: usize, size: usize) {
    assert!(
        slots >= 2 && slots <= 64 && slots.is_power_of_two(),
        "SLOTS must be 2, 4, 8, 16, 32 or 64: packets are double-buffered, and numbered modulo SLOTS"
    );
    assert!(
        matches!(size, 8 | 16 | 32 | 64 | 512) || cfg!(loom),
        "SIZE must be a bulk wMaxPacketSize: 8, 16, 32 or 64 at full speed, 512 at high speed"
    );
}

/// `slots[number % SLOTS]`, without a bounds check that could fail.
fn slot_at<const SLOTS: usize, const SIZE: usize>(
    slots: &[Slot<[Byte; SIZE]>; SLOTS],
    number: u8,
) -> &Slot<[Byte; SIZE]> {
    &slots[usize::from(number) & (SLOTS - 1)]
}
