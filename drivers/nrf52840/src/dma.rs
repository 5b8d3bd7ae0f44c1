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
use crate::registers::{AMOUNT_EPOUT0, Access, ENABLE, Usbd, end, maxcnt, size_out};

/// Reads of an event in a wait for the end of a DMA. A DMA of 64 bytes takes some µs; a read takes
/// 60 ns at least, so that this is above 60 µs.
const WAIT: u32 = 1000;

/// Bytes of a packet on EP0.
const EP0_PACKET: u8 = 64;

/// Endpoint 1, in a set of lines.
const FIRST_IN: u32 = 1 << 1;
const FIRST_OUT: u32 = 1 << 9;

/// That no DMA moves anything until the next one is started.
pub(crate) struct Settled(());

/// That no DMA runs until the next one is started.
pub(crate) struct Idle(());

/// The line of a transfer that is over.
pub(crate) struct Over(Line);

impl Over {
    pub(crate) fn line(&self) -> Line {
        self.0
    }
}

/// A line whose memory is known to the hardware, and whose buffer is ready for its transfer.
pub(crate) struct Ready(Line);

impl Ready {
    pub(crate) fn line(&self) -> Line {
        self.0
    }
}

/// The one EasyDMA channel, and what it moves. It lies in a [`State`](crate::State), which is borrowed
/// for good.
///
/// Where the memory of an endpoint lies is written to its registers when it is given here, which may be
/// during the DMA of another one; for a second packet when the DMA of the first is over. STARTED would say
/// when its PTR and MAXCNT were captured, but takes more accesses than to wait for ENDEPIN\[n\].
#[repr(C)]
pub(crate) struct Dma<const PORTS: usize, const DEPTH: usize> {
    running: Option<Line>,
    /// What the channel has to be idle for, and what follows from it.
    pub(crate) ep0: Ep0,
    /// The IN lines whose first packet is not yet in the endpoint's buffer, the OUT lines whose slot is not
    /// yet filled, and those of EP0 that are to be moved; until the DMA is over.
    startable: u16,
    /// Packets that the host does not have yet: of each IN endpoint the one in its buffer, or on its way
    /// there, and the next one, whose place is known to the hardware.
    ins: [[[Option<TxPacket>; DEPTH]; 2]; PORTS],
    /// Slots for the packets that come.
    outs: [Option<RxSlot>; PORTS],
    /// Where the packets of EP0 lie in RAM: what the host asks for is in flash, where EasyDMA cannot
    /// read.
    bounce: UnsafeCell<[u8; EP0_PACKET as usize]>,
}

impl<const PORTS: usize, const DEPTH: usize> Dma<PORTS, DEPTH> {
    pub(crate) const fn new() -> Self {
        Self {
            running: None,
            ep0: Ep0::Idle,
            startable: 0,
            ins: [const { [const { [const { None }; DEPTH] }; 2] }; PORTS],
            outs: [const { None }; PORTS],
            bounce: UnsafeCell::new([0; EP0_PACKET as usize]),
        }
    }

    pub(crate) fn running(&self) -> Option<Line> {
        self.running
    }

    /// `None` while a transfer runs.
    pub(crate) fn idle(&self) -> Option<Idle> {
        if self.running.is_some() { None } else { Some(Idle(())) }
    }

    /// The first of these lines that is startable.
    #[inline(always)]
    pub(crate) fn startable(&self, lines: u16) -> Option<Ready> {
        let lines = self.startable & lines;
        if lines == 0 { None } else { Some(Ready(Line::first(lines))) }
    }

    /// The first OUT line of these that is startable.
    #[inline(always)]
    pub(crate) fn startable_out(&self, lines: u16) -> Option<Ready> {
        let ready = self.startable(lines & Line::outs(PORTS))?;
        Some(Ready(ready.0.out_of(PORTS)))
    }

    /// The first IN line of these, whose first packets the host has, if it has another one. Of one port
    /// that of data alone, which is constant.
    #[inline(always)]
    pub(crate) fn follower(&self, lines: u16) -> Option<Ready> {
        let lines =
            lines & !self.startable & if PORTS == 1 { Line::EP1_IN.bit() } else { Line::INS };
        if DEPTH == 1 || lines == 0 {
            return None;
        }
        let line = if PORTS == 1 { Line::EP1_IN } else { Line::first(lines) };
        let packets = self.ins.as_flattened().get(line.index())?;
        packets.get(1)?.as_ref().map(|_| Ready(line))
    }

