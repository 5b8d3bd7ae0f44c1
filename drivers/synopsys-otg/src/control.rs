//! EP0, stage by stage.

use usbd_acm::{Event, SetupPacket};

use crate::endpoint::{Line, ctl, int, tsiz};
use crate::errata::write_dcfg;
use crate::fifo;
use crate::packets::{Entry, status};
use crate::registers::GRXSTSP;
use crate::{Core, SynopsysOtg};

/// Bytes of a packet on EP0.
const EP0_PACKET: u16 = 64;

/// What goes on on EP0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Nothing, or a STALL.
    Idle,
    /// Data to the host, until the stack allows the status stage. The host may begin that before.
    In,
    /// A data packet from the host is let in.
    Out,
    /// Our zero-length packet is armed, with this address after it.
    StatusIn { address: u8 },
    /// The host's zero-length packet is let in.
    StatusOut,
}

/// What there is to tell of an entry of control.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    /// A data packet, unread so far.
    Received,
    /// The status stage.
    Status,
}

/// A SETUP packet that was taken out of the receive FIFO, and not told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Newer {
    None,
    /// Another one may still replace it.
    Received,
    /// The SETUP stage is over.
    Due,
}

#[derive(Debug)]
pub(crate) struct Control {
    setup: [u8; 8],
    newer: Newer,
    stage: Stage,
    /// The address of the device, before it is changed.
    address: u8,
    /// Bytes of the packet of [`Event::Ep0Received`] that lie in the receive FIFO, before everything else.
    unread: u16,
}

impl Control {
    pub(crate) const NEW: Self =
        Self { setup: [0; 8], newer: Newer::None, stage: Stage::Idle, address: 0, unread: 0 };
}

/// What happened on EP0.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// A SETUP that is due, or what this entry on top of the receive FIFO tells.
    #[inline(never)]
    pub(crate) fn control_event(&mut self, entry: Option<Entry>) -> Option<Event> {
        if self.state.control.newer == Newer::Due {
            return Some(self.setup());
        }
        Some(match self.take_control(entry?)? {
            Told::Received => Event::Ep0Received,
            Told::Status => Event::Ep0Status,
        })
    }

    /// Whether a SETUP is to be told that no interrupt line tells of.
    pub(crate) fn is_setup_due(&self) -> bool {
        self.state.control.newer == Newer::Due
    }

    /// Takes an entry of control out of the receive FIFO.
    pub(crate) fn take_control(&mut self, entry: Entry) -> Option<Told> {
        self.usb.read(GRXSTSP);
        match entry.status() {
            status::SETUP => {
                fifo::pop(&self.usb, &mut self.state.control.setup, entry.bytes());
                self.state.control.newer = Newer::Received;
            }
            status::DATA => return self.control_data(entry.bytes()),
            _ if self.state.control.newer == Newer::Received => {
                self.state.control.newer = Newer::Due;
            }
            _ => {}
        }
        None
    }

    /// A transfer on EP0 OUT is over: what could not be let in before is now.
    pub(crate) fn control_done(&mut self) {
        if self.state.control.stage == Stage::Out {
            self.let_in();
        }
    }

    fn setup(&mut self) -> Event {
        if let Stage::StatusIn { .. } = self.state.control.stage {
            // The host did not acknowledge the new address.
            write_dcfg(&self.usb, self.state.control.address);
        }
        self.drop_control();
        self.state.control.newer = Newer::None;
        self.load_out();
        Event::Setup(SetupPacket::from_bytes(self.state.control.setup))
    }

    /// Nothing is armed to the host, and no event of a transfer follows.
    pub(crate) fn drop_control(&mut self) {
        self.state.control.stage = Stage::Idle;
        self.disable_in(Line::EP0_IN);
        self.usb.write(Line::EP0_IN.interrupts(), int::XFRC);
    }

    /// A data packet on EP0 OUT.
    fn control_data(&mut self, bytes: u16) -> Option<Told> {
        self.state.control.unread = bytes;
        let stage = core::mem::replace(&mut self.state.control.stage, Stage::Idle);
        match stage {
            Stage::Out => return Some(Told::Received),
            Stage::In | Stage::StatusOut if bytes == 0 => {
                self.drop_control();
                return Some(Told::Status);
            }
            Stage::In | Stage::StatusOut => self.stall(),
            Stage::Idle | Stage::StatusIn { .. } => self.state.control.stage = stage,
        }
        self.skip_unread();
        None
    }

    /// Drops what of a packet was not read, so that the next entry of the receive FIFO is on top.
    pub(crate) fn skip_unread(&mut self) {
        if self.state.control.unread != 0 {
            self.read_packet(&mut []);
        }
    }

    pub(crate) fn read_packet(&mut self, buffer: &mut [u8]) -> usize {
        let bytes = core::mem::take(&mut self.state.control.unread);
        fifo::pop(&self.usb, buffer, bytes);
        bytes.into()
    }

    /// The host acknowledged a packet on EP0 IN.
    pub(crate) fn control_sent(&mut self) -> Option<Event> {
        match self.state.control.stage {
            Stage::In => Some(Event::Ep0Sent),
            Stage::StatusIn { address } => {
                self.state.control.address = address;
                self.state.control.stage = Stage::Idle;
                Some(Event::Ep0Status)
            }
            _ => None,
        }
    }
}

