//! Bulk and interrupt packets: between the queues in RAM and the endpoints' buffers.

use usbd_acm::{Direction, EndpointAddress, Event, RxSlot, TxPacket};

use crate::dma::Transfer;
use crate::errata;
use crate::line::Line;
use crate::queue::{InQueue, OutQueue};
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

    /// What the DMA that is over leads to.
    pub(crate) fn finished(&mut self) -> Option<Event> {
        let (transfer, moved) = self.state.dma.finish(&self.usbd)?;
        match transfer {
            Transfer::Idle | Transfer::Ep0In(_) => None,
            Transfer::Ep0Out => {
                self.state.control.received = moved;
                Some(Event::Ep0Received)
            }
            Transfer::In(number, packet) => {
                self.in_queue(number)?.started(packet);
                None
            }
            Transfer::Out(number, slot) => {
                let address = EndpointAddress::new(number, Direction::Out)?;
                Some(Event::Received(address, slot, u16::from(moved)))
            }
        }
    }

    /// The next packet that the host acknowledged.
    pub(crate) fn acknowledged(&mut self) -> Option<Event> {
        let [number, ..] = (self.state.done & Line::INS).trailing_zeros().to_le_bytes();
        let address = EndpointAddress::new(number, Direction::In)?;
        self.state.done &= !Line::of(address).bit();
        // Nothing was armed: it was aborted when the host already had it.
        self.in_queue(number)?.sent().then_some(Event::Sent(address))
    }

    /// Starts the next DMA, unless one runs: for EP0, then for what came, then for what goes.
    pub(crate) fn start_next(&mut self) {
        if !self.state.dma.is_idle() || self.start_control() {
            return;
        }
        let (outs, ins) =
            (self.state.outs.iter_mut(), self.state.ins.as_flattened_mut().iter_mut());
        for (number, queue) in (1..).zip(outs) {
            let bit = Line::new(Direction::Out, number).bit();
            if self.state.done & bit != 0
                && let Some(slot) = queue.start()
            {
                self.state.done &= !bit;
                return self.state.dma.start(&self.usbd, Transfer::Out(number, slot));
            }
        }
        for (number, queue) in (1..).zip(ins) {
            if let Some(packet) = queue.start() {
                return self.state.dma.start(&self.usbd, Transfer::In(number, packet));
            }
        }
    }

    fn in_queue(&mut self, number: u8) -> Option<&mut InQueue> {
        self.state.ins.as_flattened_mut().get_mut(usize::from(number).wrapping_sub(1))
    }

    fn out_queue(&mut self, number: u8) -> Option<&mut OutQueue> {
        self.state.outs.get_mut(usize::from(number).wrapping_sub(1))
    }
}

/// What the stack asks for.
impl<S: Supply, const PORTS: usize> Nrf52840<S, PORTS> {
    pub(crate) fn push_in(
        &mut self,
        address: EndpointAddress,
        packet: TxPacket,
    ) -> Result<(), TxPacket> {
        match self.in_queue(address.number()) {
            Some(queue) => queue.push(packet)?,
            None => return Err(packet),
        }
        self.start_next();
        Ok(())
    }

    pub(crate) fn push_out(
        &mut self,
        address: EndpointAddress,
        slot: RxSlot,
    ) -> Result<(), RxSlot> {
        match self.out_queue(address.number()) {
            Some(queue) => queue.push(slot)?,
            None => return Err(slot),
        }
        self.let_in(address);
        self.start_next();
        Ok(())
    }

    /// Lets packets into an endpoint that had no slot since it was opened or aborted. From here on
    /// the end of each DMA does that (§6.35.10), and a write would drop a packet that came since.
    fn let_in(&mut self, address: EndpointAddress) {
        let bit = 1 << address.number();
        if self.state.closed & bit == 0 {
            return;
        }
        self.state.closed &= !bit;
        self.settle();
        // What came while there was no slot belongs to nobody.
        self.forget(Line::of(address));
        self.usbd.write(size_out(Line::of(address)), 0);
    }

    /// Opens an endpoint: nothing armed, not halted, DATA0.
    pub(crate) fn enable(&mut self, address: EndpointAddress) {
        self.drop_packets_of(address);
        let line = Line::of(address);
        let register = if line.out() == 0 { EPINEN } else { EPOUTEN };
        let usbd = &self.usbd;
        usbd.write(register, usbd.read(register) | 1 << line.number());
        restart(usbd, line);
    }

    /// Ends a halt, and sets the toggle to DATA0.
    pub(crate) fn resume_endpoint(&mut self, address: EndpointAddress) {
        self.settle();
        self.collect();
        let line = Line::of(address);
        let holds_packet = self.state.done & line.bit() != 0;
        let is_closed = self.state.closed & 1 << address.number() != 0;
        let usbd = &self.usbd;
        if line.out() == 1 && !holds_packet && !is_closed && usbd.is_set(halted_out(line)) {
            // A halted endpoint lets no packet in, so none is lost by this.
            usbd.write(size_out(line), 0);
        }
        restart(usbd, line);
    }

    pub(crate) fn halt_endpoint(&mut self, address: EndpointAddress) {
        self.settle();
        self.usbd.write(EPSTALL, Line::of(address).selector() | STALL);
    }

    /// Drops the packets or slots of an endpoint, also those in hardware.
    pub(crate) fn drop_packets_of(&mut self, address: EndpointAddress) {
        self.settle();
        let line = Line::of(address);
        let number = address.number();
        let runs = match self.state.dma.running() {
            Transfer::In(n, _) => line.out() == 0 && *n == number,
            Transfer::Out(n, _) => line.out() == 1 && *n == number,
            _ => false,
        };
        if runs {
            self.state.dma.stop(&self.usbd);
        }
        match address.direction() {
            Direction::In => {
                let is_armed = self.in_queue(number).is_some_and(InQueue::clear) || runs;
                if is_armed {
                    errata::disarm(&self.usbd, line.number());
                }
            }
            Direction::Out => {
                self.state.closed |= 1 << number;
                if let Some(queue) = self.out_queue(number) {
                    queue.clear();
                }
            }
        }
        self.forget(line);
    }

    /// Closes every endpoint but EP0, and drops all packets and slots.
    pub(crate) fn close_endpoints(&mut self) {
        self.settle();
        if let Transfer::In(..) | Transfer::Out(..) = self.state.dma.running() {
            self.state.dma.stop(&self.usbd);
        }
        let usbd = &self.usbd;
        usbd.write(EPINEN, EP0);
        usbd.write(EPOUTEN, EP0);
        for (number, queue) in (1..).zip(self.state.ins.as_flattened_mut()) {
            queue.clear();
            errata::disarm(usbd, number);
        }
        self.state.outs.iter_mut().for_each(OutQueue::clear);
        self.collect();
        self.state.done = 0;
    }

    /// Forgets that an endpoint moved a packet.
    fn forget(&mut self, line: Line) {
        self.collect();
        self.state.done &= !line.bit();
    }
}

/// Not halted, DATA0. DTOGGLE selects the endpoint with the first write (§6.35.13.35).
fn restart(usbd: &Usbd, line: Line) {
    usbd.write(DTOGGLE, line.selector());
    usbd.write(DTOGGLE, line.selector() | DATA0);
    usbd.write(EPSTALL, line.selector());
}
