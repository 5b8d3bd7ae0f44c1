//! The USB OTG core of Synopsys (DWC2) as STMicroelectronics has it, in device mode, without DMA.
//!
//! From RM0090 §34 (OTG_FS) and §35 (OTG_HS), RM0433 §57, the errata sheet ES0182, and from what drivers
//! in the field do. [`Parameters`] is in what the cores of the chips differ. Registers are in `registers`
//! and `device`, transfers in `transfers`, packets in `wire`, the FIFO RAM in `rx_fifo`, `tx_fifo` and `layout`.
//!
//! What the manuals leave open is decided so:
//! - An access to a register costs the processor one cycle, as any other instruction.
//! - NAK, the disabling of an endpoint, a flush and a reset of the core are done a microsecond after they
//!   were asked for, and not before the transaction on the bus is over. The manuals only say to wait.
//! - Global OUT NAK is told of 1.2 ms after it was asked for, as was measured on chips (embassy-rs/embassy,
//!   embassy-usb-synopsys-otg).
//! - An OUT endpoint takes a packet when it is active, its NAK bit is clear and there is room: EPENA and
//!   PKTCNT do not count. Two drivers in the field depend on it, and a trace of a chip shows it
//!   (embassy-rs/embassy#3815: XFRC and OTEPDIS with EPENA 0); it is logged.
//! - A SETUP sets INEPNE too, as that trace has it.
//! - A SETUP is taken whatever STUPCNT says, as long as there is room for its three words.
//! - "SETUP stage done" is written when the first IN or OUT token after a SETUP comes. From release 3.00a on not
//!   while STUP or STSPHSRX stand in DOEPINT0, and there the SETUP packet, and the status stage of a write, have an
//!   entry that reads as the end of a transfer (hathach/tinyusb#3669, seen on an STM32L476).
//! - A CNAK between a SETUP on the bus and its reading takes effect.
//! - Ten words of the receive FIFO are kept for SETUP packets. A status takes one word.
//! - A new device address takes effect after the status stage of the control transfer that is under way, or
//!   at once when there is none.
//! - A bus reset clears USBAEP and halts nothing else: EPENA, toggles and the device address are firmware's
//!   to reset. ENUMDNE comes a millisecond after USBRST.
//! - While STPPCLK stops the PHY clock, the registers from DCFG on cannot be reached, and nothing is heard
//!   but resume and reset, both as WKUPINT.
//! - WKUPINT comes too when the host resumes after a remote wake-up.
//! - Without VBUS sensing, unplugging looks like an idle bus: suspend, 3 ms later.
//!
//! Not there: host mode, DMA, isochronous transfers, NYET, LPM, test modes, DCFG.NZLSOHSK.

mod device;
mod endpoint;
mod layout;
mod parameters;
mod pending;
mod power;
mod registers;
mod rx_fifo;
mod transfers;
mod tx_fifo;
mod wire;

use crate::cpu::Cycles;
use crate::soc::{Violation, Violations};

use device::Device;
use endpoint::{Endpoint, Side};
use pending::{Pending, Schedule};
use power::Power;
use registers::Global;
use rx_fifo::RxFifo;
use tx_fifo::TxFifo;
use wire::Completion;

pub use parameters::{Parameters, Phy, Sensing};

/// What the core depends on.
pub struct Surroundings<'a> {
    /// The bus clock of the core is on.
    pub clocked: bool,
    /// The 48 MHz of the full-speed transceiver are there, or the clock of an external PHY.
    pub phy_clock: bool,
    /// AHB clock, in hertz.
    pub ahb: u32,
    /// Where violations are noted.
    pub violations: &'a mut Violations,
}

impl Surroundings<'_> {
    fn log(&mut self, now: Cycles, violation: Violation) {
        self.violations.log(now, violation);
    }
}

/// Bits of GINTSTS.
mod interrupt {
    pub const MMIS: u32 = 1 << 1;
    pub const OTGINT: u32 = 1 << 2;
    pub const SOF: u32 = 1 << 3;
    pub const RXFLVL: u32 = 1 << 4;
    pub const GINAKEFF: u32 = 1 << 6;
    pub const GONAKEFF: u32 = 1 << 7;
    pub const ESUSP: u32 = 1 << 10;
    pub const USBSUSP: u32 = 1 << 11;
    pub const USBRST: u32 = 1 << 12;
    pub const ENUMDNE: u32 = 1 << 13;
    pub const EOPF: u32 = 1 << 15;
    pub const IEPINT: u32 = 1 << 18;
    pub const OEPINT: u32 = 1 << 19;
    pub const SRQINT: u32 = 1 << 30;
    pub const WKUPINT: u32 = 1 << 31;
}

