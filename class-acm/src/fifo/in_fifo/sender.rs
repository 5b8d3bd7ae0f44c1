//! The bus half: slots to the driver, and back.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::{InFifo, PACKET_UNIT, offset, settled};
use crate::fifo::slot::TxPacket;
use crate::fifo::{low, number_of, wrapped};
use crate::sync::{Ordering, OwnLoad, fence};

/// The bits of [`InState::bits`].
pub(super) mod bits {
    /// Packets submitted and not acknowledged. While there are any, the bus half looks again without
    /// a doorbell.
    pub(crate) const IN_FLIGHT: u16 = 0xFF;
    /// The last packet was full, so the host waits for more (USB 2.0 §5.8.3).
    pub(crate) const ZLP_DUE: u16 = 0x100;
    /// With either of these, something is with the host that it has not acknowledged.
    pub(crate) const UNSETTLED: u16 = IN_FLIGHT | ZLP_DUE;
    /// A zero-length packet goes before everything else.
    pub(crate) const RESTART: u16 = 0x200;
    /// No byte of this session was seen yet: those that are there may be of the one before.
    pub(crate) const FRESH: u16 = 0x400;
}
use bits::{FRESH, IN_FLIGHT, RESTART, UNSETTLED, ZLP_DUE};

/// The bus half of an [`InFifo`](super::InFifo).
pub struct PacketSender<'a, const SLOTS: usize, const SIZE: usize> {
    pub(super) fifo: &'static InFifo<SLOTS, SIZE>,
    borrow: PhantomData<&'a mut ()>,
}

