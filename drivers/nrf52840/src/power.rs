//! Power: plugged and unplugged, suspend and resume.

use usbd_acm::{Event, Speed};

use crate::control::Control;
use crate::errata::{
    disarm, erratum_166, erratum_171_begin, erratum_171_end, erratum_187_begin, erratum_187_end,
};
use crate::line::Line;
use crate::registers::{
    Access, DPDMDRIVE, DPDMVALUE, ENABLE, EP0DATADONE, EVENTCAUSE, FRAMECNTR, INTENCLR, INTENSET,
    LOWPOWER, SOF, USBEVENT, USBPULLUP,
};
use crate::{Nrf52840, Supply};

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

/// Reads of a register that take 2 ms at least, at 4 cycles of 64 MHz each with the loop.
const TWO_MILLISECONDS: u32 = 32_000;

/// How far the start of the peripheral has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Off,
    /// Enabled, not yet ready.
    Enabling,
    /// Ready; waits for regulator and clock.
    Ready,
    /// The pull-up is on.
    Attached,
    /// A DMA did not come to its end, and was stopped by disabling the peripheral.
    Failed,
}

/// Low-power mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sleep {
    Awake,
    Asleep,
    /// To be left when the clock runs.
    Waking,
}

/// How far remote wake-up has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wake {
    No,
    /// Waits until low-power mode is left.
    Asked,
    /// Resume was driven; waits for the host to take over.
    Driven,
}

#[derive(Debug)]
pub(crate) struct Power {
    stage: Stage,
    sleep: Sleep,
    wake: Wake,
    /// The stack wants to be attached.
    wanted: bool,
    suspended: bool,
    /// Each start of frame interrupts.
    watched: bool,
}

impl Power {
    pub(crate) const OFF: Self = Self {
        stage: Stage::Off,
        sleep: Sleep::Awake,
        wake: Wake::No,
        wanted: false,
        suspended: false,
        watched: false,
    };

    pub(crate) fn is_attached(&self) -> bool {
        self.stage == Stage::Attached
    }

    /// Whether tasks are lost: in low-power mode they are.
    pub(crate) fn is_asleep(&self) -> bool {
        self.sleep != Sleep::Awake
    }
}

/// Plugged and unplugged.
impl<S: Supply, const PORTS: usize> Nrf52840<S, PORTS> {
    pub(crate) fn attach(&mut self) {
        self.state.power.wanted = true;
        self.power_up();
    }

    pub(crate) fn detach(&mut self) {
        self.state.power.wanted = false;
        self.power_down();
    }

    /// The next step towards being attached, where the hardware is ready for it.
    pub(crate) fn power_up(&mut self) -> Option<Event> {
        if self.state.power.stage == Stage::Failed {
            self.power_down();
            return Some(Event::VbusLost);
        }
        if !self.state.power.wanted || !self.supply.is_present() {
            self.power_down();
            return None;
        }
        if self.state.power.stage == Stage::Off {
            self.enable_peripheral();
        }
        self.usbd.write(USBEVENT, 0);
        if self.state.power.stage == Stage::Enabling && self.is_ready() {
            self.state.power.stage = Stage::Ready;
        }
        if self.state.power.stage == Stage::Ready
            && self.supply.is_regulated()
            && self.supply.is_clock_running()
        {
            let usbd = &self.usbd;
            usbd.write(INTENSET, INTERRUPTS);
            usbd.write(USBPULLUP, 1);
            self.state.power.stage = Stage::Attached;
        }
        None
    }

    fn enable_peripheral(&mut self) {
        let usbd = &self.usbd;
        // A boot loader may have left it on.
        usbd.write(USBPULLUP, 0);
        usbd.write(ENABLE, 0);
        erratum_187_begin(usbd);
        erratum_171_begin(usbd);
        usbd.write(ENABLE, 1);
        usbd.write(INTENSET, USBEVENT_INTERRUPT);
        self.supply.start_clock();
        self.state.power.stage = Stage::Enabling;
    }

    fn is_ready(&self) -> bool {
        let usbd = &self.usbd;
        if usbd.read(EVENTCAUSE) & READY == 0 {
            return false;
        }
        usbd.write(EVENTCAUSE, READY);
        erratum_171_end(usbd);
        erratum_187_end(usbd);
        erratum_166(usbd);
        true
    }

    pub(crate) fn power_down(&mut self) {
        if self.state.power.stage == Stage::Off {
            return;
        }
        self.usbd.write(INTENCLR, INTERRUPTS | SOF_INTERRUPT);
        self.usbd.write(USBPULLUP, 0);
        self.drop_all();
        // In low power no DMA runs.
        self.usbd.write(LOWPOWER, 0);
        self.state.dma.even_out(&self.usbd);
        self.usbd.write(ENABLE, 0);
        self.supply.stop_clock();
        self.state.power.stage = Stage::Off;
        self.state.power.sleep = Sleep::Awake;
        self.state.power.watched = false;
    }

    /// A bus reset began.
    pub(crate) fn reset(&mut self) -> Event {
        self.drop_all();
        Event::Reset(Speed::Full)
    }

    /// Nothing is armed, no endpoint is open, no transfer is on EP0.
    fn drop_all(&mut self) {
        self.close_endpoints();
        self.drop_control();
        self.state.control = Control::NEW;
        self.state.power.suspended = false;
        self.give_up_wake();
    }

