//! Power: attached and detached, reset, suspend and resume, and the order in which events are told.

use usbd_acm::{Event, Speed, TestMode};

use crate::clock::Frequency;
use crate::control::Told;
use crate::endpoint::{Line, ctl};
use crate::errata::write_dcfg;
use crate::packets::RXFLVL;
use crate::registers::cores::Generation;
use crate::registers::{
    CID, DAINTMSK, DCTL, DIEPMSK, DSTS, GAHBCFG, GCCFG, GINTMSK, GINTSTS, GOTGCTL, GOTGINT,
    GRSTCTL, GRXFSIZ, GUSBCFG, PCGCCTL, pend, transmit_size,
};
use crate::{AhbClock, Core, Phy, SynopsysOtg};

/// How the device knows that it is plugged in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vbus {
    /// The core watches VBUS at its own pin, PA9 of OTG_FS: it attaches and detaches with it, and tells of
    /// its loss. For boards that wire the pin; needed where they are powered by something else.
    Sensed,
    /// VBUS is taken for present, and the pin is free. Unplugged, the device finds itself suspended.
    Ignored,
}

/// GAHBCFG: interrupts reach the NVIC, while the device is attached.
const GINT: u32 = 1 << 0;
/// GUSBCFG: the full-speed transceiver.
const PHYSEL: u32 = 1 << 6;
/// GUSBCFG: turn-around time.
const TRDT: u32 = 10;
/// GUSBCFG: device mode, whatever the ID pin says.
const FDMOD: u32 = 1 << 30;
/// GRSTCTL: core soft reset.
const CSRST: u32 = 1 << 0;
/// GRSTCTL: flushes the receive FIFO.
const RXFFLSH: u32 = 1 << 4;
/// GRSTCTL: flushes the transmit FIFO of the number from bit 6 on.
pub(crate) const TXFFLSH: u32 = 1 << 5;
pub(crate) const TXFNUM: u32 = 6;
/// GRSTCTL: of every number.
const ALL: u32 = 16;
/// GRSTCTL: the AHB master is idle.
const AHBIDL: u32 = 1 << 31;
/// GINTSTS: host mode.
const CMOD: u32 = 1 << 0;
const OTGINT: u32 = 1 << 2;
const SOF: u32 = 1 << 3;
const USBSUSP: u32 = 1 << 11;
const USBRST: u32 = 1 << 12;
const ENUMDNE: u32 = 1 << 13;
const IEPINT: u32 = 1 << 18;
const WKUPINT: u32 = 1 << 31;
/// GINTSTS: what comes before packets: the core cannot be reached without its clocks, and after a reset
/// nothing is told that was before it.
const FIRST: u32 = OTGINT | USBRST | ENUMDNE | WKUPINT;
/// GINTSTS: what comes after packets.
const LAST: u32 = USBSUSP | SOF;
/// GINTMSK. OEPINT is not there: all that it says is in the receive FIFO.
const INTERRUPTS: u32 = FIRST | USBSUSP | RXFLVL | IEPINT;
/// GOTGINT: VBUS is no longer valid.
const SEDET: u32 = 1 << 2;
/// GOTGCTL: software says whether VBUS is valid, and that it is.
const BVALOEN: u32 = 1 << 6;
const BVALOVAL: u32 = 1 << 7;
/// GCCFG: the full-speed transceiver is on.
const PWRDWN: u32 = 1 << 16;
/// GCCFG of the first generation.
const VBUSBSEN: u32 = 1 << 19;
const NOVBUSSENS: u32 = 1 << 21;
/// GCCFG of the second.
const VBDEN: u32 = 1 << 21;
/// DIEPMSK: of IN endpoints, only that a transfer is over.
const XFRCM: u32 = 1 << 0;
/// DAINTMSK: every endpoint. Those of OUT endpoints have nothing that DOEPMSK lets through.
const ALL_ENDPOINTS: u32 = u32::MAX;
/// DCTL: resume signalling.
const RWUSIG: u32 = 1 << 0;
/// DCTL: soft disconnect.
const SDIS: u32 = 1 << 1;
/// DCTL: test mode.
const TCTL: u32 = 4;
const TCTL_MASK: u32 = 7 << TCTL;
/// DSTS: the bus is suspended now.
const SUSPSTS: u32 = 1 << 0;
/// DSTS: enumerated speed; 0 is high speed.
const ENUMSPD: u32 = 3 << 1;
/// DSTS: number of the frame, or of the microframe at high speed.
const FNSOF: u32 = 8;
/// PCGCCTL: stops the clocks of PHY and core.
const STPPCLK: u32 = 1 << 0;
const GATEHCLK: u32 = 1 << 1;

#[derive(Debug)]
pub(crate) struct Power {
    /// Of the AHB.
    clock: Frequency,
    vbus: Vbus,
    suspended: bool,
    /// Each start of frame interrupts.
    watched: bool,
    in_test_mode: bool,
}

impl Power {
    pub(crate) const OFF: Self = Self {
        clock: Frequency::ZERO,
        vbus: Vbus::Sensed,
        suspended: false,
        watched: false,
        in_test_mode: false,
    };

