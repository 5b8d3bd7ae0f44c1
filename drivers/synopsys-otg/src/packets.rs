//! Bulk and interrupt packets: between the queues in RAM and the FIFOs.

use usbd_acm::{Direction, Endpoint, EndpointAddress, Event, RxSlot, TransferType, TxPacket};

use crate::endpoint::{Line, ctl, int, tsiz};
use crate::fifo;
use crate::queue::{InQueues, OutQueue};
use crate::registers::{DAINT, GINTSTS, GRXSTSP, GRXSTSR, Usb, pend, unpend};
use crate::{Core, State, SynopsysOtg};

/// GINTSTS: the receive FIFO is not empty.
pub(crate) const RXFLVL: u32 = 1 << 4;
/// Entries that a receive FIFO can have, and more.
const ENTRIES: u32 = 1024;

/// An entry of the receive FIFO, as GRXSTSR has it: a packet, or something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry(pub(crate) u32);

/// PKTSTS of an entry. What else there is, as of global OUT NAK, says nothing of packets.
mod status {
    /// A packet follows.
    pub(crate) const DATA: u32 = 2;
    /// A transfer is over.
    pub(crate) const DONE: u32 = 3;
    /// A SETUP stage is over: no other SETUP packet belongs to it.
    pub(crate) const SETUP_DONE: u32 = 4;
    /// A SETUP packet follows.
    pub(crate) const SETUP: u32 = 6;
}

impl Entry {
    const fn status(self) -> u32 {
        self.0 >> 17 & 0xF
    }

    /// BCNT.
    pub(crate) const fn bytes(self) -> u16 {
        let [low, high, ..] = (self.0 >> 4 & 0x7FF).to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// EPNUM.
    const fn number(self) -> u32 {
        self.0 & 0xF
    }
}

/// What happened to packets.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// An IN endpoint whose transfer is over.
    pub(crate) fn in_event(&mut self) -> Option<Event> {
        let number = self.usb.read(DAINT).trailing_zeros();
        let line = Line::new(number, Direction::In);
        let happened = self.usb.read(line.interrupts());
        self.usb.write(line.interrupts(), happened);
        if happened & int::XFRC == 0 {
            return None;
        }
        if number == 0 {
            return self.control_sent();
        }
        let mut queue = self.state.in_queue(line)?;
        let sent = queue.over();
        if DEPTH > 2 {
            self.start_in(line);
        }
        if sent { line.address().map(Event::Sent) } else { None }
    }

    /// A packet of a transfer of which another one was told, or that goes on.
    pub(crate) fn next_sent(&mut self) -> Option<Event> {
        if DEPTH == 2 {
            return None;
        }
        for (number, _) in (1..).zip(0..2 * PORTS) {
            let line = Line::new(number, Direction::In);
            let mut queue = self.state.in_queue(line)?;
            if queue.is_long() {
                queue.left_in_fifo(packets_left(&self.usb, line));
            }
            if queue.sent() {
                // So that a transfer is one interrupt where one poll tells of all of it.
                if self.is_untold() {
                    pend::<C>()
                } else {
                    unpend::<C>()
                }
                return line.address().map(Event::Sent);
            }
        }
        None
    }

    /// A packet that was received.
    pub(crate) fn received(&mut self) -> Option<Event> {
        let index = match PORTS {
            1 => 0,
            _ => self.state.outs.iter().position(OutQueue::is_filled)?,
        };
        let [number, ..] = (index + 1).to_le_bytes();
        let address = EndpointAddress::new(number, Direction::Out)?;
        let (slot, length) = self.state.outs.get_mut(index)?.received()?;
        self.pend_if_untold();
        Some(Event::Received(address, slot, length))
    }

    /// No interrupt line tells of what is out of the receive FIFO.
    #[inline(always)]
    pub(crate) fn pend_if_untold(&self) {
        if self.is_untold() {
            pend::<C>();
        }
    }

    /// Whether a packet is in its slot, or was acknowledged with others, or a SETUP is over, that was not told.
    pub(crate) fn is_untold(&self) -> bool {
        let setup = self.is_setup_due();
        let State { outs, ins, .. } = &*self.state;
        // Without early exit, and so without a loop where there is one port.
        let untold = outs.iter().fold(setup, |untold, queue| untold | queue.is_filled());
        // Else each is told as it is acknowledged.
        untold | (DEPTH > 2 && ins.iter().any(InQueues::is_acknowledged))
    }