impl<const SLOTS: usize, const SIZE: usize> PacketSender<'_, SLOTS, SIZE> {
    /// The caller sees to it that there is one sender at a time.
    pub(crate) fn new(fifo: &'static InFifo<SLOTS, SIZE>) -> Self {
        Self { fifo, borrow: PhantomData }
    }

    /// Offers packets to `send` until it gives one back or nothing is due.
    pub fn pump(&mut self, session: u16, send: impl FnMut(TxPacket) -> Result<(), TxPacket>) {
        self.pump_to(usize::MAX, session, send);
    }

    /// The same for a driver that holds up to `depth` packets, which needs not be asked for more.
    #[inline]
    pub fn pump_to(
        &mut self,
        depth: usize,
        session: u16,
        mut send: impl FnMut(TxPacket) -> Result<(), TxPacket>,
    ) {
        // Pairs with the fence in `needs_doorbell`: either we see the bytes, or it sees nothing in
        // flight.
        fence(Ordering::SeqCst);
        loop {
            let bits = self.fifo.bits();
            if depth <= usize::from(bits & IN_FLIGHT) {
                return;
            }
            let Some(packet) = self.due_packet(bits, session) else { return };
            let length = packet.len();
            if send(packet).is_err() {
                return;
            }
            self.submitted(length);
            if depth == 1 {
                return;
            }
        }
    }

    /// The host acknowledged the oldest packet.
    #[inline]
    pub fn sent(&mut self) {
        let bits = self.fifo.bits();
        if bits & IN_FLIGHT != 0 {
            self.fifo.set_bits(bits - 1);
        }
        // One packet, and so one slot at most: that of a packet which was the last of its slot.
        let head = self.fifo.head.load_own();
        if number_of::<SIZE>(self.fifo.sent.load_own()) != head {
            self.fifo.head.store(wrapped::<SIZE>(head.wrapping_add(1)), Ordering::Release);
        }
    }

    /// The endpoint was opened: it starts anew, and so does the host.
    pub fn opened(&mut self) {
        self.fifo.set_bits(self.fifo.bits() & !RESTART);
    }

    /// The driver has dropped its packets, to be followed by [`discard`](Self::discard), while the
    /// endpoint stays open.
    ///
    /// Nobody knows whether the host has the oldest of them: where its acknowledgement was lost, the
    /// host takes the next packet for a repetition (USB 2.0 §8.6.4). A zero-length packet goes first,
    /// so that nothing is lost with it. It also ends the transfer that was cut off.
    pub fn aborted(&mut self) {
        if self.fifo.bits() & UNSETTLED != 0 {
            self.fifo.set_bits(self.fifo.bits() | RESTART);
        }
    }

    /// A zero-length packet goes before everything else.
    pub fn restart(&mut self) {
        self.fifo.set_bits(self.fifo.bits() | RESTART);
    }

    /// Sets wMaxPacketSize, where the packets are not of `SIZE` anyway. Between two sessions.
    pub fn set_packet_size(&mut self, packet_size: u16) {
        if SIZE > 64 {
            let [units, ..] = (usize::from(packet_size) / PACKET_UNIT).to_le_bytes();
            self.fifo.packet_size.store(units, Ordering::Relaxed);
        }
    }

    /// Drops every byte written so far, for a session that ended or one that is about to begin. The
    /// driver has dropped its packets before.
    pub fn discard(&mut self) {
        self.fifo.set_bits(self.fifo.bits() & RESTART | FRESH);
        // Relaxed, as no byte is read: what is written from here on is of the ended session too.
        self.fifo.skip_to(self.fifo.written.load(Ordering::Relaxed));
    }

    #[inline]
    fn due_packet(&mut self, bits: u16, session: u16) -> Option<TxPacket> {
        if bits & (RESTART | FRESH) != 0 {
            if bits & RESTART != 0 {
                return Some(TxPacket::ZERO_LENGTH);
            }
            self.fifo.begin(session)?;
        }
        let size = self.fifo.packet_size();
        let sent = self.fifo.sent.load_own();
        let written = self.fifo.written.load(Ordering::Acquire);
        let start = offset::<SIZE>(sent);
        let mut length = size.saturating_sub(start);
        if usize::from(written ^ sent) < SIZE {
            // The last slot fills up while the wire is busy.
            if bits & IN_FLIGHT != 0 {
                return None;
            }
            length = usize::from(written).wrapping_sub(sent.into());
            if length == 0 {
                return (bits & ZLP_DUE != 0).then_some(TxPacket::ZERO_LENGTH);
            }
        }
        let slot = self.fifo.slot(sent);
        if slot.seems_lent() {
            return None;
        }
        // SAFETY: the slot is not lent, and the application does not write below `written` before
        // `head` is behind the slot, and not while it is lent. `length` is not 0: the slot has so many
        // bytes, or `size` of them.
        Some(unsafe { slot.lend(start, length) })
    }

    #[inline]
    fn submitted(&mut self, length: u16) {
        let size = self.fifo.packet_size();
        // A shift, where the size is constant.
        let zlp_due = match SIZE <= 64 {
            true => length / low(SIZE) * ZLP_DUE,
            false if usize::from(length) == size => ZLP_DUE,
            false => 0,
        };
        let bits = self.fifo.bits() & !(ZLP_DUE | RESTART) | zlp_due;
        // Before `sent`, so that nobody takes these bytes for acknowledged.
        self.fifo.set_bits(bits + 1);
        let sent = self.fifo.sent.load_own().wrapping_add(length);
        self.fifo.sent.store(settled::<SIZE>(sent, size), Ordering::Release);
    }
}

/// What the bus half alone does.
impl<const SLOTS: usize, const SIZE: usize> InFifo<SLOTS, SIZE> {
    /// The first look at a session that has bytes. `None` while it has none.
    #[cold]
    pub(super) fn begin(&self, session: u16) -> Option<()> {
        // In this order: what was written before is of the session that we see after, or older.
        let written = self.written.load(Ordering::Acquire);
        let is_begun = self.session.load(Ordering::Acquire) == session;
        let sent = self.sent.load_own();
        let begun = self.begun.load(Ordering::Relaxed);
        // Nobody waits for what is never sent.
        let mut skipped = written;
        // Not so before the first byte, nor when the application was away until the numbers of the
        // sessions came round.
        if is_begun && begun.wrapping_sub(sent) < written.wrapping_sub(sent) {
            skipped = begun;
            self.set_bits(self.bits() & !FRESH);
        }
        self.skip_to(skipped);
        (skipped != written).then_some(())
    }

    /// Nothing before `sent` is in flight, nor will be sent.
    #[inline]
    pub(super) fn skip_to(&self, sent: u16) {
        self.sent.store(sent, Ordering::Release);
        self.head.store(number_of::<SIZE>(sent), Ordering::Release);
    }

    pub(super) fn bits(&self) -> u16 {
        self.bits.load_own()
    }

    pub(super) fn set_bits(&self, bits: u16) {
        self.bits.store(bits, Ordering::Relaxed);
    }
}