    pub(crate) fn set<C>(&mut self, clock: AhbClock<C>, vbus: Vbus) {
        (self.clock, self.vbus) = (clock.frequency(), vbus);
    }
}

/// Attached and detached.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    pub(crate) fn attach(&mut self) {
        self.reset_core();
        self.share_out_ram();
        let usb = &self.usb;
        write_dcfg(usb, 0);
        usb.write(DIEPMSK, XFRCM);
        usb.write(DAINTMSK, ALL_ENDPOINTS);
        usb.write(GINTSTS, u32::MAX);
        usb.write(GINTMSK, INTERRUPTS);
        usb.write(GAHBCFG, GINT);
        usb.write(DCTL, 0);
        self.load_out();
    }

    pub(crate) fn detach(&mut self) {
        self.state.power.watched = false;
        self.usb.write(PCGCCTL, 0);
        self.usb.modify(DCTL, 0, SDIS);
        self.usb.write(GAHBCFG, 0);
        self.drop_all();
    }

    /// Resets the core, whatever a boot loader has left, and selects device mode and transceiver.
    fn reset_core(&mut self) {
        let usb = &self.usb;
        let (phy, power) = match C::PHY {
            Phy::FullSpeed => (PHYSEL, PWRDWN),
            Phy::Ulpi => (0, 0),
        };
        let mode = FDMOD | phy | self.state.power.clock.turnaround(C::PHY) << TRDT;
        usb.write(PCGCCTL, 0);
        usb.write(GAHBCFG, 0);
        usb.write(GUSBCFG, mode);
        self.command(CSRST);
        self.wait(GRSTCTL, AHBIDL, AHBIDL);
        usb.write(GUSBCFG, mode);
        let sensed = self.state.power.vbus == Vbus::Sensed;
        let (sensing, ignoring) = match Generation::of(usb.read(CID)) {
            Generation::One => (VBUSBSEN, NOVBUSSENS),
            Generation::Two => {
                // A reset of the core leaves this register as it is.
                usb.write(GOTGCTL, if sensed { 0 } else { BVALOEN | BVALOVAL });
                (VBDEN, 0)
            }
        };
        usb.write(GCCFG, power | if sensed { sensing } else { ignoring });
        usb.write(DCTL, SDIS);
        // At once where nothing holds the ID pin low; else within 25 ms, and registers written before
        // are those of the host.
        self.wait(GINTSTS, CMOD, 0);
    }

    /// Has the core reset itself, or flush a FIFO.
    #[inline(never)]
    pub(crate) fn command(&self, command: u32) {
        self.wait(GRSTCTL, AHBIDL, AHBIDL);
        self.usb.write(GRSTCTL, command);
        self.wait(GRSTCTL, CSRST | RXFFLSH | TXFFLSH, 0);
    }

    fn share_out_ram(&mut self) {
        let start = u32::from(Self::PLAN.receive());
        self.usb.write(GRXFSIZ, start);
        let mut start = self.place_fifo(0, start);
        // Port by port: with one of them no loop is left.
        for (port, _) in (0..).zip(0..PORTS) {
            start = self.place_fifo(2 * port + 1, start);
            start = self.place_fifo(2 * port + 2, start);
        }
    }

    /// Places a transmit FIFO at a word of the RAM; where the next one may start.
    #[inline(always)]
    fn place_fifo(&mut self, number: u16, start: u32) -> u32 {
        let depth = u32::from(Self::PLAN.depth(number));
        self.usb.write(transmit_size(number), depth << 16 | start);
        start + depth
    }

    /// Nothing is armed, no endpoint is open, no transfer is on EP0.
    fn drop_all(&mut self) {
        if self.is_in_test_mode() {
            self.leave_test_mode();
        }
        self.close_endpoints();
        self.drop_control();
        self.state.control.reset();
        self.command(RXFFLSH);
        self.command(TXFFLSH | ALL << TXFNUM);
        write_dcfg(&self.usb, 0);
        // RM0090 §34.17.5: on a reset, NAK for EP0 OUT, and SETUP packets may come.
        self.usb.write(Line::EP0_OUT.control(), ctl::SNAK);
        self.load_out();
        self.state.power.suspended = false;
    }
}