    /// Starts a transfer. Returns the bytes that are moved.
    #[inline(always)]
    pub(crate) fn start(&mut self, usbd: &Usbd, Ready(line): Ready, _: Idle) -> u32 {
        let mut length = usbd.read(maxcnt(line));
        if line.is_out() {
            // What came, or less where that does not fit.
            length = length.min(usbd.read(size_out(line)));
            usbd.write(maxcnt(line), length);
        }
        // What was written before is in memory before the hardware reads it.
        compiler_fence(Ordering::Release);
        errata::erratum_199_begin(usbd);
        // SAFETY: no DMA runs. A line that is ready has a place: the bounce, which lies in a `State` that
        // is borrowed for good, and which `bounce` does not reach while a DMA of EP0 runs; or that of
        // a packet or slot, which are in statics, in RAM as they are written to, and which stay here
        // while their line is startable, as it is until the end of its transfer: `sent` looks, and
        // `take_slot` and `clear` are shown that end. MAXCNT is at most the length of the place.
        unsafe { usbd.start(line) };
        self.running = Some(line);
        if DEPTH > 1 {
            // A second packet follows a first one that was no longer startable.
            self.startable |= line.bit();
        }
        length
    }

    /// The line whose transfer is over.
    #[inline(never)]
    pub(crate) fn finish(&mut self, usbd: &Usbd) -> Option<Over> {
        let line = self.running?;
        let end = end(line);
        if !usbd.is_set(end) {
            return None;
        }
        usbd.write(end, 0);
        self.running = None;
        self.startable &= !line.bit();
        // What the hardware wrote is not read before.
        compiler_fence(Ordering::Acquire);
        errata::erratum_199_end(usbd);
        if DEPTH > 1 && !line.is_out() {
            self.place_second(usbd, line);
        }
        Some(Over(line))
    }

    /// Whether a transfer of EP0 runs.
    pub(crate) fn is_at_ep0(&self) -> bool {
        self.running.is_some_and(|line| line.number() == 0)
    }

    pub(crate) fn runs_at(&self, lines: u16) -> bool {
        self.running.is_some_and(|line| line.bit() & lines != 0)
    }

    /// Waits until the hardware is done with the transfer that runs, at most [`WAIT`] reads. Where
    /// it does not come to an end the peripheral is disabled, which stops it, and `failed` is called.
    #[inline]
    pub(crate) fn settle(&mut self, usbd: &Usbd, failed: impl FnOnce()) -> Settled {
        if let Some(line) = self.running
            && !(0..WAIT).any(|_| usbd.is_set(end(line)))
        {
            usbd.write(ENABLE, 0);
            self.running = None;
            failed();
        }
        Settled(())
    }
}

/// EP0.
impl<const PORTS: usize, const DEPTH: usize> Dma<PORTS, DEPTH> {
    /// Loads a packet to be sent, cut to what EP0 takes.
    pub(crate) fn load(&mut self, usbd: &Usbd, packet: &[u8]) {
        let Some(bounce) = self.bounce() else { return };
        let mut length = 0;
        for (to, from) in bounce.iter_mut().zip(packet) {
            *to = *from;
            length += 1;
        }
        self.place_ep0(usbd, Line::EP0_IN, length);
    }

    /// Lets the packet that is loaded be moved to the endpoint's buffer.
    pub(crate) fn send_ep0(&mut self) {
        self.startable |= Line::EP0_IN.bit();
    }

    /// Lets the packet that came be moved from the endpoint's buffer.
    pub(crate) fn fetch_ep0(&mut self, usbd: &Usbd) {
        self.place_ep0(usbd, Line::EP0_OUT, EP0_PACKET.into());
        self.startable |= Line::EP0_OUT.bit();
    }

    /// Lets nothing be moved to or from EP0.
    pub(crate) fn forget_ep0(&mut self) {
        self.startable &= !Line::EP0;
    }

    /// Has a byte moved to EP0.
    pub(crate) fn send_byte(&mut self, usbd: &Usbd) {
        self.place_ep0(usbd, Line::EP0_IN, 1);
        self.send_ep0();
    }

    fn place_ep0(&self, usbd: &Usbd, line: Line, length: u32) {
        usbd.place(line, self.bounce.get().cast_const().cast(), length);
    }

    /// Copies the packet that came last, and what follows it in memory, to fill the buffer. Returns
    /// its length.
    pub(crate) fn read(&mut self, usbd: &Usbd, buffer: &mut [u8]) -> usize {
        if let Some(bounce) = self.bounce() {
            buffer.iter_mut().zip(bounce).for_each(|(to, from)| *to = *from);
        }
        let [length, ..] = usbd.read(AMOUNT_EPOUT0).to_le_bytes();
        length.into()
    }

    /// `None` while a transfer of EP0 runs.
    fn bounce(&mut self) -> Option<&mut [u8; EP0_PACKET as usize]> {
        if self.is_at_ep0() { None } else { Some(self.bounce.get_mut()) }
    }
}

