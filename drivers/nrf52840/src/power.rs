//! Power: plugged and unplugged, suspend and resume.

use usbd_acm::Event;

use crate::dma::Settled;
use crate::errata::{
    erratum_166, erratum_171_begin, erratum_171_end, erratum_187_begin, erratum_187_end,
};
use crate::line::Line;
use crate::registers::{
    Access, DPDMDRIVE, DPDMVALUE, ENABLE, EVENTCAUSE, FRAMECNTR, INTENCLR, INTENSET, LOWPOWER, SOF,
    USBEVENT, USBPULLUP, Usbd, pend,
};
use crate::{State, Supply};

/// EVENTCAUSE: the bus was idle for 3 ms.
const SUSPEND: u32 = 1 << 8;
/// EVENTCAUSE: the bus is active again.
const RESUME: u32 = 1 << 9;
/// EVENTCAUSE: low-power mode is left.
const USBWUALLOWED: u32 = 1 << 10;
/// EVENTCAUSE: enabled.
const READY: u32 = 1 << 11;

/// INTEN: of EVENTCAUSE, and of nothing else while the peripheral comes up: whatever the lines look like
/// then.
const USBEVENT_INTERRUPT: u32 = 1 << 22;
/// INTEN: USBRESET, ENDEPIN and ENDEPOUT of all endpoints, EP0DATADONE, USBEVENT, EP0SETUP, EPDATA.
const INTERRUPTS: u32 =
    1 | 0xFF << 2 | 1 << 10 | 0xFF << 12 | USBEVENT_INTERRUPT | 1 << 23 | 1 << 24;
const SOF_INTERRUPT: u32 = 1 << 21;

/// DPDMVALUE: resume signalling, timed by hardware.
const DRIVE_RESUME: u32 = 1;

/// How far the peripheral has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    /// Not wanted.
    Off,
    /// Waits for VBUS.
    Unplugged,
    /// Enabled, not yet ready.
    Enabling,
    /// Ready; waits for regulator and clock.
    Ready,
    /// Attached. A DMA did not come to its end, and was stopped by disabling the peripheral.
    Failed,
    /// Attached, in low-power mode.
    Asleep,
    /// Attached. Low-power mode is to be left when the clock runs.
    Waking,
    /// Attached: the pull-up is on.
    Awake,
}

/// What the bus does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bus {
    Active,
    Suspended,
    /// Suspended; remote wake-up waits until low-power mode is left.
    WakeAsked,
    /// Suspended; resume was driven, and the host is to take over.
    WakeDriven,
}

/// Stage, bus, and whether each start of frame interrupts, in a byte: the stage on top, so that it
/// compares first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Power(u8);

impl Power {
    pub(crate) const OFF: Self = Self::new(Stage::Off);

    /// Active, and frames do not interrupt.
    const fn new(stage: Stage) -> Self {
        Self((stage as u8) << 5)
    }

    const BUS: u8 = 3;
    const WATCHED: u8 = 4;

    fn stage(self) -> Stage {
        match self.0 >> 5 {
            0 => Stage::Off,
            1 => Stage::Unplugged,
            2 => Stage::Enabling,
            3 => Stage::Ready,
            4 => Stage::Failed,
            5 => Stage::Asleep,
            6 => Stage::Waking,
            _ => Stage::Awake,
        }
    }

    #[inline(always)]
    fn set_stage(&mut self, stage: Stage) {
        self.0 = self.0 & (Self::BUS | Self::WATCHED) | Self::new(stage).0;
    }

    fn bus(self) -> Bus {
        match self.0 & Self::BUS {
            0 => Bus::Active,
            1 => Bus::Suspended,
            2 => Bus::WakeAsked,
            _ => Bus::WakeDriven,
        }
    }

    fn set_bus(&mut self, bus: Bus) {
        self.0 = self.0 & !Self::BUS | bus as u8;
    }

    /// Whether each start of frame interrupts.
    fn is_watched(self) -> bool {
        self.0 & Self::WATCHED != 0
    }

    fn set_watched(&mut self, watched: bool) {
        self.0 = self.0 & !Self::WATCHED | if watched { Self::WATCHED } else { 0 };
    }

    pub(crate) fn is_attached(self) -> bool {
        self >= Self::new(Stage::Failed)
    }

    /// Whether it is attached, and tasks are not lost: in low-power mode they are.
    pub(crate) fn is_awake(self) -> bool {
        self >= Self::new(Stage::Awake)
    }
}

