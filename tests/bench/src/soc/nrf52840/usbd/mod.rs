//! USBD: registers here, packets in [`wire`], EasyDMA in [`dma`].
//!
//! One 64-byte buffer for each endpoint and direction lies between the bus and EasyDMA, which moves
//! one packet at a time between it and RAM. What the manual leaves open is decided so:
//! - A SETUP drops what EP0 had in its buffers, and a DMA for EP0 that is under way.
//! - Host resume ends low-power mode.
//! - A bus reset empties every buffer, and clears address, halts, toggles and data status.
//! - PTR and MAXCNT are read at some time between the task and STARTED, which is a microsecond later.
//! - Halting an endpoint leaves its buffer alone.

mod dma;
mod endpoint;
mod errata;
mod power;
mod registers;
mod wire;

use super::events::Events;
use crate::cpu::Cycles;
use crate::soc::{Memory, Violation, Violations};

use dma::Dma;
use endpoint::{Ep0, InEndpoint, OutEndpoint};
use errata::Errata;
use power::Power;
use wire::Completion;

/// What the USB device depends on.
pub struct Surroundings<'a> {
    /// The crystal oscillator runs.
    pub crystal: bool,
    /// The regulator of the transceiver is ready.
    pub supply: bool,
    /// Where violations are noted.
    pub violations: &'a mut Violations,
}

/// Events, which are the bits of INTEN too.
mod event {
    pub const USBRESET: u32 = 0;
    pub const STARTED: u32 = 1;
    pub const ENDEPIN0: u32 = 2;
    pub const EP0DATADONE: u32 = 10;
    pub const ENDEPOUT0: u32 = 12;
    pub const SOF: u32 = 21;
    pub const USBEVENT: u32 = 22;
    pub const EP0SETUP: u32 = 23;
    pub const EPDATA: u32 = 24;
}

/// Bits of SHORTS.
mod short {
    pub const EP0DATADONE_STARTEPIN0: u32 = 0;
    pub const EP0DATADONE_STARTEPOUT0: u32 = 1;
    pub const EP0DATADONE_EP0STATUS: u32 = 2;
    pub const ENDEPOUT0_EP0STATUS: u32 = 3;
    pub const ENDEPOUT0_EP0RCVOUT: u32 = 4;
}

/// Bits of EVENTCAUSE.
mod cause {
    pub const SUSPEND: u32 = 1 << 8;
    pub const RESUME: u32 = 1 << 9;
    pub const USBWUALLOWED: u32 = 1 << 10;
    pub const READY: u32 = 1 << 11;
}

/// The USB device of an nRF52840.
#[derive(Clone, Debug, Default)]
pub struct Usbd {
    pub(super) errata: Errata,
    events: Events,
    event_cause: u32,
    power: Power,
    address: u8,
    setup: [u8; 8],
    frame: u16,
    endpoint_status: u32,
    data_status: u32,
    ep0: Ep0,
    ins: [InEndpoint; 8],
    outs: [OutEndpoint; 8],
    in_enabled: u32,
    out_enabled: u32,
    toggle_selection: u32,
    /// Registers of isochronous endpoints, which move nothing.
    isochronous: [u32; 8],
    iso_split: u32,
    iso_in_config: u32,
    dma: Option<Dma>,
    /// What a transaction on the bus leaves behind when it is over.
    completion: Option<(Cycles, Completion)>,
    statistics: Statistics,
}

/// Counts that are no register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Packets moved by EasyDMA.
    pub dma_transfers: u64,
    /// Those that were started without the workaround for erratum 199.
    pub dma_without_erratum_199: u64,
}

impl Usbd {
    /// Counts that are no register.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// USBADDR.
    pub fn address(&self) -> u8 {
        self.address
    }

    /// Whether EasyDMA moves a packet now.
    pub fn dma_is_active(&self) -> bool {
        self.dma.is_some()
    }

    /// Whether the workaround for erratum 166 is in place: isochronous endpoints are double-buffered.
    pub fn has_isochronous_double_buffer(&self) -> bool {
        self.errata.has_isochronous_double_buffer()
    }

    /// Whether it is in low-power mode.
    pub fn is_in_low_power(&self) -> bool {
        self.power.low_power
    }

    pub(super) fn interrupt(&self) -> bool {
        self.events.interrupt()
    }

    pub(super) fn next_event(&self) -> Option<Cycles> {
        let completion = self.completion.as_ref().map(|(at, _)| *at);
        let dma = self.dma.as_ref().map(Dma::next_event);
        [completion, dma, self.power.next_event()].into_iter().flatten().min()
    }

    /// Everything that is due.
    pub(super) fn advance(
        &mut self,
        now: Cycles,
        memory: &mut dyn Memory,
        around: &mut Surroundings<'_>,
    ) {
        self.advance_power(now, around);
        self.confirm_capture(now);
        if self.dma.as_ref().is_some_and(|dma| dma.end <= now) {
            self.end_dma(now, memory, around);
        }
        if self.completion.as_ref().is_some_and(|(at, _)| *at <= now) {
            self.complete(now, around);
        }
    }

    /// A reset of the chip, but for what VBUS is.
    pub(super) fn reset(&mut self, now: Cycles) {
        let vbus = self.power.vbus;
        *self = Self { statistics: self.statistics, ..Self::default() };
        if vbus.is_some() {
            self.set_vbus(true, now);
        }
    }

    /// ENABLE became 0: everything is as after power-on, but for events and INTEN.
    fn disable(&mut self) {
        *self = Self {
            errata: self.errata.clone(),
            events: self.events.clone(),
            power: Power { vbus: self.power.vbus, ..Power::default() },
            statistics: self.statistics,
            ..Self::default()
        };
    }

    fn raise_cause(&mut self, cause: u32) {
        self.event_cause |= cause;
        self.events.raise(event::USBEVENT);
    }
}

/// Notes a violation.
fn log(around: &mut Surroundings<'_>, now: Cycles, violation: Violation) {
    around.violations.log(now, violation);
}
