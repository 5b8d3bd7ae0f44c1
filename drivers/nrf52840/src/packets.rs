//! Bulk and interrupt packets: between the queues in RAM and the endpoints' buffers.

use usbd_acm::{EndpointAddress, Event, RxSlot, TxPacket};

use crate::control::Task;
use crate::errata;
use crate::line::Line;
use crate::registers::{
    Access, DTOGGLE, EPDATA, EPDATASTATUS, EPINEN, EPOUTEN, EPSTALL, Usbd, halted_out, size_out,
};
use crate::{Nrf52840, Supply};

/// EPSTALL.STALL.
const STALL: u32 = 1 << 8;
/// DTOGGLE.VALUE: Data0.
const DATA0: u32 = 1 << 8;
/// EPINEN and EPOUTEN: EP0.
const EP0: u32 = 1;

/// What happened to packets.
impl<S: Supply, const PORTS: usize> Nrf52840<S, PORTS> {
    /// Takes down which endpoints moved a packet. EPDATA is cleared first: what comes in between
    /// sets it again.
    pub(crate) fn collect(&mut self) {
        let usbd = &self.usbd;
        if usbd.take(EPDATA) {
            let status = usbd.read(EPDATASTATUS);
            usbd.write(EPDATASTATUS, status);
            self.state.done |= status;
        }
    }

    /// What happened to packets, one thing after the other; and starts the DMA that it lets start.
    pub(crate) fn packet_event(&mut self) -> Option<Event> {
        self.collect();
        // A packet is acknowledged after the end of its DMA, so this comes after the other.
        let over = self.state.dma.finish(&self.usbd);
        let received = over.and_then(|(line, moved)| self.finished(line, moved));
        let event = received.or_else(|| self.acknowledged());
        self.start_next();
        event
    }

    /// What the DMA that is over leads to.
    fn finished(&mut self, line: Line, moved: u8) -> Option<Event> {
        if line == Line::EP0_OUT {
            self.state.dma.received(moved);
            return Some(Event::Ep0Received);
        }
        if !line.is_out() {
            return None;
        }
        let slot = self.state.dma.filled(line)?;
        Some(Event::Received(line.address()?, slot, moved.into()))
    }

    /// The next packet that the host acknowledged.
    fn acknowledged(&mut self) -> Option<Event> {
        let acknowledged = self.state.done & Line::INS;
        if acknowledged == 0 {
            return None;
        }
        let line = Line::lowest(acknowledged);
        self.state.done &= !line.bit();
        // Nothing is armed where it was aborted when the host already had it.
        if self.state.dma.sent(line) { line.address().map(Event::Sent) } else { None }
    }

    /// Starts the next DMA, unless one runs: for EP0 first.
    #[inline]
    pub(crate) fn start_next(&mut self) {
        let is_due = self.startable() != 0 || self.state.control.task != Task::None;
        if is_due && self.state.dma.running().is_none() {
            self.start_now();
        }
    }

    /// The IN lines with a packet that can start, and the OUT lines with a packet and a slot for it.
    fn startable(&self) -> u32 {
        self.state.dma.startable() & (self.state.done | Line::INS)
    }

    #[inline(never)]
    fn start_now(&mut self) {
        if self.state.power.is_asleep() {
            return;
        }
        let control = match self.state.control.task {
            Task::None => None,
            _ => self.start_control(),
        };
        let line = match control {
            Some(line) => line,
            None => {
                let lines = self.startable();
                if lines == 0 {
                    return;
                }
                let line = Line::lowest(lines);
                if line.is_out() {
                    self.state.done &= !line.bit();
                }
                line
            }
        };
        self.state.dma.start(&self.usbd, line);
    }
}

/// What the stack asks for.
impl<S: Supply, const PORTS: usize> Nrf52840<S, PORTS> {
    pub(crate) fn push_in(
        &mut self,
        address: EndpointAddress,
        packet: TxPacket,
    ) -> Result<(), TxPacket> {
        self.state.dma.push_in(Line::of(address), packet)?;
        self.start_next();
        Ok(())
    }

    pub(crate) fn push_out(
        &mut self,
        address: EndpointAddress,
        slot: RxSlot,
    ) -> Result<(), RxSlot> {
        let line = Line::of(address);
        self.state.dma.push_out(line, slot)?;
        if self.state.closed & line.bit() != 0 {
            self.let_in(line);
        }
        self.start_next();
        Ok(())
    }

    /// Lets packets into an endpoint that had no slot since it was opened or aborted. From here on
    /// the end of each DMA does that, and a write would drop a packet that came since.
    #[cold]
    fn let_in(&mut self, line: Line) {
        self.state.closed &= !line.bit();
        self.settle();
        // What came while there was no slot belongs to nobody.
        self.forget(line);
        self.usbd.write(size_out(line), 0);
    }

    /// Opens an endpoint: nothing armed, not halted, DATA0.
    pub(crate) fn enable(&mut self, line: Line) {
        self.drop_packets_of(line);
        let usbd = &self.usbd;
        let register = if line.is_out() { EPOUTEN } else { EPINEN };
        usbd.write(register, usbd.read(register) | 1 << line.number());
        restart(usbd, line);
    }

    /// Ends a halt, and sets the toggle to DATA0.
    pub(crate) fn end_halt(&mut self, line: Line) {
        self.settle();
        self.collect();
        let usbd = &self.usbd;
        let keeps_out = self.state.done | self.state.closed;
        // A halted endpoint lets no packet in, so none is lost by a write to SIZE; but one may be
        // there.
        if line.is_out() && keeps_out & line.bit() == 0 && usbd.is_set(halted_out(line)) {
            usbd.write(size_out(line), 0);
        }
        restart(usbd, line);
    }

    pub(crate) fn begin_halt(&mut self, line: Line) {
        self.settle();
        self.usbd.write(EPSTALL, line.selector() | STALL);
    }

    /// Drops the packets or slots of an endpoint, also those in hardware.
    pub(crate) fn drop_packets_of(&mut self, line: Line) {
        self.settle();
        if self.state.dma.clear(&self.usbd, line) {
            errata::disarm(&self.usbd, line);
        }
        if line.is_out() {
            self.state.closed |= line.bit();
        }
        self.forget(line);
    }

    /// Closes every endpoint but EP0, and drops all packets and slots.
    pub(crate) fn close_endpoints(&mut self) {
        self.usbd.write(EPINEN, EP0);
        self.usbd.write(EPOUTEN, EP0);
        for bit in 0..32 {
            let line = Line::lowest(1 << bit);
            if line.number() != 0 {
                self.drop_packets_of(line);
            }
        }
    }

    /// Forgets that an endpoint moved a packet.
    fn forget(&mut self, line: Line) {
        self.collect();
        self.state.done &= !line.bit();
    }
}

/// Not halted, DATA0. DTOGGLE selects the endpoint with the first write.
fn restart(usbd: &Usbd, line: Line) {
    usbd.write(DTOGGLE, line.selector());
    usbd.write(DTOGGLE, line.selector() | DATA0);
    usbd.write(EPSTALL, line.selector());
}
