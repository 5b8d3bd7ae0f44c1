//! EasyDMA: one transfer at a time between RAM and the buffers of all endpoints.
//!
//! What a transfer reads or writes is owned by it, and comes back when it is over: no packet can be
//! dropped, and no slot read, while the hardware is at it.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::sync::atomic::{Ordering, compiler_fence};

use usbd_acm::{Direction, RxSlot, TxPacket};

use crate::errata;
use crate::line::Line;
use crate::registers::{Access, ENABLE, Usbd, amount, end, size_out};

/// Reads of an event in a wait for the end of a DMA. A DMA of 64 bytes takes some µs; a read takes
/// 60 ns at least, so that this is above 60 µs.
const WAIT: u32 = 1000;

/// Bytes of a packet on EP0.
pub(crate) const EP0_PACKET: usize = 64;

/// A transfer between RAM and the buffer of an endpoint.
pub(crate) enum Transfer {
    /// None.
    Idle,
    /// A packet of EP0 to the host, of this many bytes that were [loaded](Dma::load).
    Ep0In(u8),
    /// A packet of EP0 from the host.
    Ep0Out,
    /// A packet to the host, on this endpoint number.
    In(u8, TxPacket),
    /// A packet from the host, on this endpoint number.
    Out(u8, RxSlot),
}

impl Transfer {
    fn line(&self) -> Line {
        match self {
            Self::Idle | Self::Ep0In(_) => Line::EP0_IN,
            Self::Ep0Out => Line::EP0_OUT,
            Self::In(number, _) => Line::new(Direction::In, *number),
            Self::Out(number, _) => Line::new(Direction::Out, *number),
        }
    }
}

/// The one EasyDMA channel. It lies in a [`State`](crate::State) that is borrowed for good.
pub(crate) struct Dma {
    running: Transfer,
    /// Bit 0: whether an odd number of bytes was moved since the peripheral was enabled.
    parity: u8,
    /// Where the packets of EP0 lie in RAM: what the host asks for is in flash, where EasyDMA cannot
    /// read (§6.35.11).
    bounce: UnsafeCell<[u8; EP0_PACKET]>,
}

impl Dma {
    pub(crate) const fn new() -> Self {
        Self { running: Transfer::Idle, parity: 0, bounce: UnsafeCell::new([0; EP0_PACKET]) }
    }

    pub(crate) fn running(&self) -> &Transfer {
        &self.running
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.running, Transfer::Idle)
    }

    /// Starts a transfer; nothing runs. The packet of an OUT endpoint is as long as SIZE says.
    pub(crate) fn start(&mut self, usbd: &Usbd, transfer: Transfer) {
        if !self.is_idle() {
            return;
        }
        self.running = transfer;
        let line = self.running.line();
        let (memory, length): (*const u8, usize) = match &mut self.running {
            Transfer::In(_, packet) if !packet.is_empty() => (packet.as_ptr(), packet.len().into()),
            Transfer::Out(_, slot) => (slot.as_mut_ptr().cast_const(), slot.len()),
            Transfer::Ep0In(length) => (self.bounce.get().cast_const().cast(), (*length).into()),
            Transfer::Ep0Out => (self.bounce.get().cast_const().cast(), EP0_PACKET),
            // A zero-length packet lies nowhere.
            Transfer::Idle | Transfer::In(..) => (self.bounce.get().cast_const().cast(), 0),
        };
        let mut length = u32::try_from(length).unwrap_or(0);
        if line.out() != 0 {
            // MAXCNT is what came, or less where that does not fit.
            length = length.min(usbd.read(size_out(line)));
        }
        // What was written before is in memory before the hardware reads it.
        compiler_fence(Ordering::Release);
        errata::erratum_199_begin(usbd);
        // SAFETY: no DMA runs, as `running` was idle. The memory is the bounce, which lies in a
        // `State` that is borrowed for good, and is not reached by `bounce` while it is in use; or a
        // packet or slot, which are in statics, in RAM as they are written to, and owned by `running`
        // until the end is seen. The length is at most that of the memory.
        unsafe { usbd.start(line, memory, length) };
    }

    /// The transfer that is over, with the bytes that were moved.
    pub(crate) fn finish(&mut self, usbd: &Usbd) -> Option<(Transfer, u8)> {
        (!self.is_idle() && usbd.is_set(end(self.running.line()))).then(|| self.end(usbd))
    }

    /// Waits until the hardware is done with the transfer that runs, at most [`WAIT`] reads. Where
    /// it does not come to an end the peripheral is disabled, which stops it.
    pub(crate) fn wait(&self, usbd: &Usbd) {
        let end = end(self.running.line());
        if !self.is_idle() && !(0..WAIT).any(|_| usbd.is_set(end)) {
            usbd.write(ENABLE, 0);
        }
    }

    /// [Waits](Self::wait) until no transfer runs, and drops it.
    pub(crate) fn stop(&mut self, usbd: &Usbd) {
        self.wait(usbd);
        self.end(usbd);
    }

    fn end(&mut self, usbd: &Usbd) -> (Transfer, u8) {
        let line = self.running.line();
        usbd.write(end(line), 0);
        // What the hardware wrote is not read before.
        compiler_fence(Ordering::Acquire);
        errata::erratum_199_end(usbd);
        let [moved, ..] = usbd.read(amount(line)).to_le_bytes();
        self.parity ^= moved;
        (core::mem::replace(&mut self.running, Transfer::Idle), moved)
    }

    /// Moves a byte to EP0 where an odd number was moved: disabled in between, the chip makes a bus
    /// fault of the next DMA. Known from the manufacturer's own driver.
    pub(crate) fn even_out(&mut self, usbd: &Usbd) {
        if self.parity & 1 != 0 {
            self.start(usbd, Transfer::Ep0In(1));
            self.stop(usbd);
        }
    }

    /// Loads a packet to be sent on EP0, at most [`EP0_PACKET`] bytes of it, and returns its length.
    pub(crate) fn load(&mut self, packet: &[u8]) -> u8 {
        let Some(bounce) = self.bounce() else { return 0 };
        let mut length = 0;
        for (to, from) in bounce.iter_mut().zip(packet) {
            *to = *from;
            length += 1;
        }
        length
    }

    /// The packet that came last on EP0. `None` while a transfer of EP0 runs.
    pub(crate) fn bounce(&mut self) -> Option<&mut [u8; EP0_PACKET]> {
        if let Transfer::Ep0In(_) | Transfer::Ep0Out = self.running {
            return None;
        }
        Some(self.bounce.get_mut())
    }
}