    /// Moves packets from the receive FIFO to their slots, and a SETUP packet to its place. Returns whether there
    /// is a data packet of EP0 on top, which ends it. So a packet may be told before a SETUP that was in front of
    /// it, as no host can tell: it does not know yet whether that SETUP was handled.
    #[inline(never)]
    pub(crate) fn make_way(&mut self) -> bool {
        self.skip_unread();
        for _ in 0..ENTRIES {
            if self.usb.read(GINTSTS) & RXFLVL == 0 {
                break;
            }
            let entry = Entry(self.usb.read(GRXSTSR));
            if !self.take(entry) {
                return true;
            }
        }
        false
    }

    /// Takes this entry, the oldest, out of the receive FIFO, with its packet. Leaves it there if it is data of
    /// EP0, and says so.
    #[inline(always)]
    fn take(&mut self, entry: Entry) -> bool {
        let usb = &self.usb;
        let line = Line::new(entry.number(), Direction::Out);
        let status = entry.status();
        if status == status::DATA {
            if line == Line::EP0_OUT {
                return false;
            }
            usb.read(GRXSTSP);
            self.store(line, entry.bytes());
            return true;
        }
        usb.read(GRXSTSP);
        // It interrupts nothing, but newer cores do not tell of the next SETUP stage while it stands.
        usb.write(line.interrupts(), int::TOLD);
        let control = &mut self.state.control;
        match status {
            status::DONE if line == Line::EP0_OUT => self.control_done(),
            status::DONE => self.start_out(line),
            status::SETUP_DONE => control.setup_over(),
            status::SETUP => control.setup_received(fifo::pop_word(usb), fifo::pop_word(usb)),
            _ => {}
        }
        true
    }

    /// Copies a packet to its slot. Where there is none, its endpoint was aborted, and it is dropped.
    fn store(&mut self, line: Line, bytes: u16) {
        let usb = &self.usb;
        let queue = self.state.out_queue(line);
        let stored = queue.and_then(|queue| queue.fill(|slot| fifo::pop(usb, slot, bytes)));
        if stored.is_none() {
            fifo::pop(usb, &mut [], bytes);
        }
    }
}

/// PKTCNT of an IN endpoint, which counts a packet down when it leaves the FIFO (RM0090 §34.16.4).
pub(crate) fn packets_left<C: Core>(usb: &Usb<C>, line: Line) -> u8 {
    let [left, ..] = (usb.read(line.size()) >> tsiz::PKTCNT).to_le_bytes();
    left
}

