//! EasyDMA: one transfer at a time between RAM and the buffers of all endpoints.
//!
//! What a transfer reads or writes is owned here, so that no packet can be dropped, and no slot taken
//! out, while the hardware is at it.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::sync::atomic::{Ordering, compiler_fence};

use usbd_acm::{RxSlot, TxPacket};

use crate::control::Ep0;
use crate::errata;
use crate::line::Line;
use crate::registers::{Access, ENABLE, Usbd, end, size_out};

/// Reads of an event in a wait for the end of a DMA. A DMA of 64 bytes takes some µs; a read takes
/// 60 ns at least, so that this is above 60 µs.
const WAIT: u32 = 1000;

/// Bytes of a packet on EP0.
pub(crate) const EP0_PACKET: u8 = 64;

/// The one EasyDMA channel, and what it moves. It lies in a [`State`](crate::State), which is borrowed
/// for good.
#[repr(C)]
pub(crate) struct Dma<const PORTS: usize> {
    running: Option<Line>,
    /// What the channel has to be idle for, and what follows from it.
    pub(crate) ep0: Ep0,
    /// Bytes of the packet of EP0: loaded to be sent, or the one that came.
    ep0_length: u8,
    /// Bit 0: whether an odd number of bytes was moved since the peripheral was enabled.
    parity: u8,
    /// The IN lines whose packet is not in the endpoint's buffer, nor on its way there, and the OUT
    /// lines with a slot, by their bits in EPDATASTATUS.
    startable: u32,
    /// Packets that the host does not have yet.
    ins: [[Option<TxPacket>; 2]; PORTS],
    /// Slots for the packets that come.
    outs: [Option<RxSlot>; PORTS],
    /// Where the packets of EP0 lie in RAM: what the host asks for is in flash, where EasyDMA cannot
    /// read.
    bounce: UnsafeCell<[u8; EP0_PACKET as usize]>,
}

impl<const PORTS: usize> Dma<PORTS> {
    pub(crate) const fn new() -> Self {
        Self {
            running: None,
            ep0: Ep0::Idle,
            ep0_length: 0,
            parity: 0,
            startable: 0,
            ins: [const { [const { None }; 2] }; PORTS],
            outs: [const { None }; PORTS],
            bounce: UnsafeCell::new([0; EP0_PACKET as usize]),
        }
    }

    pub(crate) fn running(&self) -> Option<Line> {
        self.running
    }

    /// Starts a transfer, if none runs and there is what to move.
    #[inline(never)]
    pub(crate) fn start(&mut self, usbd: &Usbd, line: Line) {
        if self.running.is_some() {
            return;
        }
        let Some((memory, mut length)) = self.memory(line) else { return };
        if line.is_out() {
            // MAXCNT is what came, or less where that does not fit.
            length = length.min(usbd.read(size_out(line)));
        }
        let [low, ..] = length.to_le_bytes();
        self.parity ^= low;
        self.running = Some(line);
        self.startable &= !line.bit();
        // What was written before is in memory before the hardware reads it.
        compiler_fence(Ordering::Release);
        errata::erratum_199_begin(usbd);
        // SAFETY: no DMA runs. The memory is the bounce, which lies in a `State` that is borrowed for
        // good, and which `bounce` does not reach while a DMA of EP0 runs; or a packet or slot, which
        // are in statics, in RAM as they are written to, and which stay in their place while this line
        // runs. The length is at most that of the memory.
        unsafe { usbd.start(line, memory, length) };
    }

    /// What a transfer of this line moves, or as much as it may.
    fn memory(&mut self, line: Line) -> Option<(*const u8, u32)> {
        let bounce = self.bounce.get().cast_const().cast();
        let (memory, length): (*const u8, usize) = if line.number() == 0 {
            (bounce, self.ep0_length.into())
        } else if line.is_out() {
            let slot = self.slot(line)?.as_mut()?;
            (slot.as_mut_ptr().cast_const(), slot.len())
        } else {
            let packet = self.packet(line)?.as_ref()?;
            // A zero-length packet lies nowhere.
            (if packet.is_empty() { bounce } else { packet.as_ptr() }, packet.len().into())
        };
        Some((memory, u32::try_from(length).unwrap_or(0)))
    }