/// Plugged and unplugged.
impl<const PORTS: usize, const DEPTH: usize> State<PORTS, DEPTH> {
    pub(crate) fn attach(&mut self) {
        if self.power.stage() == Stage::Off {
            self.power = Power::new(Stage::Unplugged);
            // It may be plugged in already.
            pend();
        }
    }

    pub(crate) fn detach(&mut self, usbd: &Usbd, supply: &mut impl Supply) {
        self.power_down(usbd, supply);
        self.power = Power::OFF;
    }

    /// The next step of the peripheral towards being awake, where the hardware is ready for it, or
    /// back to where it was.
    #[cold]
    #[inline(always)]
    pub(crate) fn change(
        &mut self,
        usbd: &Usbd,
        supply: &mut impl Supply,
        is_present: bool,
    ) -> Option<Event> {
        let stage = self.power.stage();
        if stage == Stage::Failed || !is_present {
            let was_attached = self.power.is_attached();
            self.power_down(usbd, supply);
            return was_attached.then_some(Event::VbusLost);
        }
        match stage {
            Stage::Unplugged => self.enable_peripheral(usbd, supply),
            Stage::Enabling | Stage::Ready => self.come_up(usbd, supply),
            Stage::Waking => self.leave_low_power(usbd, supply),
            Stage::Off | Stage::Failed | Stage::Asleep | Stage::Awake => {}
        }
        None
    }

    fn enable_peripheral(&mut self, usbd: &Usbd, supply: &mut impl Supply) {
        // A boot loader may have left it on.
        usbd.write(USBPULLUP, 0);
        usbd.write(ENABLE, 0);
        erratum_187_begin(usbd);
        erratum_171_begin(usbd);
        usbd.write(ENABLE, 1);
        usbd.write(INTENSET, USBEVENT_INTERRUPT);
        supply.start_clock();
        self.power = Power::new(Stage::Enabling);
    }

    #[inline(always)]
    fn come_up(&mut self, usbd: &Usbd, supply: &mut impl Supply) {
        usbd.write(USBEVENT, 0);
        if usbd.read(EVENTCAUSE) & READY != 0 {
            usbd.write(EVENTCAUSE, READY);
            erratum_171_end(usbd);
            erratum_187_end(usbd);
            erratum_166(usbd);
            self.power = Power::new(Stage::Ready);
        }
        if self.power.stage() == Stage::Ready && supply.is_regulated() && supply.is_clock_running()
        {
            usbd.write(INTENSET, INTERRUPTS);
            usbd.write(USBPULLUP, 1);
            self.power = Power::new(Stage::Awake);
        }
    }

    #[inline(never)]
    fn power_down(&mut self, usbd: &Usbd, supply: &mut impl Supply) {
        if self.power.stage() <= Stage::Unplugged {
            return;
        }
        usbd.write(INTENCLR, u32::MAX);
        usbd.write(USBPULLUP, 0);
        self.drop_all(usbd);
        // In low power no DMA runs.
        usbd.write(LOWPOWER, 0);
        self.power = Power::new(Stage::Awake);
        // Disabled after an odd number of bytes, the chip makes a bus fault of the next DMA. Known from
        // the manufacturer's own driver.
        if self.done & Line::ODD != 0 {
            self.dma.send_byte(usbd);
            self.start_next(usbd);
        }
        self.stop(usbd, u16::MAX);
        usbd.write(ENABLE, 0);
        supply.stop_clock();
        self.power = Power::new(Stage::Unplugged);
        // It may be plugged in again by now.
        pend();
    }

    /// Nothing is armed, no endpoint is open, no transfer is on EP0, at address 0.
    #[inline(never)]
    pub(crate) fn drop_all(&mut self, usbd: &Usbd) {
        self.close_endpoints(usbd);
        self.drop_control(usbd);
        self.address = 0;
        self.power.set_bus(Bus::Active);
    }

    /// Waits for the end of the DMA that runs, if it is of one of these lines, and ends it.
    #[inline(never)]
    pub(crate) fn stop(&mut self, usbd: &Usbd, lines: u16) {
        if self.dma.runs_at(lines) {
            self.settle(usbd);
            self.dma.finish(usbd);
        }
    }

    /// Waits until no DMA runs: some µs, and never more than 1000 reads of a register. Registers of
    /// USBD are not to be written during a DMA; only where packets move is there no time to wait.
    #[inline(never)]
    pub(crate) fn settle(&mut self, usbd: &Usbd) -> Settled {
        let State { power, dma, .. } = self;
        dma.settle(usbd, || *power = Power::new(Stage::Failed))
    }
}

