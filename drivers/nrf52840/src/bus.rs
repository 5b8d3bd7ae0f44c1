//! The control pipe, and the order in which events are told.

use usbd_acm::{Event, SetupPacket};

use crate::control::Ep0;
use crate::errata::disarm;
use crate::line::Line;
use crate::registers::{
    Access, BMREQUESTTYPE, EP0DATADONE, EP0RCVOUT, EP0SETUP, EP0STALL, EP0STATUS, Register,
    USBADDR, USBRESET, Usbd, pend,
};
use crate::{Nrf52840, State, Supply};

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
        let Self { usbd, state, supply } = self;
        // A SETUP is told after the packets that came before it; so it is looked for before them.
        let setup = usbd.read(EP0SETUP);
        let started = state.make_room(usbd);
        // Power and clock are told of once, and so they are looked at each time.
        let is_present = supply.is_present();
        if !state.power.is_awake() || !is_present {
            let event = state.change(usbd, supply, is_present);
            if event.is_some() || !state.power.is_attached() {
                return event;
            }
        }
        if usbd.take(USBRESET) {
            state.drop_all(usbd);
            return Some(Event::Reset(usbd_acm::Speed::Full));
        }
        if DEPTH > 1
            && let Some(line) = started
            && !line.is_out()
        {
            state.dma.advance(line);
            return line.address().map(Event::Sent);
        }
        if state.dma.ep0 == Ep0::Ended {
            state.dma.ep0 = Ep0::Idle;
            return Some(Event::Ep0Status);
        }
        // A packet is acknowledged after the end of its DMA, so this comes after the other.
        let over = if started.is_some() { None } else { state.change_dma(usbd) };
        let is_moving = over.is_some() || started.is_some();
        if let Some(over) = over
            && over.line().is_out()
        {
            return state.received(usbd, over);
        }
        let acknowledged = state.done & Line::INS;
        if acknowledged != 0 {
            return state.acknowledged(usbd, Line::first(acknowledged));
        }
        // Of what there is beside a packet that moves the interrupt line tells.
        if is_moving {
            return None;
        }
        if setup != 0 && state.dma.running().is_some_and(Line::is_out) {
            // The interrupt line is asserted until the SETUP is told: a DMA that does not end must not
            // keep it back for good.
            state.settle(usbd);
            return None;
        }
        state.control_event(usbd, setup)
    }
}

impl<const PORTS: usize, const DEPTH: usize> State<PORTS, DEPTH> {
    /// What is not of a packet. `setup` is EP0SETUP, as it was read; a `bool` would have to be made.
    #[cold]
    #[inline(never)]
    fn control_event(&mut self, usbd: &Usbd, setup: u32) -> Option<Event> {
        if setup != 0 {
            return self.setup(usbd);
        }
        if !usbd.take(EP0DATADONE) {
            return self.bus_event(usbd);
        }
        match self.dma.ep0 {
            Ep0::Receiving => self.ask(usbd, Ep0::Fetch),
            Ep0::Sending => {
                self.dma.ep0 = Ep0::Idle;
                return Some(Event::Ep0Sent);
            }
            _ => {}
        }
        None
    }

    /// The SETUP packet that came, or first the SET_ADDRESS that the stack does not know of: the chip
    /// has answered one that was overwritten before it was looked at; or it has not taken the address
    /// of one that was, because the host gave up.
    fn setup(&mut self, usbd: &Usbd) -> Option<Event> {
        let [address, ..] = (usbd.read(USBADDR) & 0x7F).to_le_bytes();
        if address != self.address {
            self.address = address;
            let bytes = [0, SET_ADDRESS, address, 0, 0, 0, 0, 0];
            return Some(Event::Setup(SetupPacket::from_bytes(bytes)));
        }
        self.drop_control(usbd);
        usbd.write(EP0SETUP, 0);
        let mut register = BMREQUESTTYPE.0;
        let bytes = core::array::from_fn(|_| {
            let [byte, ..] = usbd.read(Register(register)).to_le_bytes();
            register += 4;
            byte
        });
        // One that comes while these are read is read the next time.
        let is_whole = !usbd.is_set(EP0SETUP);
        is_whole.then(|| Event::Setup(SetupPacket::from_bytes(bytes)))
    }

    /// Drops what is armed on EP0.
    pub(crate) fn drop_control(&mut self, usbd: &Usbd) {
        self.stop(usbd, Line::EP0);
        if self.dma.ep0 == Ep0::Sending {
            disarm(usbd, 0);
        }
        self.dma.ep0 = Ep0::Idle;
        self.dma.forget_ep0();
        usbd.write(EP0DATADONE, 0);
    }

    /// The status stage of SET_ADDRESS is the chip's own; a task would let the next one in.
    pub(crate) fn take_address(&mut self, address: u8) {
        self.address = address;
        self.end_control();
    }

    /// Has the hardware told what is due, as soon as no DMA runs.
    #[inline(always)]
    pub(crate) fn ask(&mut self, usbd: &Usbd, due: Ep0) {
        self.dma.ep0 = due;
        self.start_next(usbd);
    }

    /// Tells the hardware what is due on EP0; no DMA runs.
    #[inline(always)]
    pub(crate) fn start_control(&mut self, usbd: &Usbd) {
        let due = core::mem::replace(&mut self.dma.ep0, Ep0::Idle);
        // What answers a SETUP that is over would answer the one that came since.
        if usbd.is_set(EP0SETUP) || usbd.is_set(USBRESET) {
            return;
        }
        match due {
            Ep0::Send => {
                self.dma.ep0 = Ep0::Sending;
                self.dma.send_ep0();
            }
            Ep0::Fetch => self.dma.fetch_ep0(usbd),
            Ep0::Status => {
                self.end_control();
                usbd.write(EP0STATUS, 1);
            }
            Ep0::Receive => {
                self.dma.ep0 = Ep0::Receiving;
                usbd.write(EP0RCVOUT, 1);
            }
            _ => usbd.write(EP0STALL, 1),
        }
    }

    /// The status stage is left to the chip, which says no more of it.
    fn end_control(&mut self) {
        self.dma.ep0 = Ep0::Ended;
        pend();
    }
}
