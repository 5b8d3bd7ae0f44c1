//! The control pipe, and the order in which events are told.

use usbd_acm::{Event, SetupPacket};

use crate::control::Ep0;
use crate::errata::disarm;
use crate::line::Line;
use crate::registers::{
    Access, BMREQUESTTYPE, EP0DATADONE, EP0RCVOUT, EP0SETUP, EP0STALL, EP0STATUS, Register,
    USBADDR, USBRESET, pend,
};
use crate::{Nrf52840, Supply};

/// SET_ADDRESS, which the chip answers by itself.
const SET_ADDRESS: u8 = 5;

impl<S: Supply, const PORTS: usize, const DEPTH: usize> Nrf52840<S, PORTS, DEPTH> {
    /// The next event, oldest first as far as the chip tells. Where there is another of which no
    /// interrupt line tells, the interrupt is pended.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        let event = self.look();
        if self.state.done & Line::INS != 0 {
            pend();
        }
        event
    }

    fn look(&mut self) -> Option<Event> {
        // A SETUP is told after the packets that came before it; so it is looked for before them.
        let setup = self.usbd.read(EP0SETUP);
        let started = self.make_room();
        // Power and clock are told of once, and so they are looked at each time.
        if !self.state.power.is_awake() || !self.supply.is_present() {
            let event = self.change();
            if event.is_some() || !self.state.power.is_attached() {
                return event;
            }
        }
        if self.usbd.take(USBRESET) {
            self.drop_all();
            return Some(Event::Reset(usbd_acm::Speed::Full));
        }
        if DEPTH > 1
            && let Some(line) = started
            && !line.is_out()
        {
            self.state.dma.advance(line);
            return line.address().map(Event::Sent);
        }
        if self.state.dma.ep0 == Ep0::Ended {
            self.state.dma.ep0 = Ep0::Idle;
            return Some(Event::Ep0Status);
        }
        // A packet is acknowledged after the end of its DMA, so this comes after the other.
        let over = if started.is_some() { None } else { self.change_dma() };
        let acknowledged = self.state.done & Line::INS;
        let packet = match over {
            Some(line) if line.is_out() => Some(line),
            _ if acknowledged != 0 => Some(Line::first(acknowledged)),
            _ => None,
        };
        if let Some(line) = packet {
            return self.packet_event(line);
        }
        // Of what there is beside a packet that moves the interrupt line tells.
        if over.is_some() || started.is_some() {
            return None;
        }
        if setup != 0 && self.state.dma.running().is_some_and(Line::is_out) {
            // The interrupt line is asserted until the SETUP is told: a DMA that does not end must not
            // keep it back for good.
            self.settle();
            return None;
        }
        self.control_event(setup)
    }

    /// What is not of a packet. `setup` is EP0SETUP, as it was read; a `bool` would have to be made.
    #[cold]
    #[inline(never)]
    fn control_event(&mut self, setup: u32) -> Option<Event> {
        if setup != 0 {
            return self.setup();
        }
        if !self.usbd.take(EP0DATADONE) {
            return self.bus_event();
        }
        match self.state.dma.ep0 {
            Ep0::Receiving => self.ask(Ep0::Fetch),
            Ep0::Sending => {
                self.state.dma.ep0 = Ep0::Idle;
                return Some(Event::Ep0Sent);
            }
            _ => {}
        }
        None
    }

    /// The SETUP packet that came, or first the SET_ADDRESS that the stack does not know of: the chip
    /// has answered one that was overwritten before it was looked at; or it has not taken the address
    /// of one that was, because the host gave up.
    fn setup(&mut self) -> Option<Event> {
        let [address, ..] = (self.usbd.read(USBADDR) & 0x7F).to_le_bytes();
        if address != self.state.address {
            self.state.address = address;
            let bytes = [0, SET_ADDRESS, address, 0, 0, 0, 0, 0];
            return Some(Event::Setup(SetupPacket::from_bytes(bytes)));
        }
        self.drop_control();
        self.usbd.write(EP0SETUP, 0);
        let mut bytes = [0; 8];
        let mut register = BMREQUESTTYPE.0;
        for byte in &mut bytes {
            [*byte, ..] = self.usbd.read(Register(register)).to_le_bytes();
            register += 4;
        }
        // One that comes while these are read is read the next time.
        let is_whole = !self.usbd.is_set(EP0SETUP);
        is_whole.then(|| Event::Setup(SetupPacket::from_bytes(bytes)))
    }

    /// Drops what is armed on EP0.
    pub(crate) fn drop_control(&mut self) {
        if self.state.dma.is_at_ep0() {
            self.settle();
            self.state.dma.end(&self.usbd);
        }
        if self.state.dma.ep0 == Ep0::Sending {
            disarm(&self.usbd, 0);
        }
        self.state.dma.ep0 = Ep0::Idle;
        self.state.dma.forget_ep0();
        self.usbd.write(EP0DATADONE, 0);
    }

    /// The status stage of SET_ADDRESS is the chip's own; a task would let the next one in.
    pub(crate) fn take_address(&mut self, address: u8) {
        self.state.address = address;
        self.end_control();
    }

    /// Has the hardware told what is due, as soon as no DMA runs.
    #[inline(never)]
    pub(crate) fn ask(&mut self, due: Ep0) {
        self.state.dma.ep0 = due;
        self.start_next();
    }

    /// Tells the hardware what is due on EP0; no DMA runs.
    #[cold]
    pub(crate) fn start_control(&mut self) {
        let due = core::mem::replace(&mut self.state.dma.ep0, Ep0::Idle);
        // What answers a SETUP that is over would answer the one that came since.
        if self.usbd.is_set(EP0SETUP) || self.usbd.is_set(USBRESET) {
            return;
        }
        match due {
            Ep0::Send => {
                self.state.dma.ep0 = Ep0::Sending;
                self.state.dma.send_ep0();
            }
            Ep0::Fetch => {
                self.state.done |= Line::EP0_OUT.bit();
                self.state.dma.fetch_ep0(&self.usbd);
            }
            Ep0::Receive => {
                self.state.dma.ep0 = Ep0::Receiving;
                self.usbd.write(EP0RCVOUT, 1);
            }
            Ep0::Status => {
                self.end_control();
                self.usbd.write(EP0STATUS, 1);
            }
            _ => self.usbd.write(EP0STALL, 1),
        }
    }

    /// The status stage is left to the chip, which says no more of it.
    fn end_control(&mut self) {
        self.state.dma.ep0 = Ep0::Ended;
        pend();
    }
}