/// Suspend, resume and remote wake-up.
impl<const PORTS: usize, const DEPTH: usize> State<PORTS, DEPTH> {
    /// What happened to the bus as a whole.
    pub(crate) fn bus_event(&mut self, usbd: &Usbd) -> Option<Event> {
        let is_resumed = if usbd.take(USBEVENT) {
            match self.cause(usbd) & (SUSPEND | RESUME) {
                SUSPEND => {
                    self.power.set_bus(Bus::Suspended);
                    return Some(Event::Suspend);
                }
                // With both the bus is again what it was when it was last looked at.
                causes => causes == RESUME,
            }
        } else {
            self.is_first_frame(usbd)
        };
        if !is_resumed || self.power.bus() == Bus::Active {
            return None;
        }
        self.power.set_bus(Bus::Active);
        Some(Event::Resume)
    }

    /// What EVENTCAUSE tells of.
    fn cause(&mut self, usbd: &Usbd) -> u32 {
        let cause = usbd.read(EVENTCAUSE);
        usbd.write(EVENTCAUSE, cause);
        if cause & USBWUALLOWED != 0 {
            erratum_171_end(usbd);
            if self.power.bus() == Bus::WakeAsked {
                self.drive_resume(usbd);
            }
        }
        cause
    }

    /// No event tells that the host took over from a remote wake-up, so the first frame does.
    fn is_first_frame(&mut self, usbd: &Usbd) -> bool {
        if !usbd.take(SOF) {
            return false;
        }
        if !self.power.is_watched() {
            usbd.write(INTENCLR, SOF_INTERRUPT);
        }
        self.power.bus() == Bus::WakeDriven
    }

    /// Whether each start of frame interrupts.
    pub(crate) fn watch(&mut self, usbd: &Usbd, watched: bool) {
        self.power.set_watched(watched);
        usbd.write(if watched { INTENSET } else { INTENCLR }, SOF_INTERRUPT);
    }

    /// Drives resume. With this value hardware times it: it postpones it until the bus was idle for 5 ms
    /// (USB 2.0 §7.1.7.7), and ends it; DPDMNODRIVE would end J and K alone (product specification, USBD,
    /// Device-initiated remote wake-up).
    fn drive_resume(&mut self, usbd: &Usbd) {
        usbd.write(SOF, 0);
        usbd.write(INTENSET, SOF_INTERRUPT);
        usbd.write(DPDMVALUE, DRIVE_RESUME);
        usbd.write(DPDMDRIVE, 1);
        self.power.set_bus(Bus::WakeDriven);
    }

    /// Low power, unless the bus is active again.
    pub(crate) fn sleep(&mut self, usbd: &Usbd, supply: &mut impl Supply) {
        self.settle(usbd);
        if !self.power.is_awake() {
            return;
        }
        usbd.write(LOWPOWER, 1);
        if usbd.read(EVENTCAUSE) & RESUME != 0 {
            usbd.write(LOWPOWER, 0);
            return;
        }
        supply.stop_clock();
        self.power.set_stage(Stage::Asleep);
    }

    /// Back from low power. The clock runs some 100 µs later, long before the host is done with
    /// resume, which takes it 20 ms.
    pub(crate) fn wake_up(&mut self, supply: &mut impl Supply) {
        if self.power.stage() == Stage::Asleep {
            self.power.set_stage(Stage::Waking);
            supply.start_clock();
            // Where it runs already, nothing tells.
            pend();
        }
    }

    /// Leaves low-power mode, when the clock runs.
    #[inline(always)]
    fn leave_low_power(&mut self, usbd: &Usbd, supply: &mut impl Supply) {
        if supply.is_clock_running() {
            self.power.set_stage(Stage::Awake);
            erratum_171_begin(usbd);
            usbd.write(LOWPOWER, 0);
            self.start_next(usbd);
        }
    }

    pub(crate) fn ask_to_drive_resume(&mut self) {
        if self.power.bus() != Bus::Active {
            self.power.set_bus(Bus::WakeAsked);
        }
    }

    pub(crate) fn frame_number(usbd: &Usbd) -> u16 {
        let [low, high, ..] = usbd.read(FRAMECNTR).to_le_bytes();
        u16::from_le_bytes([low, high & 7])
    }
}