/// What the stack asks for.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// Takes another packet in on an IN endpoint, or gives it back when there is no room.
    pub(crate) fn push_in(&mut self, line: Line, packet: TxPacket) -> Result<(), TxPacket> {
        match self.state.in_queue(line) {
            Some(mut queue) => queue.push(packet)?,
            None => return Err(packet),
        }
        self.start_in(line);
        Ok(())
    }

    /// Arms an IN endpoint with what waits, unless it is busy, halted or closed.
    #[inline(never)]
    fn start_in(&mut self, line: Line) {
        let control = self.usb.read(line.control());
        if control & (ctl::EPENA | ctl::STALL | ctl::USBAEP) != ctl::USBAEP {
            return;
        }
        let Some(mut queue) = self.state.in_queue(line) else { return };
        let [low, high, ..] = (control & ctl::MPSIZ).to_le_bytes();
        let [number, ..] = line.number().to_le_bytes();
        let words = Self::PLAN.depth(number.into());
        let batch = queue.batch(u16::from_le_bytes([low, high]), words);
        let Some(batch) = batch else { return };
        let usb = &self.usb;
        let enable = || {
            let packets = u32::from(batch.packets) << tsiz::PKTCNT;
            usb.write(line.size(), tsiz::MCNT_1 | packets | u32::from(batch.bytes));
            usb.write(line.control(), control | ctl::EPENA | ctl::CNAK);
        };
        queue.arm(batch, enable, |packet| fifo::push(usb, line.number(), packet));
    }

    pub(crate) fn push_out(&mut self, line: Line, slot: RxSlot) -> Result<(), RxSlot> {
        match self.state.out_queue(line) {
            Some(queue) => queue.push(slot)?,
            None => return Err(slot),
        }
        self.start_out(line);
        Ok(())
    }

    /// Lets as many packets in on an OUT endpoint as there are slots, unless it is busy, halted or closed.
    /// No packet comes that has no slot: with the last one the core sets NAK (RM0090 §34.17.5).
    fn start_out(&mut self, line: Line) {
        let slots = self.state.out_queue(line).map_or(0, |queue| queue.empty());
        if slots == 0 {
            return;
        }
        let control = self.usb.read(line.control());
        if control & (ctl::EPENA | ctl::STALL | ctl::USBAEP) != ctl::USBAEP {
            return;
        }
        let bytes = slots * (control & ctl::MPSIZ);
        self.usb.write(line.size(), slots << tsiz::PKTCNT | bytes);
        self.usb.write(line.control(), control | ctl::EPENA | ctl::CNAK);
    }

    /// Opens an endpoint: nothing armed, not halted, DATA0.
    pub(crate) fn activate(&mut self, endpoint: Endpoint) {
        let line = Line::of(endpoint.address);
        let transfer_type = match endpoint.transfer_type {
            TransferType::Bulk => 2,
            TransferType::Interrupt => 3,
        };
        let fifo = if line.is_out() { 0 } else { line.number() << ctl::TXFNUM };
        let size = u32::from(endpoint.max_packet_size) & ctl::MPSIZ;
        let control = ctl::SNAK | ctl::SD0PID | ctl::USBAEP | transfer_type << ctl::EPTYP;
        self.usb.write(line.control(), control | fifo | size);
        // What it was closed with.
        self.drop_packets_of(line);
    }

    /// Closes every endpoint but EP0, and drops all packets and slots. None is disabled: one that is not active moves
    /// nothing, and without a host, or in a reset, it may not come to its end.
    pub(crate) fn close_endpoints(&mut self) {
        for index in 0..C::ENDPOINT_NUMBERS {
            let number = u32::from(index) + 1;
            self.close(Line::new(number, Direction::In));
            self.close(Line::new(number, Direction::Out));
        }
    }

    #[inline(always)]
    fn close(&mut self, line: Line) {
        self.drop_queue_of(line);
        self.usb.write(line.control(), ctl::SNAK);
    }

    /// Drops the packets or slots of an endpoint, also those in hardware.
    pub(crate) fn drop_packets_of(&mut self, line: Line) {
        self.disable(line);
        // What the host has taken at that very moment is not told.
        self.usb.write(line.interrupts(), int::XFRC);
        self.drop_queue_of(line);
    }

    fn drop_queue_of(&mut self, line: Line) {
        if line.is_out() {
            if let Some(queue) = self.state.out_queue(line) {
                queue.clear();
            }
        } else if let Some(mut queue) = self.state.in_queue(line) {
            queue.clear();
        }
    }

    pub(crate) fn begin_halt(&mut self, line: Line) {
        // Packets that were not acknowledged are sent at the end of the halt. Of a transfer that came to
        // its end XFRC tells, as always.
        let left = self.disable(line);
        if DEPTH > 2
            && let Some(left @ 1..) = left
            && let Some(mut queue) = self.state.in_queue(line)
        {
            queue.broken_off(left);
            pend::<C>();
        }
        let control = self.usb.read(line.control()) & !ctl::ACTIONS;
        self.usb.write(line.control(), control | ctl::STALL);
    }

    /// Ends a halt, and sets the toggle to DATA0.
    pub(crate) fn end_halt(&mut self, line: Line) {
        let control = self.usb.read(line.control()) & !ctl::ACTIONS & !ctl::STALL;
        self.usb.write(line.control(), control | ctl::SD0PID);
        match line.is_out() {
            true => self.start_out(line),
            // What was acknowledged, and is not told yet, is not sent again.
            false if self.usb.read(line.interrupts()) & int::XFRC != 0 => {}
            false => self.start_in(line),
        }
    }
}