/// Packets and slots.
impl<const PORTS: usize, const DEPTH: usize> Dma<PORTS, DEPTH> {
    fn packets(&mut self, line: Line) -> Option<&mut [Option<TxPacket>]> {
        self.ins.as_flattened_mut().get_mut(line.index()).map(|packets| packets.as_mut_slice())
    }

    fn slot(&mut self, line: Line) -> Option<&mut Option<RxSlot>> {
        self.outs.get_mut(line.index())
    }

    /// Takes a packet in, or gives it back when there is no room.
    pub(crate) fn push_in(
        &mut self,
        usbd: &Usbd,
        line: Line,
        packet: TxPacket,
    ) -> Result<(), TxPacket> {
        let is_first_moved = self.startable & line.bit() == 0;
        let Some(packets) = self.packets(line) else { return Err(packet) };
        let (place, is_first) = match packets {
            [place @ None, ..] => (place, true),
            [_, place @ None] => (place, false),
            _ => return Err(packet),
        };
        let (memory, length) = extent(&packet);
        // There is none to drop, which the compiler does not see.
        core::mem::forget(place.replace(packet));
        if DEPTH == 1 || is_first_moved {
            self.place_packet(usbd, line, memory, length);
        }
        if is_first {
            self.startable |= line.bit();
        }
        Ok(())
    }

    /// The DMA of the first packet of an IN line is over, so that its registers are free for the next one.
    fn place_second(&mut self, usbd: &Usbd, line: Line) {
        if let Some([_, Some(packet)]) = self.packets(line) {
            let (memory, length) = extent(packet);
            self.place_packet(usbd, line, memory, length);
        }
    }

    fn place_packet(&self, usbd: &Usbd, line: Line, memory: *const u8, length: u32) {
        // A zero-length packet lies nowhere.
        let memory = if length == 0 { self.bounce.get().cast_const().cast() } else { memory };
        usbd.place(line, memory, length);
    }

    /// Takes a slot in, or gives it back when there is no room.
    pub(crate) fn push_out(
        &mut self,
        usbd: &Usbd,
        line: Line,
        mut slot: RxSlot,
    ) -> Result<(), RxSlot> {
        let Some(place @ None) = self.slot(line) else { return Err(slot) };
        let memory = slot.as_mut_ptr().cast_const();
        let length = u32::try_from(slot.len()).unwrap_or(0);
        core::mem::forget(place.replace(slot));
        let line = line.out_of(PORTS);
        usbd.place(line, memory, length);
        self.startable |= line.bit();
        Ok(())
    }

    /// The host has the packet of an IN line, and the next one may start. `false` when there was none, or
    /// it is not even in the endpoint's buffer.
    pub(crate) fn sent(&mut self, line: Line) -> bool {
        if self.startable & line.bit() != 0 || !self.advance(line) {
            return false;
        }
        if DEPTH > 1 && matches!(self.packets(line), Some([Some(_), ..])) {
            self.startable |= line.bit();
        }
        true
    }

    /// Drops the first packet of an IN line, whose place the next one takes. `false` when there was none.
    #[inline(always)]
    pub(crate) fn advance(&mut self, line: Line) -> bool {
        match self.packets(line) {
            Some([place]) => place.take().is_some(),
            Some([place, next, ..]) => core::mem::replace(place, next.take()).is_some(),
            _ => false,
        }
    }

    /// Takes the slot of an OUT line out, whose transfer is over.
    pub(crate) fn take_slot(&mut self, Over(line): Over) -> Option<RxSlot> {
        if line.number() == 0 {
            return None;
        }
        self.slot(line.out_of(PORTS))?.take()
    }

    /// Drops the packets and slots of these lines, also those in hardware.
    pub(crate) fn clear(&mut self, usbd: &Usbd, lines: u16, _: Settled) {
        let armed = u32::from(lines & !self.startable);
        self.startable &= !lines;
        let lines = u32::from(lines);
        let mut bit = FIRST_IN;
        for (number, packets) in (1..).zip(self.ins.as_flattened_mut()) {
            if lines & bit != 0 {
                let [first, next @ ..] = packets.as_mut_slice() else { continue };
                if first.take().is_some() && armed & bit != 0 {
                    errata::disarm(usbd, number);
                }
                next.fill_with(|| None);
            }
            bit <<= 1;
        }
        for index in 0..PORTS {
            if let Some(place) = self.outs.get_mut(index)
                && lines & FIRST_OUT << index != 0
            {
                drop(place.take());
            }
        }
    }
}

/// Where a packet lies, and its length.
#[inline(always)]
fn extent(packet: &TxPacket) -> (*const u8, u32) {
    (packet.as_ptr(), packet.len().into())
}