/// The core of one chip.
#[derive(Clone, Debug)]
pub struct Otg {
    parameters: Parameters,
    global: Global,
    device: Device,
    power: Power,
    ins: Vec<Endpoint>,
    outs: Vec<Endpoint>,
    rx: RxFifo,
    tx: Vec<TxFifo>,
    /// What takes effect later.
    schedule: Schedule,
    /// What a transaction on the bus leaves behind when it is over.
    completion: Option<(Cycles, Completion)>,
}

impl Otg {
    /// A core after power-on.
    pub fn new(parameters: Parameters) -> Self {
        let count = parameters.endpoints;
        Self {
            global: Global::new(&parameters),
            device: Device::new(&parameters),
            power: Power::default(),
            ins: (0..count).map(Endpoint::new).collect(),
            outs: (0..count).map(Endpoint::new).collect(),
            rx: RxFifo::default(),
            tx: vec![TxFifo::default(); count],
            schedule: Schedule::default(),
            completion: None,
            parameters,
        }
    }

    /// Address of the device, as tokens must have it now.
    pub fn address(&self) -> u8 {
        self.device.address
    }

    /// Whether the PHY clock is stopped.
    pub fn clock_is_stopped(&self) -> bool {
        self.power.clock_stopped
    }

    /// The interrupt line.
    pub fn interrupt(&self) -> bool {
        self.global.ahb_config & 1 != 0 && self.interrupts() & self.global.interrupt_mask != 0
    }

    /// When something is due next.
    pub fn next_event(&self) -> Option<Cycles> {
        let completion = self.completion.as_ref().map(|(at, _)| *at);
        [completion, self.schedule.next()].into_iter().flatten().min()
    }

    /// Everything that is due.
    pub fn advance(&mut self, now: Cycles, around: &mut Surroundings<'_>) {
        if self.completion.as_ref().is_some_and(|(at, _)| *at <= now) {
            self.complete(now, around);
        }
        while let Some(pending) = self.schedule.take(now) {
            self.take_effect(pending, now, around);
        }
    }

    /// A reset of the chip, but for what VBUS is.
    pub fn reset(&mut self) {
        let vbus = self.power.vbus;
        *self = Self::new(self.parameters.clone());
        self.power.vbus = vbus;
    }

    fn endpoints(&mut self, side: Side) -> &mut [Endpoint] {
        match side {
            Side::In => &mut self.ins,
            Side::Out => &mut self.outs,
        }
    }

    /// A microsecond, or the end of the transaction if that is later.
    fn soon(&self, now: Cycles) -> Cycles {
        let over = self.completion.as_ref().map_or(0, |(at, _)| *at);
        over.max(now + self.parameters.microseconds(1))
    }

    fn take_effect(&mut self, pending: Pending, now: Cycles, around: &mut Surroundings<'_>) {
        match pending {
            Pending::Nak(side, number) => self.endpoints(side)[number].nak_effective(side),
            Pending::Disable(side, number) => self.endpoints(side)[number].disabled(),
            Pending::GlobalInNak => self.global.raise(interrupt::GINAKEFF),
            Pending::GlobalOutNak => self.tell_of_global_out_nak(now, around),
            Pending::Flushed => self.global.reset_control &= !(1 << 4 | 1 << 5),
            Pending::CoreReset => self.global.reset_control &= !1,
            Pending::Mode => self.power.forced = true,
            Pending::Enumerated => self.enumerated(),
            Pending::Idle => self.set_suspended(true, now),
        }
    }

    /// GRSTCTL.CSRST (§34.16.2): every register but GUSBCFG, GCCFG, PCGCCTL, DCFG.DSPD and DCTL.SDIS.
    fn core_reset(&mut self, now: Cycles) {
        let fresh = Self::new(self.parameters.clone());
        let before = std::mem::replace(self, fresh);
        self.global.usb_config = before.global.usb_config;
        self.global.core_config = before.global.core_config;
        self.global.otg_control = before.global.otg_control;
        self.device.config = before.device.config & 3;
        self.device.soft_disconnect = before.device.soft_disconnect;
        self.power = before.power;
        if before.schedule.has(Pending::Mode) {
            self.schedule.add(now + self.parameters.milliseconds(25), Pending::Mode);
        }
        self.global.reset_control |= 1;
        let done = self.soon(now);
        self.schedule.add(done, Pending::CoreReset);
    }
}
