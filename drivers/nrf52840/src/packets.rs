//! Bulk and interrupt packets: between their places in RAM and the endpoints' buffers.

use usbd_acm::{EndpointAddress, Event, RxSlot, TxPacket};

use crate::State;
use crate::dma::{Idle, Over, Ready};
use crate::line::Line;
use crate::registers::{
    Access, DTOGGLE, EPDATA, EPDATASTATUS, EPINEN, EPOUTEN, EPSTALL, Register, USBRESET, Usbd,
    halted_out, maxcnt, size_out,
};

/// EPSTALL.STALL.
const STALL: u32 = 1 << 8;
/// DTOGGLE.VALUE: Data0.
const DATA0: u32 = 1 << 8;
/// EPINEN and EPOUTEN: EP0.
const EP0: u32 = 1;

/// What happened to packets.
impl<const PORTS: usize, const DEPTH: usize> State<PORTS, DEPTH> {
    /// Which endpoints moved a packet. EPDATA is cleared first: what comes in between
    /// sets it again.
    #[inline(always)]
    fn moved(usbd: &Usbd) -> u16 {
        if !usbd.take(EPDATA) {
            return 0;
        }
        let status = usbd.read(EPDATASTATUS);
        usbd.write(EPDATASTATUS, status);
        Line::set_of(status)
    }

    /// Takes it down, and moves the next packet, ahead of all else: the host may ask at once for the next one
    /// of an IN endpoint, or send it to an OUT endpoint, and a few µs after its token the chip refuses it.
    /// Returns the line.
    #[inline(always)]
    pub(crate) fn make_room(&mut self, usbd: &Usbd) -> Option<Line> {
        let done = self.done | Self::moved(usbd);
        self.done = done;
        if let Some(ready) = self.dma.startable_out(done) {
            return self.start_at_once(usbd, ready);
        }
        let ready = self.dma.follower(done)?;
        self.start_at_once(usbd, ready)
    }

    #[inline(always)]
    fn start_at_once(&mut self, usbd: &Usbd, ready: Ready) -> Option<Line> {
        let idle = self.dma.idle()?;
        let may_start = self.power.is_awake() && !usbd.is_set(USBRESET);
        may_start.then(|| self.start(usbd, ready, idle))
    }

    /// A DMA from an OUT endpoint is over.
    pub(crate) fn received(&mut self, usbd: &Usbd, over: Over) -> Option<Event> {
        let line = over.line();
        if line.number() == 0 {
            return Some(Event::Ep0Received);
        }
        let line = line.out_of(PORTS);
        let slot = self.dma.take_slot(over)?;
        let [moved, ..] = usbd.read(maxcnt(line)).to_le_bytes();
        line.address().map(|address| Event::Received(address, slot, moved.into()))
    }

    /// The host acknowledged a packet.
    pub(crate) fn acknowledged(&mut self, usbd: &Usbd, line: Line) -> Option<Event> {
        self.done &= !line.bit();
        // Nothing is armed where it was aborted when the host already had it.
        let is_sent = self.dma.sent(line);
        if DEPTH > 1 {
            self.start_next(usbd);
        }
        if is_sent { line.address().map(Event::Sent) } else { None }
    }

    /// Ends the DMA that is over, if it is, and starts the next one.
    #[inline(always)]
    pub(crate) fn change_dma(&mut self, usbd: &Usbd) -> Option<Over> {
        let over = self.dma.finish(usbd);
        self.start_next(usbd);
        over
    }

    /// Starts the next DMA, unless one runs: for EP0 first. In low power tasks are lost.
    #[inline(never)]
    pub(crate) fn start_next(&mut self, usbd: &Usbd) {
        let Some(idle) = self.dma.idle() else { return };
        if !self.power.is_awake() {
            return;
        }
        if self.dma.ep0.is_due() {
            self.start_control(usbd);
        }
        // The OUT lines only with a packet for their slot.
        let lines = self.done | Line::INS | Line::EP0;
        if let Some(ready) = self.dma.startable(lines) {
            self.start(usbd, ready, idle);
        }
    }

