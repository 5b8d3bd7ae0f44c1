//! EasyDMA: one transfer at a time between RAM and the buffers of all endpoints.
//!
//! What a transfer reads or writes is owned here, so that no packet can be dropped, and no slot taken
//! out, while the hardware is at it.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::sync::atomic::{Ordering, compiler_fence};

use usbd_acm::{RxSlot, TxPacket};

use crate::errata;
use crate::line::Line;
use crate::queue::{InQueue, OutQueue};
use crate::registers::{Access, ENABLE, Usbd, amount, end, size_out};

/// Reads of an event in a wait for the end of a DMA. A DMA of 64 bytes takes some µs; a read takes
/// 60 ns at least, so that this is above 60 µs.
const WAIT: u32 = 1000;

/// Bytes of a packet on EP0.
const EP0_PACKET: usize = 64;

/// The one EasyDMA channel, and what it moves. It lies in a [`State`](crate::State), which is borrowed
/// for good.
pub(crate) struct Dma<const PORTS: usize> {
    running: Option<Line>,
    /// Bytes of the packet of EP0: loaded to be sent, or the one that came.
    ep0_length: u8,
    /// Bit 0: whether an odd number of bytes was moved since the peripheral was enabled.
    parity: u8,
    /// The IN lines whose buffer is free and has a packet waiting for it, and the OUT lines with a
    /// slot, by their bits in EPDATASTATUS: as the queues say.
    startable: u32,
    ins: [[InQueue; 2]; PORTS],
    outs: [OutQueue; PORTS],
    /// Where the packets of EP0 lie in RAM: what the host asks for is in flash, where EasyDMA cannot
    /// read.
    bounce: UnsafeCell<[u8; EP0_PACKET]>,
}

impl<const PORTS: usize> Dma<PORTS> {
    pub(crate) const fn new() -> Self {
        Self {
            running: None,
            ep0_length: 0,
            parity: 0,
            startable: 0,
            ins: [const { [InQueue::NEW; 2] }; PORTS],
            outs: [const { OutQueue::NEW }; PORTS],
            bounce: UnsafeCell::new([0; EP0_PACKET]),
        }
    }

    pub(crate) fn running(&self) -> Option<Line> {
        self.running
    }

    /// Starts a transfer, if none runs and there is what to move.
    pub(crate) fn start(&mut self, usbd: &Usbd, line: Line) {
        if self.running.is_some() {
            return;
        }
        let Some((memory, mut length)) = self.memory(line) else { return };
        if line.is_out() {
            // MAXCNT is what came, or less where that does not fit.
            length = length.min(usbd.read(size_out(line)));
        }
        self.running = Some(line);
        // What was written before is in memory before the hardware reads it.
        compiler_fence(Ordering::Release);
        errata::erratum_199_begin(usbd);
        // SAFETY: no DMA runs. The memory is the bounce, which lies in a `State` that is borrowed for
        // good, and which `bounce` does not reach while a DMA of EP0 runs; or a packet or slot, which
        // are in statics, in RAM as they are written to, and which stay in their queue while this line
        // runs. The length is at most that of the memory.
        unsafe { usbd.start(line, memory, length) };
    }

    /// What a transfer of this line moves, or as much as it may.
    fn memory(&mut self, line: Line) -> Option<(*const u8, u32)> {
        let bounce = self.bounce.get().cast_const().cast();
        let (memory, length): (*const u8, usize) = match line {
            Line::EP0_IN => (bounce, self.ep0_length.into()),
            Line::EP0_OUT => (bounce, EP0_PACKET),
            _ if line.is_out() => {
                let slot = self.outs.get_mut(line.index())?.start()?;
                (slot.as_mut_ptr().cast_const(), slot.len())
            }
            _ => {
                self.startable &= !line.bit();
                let packet = self.ins.as_flattened_mut().get_mut(line.index())?.start()?;
                // A zero-length packet lies nowhere.
                (if packet.is_empty() { bounce } else { packet.as_ptr() }, packet.len().into())
            }
        };
        Some((memory, u32::try_from(length).unwrap_or(0)))
    }

    /// The line whose transfer is over, and the bytes that were moved.
    #[inline]
    pub(crate) fn finish(&mut self, usbd: &Usbd) -> Option<(Line, u8)> {
        let line = self.running?;
        usbd.is_set(end(line)).then(|| self.end(usbd, line))
    }

    /// Waits until the hardware is done with the transfer that runs, at most [`WAIT`] reads. Where
    /// it does not come to an end the peripheral is disabled, which stops it.
    pub(crate) fn wait(&self, usbd: &Usbd) {
        if let Some(line) = self.running
            && !(0..WAIT).any(|_| usbd.is_set(end(line)))
        {
            usbd.write(ENABLE, 0);
        }
    }

