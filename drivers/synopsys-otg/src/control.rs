//! EP0, stage by stage.

use usbd_acm::{Event, SetupPacket};

use crate::endpoint::{Line, ctl, tsiz};
use crate::errata::write_dcfg;
use crate::fifo;
use crate::packets::Entry;
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
    /// Our zero-length packet is armed.
    StatusIn,
    /// The host's zero-length packet is let in.
    StatusOut,
}

/// What there is to tell of a data packet on EP0 OUT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    /// The packet, unread so far.
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
#[repr(C)]
pub(crate) struct Control {
    stage: Stage,
    newer: Newer,
    /// The address of the device.
    address: u8,
    /// What it is when the host has acknowledged our zero-length packet.
    next_address: u8,
    /// Bytes of the packet of [`Event::Ep0Received`] that lie in the receive FIFO, before everything else.
    unread: u16,
    /// A SETUP packet, word by word.
    setup: [[u8; 4]; 2],
}

impl Control {
    pub(crate) const NEW: Self = Self {
        stage: Stage::Idle,
        newer: Newer::None,
        address: 0,
        next_address: 0,
        unread: 0,
        setup: [[0; 4]; 2],
    };

    /// As before the first SETUP, whose bytes mean nothing without it.
    pub(crate) fn reset(&mut self) {
        *self = Self { setup: self.setup, ..Self::NEW };
    }

    /// A SETUP packet was received: these words.
    pub(crate) fn setup_received(&mut self, low: u32, high: u32) {
        self.setup = [low.to_le_bytes(), high.to_le_bytes()];
        self.newer = Newer::Received;
    }

    /// The SETUP stage is over.
    pub(crate) fn setup_over(&mut self) {
        if self.newer == Newer::Received {
            self.newer = Newer::Due;
        }
    }
}

/// What happened on EP0.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// Whether a SETUP is to be told.
    pub(crate) fn is_setup_due(&self) -> bool {
        self.state.control.newer == Newer::Due
    }

    /// The SETUP that is due.
    #[inline(never)]
    pub(crate) fn setup(&mut self) -> Event {
        let control = &mut self.state.control;
        if control.next_address != control.address {
            // The host did not acknowledge the new one.
            control.next_address = control.address;
            write_dcfg(&self.usb, control.address);
        }
        self.drop_control();
        self.state.control.newer = Newer::None;
        self.load_out();
        let [[a, b, c, d], [e, f, g, h]] = self.state.control.setup;
        Event::Setup(SetupPacket::from_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Nothing is armed to the host, and no event of a transfer follows.
    pub(crate) fn drop_control(&mut self) {
        self.state.control.stage = Stage::Idle;
        self.drop_packets_of(Line::EP0_IN);
    }

    /// A transfer on EP0 OUT is over: what could not be let in before is now. Of a SETUP that was not told newer cores
    /// say so, too, and nothing may be let in before it is.
    pub(crate) fn control_done(&mut self) {
        let Control { stage, newer, .. } = self.state.control;
        if stage == Stage::Out && newer == Newer::None {
            self.let_in();
        }
    }

    /// Takes a data packet on EP0 OUT, which is on top of the receive FIFO.
    pub(crate) fn control_data(&mut self) -> Option<Told> {
        let bytes = self.take_unread();
        let stage = self.state.control.stage;
        if let Stage::Idle | Stage::StatusIn = stage {
            return None;
        }
        self.state.control.stage = Stage::Idle;
        if stage == Stage::Out {
            return Some(Told::Received);
        }
        if bytes == 0 {
            self.drop_control();
            return Some(Told::Status);
        }
        self.stall();
        None
    }

    /// Takes the entry of a packet on EP0 OUT, and leaves its bytes, of which this is the number. They are dropped
    /// if they are not read before anything else is taken out.
    #[inline(always)]
    pub(crate) fn take_unread(&mut self) -> u16 {
        let bytes = Entry(self.usb.read(GRXSTSP)).bytes();
        self.state.control.unread = bytes;
        bytes
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
            Stage::StatusIn => {
                self.state.control.address = self.state.control.next_address;
                self.state.control.stage = Stage::Idle;
                Some(Event::Ep0Status)
            }
            _ => None,
        }
    }
}

/// What the stack asks for.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    #[inline(always)]
    pub(crate) fn control_send(&mut self, packet: &[u8]) {
        self.answer(Some(packet), Stage::In);
    }

    pub(crate) fn control_status_in(&mut self, address: Option<u8>) {
        if let Some(address) = address {
            self.state.control.next_address = address & 0x7F;
        }
        self.answer(Some(&[]), Stage::StatusIn);
    }

    pub(crate) fn control_receive(&mut self) {
        self.answer(None, Stage::Out);
    }

    pub(crate) fn control_status_out(&mut self) {
        self.answer(None, Stage::StatusOut);
    }

    pub(crate) fn control_stall(&mut self) {
        self.answer(None, Stage::Idle);
    }

    /// Goes on to a stage, in which this packet is for the host, unless what is answered is over.
    #[inline(never)]
    fn answer(&mut self, packet: Option<&[u8]>, stage: Stage) {
        if self.is_superseded() {
            return;
        }
        match stage {
            Stage::Idle => self.stall(),
            Stage::StatusIn => self.announce_address(),
            // With data to the host the status stage, should that begin before it has all.
            Stage::In | Stage::Out | Stage::StatusOut => self.let_in(),
        }
        self.state.control.stage = stage;
        if let Some(packet) = packet {
            self.arm_in(packet);
        }
        // A SETUP that came while an answer to the one before was armed has set NAK before that cleared it.
        if self.is_superseded() {
            self.usb.write(Line::EP0_IN.control(), ctl::SNAK);
            self.usb.write(Line::EP0_OUT.control(), ctl::SNAK);
        }
    }

    /// RM0090 §34.17.5: the core is told before the status stage, and answers to it after.
    fn announce_address(&self) {
        let Control { address, next_address, .. } = self.state.control;
        if next_address != address {
            write_dcfg(&self.usb, next_address);
        }
    }

    fn arm_in(&mut self, packet: &[u8]) {
        let line = Line::EP0_IN;
        let packet = packet.get(..EP0_PACKET.into()).unwrap_or(packet);
        let [low, high, ..] = packet.len().to_le_bytes();
        let bytes = u32::from(u16::from_le_bytes([low, high]));
        self.usb.write(line.size(), 1 << tsiz::PKTCNT | bytes);
        self.usb.write(line.control(), ctl::EPENA | ctl::CNAK);
        fifo::push(&self.usb, 0, packet);
    }

    /// Lets a packet in on EP0 OUT.
    #[inline(never)]
    fn let_in(&mut self) {
        self.load_out();
        self.usb.write(Line::EP0_OUT.control(), ctl::EPENA | ctl::CNAK);
    }

    /// One packet, and three SETUP packets, unless that is loaded already.
    #[inline(never)]
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
        let has_data = self.make_way();
        self.pend_if_untold();
        has_data | (self.state.control.newer != Newer::None)
    }
}
