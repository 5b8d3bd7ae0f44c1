//! What lies around the instructions, and is looked at between any two of them.

use super::instruction::Special;
use super::scs::SystemControl;
use super::{Account, Cycles};
use crate::soc::Soc;

/// Why the emulator was stopped by an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// WFE.
    WaitForEvent,
    /// WFI.
    WaitForInterrupt,
    /// A branch to EXC_RETURN.
    ExceptionReturn,
    /// An exception that the emulator raised: SVC, BKPT and others, by its number.
    Raised(u32),
}

/// State of the processor outside of its registers.
pub struct Machine<S> {
    /// Peripherals of the chip. Not here while they work on memory.
    pub soc: Option<Box<S>>,
    pub scs: SystemControl,
    pub account: Account,
    pub now: Cycles,
    /// When to stop before the next instruction.
    pub stop_at: Cycles,
    pub pause: Option<Pause>,
    /// The event register (B1.5.18).
    pub event: bool,
    /// An instruction before which we asked to be stopped. The emulator does not stop within an IT
    /// block: when another instruction comes, this one has been executed after all.
    uncounted: Option<u32>,
    specials: Vec<Special>,
    flash: u32,
}

impl<S: Soc> Machine<S> {
    pub fn new(soc: S, scs: SystemControl, specials: Vec<Special>) -> Self {
        let flash = S::FLASH.start;
        let account = Account::new(flash, specials.len() * 2);
        Self {
            soc: Some(Box::new(soc)),
            scs,
            account,
            now: 0,
            stop_at: 0,
            pause: None,
            event: false,
            uncounted: None,
            specials,
            flash,
        }
    }

    /// Before each instruction; whether to stop before it.
    pub fn instruction(&mut self, address: u32) -> bool {
        if let Some(before) = self.uncounted.take() {
            self.execute(before);
        }
        if self.now >= self.stop_at {
            self.uncounted = Some(address);
            return true;
        }
        let index = (address.wrapping_sub(self.flash) >> 1) as usize;
        match self.specials.get(index) {
            None | Some(Special::None) => {}
            Some(Special::SendEvent) => self.event = true,
            Some(Special::Masks) => self.stop_at = 0,
            Some(Special::WaitForEvent) => return self.wait(address, Pause::WaitForEvent),
            Some(Special::WaitForInterrupt) => return self.wait(address, Pause::WaitForInterrupt),
        }
        self.execute(address);
        false
    }

    fn wait(&mut self, address: u32, pause: Pause) -> bool {
        self.execute(address);
        self.pause = Some(pause);
        true
    }

    fn execute(&mut self, address: u32) {
        self.now += 1;
        self.account.execute(address);
    }

    /// The emulator has stopped, and so did not execute what it asked about last.
    pub fn stopped(&mut self) {
        self.uncounted = None;
    }

    /// Passes time awake without an instruction.
    pub fn spend(&mut self, cycles: Cycles) {
        self.now += cycles;
        self.account.awake += cycles;
    }

    /// Passes time asleep.
    pub fn sleep_until(&mut self, end: Cycles) {
        let duration = end.saturating_sub(self.now);
        self.account.asleep += duration;
        self.now += duration;
    }

    pub fn soc(&self) -> &S {
        self.soc.as_deref().expect("the peripherals are in place")
    }

    pub fn soc_mut(&mut self) -> &mut S {
        self.soc.as_deref_mut().expect("the peripherals are in place")
    }

    /// A load from a peripheral.
    pub fn load(&mut self, address: u32, size: usize) -> u32 {
        self.account.reads += 1;
        let now = self.now;
        if address >= 0xE000_0000 {
            return self.scs.read(address - 0xE000_0000, size, now);
        }
        let value = self.soc_mut().read(address, now);
        self.look();
        value
    }

    /// A store to a peripheral.
    pub fn store(&mut self, address: u32, size: usize, value: u32) {
        self.account.writes += 1;
        let now = self.now;
        if address >= 0xE000_0000 {
            self.scs.write(address - 0xE000_0000, size, value, now);
        } else {
            self.soc_mut().write(address, value, now);
        }
        self.look();
    }

    /// Lets the emulator stop where something has to be done: an exception to take, a reset, or
    /// something in a peripheral that is due earlier than thought.
    pub fn look(&mut self) {
        self.update_lines();
        let reset = self.scs.reset_requested;
        if reset || self.next_exception().is_some() {
            self.stop_at = 0;
        } else {
            self.stop_at = self.stop_at.min(self.next_event());
        }
    }

    pub fn update_lines(&mut self) {
        let lines = self.soc().interrupts();
        if self.scs.nvic.drive(lines) && self.scs.event_on_pend {
            self.event = true;
        }
    }

    /// What would be taken if neither PRIMASK nor BASEPRI were set.
    pub fn next_exception(&self) -> Option<(u16, i16)> {
        let candidate = self.scs.nvic.candidate()?;
        (candidate.1 < self.scs.nvic.active_priority()).then_some(candidate)
    }

    /// When a peripheral or SysTick has something to do next.
    pub fn next_event(&self) -> Cycles {
        let soc = self.soc().next_event().unwrap_or(Cycles::MAX);
        soc.min(self.scs.systick.next_event().unwrap_or(Cycles::MAX))
    }
}