    #[inline(always)]
    fn start(&mut self, usbd: &Usbd, ready: Ready, idle: Idle) -> Line {
        let line = ready.line();
        let length = self.dma.start(usbd, ready, idle);
        let odd = if length & 1 != 0 { Line::ODD } else { 0 };
        self.done = self.done & !line.bit() ^ odd;
        line
    }
}

/// What the stack asks for.
impl<const PORTS: usize, const DEPTH: usize> State<PORTS, DEPTH> {
    pub(crate) fn push_in(
        &mut self,
        usbd: &Usbd,
        address: EndpointAddress,
        packet: TxPacket,
    ) -> Result<(), TxPacket> {
        self.dma.push_in(usbd, Line::input(address), packet)?;
        self.start_next(usbd);
        Ok(())
    }

    pub(crate) fn push_out(
        &mut self,
        usbd: &Usbd,
        address: EndpointAddress,
        slot: RxSlot,
    ) -> Result<(), RxSlot> {
        let line = Line::output(address);
        self.dma.push_out(usbd, line, slot)?;
        let line = line.out_of(PORTS);
        if self.done & line.closed_bit() != 0 {
            self.let_in(usbd, line);
        }
        self.start_next(usbd);
        Ok(())
    }

    /// Lets packets into an endpoint that had no slot since it was opened or aborted. From here on
    /// the end of each DMA does that, and a write would drop a packet that came since.
    #[cold]
    fn let_in(&mut self, usbd: &Usbd, line: Line) {
        self.settle(usbd);
        // What came while there was no slot belongs to nobody.
        self.forget(usbd, line.bit());
        self.done &= !line.closed_bit();
        usbd.write(size_out(line), 0);
    }

    /// Opens an endpoint: nothing armed, not halted, DATA0.
    pub(crate) fn enable(&mut self, usbd: &Usbd, address: EndpointAddress) {
        let line = Line::of(address);
        self.drop_packets(usbd, line.bit());
        let register = Register(EPINEN.0 + (EPOUTEN.0 - EPINEN.0) * line.out());
        usbd.write(register, usbd.read(register) | 1 << line.number());
        restart(usbd, address);
    }

    /// Ends a halt, and sets the toggle to DATA0.
    pub(crate) fn end_halt(&mut self, usbd: &Usbd, address: EndpointAddress) {
        let line = Line::of(address);
        self.settle(usbd);
        if line.is_out() {
            self.let_in_again(usbd, line.out_of(PORTS));
        }
        restart(usbd, address);
    }

    /// A halted endpoint lets no packet in, so none is lost by a write to SIZE; but one may be there.
    #[inline(always)]
    fn let_in_again(&self, usbd: &Usbd, line: Line) {
        let done = self.done | Line::set_of(usbd.read(EPDATASTATUS));
        let is_free = done & (line.bit() | line.closed_bit()) == 0;
        if is_free && usbd.is_set(halted_out(line)) {
            usbd.write(size_out(line), 0);
        }
    }

    pub(crate) fn begin_halt(&mut self, usbd: &Usbd, address: EndpointAddress) {
        self.settle(usbd);
        usbd.write(EPSTALL, u32::from(address.to_byte()) | STALL);
    }

    /// Drops the packets and slots of these lines, also those in hardware, and what was not told of them.
    #[inline(never)]
    pub(crate) fn drop_packets(&mut self, usbd: &Usbd, lines: u16) {
        let settled = self.settle(usbd);
        self.stop(usbd, lines);
        self.dma.clear(usbd, lines, settled);
        self.forget(usbd, lines);
        self.done |= (lines & Line::OUTS) << Line::CLOSED;
    }

    /// What these lines moved is not told.
    #[inline(always)]
    fn forget(&mut self, usbd: &Usbd, lines: u16) {
        usbd.write(EPDATASTATUS, Line::status_of(lines));
        self.done &= !lines;
    }

    /// Closes every endpoint but EP0, and drops all packets and slots.
    pub(crate) fn close_endpoints(&mut self, usbd: &Usbd) {
        usbd.write(EPINEN, EP0);
        usbd.write(EPOUTEN, EP0);
        self.drop_packets(usbd, Line::INS | Line::OUTS);
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