/// What happened.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// The next event, oldest first as far as the core tells.
    #[inline]
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        let status = self.usb.read(GINTSTS);
        if self.is_in_test_mode() && status & OTGINT == 0 {
            return None;
        }
        if status & FIRST != 0 {
            // What no interrupt line tells of is left to another poll.
            pend::<C>();
            return self.bus_event(status & FIRST);
        }
        if status & IEPINT != 0
            && let Some(event) = self.in_event()
        {
            self.pend_if_untold();
            return Some(event);
        }
        if let Some(event) = self.next_sent() {
            return Some(event);
        }
        let has_data = self.make_way();
        if let Some(event) = self.received() {
            return Some(event);
        }
        if self.is_setup_due() {
            return Some(self.setup());
        }
        if has_data && let Some(told) = self.control_data() {
            return Some(match told {
                Told::Received => Event::Ep0Received,
                Told::Status => Event::Ep0Status,
            });
        }
        if status & LAST != 0 { self.bus_event(status & LAST) } else { None }
    }

    /// What of these the bus, and not a packet, has to tell.
    #[cold]
    #[inline(never)]
    fn bus_event(&mut self, status: u32) -> Option<Event> {
        // The core needs its clocks for what follows.
        self.start_clocks();
        if status & OTGINT != 0 {
            let cause = self.usb.read(GOTGINT);
            self.usb.write(GOTGINT, cause);
            if cause & SEDET == 0 {
                return None;
            }
            self.drop_all();
            return Some(Event::VbusLost);
        }
        self.usb.write(GINTSTS, status);
        if status & USBRST != 0 {
            self.drop_all();
        }
        if status & ENUMDNE != 0 {
            return Some(Event::Reset(self.speed()));
        }
        if status & USBSUSP == 0 {
            return self.resumed();
        }
        // Who is detached has no bus, and where it resumed since, there is no suspend to tell of.
        if self.usb.read(GAHBCFG) & GINT == 0 || self.usb.read(DSTS) & SUSPSTS == 0 {
            return None;
        }
        self.state.power.suspended = true;
        Some(Event::Suspend)
    }

    fn resumed(&mut self) -> Option<Event> {
        if !core::mem::take(&mut self.state.power.suspended) {
            return None;
        }
        self.watch(self.state.power.watched);
        Some(Event::Resume)
    }

    fn speed(&self) -> Speed {
        match C::PHY {
            Phy::Ulpi if self.usb.read(DSTS) & ENUMSPD == 0 => Speed::High,
            _ => Speed::Full,
        }
    }
}

/// Suspend, resume, remote wake-up, and frames.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// Stops the clocks, unless the bus is active again. It starts them by its interrupt.
    pub(crate) fn stop_clocks(&mut self) {
        if self.usb.read(DSTS) & SUSPSTS != 0 {
            self.usb.write(PCGCCTL, STPPCLK | GATEHCLK);
        }
    }

    pub(crate) fn start_clocks(&mut self) {
        self.usb.write(PCGCCTL, 0);
    }

    /// Drives resume, which blocks: for 2 ms at least, as USB 2.0 §7.1.7.7 wants 5 ms of idle before it and
    /// suspend was told after 3, and for the 1 to 15 ms of it. The core has no timer for either. Nor is there a
    /// later poll that is sure to come in time to end it: a suspended bus has no frames, nothing interrupts, and
    /// K that lasts too long keeps the host from resuming.
    pub(crate) fn drive_resume(&mut self) {
        if !self.state.power.suspended {
            return;
        }
        self.pass_milliseconds(2);
        // No event tells that the host took over where it does so at once; so the first frame does.
        self.usb.write(GINTSTS, SOF);
        self.usb.modify(GINTMSK, 0, SOF);
        self.usb.modify(DCTL, 0, RWUSIG);
        self.pass_milliseconds(1);
        self.usb.modify(DCTL, RWUSIG, 0);
    }

    /// At least so long, and less than 10 times as long: a read and the loop take 3 to 20 cycles of AHB.
    fn pass_milliseconds(&self, count: u32) {
        let reads = count * (self.state.power.clock.kilohertz() / 2);
        (0..reads).for_each(|_| _ = self.usb.read(DSTS));
    }

    /// Whether each start of frame interrupts.
    pub(crate) fn watch(&mut self, watched: bool) {
        self.state.power.watched = watched;
        match watched && !self.is_in_test_mode() {
            true => self.usb.modify(GINTMSK, 0, SOF),
            false => self.usb.modify(GINTMSK, SOF, 0),
        }
    }

    /// Frames, of which there are 8 microframes at high speed.
    pub(crate) fn frame_number(&self) -> u16 {
        let status = self.usb.read(DSTS);
        let microframes = if status & ENUMSPD == 0 { 3 } else { 0 };
        let [low, high, ..] = (status >> (FNSOF + microframes)).to_le_bytes();
        u16::from_le_bytes([low, high & 7])
    }
}

/// Test modes, which only high speed has.
impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// The lines are those of a test from then on: that they rest, or are low, is no suspend and no reset, and
    /// stops no clock. VBUS alone means what it did.
    pub(crate) fn enter_test_mode(&mut self, mode: TestMode) {
        self.state.power.in_test_mode = true;
        self.usb.write(GINTMSK, OTGINT);
        self.usb.modify(DCTL, TCTL_MASK, (mode as u32) << TCTL);
    }

    fn is_in_test_mode(&self) -> bool {
        matches!(C::PHY, Phy::Ulpi) && self.state.power.in_test_mode
    }

    fn leave_test_mode(&mut self) {
        self.state.power.in_test_mode = false;
        self.usb.modify(DCTL, TCTL_MASK, 0);
        self.usb.write(GINTMSK, INTERRUPTS);
        self.watch(self.state.power.watched);
    }
}