    /// [Waits](Self::wait) until no transfer of `line` runs.
    pub(crate) fn stop(&mut self, usbd: &Usbd, line: Line) {
        if self.running == Some(line) {
            self.wait(usbd);
            self.end(usbd, line);
        }
    }

    fn end(&mut self, usbd: &Usbd, line: Line) -> (Line, u8) {
        usbd.write(end(line), 0);
        // What the hardware wrote is not read before.
        compiler_fence(Ordering::Acquire);
        errata::erratum_199_end(usbd);
        self.running = None;
        let [moved, ..] = usbd.read(amount(line)).to_le_bytes();
        self.parity ^= moved;
        (line, moved)
    }

    /// Moves a byte to EP0 where an odd number was moved: disabled in between, the chip makes a bus
    /// fault of the next DMA. Known from the manufacturer's own driver.
    pub(crate) fn even_out(&mut self, usbd: &Usbd) {
        if self.parity & 1 != 0 {
            self.ep0_length = 1;
            self.start(usbd, Line::EP0_IN);
            self.stop(usbd, Line::EP0_IN);
        }
    }
}

/// EP0.
impl<const PORTS: usize> Dma<PORTS> {
    /// Loads a packet to be sent, cut to what EP0 takes.
    pub(crate) fn load(&mut self, packet: &[u8]) {
        let Some(bounce) = self.bounce() else { return };
        let mut length = 0;
        for (to, from) in bounce.iter_mut().zip(packet) {
            *to = *from;
            length += 1;
        }
        self.ep0_length = length;
    }

    /// A packet of this many bytes came.
    pub(crate) fn received(&mut self, length: u8) {
        self.ep0_length = length;
    }

    /// Copies the packet that came last, and what follows it in memory, to fill the buffer. Returns
    /// its length.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> usize {
        if let Some(bounce) = self.bounce() {
            buffer.iter_mut().zip(bounce).for_each(|(to, from)| *to = *from);
        }
        self.ep0_length.into()
    }

    /// `None` while a transfer of EP0 runs.
    fn bounce(&mut self) -> Option<&mut [u8; EP0_PACKET]> {
        match self.running {
            Some(Line::EP0_IN | Line::EP0_OUT) => None,
            _ => Some(self.bounce.get_mut()),
        }
    }
}

/// Packets and slots.
impl<const PORTS: usize> Dma<PORTS> {
    /// The IN lines with a packet that can start, and the OUT lines with a slot.
    pub(crate) fn startable(&self) -> u32 {
        self.startable
    }

    fn set_startable(&mut self, line: Line, is_startable: bool) {
        self.startable &= !line.bit();
        if is_startable {
            self.startable |= line.bit();
        }
    }

    fn in_queue(&mut self, line: Line) -> Option<&mut InQueue> {
        self.ins.as_flattened_mut().get_mut(line.index())
    }

    fn out_queue(&mut self, line: Line) -> Option<&mut OutQueue> {
        self.outs.get_mut(line.index())
    }

    /// Takes a packet in, or gives it back when there is no room.
    pub(crate) fn push_in(&mut self, line: Line, packet: TxPacket) -> Result<(), TxPacket> {
        let Some(queue) = self.in_queue(line) else { return Err(packet) };
        queue.push(packet)?;
        let is_startable = queue.is_startable();
        self.set_startable(line, is_startable);
        Ok(())
    }

    /// Takes a slot in, or gives it back when there is no room.
    pub(crate) fn push_out(&mut self, line: Line, slot: RxSlot) -> Result<(), RxSlot> {
        let Some(queue) = self.out_queue(line) else { return Err(slot) };
        queue.push(slot)?;
        self.startable |= line.bit();
        Ok(())
    }

    /// The host has the packet of an IN line. `false` when there was none, or it is not even in the
    /// endpoint's buffer.
    pub(crate) fn sent(&mut self, line: Line) -> bool {
        if self.running == Some(line) {
            return false;
        }
        let Some(queue) = self.in_queue(line) else { return false };
        let (sent, is_startable) = (queue.sent(), queue.is_startable());
        self.set_startable(line, is_startable);
        sent
    }

    /// The slot of an OUT line that was filled.
    pub(crate) fn filled(&mut self, line: Line) -> Option<RxSlot> {
        if self.running == Some(line) {
            return None;
        }
        let queue = self.out_queue(line)?;
        let (slot, is_startable) = (queue.received(), queue.is_startable());
        self.set_startable(line, is_startable);
        slot
    }

    /// Drops the packets or slots of a line, after its transfer. Returns whether a packet was in the
    /// endpoint's buffer.
    pub(crate) fn clear(&mut self, usbd: &Usbd, line: Line) -> bool {
        self.stop(usbd, line);
        self.set_startable(line, false);
        if line.is_out() {
            self.out_queue(line).map(OutQueue::clear);
            return false;
        }
        self.in_queue(line).is_some_and(InQueue::clear)
    }
}
