//! The control pipe, and the order in which events are told.

use usbd_acm::{Event, SetupPacket};

use crate::control::{Stage, Task};
use crate::line::Line;
use crate::registers::{
    Access, BMREQUESTTYPE, EP0DATADONE, EP0RCVOUT, EP0SETUP, EP0STALL, EP0STATUS, Register,
    USBADDR, USBRESET, pend,
};
use crate::{Nrf52840, Supply};

/// SET_ADDRESS, which the chip answers by itself.
const SET_ADDRESS: u8 = 5;

impl<S: Supply, const PORTS: usize> Nrf52840<S, PORTS> {
    /// The next event, oldest first as far as the chip tells. Where there may be another of which no
    /// interrupt line tells, the interrupt is pended.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        if !self.state.power.is_attached() {
            return self.power_up().inspect(|_| pend());
        }
        if self.usbd.take(USBRESET) {
            pend();
            return Some(self.reset());
        }
        // A SETUP is told after the packets that came before it; so it is looked for before them.
        let setup = self.usbd.is_set(EP0SETUP);
        let event = self.packet_event();
        if event.is_some() {
            // EPDATA is cleared; VBUS and the clock are told of once.
            let acknowledged = self.state.done & Line::INS != 0;
            if acknowledged || self.state.power.is_asleep() || !self.supply.is_present() {
                pend();
            }
            return event;
        }
        if setup && self.state.dma.running().is_some_and(Line::is_out) {
            return None;
        }
        self.control_event(setup).or_else(|| self.bus_event()).inspect(|_| pend())
    }

    fn control_event(&mut self, setup: bool) -> Option<Event> {
        if self.state.control.status.is_some() {
            let address = self.usb_address();
            if self.state.control.status_ends(address) {
                return Some(Event::Ep0Status);
            }
        }
        if setup {
            return Some(Event::Setup(self.setup()));
        }
        if !self.usbd.take(EP0DATADONE) {
            return None;
        }
        match core::mem::replace(&mut self.state.control.stage, Stage::Idle) {
            Stage::Idle => None,
            Stage::In => Some(Event::Ep0Sent),
            Stage::Out => {
                self.ask(Task::Move(Line::EP0_OUT));
                None
            }
        }
    }

    /// The SETUP packet that came, or first the SET_ADDRESS that it overwrote: the chip has answered
    /// that, and taken the address, before it was looked at.
    fn setup(&mut self) -> SetupPacket {
        let address = self.usb_address();
        if address != self.state.control.address {
            self.state.control.address = address;
            return SetupPacket::from_bytes([0, SET_ADDRESS, address, 0, 0, 0, 0, 0]);
        }
        self.drop_control();
        let mut bytes = [0; 8];
        // A SETUP that comes while its registers are read is read again; another cannot come as soon.
        for _ in 0..2 {
            self.usbd.write(EP0SETUP, 0);
            let mut register = BMREQUESTTYPE.0;
            for byte in &mut bytes {
                [*byte, ..] = self.usbd.read(Register(register)).to_le_bytes();
                register += 4;
            }
            if !self.usbd.is_set(EP0SETUP) {
                break;
            }
        }
        SetupPacket::from_bytes(bytes)
    }

    fn usb_address(&self) -> u8 {
        let [address, ..] = self.usbd.read(USBADDR).to_le_bytes();
        address & 0x7F
    }

    /// Has the hardware told `task` as soon as no DMA runs.
    #[inline(never)]
    pub(crate) fn ask(&mut self, task: Task) {
        self.state.control.task = task;
        self.start_next();
    }

    /// Tells the hardware what is due on EP0; no DMA runs. Returns what is to be moved for it.
    #[cold]
    pub(crate) fn start_control(&mut self) -> Option<Line> {
        let task = core::mem::replace(&mut self.state.control.task, Task::None);
        // What answers a SETUP that is over would answer the one that came since.
        if task == Task::None || self.is_superseded() {
            return None;
        }
        let register = match task {
            Task::None => return None,
            Task::Move(line) => return Some(line),
            Task::Receive => EP0RCVOUT,
            Task::Status => {
                // No event tells when it is over; for the stack it is with the task.
                self.state.control.status = Some(self.state.control.address);
                pend();
                EP0STATUS
            }
            Task::Stall => EP0STALL,
        };
        self.usbd.write(register, 1);
        None
    }

    /// Whether a newer SETUP, or a reset, waits to be told.
    fn is_superseded(&self) -> bool {
        self.usbd.is_set(EP0SETUP) || self.usbd.is_set(USBRESET)
    }
}