    /// The line whose transfer is over.
    #[inline]
    pub(crate) fn finish(&mut self, usbd: &Usbd) -> Option<Line> {
        let line = self.running?;
        if !usbd.is_set(end(line)) {
            return None;
        }
        self.end(usbd);
        Some(line)
    }

    /// Whether a transfer of EP0 runs.
    pub(crate) fn is_at_ep0(&self) -> bool {
        self.running.is_some_and(|line| line.number() == 0)
    }

    /// Waits until the hardware is done with the transfer that runs, at most [`WAIT`] reads. Where
    /// it does not come to an end the peripheral is disabled, which stops it. Returns whether it came
    /// to an end.
    pub(crate) fn wait(&self, usbd: &Usbd) -> bool {
        let Some(line) = self.running else { return true };
        let is_over = (0..WAIT).any(|_| usbd.is_set(end(line)));
        if !is_over {
            usbd.write(ENABLE, 0);
        }
        is_over
    }

    /// The transfer that runs, if one does, is over.
    #[inline(never)]
    pub(crate) fn end(&mut self, usbd: &Usbd) {
        let Some(line) = self.running.take() else { return };
        usbd.write(end(line), 0);
        // What the hardware wrote is not read before.
        compiler_fence(Ordering::Acquire);
        errata::erratum_199_end(usbd);
    }

    /// Starts to move a byte to EP0 where an odd number was moved: disabled in between, the chip makes
    /// a bus fault of the next DMA. Known from the manufacturer's own driver.
    pub(crate) fn even_out(&mut self, usbd: &Usbd) {
        if self.parity & 1 != 0 {
            self.ep0_length = 1;
            self.start(usbd, Line::EP0_IN);
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

    /// How much of a packet there is room for; then how much came.
    pub(crate) fn set_length(&mut self, length: u8) {
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
    fn bounce(&mut self) -> Option<&mut [u8; EP0_PACKET as usize]> {
        if self.is_at_ep0() { None } else { Some(self.bounce.get_mut()) }
    }
}

/// Packets and slots.
impl<const PORTS: usize> Dma<PORTS> {
    /// The IN lines with a packet that can start, and the OUT lines with a slot.
    pub(crate) fn startable(&self) -> u32 {
        self.startable
    }

    fn packet(&mut self, line: Line) -> Option<&mut Option<TxPacket>> {
        self.ins.as_flattened_mut().get_mut(line.index())
    }

    fn slot(&mut self, line: Line) -> Option<&mut Option<RxSlot>> {
        self.outs.get_mut(line.index())
    }

    /// Takes a packet in, or gives it back when there is no room.
    pub(crate) fn push_in(&mut self, line: Line, packet: TxPacket) -> Result<(), TxPacket> {
        match self.packet(line) {
            Some(place @ None) => *place = Some(packet),
            _ => return Err(packet),
        }
        self.startable |= line.bit();
        Ok(())
    }

    /// Takes a slot in, or gives it back when there is no room.
    pub(crate) fn push_out(&mut self, line: Line, slot: RxSlot) -> Result<(), RxSlot> {
        match self.slot(line) {
            Some(place @ None) => *place = Some(slot),
            _ => return Err(slot),
        }
        self.startable |= line.bit();
        Ok(())
    }

    /// The host has the packet of an IN line. `false` when there was none, or it is not even in the
    /// endpoint's buffer.
    pub(crate) fn sent(&mut self, line: Line) -> bool {
        self.startable & line.bit() == 0 && self.drop_packet(line)
    }

    /// Drops the packet of an IN line, unless its transfer runs. Returns whether it was in the
    /// endpoint's buffer.
    pub(crate) fn drop_packet(&mut self, line: Line) -> bool {
        if self.running == Some(line) {
            return false;
        }
        let was_armed = self.startable & line.bit() == 0;
        self.startable &= !line.bit();
        self.packet(line).and_then(Option::take).is_some() && was_armed
    }

    /// Takes the slot of an OUT line out, unless its transfer runs.
    pub(crate) fn take_slot(&mut self, line: Line) -> Option<RxSlot> {
        if self.running == Some(line) {
            return None;
        }
        self.startable &= !line.bit();
        self.slot(line)?.take()
    }
}
