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
//! The two halves of a FIFO tell each other *positions*: bytes since power-on, wrapping, in a ring of
//! `SLOTS` slots of `SIZE` bytes. Both are powers of two, so a position says which slot it is in, and
//! where in it. No packet crosses the end of a slot. Who needs no more than the slot has its *number*:
//! slots since power-on, wrapping.
//!
//! A slot that a driver holds is marked in the slot itself and unmarked when the handle is dropped,
//! so a driver may use the bytes by DMA, and the FIFO need not trust it with them.

#[cfg(not(loom))]
mod copy;
mod in_fifo;
mod notification_slot;
mod out_fifo;
#[cfg(not(loom))]
mod packet_slot;
mod slot;

pub use in_fifo::{Grant, InFifo, PacketSender, PacketWriter};
pub use notification_slot::{NotificationSender, NotificationSlot};
pub use out_fifo::{OutFifo, PacketReader, PacketReceiver, UnreadPacket};
#[cfg(not(loom))]
pub use packet_slot::{PacketLender, PacketSlot};
pub(crate) use slot::{Byte, Slot};
pub use slot::{RxSlot, TxPacket};

/// Checked when a FIFO is made: positions wrap, and a slot is a packet.
const fn assert_shape(slots: usize, size: usize) {
    assert!(
        slots >= 2 && slots <= 64 && slots.is_power_of_two(),
        "SLOTS must be 2, 4, 8, 16, 32 or 64: packets are double-buffered, and numbered modulo SLOTS"
    );
    // Two positions of a FIFO are a FIFO apart at most, and two numbers SLOTS: half of what they count.
    assert!(
        matches!(size, 8 | 16 | 32 | 64 | 512) || cfg!(loom),
        "SIZE must be a bulk wMaxPacketSize: 8, 16, 32 or 64 at full speed, 512 at high speed"
    );
}

/// The slots of a FIFO, all free.
#[cfg(not(loom))]
pub(crate) const fn empty_slots<const SLOTS: usize, const SIZE: usize>()
-> [Slot<[Byte; SIZE]>; SLOTS] {
    const { assert_shape(SLOTS, SIZE) };
    [const { Slot::<[Byte; SIZE]>::new() }; SLOTS]
}

/// The slots of a FIFO, all free.
#[cfg(loom)]
fn empty_slots<const SLOTS: usize, const SIZE: usize>() -> [Slot<[Byte; SIZE]>; SLOTS] {
    assert_shape(SLOTS, SIZE);
    core::array::from_fn(|_| Slot::new())
}

/// The slot of a position, without a bounds check that could fail.
#[inline]
fn slot_at<const SLOTS: usize, const SIZE: usize>(
    slots: &[Slot<[Byte; SIZE]>; SLOTS],
    position: u16,
) -> &Slot<[Byte; SIZE]> {
    &slots[(usize::from(position) / SIZE) & (SLOTS - 1)]
}

/// The slot of a number.
#[inline]
fn numbered<const SLOTS: usize, const SIZE: usize>(
    slots: &[Slot<[Byte; SIZE]>; SLOTS],
    number: u8,
) -> &Slot<[Byte; SIZE]> {
    &slots[usize::from(number) & (SLOTS - 1)]
}

/// The number of the slot that a position is in.
#[inline]
const fn number_of<const SIZE: usize>(position: u16) -> u8 {
    let [number, ..] = (position as usize / SIZE).to_le_bytes();
    number
}

/// A sum or a difference of such numbers as one: where slots are large, positions have less than 256.
#[inline]
fn wrapped<const SIZE: usize>(number: u8) -> u8 {
    number & const { number_of::<SIZE>(u16::MAX) }
}

/// Where in its slot a position is.
#[inline]
fn offset<const SIZE: usize>(position: u16) -> usize {
    usize::from(position) & (SIZE - 1)
}

/// The start of the slot behind a position.
#[inline]
fn next_slot<const SIZE: usize>(position: u16) -> u16 {
    (position | low(SIZE - 1)).wrapping_add(1)
}

/// Bytes as they count in a position.
#[inline]
const fn low(bytes: usize) -> u16 {
    let [low, high, ..] = bytes.to_le_bytes();
    u16::from_le_bytes([low, high])
}