/// What the stack asks for.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    pub(crate) fn control_send(&mut self, packet: &[u8]) {
        let packet = packet.get(..EP0_PACKET.into()).unwrap_or(packet);
        if self.is_superseded() {
            return;
        }
        self.state.control.stage = Stage::In;
        // The status stage, should the host begin it before it has all data.
        self.let_in();
        self.arm_in(packet);
    }

    pub(crate) fn control_status_in(&mut self, address: Option<u8>) {
        if self.is_superseded() {
            return;
        }
        if let Some(address) = address {
            // RM0090 §34.17.5: the core is told before the status stage, and answers to it after.
            write_dcfg(&self.usb, address);
        }
        let address = address.unwrap_or(self.state.control.address);
        self.state.control.stage = Stage::StatusIn { address };
        self.arm_in(&[]);
    }

    pub(crate) fn control_receive(&mut self) {
        self.allow(Stage::Out);
    }

    pub(crate) fn control_status_out(&mut self) {
        self.allow(Stage::StatusOut);
    }

    pub(crate) fn control_stall(&mut self) {
        if !self.is_superseded() {
            self.state.control.stage = Stage::Idle;
            self.stall();
        }
    }

    fn allow(&mut self, stage: Stage) {
        if !self.is_superseded() {
            self.state.control.stage = stage;
            self.let_in();
            self.recheck();
        }
    }

    fn arm_in(&mut self, packet: &[u8]) {
        let line = Line::EP0_IN;
        let [low, high, ..] = packet.len().to_le_bytes();
        let bytes = u32::from(u16::from_le_bytes([low, high]));
        self.usb.write(line.size(), 1 << tsiz::PKTCNT | bytes);
        self.usb.write(line.control(), ctl::EPENA | ctl::CNAK);
        fifo::push(&self.usb, 0, packet);
        self.recheck();
    }

    /// Lets a packet in on EP0 OUT.
    #[inline(never)]
    fn let_in(&mut self) {
        self.load_out();
        self.usb.write(Line::EP0_OUT.control(), ctl::EPENA | ctl::CNAK);
    }

    /// One packet, and three SETUP packets, unless that is loaded already.
    pub(crate) fn load_out(&mut self) {
        if !self.is_enabled(Line::EP0_OUT) {
            let size = tsiz::STUPCNT_3 | 1 << tsiz::PKTCNT | u32::from(EP0_PACKET);
            self.usb.write(Line::EP0_OUT.size(), size);
        }
    }

    /// The core ends it with the next SETUP.
    fn stall(&mut self) {
        self.usb.write(Line::EP0_IN.control(), ctl::STALL);
        self.usb.write(Line::EP0_OUT.control(), ctl::STALL);
    }

    /// Whether a newer SETUP is in hardware, or the host ended the transfer: what the stack asks for
    /// answers what is over.
    #[inline(never)]
    fn is_superseded(&mut self) -> bool {
        let superseded = self.state.control.newer != Newer::None || self.make_way().is_some();
        self.pend_if_filled();
        superseded
    }

    /// A SETUP that came while an answer to the one before was armed has set NAK before that cleared it.
    fn recheck(&mut self) {
        if self.is_superseded() {
            self.usb.write(Line::EP0_IN.control(), ctl::SNAK);
            self.usb.write(Line::EP0_OUT.control(), ctl::SNAK);
        }
    }
}
