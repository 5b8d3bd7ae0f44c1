//! Bulk and interrupt packets: between their places in RAM and the endpoints' buffers.

use usbd_acm::{EndpointAddress, Event, RxSlot, TxPacket};

use crate::errata;
use crate::line::Line;
use crate::registers::{
    Access, DTOGGLE, EPDATA, EPDATASTATUS, EPINEN, EPOUTEN, EPSTALL, Register, Usbd, amount_out,
    halted_out, size_out,
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

    /// A DMA from an OUT endpoint is over.
    pub(crate) fn received(&mut self, line: Line) -> Option<Event> {
        let [moved, ..] = self.usbd.read(amount_out(line)).to_le_bytes();
        let Some(address) = line.address() else {
            self.state.dma.set_length(moved);
            return Some(Event::Ep0Received);
        };
        let slot = self.state.dma.take_slot(line)?;
        Some(Event::Received(address, slot, moved.into()))
    }

    /// The host acknowledged a packet.
    pub(crate) fn sent(&mut self, line: Line) -> Option<Event> {
        self.state.done &= !line.bit();
        // Nothing is armed where it was aborted when the host already had it.
        if self.state.dma.sent(line) { line.address().map(Event::Sent) } else { None }
    }

    /// Starts the next DMA, unless one runs: for EP0 first. In low power tasks are lost.
    #[inline(never)]
    pub(crate) fn start_next(&mut self) {
        if self.state.dma.running().is_some() || !self.state.power.is_awake() {
            return;
        }
        let control = if self.state.dma.ep0.is_due() { self.start_control() } else { None };
        let line = match control {
            Some(line) => line,
            None => {
                // The IN lines with a packet, and the OUT lines with a packet and a slot for it.
                let lines = self.state.dma.startable() & (self.state.done | Line::INS);
                if lines == 0 {
                    return;
                }
                Line::lowest(lines)
            }
        };
        self.state.done &= !line.bit();
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
        if self.state.done & line.closed_bit() != 0 {
            self.let_in(line);
        }
        self.start_next();
        Ok(())
    }

    /// Lets packets into an endpoint that had no slot since it was opened or aborted. From here on
    /// the end of each DMA does that, and a write would drop a packet that came since.
    #[cold]
    fn let_in(&mut self, line: Line) {
        self.settle();
        // What came while there was no slot belongs to nobody.
        self.forget(line);
        self.state.done &= !line.closed_bit();
        self.usbd.write(size_out(line), 0);
    }

    /// Opens an endpoint: nothing armed, not halted, DATA0.
    pub(crate) fn enable(&mut self, address: EndpointAddress) {
        let line = Line::of(address);
        self.drop_packets_of(line);
        let usbd = &self.usbd;
        let register = Register(EPINEN.0 + (EPOUTEN.0 - EPINEN.0) * line.out());
        usbd.write(register, usbd.read(register) | 1 << line.number());
        restart(usbd, address);
    }

    /// Ends a halt, and sets the toggle to DATA0.
    pub(crate) fn end_halt(&mut self, address: EndpointAddress) {
        let line = Line::of(address);
        self.settle();
        self.collect();
        let usbd = &self.usbd;
        let keeps_out = line.bit() | line.closed_bit();
        // A halted endpoint lets no packet in, so none is lost by a write to SIZE; but one may be
        // there.
        if line.is_out() && self.state.done & keeps_out == 0 && usbd.is_set(halted_out(line)) {
            usbd.write(size_out(line), 0);
        }
        restart(usbd, address);
    }

    pub(crate) fn begin_halt(&mut self, address: EndpointAddress) {
        self.settle();
        self.usbd.write(EPSTALL, u32::from(address.to_byte()) | STALL);
    }

    /// Drops the packet or slot of an endpoint, also that in hardware.
    #[inline(never)]
    pub(crate) fn drop_packets_of(&mut self, line: Line) {
        self.settle();
        if self.state.dma.running() == Some(line) {
            self.state.dma.end(&self.usbd);
        }
        if line.is_out() {
            self.state.dma.take_slot(line);
            self.state.done |= line.closed_bit();
        } else if self.state.dma.drop_packet(line) {
            errata::disarm(&self.usbd, line);
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

/// Not halted, DATA0. The fields EP and IO of both registers are an endpoint's address; DTOGGLE selects
/// the endpoint with the first write.
fn restart(usbd: &Usbd, address: EndpointAddress) {
    let selector = address.to_byte().into();
    usbd.write(DTOGGLE, selector);
    usbd.write(DTOGGLE, selector | DATA0);
    usbd.write(EPSTALL, selector);
}