    /// Drops what is armed on EP0.
    pub(crate) fn drop_control(&mut self) {
        self.state.dma.stop(&self.usbd, Line::EP0_IN);
        self.state.dma.stop(&self.usbd, Line::EP0_OUT);
        if self.state.control.stage == crate::control::Stage::In {
            disarm(&self.usbd, Line::EP0_IN);
        }
        self.state.control.begin();
        self.usbd.write(EP0DATADONE, 0);
    }

    /// Waits until no DMA runs: some µs, and never more than 1000 reads of a register. Registers of
    /// USBD are not to be written during a DMA; only where packets move is there no time to wait.
    pub(crate) fn settle(&mut self) {
        self.state.dma.wait(&self.usbd);
        if self.state.power.is_attached() && !self.usbd.is_set(ENABLE) {
            self.state.power.stage = Stage::Failed;
        }
    }
}

/// Suspend, resume and remote wake-up.
impl<S: Supply, const PORTS: usize> Nrf52840<S, PORTS> {
    /// What happened to the bus as a whole.
    pub(crate) fn bus_event(&mut self) -> Option<Event> {
        if self.usbd.take(USBEVENT)
            && let Some(event) = self.line_event()
        {
            return Some(event);
        }
        if !self.supply.is_present() {
            self.power_down();
            return Some(Event::VbusLost);
        }
        if self.state.power.sleep == Sleep::Waking {
            self.leave_low_power();
        }
        let power = &self.state.power;
        // Nobody else looks at SOF, and so it may stay set.
        let frame = (power.watched || power.wake == Wake::Driven) && self.usbd.take(SOF);
        // No event tells that the host took over from a remote wake-up, so the first frame does.
        if frame && self.state.power.wake == Wake::Driven { self.resumed() } else { None }
    }

    #[cold]
    fn line_event(&mut self) -> Option<Event> {
        let cause = self.usbd.read(EVENTCAUSE);
        self.usbd.write(EVENTCAUSE, cause);
        if cause & USBWUALLOWED != 0 {
            erratum_171_end(&self.usbd);
            if self.state.power.wake == Wake::Asked {
                self.drive_resume();
            }
        }
        match cause & (SUSPEND | RESUME) {
            SUSPEND => {
                self.give_up_wake();
                self.state.power.suspended = true;
                Some(Event::Suspend)
            }
            RESUME => self.resumed(),
            // Both: the bus is again what it was when it was last looked at.
            _ => None,
        }
    }

    fn resumed(&mut self) -> Option<Event> {
        self.give_up_wake();
        core::mem::take(&mut self.state.power.suspended).then_some(Event::Resume)
    }

    #[inline(never)]
    fn give_up_wake(&mut self) {
        self.state.power.wake = Wake::No;
        if !self.state.power.watched {
            self.usbd.write(INTENCLR, SOF_INTERRUPT);
        }
    }

    /// Whether each start of frame interrupts.
    pub(crate) fn watch(&mut self, watched: bool) {
        self.state.power.watched = watched;
        self.usbd.write(if watched { INTENSET } else { INTENCLR }, SOF_INTERRUPT);
    }

    /// Drives resume, which hardware times.
    fn drive_resume(&mut self) {
        let usbd = &self.usbd;
        // USB 2.0 §7.1.7.7: not before 5 ms of idle; suspend was told after 3.
        (0..TWO_MILLISECONDS).for_each(|_| _ = usbd.read(FRAMECNTR));
        usbd.write(SOF, 0);
        usbd.write(INTENSET, SOF_INTERRUPT);
        usbd.write(DPDMVALUE, DRIVE_RESUME);
        usbd.write(DPDMDRIVE, 1);
        self.state.power.wake = Wake::Driven;
    }

    /// Low power, unless the bus is active again.
    pub(crate) fn sleep(&mut self) {
        self.settle();
        let usbd = &self.usbd;
        usbd.write(LOWPOWER, 1);
        if usbd.read(EVENTCAUSE) & RESUME != 0 {
            usbd.write(LOWPOWER, 0);
            return;
        }
        self.supply.stop_clock();
        self.state.power.sleep = Sleep::Asleep;
    }

    /// Back from low power. The clock runs some 100 µs later, long before the host is done with
    /// resume, which takes it 20 ms.
    pub(crate) fn wake_up(&mut self) {
        if self.state.power.is_asleep() {
            self.state.power.sleep = Sleep::Waking;
            self.supply.start_clock();
            self.leave_low_power();
        }
    }

    /// Leaves low-power mode, when that is due and the clock runs.
    #[cold]
    fn leave_low_power(&mut self) {
        if self.state.power.sleep == Sleep::Waking && self.supply.is_clock_running() {
            self.state.power.sleep = Sleep::Awake;
            erratum_171_begin(&self.usbd);
            self.usbd.write(LOWPOWER, 0);
            self.start_next();
        }
    }

    pub(crate) fn ask_to_drive_resume(&mut self) {
        if self.state.power.suspended {
            self.state.power.wake = Wake::Asked;
        }
    }

    pub(crate) fn frame_number(&self) -> u16 {
        let [low, high, ..] = self.usbd.read(FRAMECNTR).to_le_bytes();
        u16::from_le_bytes([low, high & 7])
    }
}
