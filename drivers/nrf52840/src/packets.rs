//! Bulk and interrupt packets: between their places in RAM and the endpoints' buffers.

use usbd_acm::{EndpointAddress, Event, RxSlot, TxPacket};

use crate::dma::{Idle, Ready};
use crate::line::Line;
use crate::registers::{
    Access, DTOGGLE, EPDATA, EPDATASTATUS, EPINEN, EPOUTEN, EPSTALL, Register, USBRESET, Usbd,
    halted_out, maxcnt, size_out,
};
use crate::{Nrf52840, Supply};

/// EPSTALL.STALL.
const STALL: u32 = 1 << 8;
/// DTOGGLE.VALUE: Data0.
const DATA0: u32 = 1 << 8;
/// EPINEN and EPOUTEN: EP0.
const EP0: u32 = 1;

/// What happened to packets.
impl<S: Supply, const PORTS: usize, const DEPTH: usize> Nrf52840<S, PORTS, DEPTH> {
    /// Takes down which endpoints moved a packet. EPDATA is cleared first: what comes in between
    /// sets it again.
    #[inline(never)]
    pub(crate) fn collect(&mut self) {
        self.state.done |= self.moved();
    }

    #[inline(always)]
    fn moved(&self) -> u16 {
        let usbd = &self.usbd;
        if !usbd.take(EPDATA) {
            return 0;
        }
        let status = usbd.read(EPDATASTATUS);
        usbd.write(EPDATASTATUS, status);
        Line::set_of(status)
    }

    /// The same, and moves the next packet, ahead of all else: the host may ask at once for the next one
    /// of an IN endpoint, or send it to an OUT endpoint, and a few µs after its token the chip refuses it.
    /// Returns the line.
    #[inline(always)]
    pub(crate) fn make_room(&mut self) -> Option<Line> {
        let done = self.state.done | self.moved();
        self.state.done = done;
        if let Some(ready) = self.state.dma.startable_out(done) {
            return self.start_at_once(ready);
        }
        let ready = self.state.dma.follower(done)?;
        self.start_at_once(ready)
    }

    #[inline(always)]
    fn start_at_once(&mut self, ready: Ready) -> Option<Line> {
        let idle = self.state.dma.idle()?;
        let may_start = self.state.power.is_awake() && !self.usbd.is_set(USBRESET);
        may_start.then(|| self.start(ready, idle))
    }

    /// A DMA from an OUT endpoint is over, or the host acknowledged a packet.
    pub(crate) fn packet_event(&mut self, line: Line) -> Option<Event> {
        let Some(address) = line.address() else { return Some(Event::Ep0Received) };
        if line.is_out() {
            let slot = self.state.dma.take_slot(line)?;
            let [moved, ..] = self.usbd.read(maxcnt(line)).to_le_bytes();
            return Some(Event::Received(address, slot, moved.into()));
        }
        self.state.done &= !line.bit();
        // Nothing is armed where it was aborted when the host already had it.
        let is_sent = self.state.dma.sent(line);
        if DEPTH > 1 {
            self.start_next();
        }
        is_sent.then_some(Event::Sent(address))
    }

    /// Ends the DMA that is over, if it is, and starts the next one.
    #[inline(always)]
    pub(crate) fn change_dma(&mut self) -> Option<Line> {
        let over = self.state.dma.finish(&self.usbd);
        self.start_next();
        over
    }

    /// Starts the next DMA, unless one runs: for EP0 first. In low power tasks are lost.
    #[inline(never)]
    pub(crate) fn start_next(&mut self) {
        let Some(idle) = self.state.dma.idle() else { return };
        if !self.state.power.is_awake() {
            return;
        }
        if self.state.dma.ep0.is_due() {
            self.start_control();
        }
        // The OUT lines only with a packet for their slot.
        let lines = self.state.done | Line::INS | Line::EP0_IN.bit();
        if let Some(ready) = self.state.dma.startable(lines) {
            self.start(ready, idle);
        }
    }

    #[inline(always)]
    fn start(&mut self, ready: Ready, idle: Idle) -> Line {
        let line = ready.line();
        let length = self.state.dma.start(&self.usbd, ready, idle);
        let odd = if length & 1 != 0 { Line::ODD } else { 0 };
        self.state.done = self.state.done & !line.bit() ^ odd;
        line
    }
}

/// What the stack asks for.
impl<S: Supply, const PORTS: usize, const DEPTH: usize> Nrf52840<S, PORTS, DEPTH> {
    pub(crate) fn push_in(
        &mut self,
        address: EndpointAddress,
        packet: TxPacket,
    ) -> Result<(), TxPacket> {
        self.state.dma.push_in(&self.usbd, Line::input(address), packet)?;
        self.start_next();
        Ok(())
    }

    pub(crate) fn push_out(
        &mut self,
        address: EndpointAddress,
        slot: RxSlot,
    ) -> Result<(), RxSlot> {
        let line = Line::output(address);
        self.state.dma.push_out(&self.usbd, line, slot)?;
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
        self.collect();
        // What came while there was no slot belongs to nobody.
        self.state.done &= !(line.bit() | line.closed_bit());
        self.usbd.write(size_out(line), 0);
    }

    /// Opens an endpoint: nothing armed, not halted, DATA0.
    pub(crate) fn enable(&mut self, address: EndpointAddress) {
        let line = Line::of(address);
        self.drop_packets(line.bit());
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

    /// Drops the packets and slots of these lines, also those in hardware, and what was not told of them.
    #[inline(never)]
    pub(crate) fn drop_packets(&mut self, lines: u16) {
        let settled = self.settle();
        self.state.dma.clear(&self.usbd, lines, settled);
        self.collect();
        self.state.done = self.state.done & !lines | (lines & Line::OUTS) << Line::CLOSED;
    }

    /// Closes every endpoint but EP0, and drops all packets and slots.
    pub(crate) fn close_endpoints(&mut self) {
        self.usbd.write(EPINEN, EP0);
        self.usbd.write(EPOUTEN, EP0);
        self.drop_packets(Line::INS | Line::OUTS);
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
