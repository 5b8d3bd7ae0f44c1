//! The processor with its memories.

use std::fmt;

use anyhow::{Context, Result, anyhow};
use unicorn_engine::{Arch, Mode, Prot, RegisterARM, Unicorn, uc_error};

use super::exception::{self, FloatingPoint};
use super::instruction::classify_all;
use super::machine::{Machine, Pause};
use super::nvic::{HARD_FAULT, SVCALL};
use super::scs::SystemControl;
use super::{Account, Cycles, Image};
use crate::soc::{Memory, ResetCause, Soc};

/// What unused RAM is filled with, to see how deep the stack went.
const PAINT: u8 = 0xA5;

/// Why the processor does not run any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What happened.
    pub reason: String,
    /// Where, with the name of the function.
    pub place: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.reason, self.place)
    }
}

impl std::error::Error for Fault {}

/// An emulated microcontroller.
pub struct Core<S: Soc> {
    unicorn: Unicorn<'static, Machine<S>>,
    image: Image,
    asleep: Option<Pause>,
    floating_point: Vec<FloatingPoint>,
    hard_faults: Vec<Fault>,
    lockup: Option<Fault>,
}

impl<S: Soc> Core<S> {
    /// Powers the chip up with this firmware in it.
    ///
    /// # Errors
    /// When the firmware does not fit into the chip, or the emulator cannot be set up.
    pub fn new(soc: S, image: Image) -> Result<Self> {
        let flash = flash_of::<S>(&image)?;
        let scs = SystemControl::new(S::PROCESSOR, S::PRIORITY_BITS, image.vectors);
        let machine = Machine::new(soc, scs, classify_all(&flash));
        let mode = Mode::THUMB | Mode::MCLASS;
        let unicorn = Unicorn::new_with_data(Arch::ARM, mode, machine).map_err(emulator)?;
        let mut core = Self {
            unicorn,
            image,
            asleep: None,
            floating_point: Vec::new(),
            hard_faults: Vec::new(),
            lockup: None,
        };
        core.set_up(&flash).map_err(emulator)?;
        core.paint_stack();
        core.restart();
        Ok(core)
    }

    fn set_up(&mut self, flash: &[u8]) -> Result<(), uc_error> {
        let unicorn = &mut self.unicorn;
        unicorn.ctl_set_cpu_model(S::PROCESSOR.model() as i32)?;
        let start = u64::from(S::FLASH.start);
        unicorn.mem_map(start, u64::from(S::FLASH.size), Prot::READ | Prot::EXEC)?;
        unicorn.mem_write(start, flash)?;
        for ram in S::RAM {
            unicorn.mem_map(u64::from(ram.start), u64::from(ram.size), Prot::ALL)?;
        }
        for region in S::PERIPHERALS {
            map_peripherals(unicorn, region.start, region.size)?;
        }
        map_peripherals(unicorn, 0xE000_0000, 0x0010_0000)?;
        unicorn.add_code_hook(1, 0, |unicorn, address, _| {
            if unicorn.get_data_mut().instruction(address as u32) {
                let _ = unicorn.emu_stop();
            }
        })?;
        unicorn.add_intr_hook(|unicorn, number| {
            // EXCP_EXCEPTION_EXIT
            let pause = if number == 8 { Pause::ExceptionReturn } else { Pause::Raised(number) };
            unicorn.get_data_mut().pause = Some(pause);
            let _ = unicorn.emu_stop();
        })?;
        Ok(())
    }

    /// Resets the chip as its pin, its watchdog or a brown-out does.
    pub fn reset(&mut self, cause: ResetCause) {
        let vectors = self.image.vectors;
        let machine = self.unicorn.get_data_mut();
        let now = machine.now;
        machine.soc_mut().reset(cause, now);
        machine.scs = SystemControl::new(S::PROCESSOR, S::PRIORITY_BITS, vectors);
        machine.pause = None;
        machine.event = false;
        self.asleep = None;
        self.floating_point.clear();
        self.lockup = None;
        self.restart();
    }

    fn restart(&mut self) {
        let mut table = [0; 8];
        let vectors = u64::from(self.image.vectors);
        let unicorn = &mut self.unicorn;
        let _ = unicorn.mem_read(vectors, &mut table);
        let [a, b, c, d, e, f, g, h] = table;
        let registers = [
            (RegisterARM::XPSR_NZCVQG, 1 << 24),
            (RegisterARM::PRIMASK, 0),
            (RegisterARM::BASEPRI, 0),
            (RegisterARM::LR, 0xFFFF_FFFF),
            (RegisterARM::SP, u32::from_le_bytes([a, b, c, d])),
            (RegisterARM::PC, u32::from_le_bytes([e, f, g, h]) | 1),
        ];
        for (register, value) in registers {
            let _ = unicorn.reg_write(register, u64::from(value));
        }
    }

    /// Lets the chip run until `end`; it may be some cycles later then.
    ///
    /// # Errors
    /// When the processor is in lockup: it faulted while it handled a fault.
    pub fn run_until(&mut self, end: Cycles) -> Result<(), Fault> {
        while self.now() < end {
            if let Some(lockup) = &self.lockup {
                let lockup = lockup.clone();
                self.unicorn.get_data_mut().sleep_until(end);
                self.advance();
                return Err(lockup);
            }
            self.advance();
            if self.unicorn.get_data().scs.reset_requested {
                self.reset(ResetCause::Software);
            } else if self.sleeps_on() {
                let machine = self.unicorn.get_data_mut();
                let next = machine.next_event().min(end).max(machine.now + 1);
                machine.sleep_until(next);
            } else if let Some(exception) = self.exception_to_take() {
                self.enter(exception);
            } else {
                self.emulate(end);
            }
        }
        self.advance();
        Ok(())
    }

    /// Does what is due in the peripherals now.
    fn advance(&mut self) {
        self.with_soc(|soc, now, memory| soc.advance(now, memory));
        let machine = self.unicorn.get_data_mut();
        let now = machine.now;
        if machine.scs.systick.advance(now) {
            machine.scs.nvic.set_pending(super::nvic::SYSTICK, true);
            machine.event |= machine.scs.event_on_pend;
        }
        machine.update_lines();
    }

    /// Works on the peripherals, with the chip's memory at hand.
    pub fn with_soc<R>(&mut self, work: impl FnOnce(&mut S, Cycles, &mut dyn Memory) -> R) -> R {
        let machine = self.unicorn.get_data_mut();
        let now = machine.now;
        let mut soc = machine.soc.take().expect("the peripherals are in place");
        let result = work(&mut soc, now, &mut Bus(&mut self.unicorn));
        self.unicorn.get_data_mut().soc = Some(soc);
        result
    }

    /// Whether it waits, and nothing has come that wakes it.
    fn sleeps_on(&mut self) -> bool {
        let Some(pause) = self.asleep else { return false };
        let wakes = match pause {
            // B1.5.18: PRIMASK holds the exception off, but does not let WFI sleep on.
            Pause::WaitForInterrupt => self.unicorn.get_data().next_exception().is_some(),
            _ => {
                let takes = self.exception_to_take().is_some();
                std::mem::take(&mut self.unicorn.get_data_mut().event) || takes
            }
        };
        if wakes {
            self.asleep = None;
        }
        !wakes
    }

    fn exception_to_take(&self) -> Option<u16> {
        let (exception, priority) = self.unicorn.get_data().next_exception()?;
        (priority < self.boosted_priority()).then_some(exception)
    }

    /// What PRIMASK, FAULTMASK and BASEPRI leave (B1.5.4).
    fn boosted_priority(&self) -> i16 {
        let read = |register| self.unicorn.reg_read(register).unwrap_or(0);
        if read(RegisterARM::FAULTMASK) & 1 != 0 {
            return -1;
        }
        if read(RegisterARM::PRIMASK) & 1 != 0 {
            return 0;
        }
        let mask = u64::from(self.unicorn.get_data().scs.nvic.mask());
        match read(RegisterARM::BASEPRI) & mask {
            0 => i16::MAX,
            base => base as i16,
        }
    }

    fn enter(&mut self, exception: u16) {
        match exception::enter(&mut self.unicorn, exception) {
            Ok(kept) => self.floating_point.push(kept),
            Err(error) => self.fault(format!("exception {exception} cannot be stacked: {error:?}")),
        }
    }

    fn emulate(&mut self, end: Cycles) {
        let machine = self.unicorn.get_data_mut();
        machine.stop_at = machine.next_event().min(end);
        let start = self.pc() | 1;
        let result = self.unicorn.emu_start(u64::from(start), u64::MAX, 0, 0);
        let machine = self.unicorn.get_data_mut();
        machine.stopped();
        let pause = machine.pause.take();
        match (result, pause) {
            (_, Some(Pause::ExceptionReturn)) => self.leave(),
            (_, Some(Pause::Raised(2))) => {
                self.unicorn.get_data_mut().scs.nvic.set_pending(SVCALL, true);
            }
            (_, Some(Pause::Raised(number))) => self.fault(format!("exception {number} raised")),
            (_, Some(pause)) => self.wait(pause),
            (Err(error), None) => self.fault(format!("{error:?}")),
            (Ok(()), None) => {}
        }
    }

    fn wait(&mut self, pause: Pause) {
        let next = self.pc().wrapping_add(2) | 1;
        let _ = self.unicorn.reg_write(RegisterARM::PC, u64::from(next));
        self.asleep = Some(pause);
    }

    fn leave(&mut self) {
        let kept = self.floating_point.pop().unwrap_or_default();
        if let Err(error) = exception::leave(&mut self.unicorn, &kept) {
            self.fault(format!("exception frame cannot be read: {error:?}"));
        }
    }

    /// Every fault is a HardFault here; one within a HardFault is lockup (B1.5.15).
    fn fault(&mut self, reason: String) {
        let fault = Fault { reason, place: self.image.place(self.pc()) };
        self.hard_faults.push(fault.clone());
        let scs = &mut self.unicorn.get_data_mut().scs;
        let within = scs.nvic.is_active(HARD_FAULT);
        scs.force_hard_fault();
        if within || exception::enter(&mut self.unicorn, HARD_FAULT).is_err() {
            self.lockup = Some(fault);
        } else {
            self.floating_point.push(FloatingPoint::default());
        }
    }

    fn pc(&self) -> u32 {
        self.unicorn.reg_read(RegisterARM::PC).unwrap_or(0) as u32
    }
}

/// What can be looked at.
impl<S: Soc> Core<S> {
    /// Cycles since power-on.
    pub fn now(&self) -> Cycles {
        self.unicorn.get_data().now
    }

    /// The firmware.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// The peripherals.
    pub fn soc(&self) -> &S {
        self.unicorn.get_data().soc()
    }

    /// The counters.
    pub fn account(&mut self) -> &mut Account {
        &mut self.unicorn.get_data_mut().account
    }

    /// Whether it is in WFE or WFI.
    pub fn is_asleep(&self) -> bool {
        self.asleep.is_some()
    }

    /// Every fault that was taken, in order.
    pub fn hard_faults(&self) -> &[Fault] {
        &self.hard_faults
    }

    /// Function that runs, for messages.
    pub fn place(&self) -> String {
        self.image.place(self.pc())
    }

    /// Bytes of RAM, for tests.
    pub fn memory(&self, address: u32, length: usize) -> Option<Vec<u8>> {
        self.unicorn.mem_read_as_vec(u64::from(address), length).ok()
    }

    /// How many bytes of stack were in use at most, since power-on. `None` when the firmware does not
    /// say where its static data ends.
    pub fn peak_stack(&self) -> Option<u32> {
        let (bottom, top) = self.stack_room()?;
        let room = self.memory(bottom, (top - bottom) as usize)?;
        let untouched = room.iter().take_while(|byte| **byte == PAINT).count();
        Some(top - bottom - u32::try_from(untouched).ok()?)
    }

    fn stack_room(&self) -> Option<(u32, u32)> {
        let bytes = self.memory(self.image.vectors, 4)?;
        let top = u32::from_le_bytes(bytes.try_into().ok()?);
        let bottom = self.image.static_end.filter(|end| *end < top);
        Some((bottom.unwrap_or(S::RAM.first()?.start), top))
    }

    fn paint_stack(&mut self) {
        if let Some((bottom, top)) = self.stack_room() {
            let paint = vec![PAINT; top.saturating_sub(bottom) as usize];
            let _ = self.unicorn.mem_write(u64::from(bottom), &paint);
        }
    }
}

/// The memory of the chip, as its DMA sees it.
struct Bus<'a, S: Soc>(&'a mut Unicorn<'static, Machine<S>>);

impl<S: Soc> Memory for Bus<'_, S> {
    fn read(&mut self, address: u32, buffer: &mut [u8]) -> bool {
        self.0.mem_read(u64::from(address), buffer).is_ok()
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> bool {
        self.0.mem_write(u64::from(address), bytes).is_ok()
    }
}

fn map_peripherals<S: Soc>(
    unicorn: &mut Unicorn<'static, Machine<S>>,
    start: u32,
    size: u32,
) -> Result<(), uc_error> {
    unicorn.mmio_map(
        u64::from(start),
        u64::from(size),
        Some(move |unicorn: &mut Unicorn<'_, Machine<S>>, offset: u64, size: usize| {
            u64::from(unicorn.get_data_mut().load(start + offset as u32, size))
        }),
        Some(move |unicorn: &mut Unicorn<'_, Machine<S>>, offset: u64, size: usize, value: u64| {
            unicorn.get_data_mut().store(start + offset as u32, size, value as u32);
        }),
    )
}

fn flash_of<S: Soc>(image: &Image) -> Result<Vec<u8>> {
    let mut flash = vec![0xFF; S::FLASH.size as usize];
    for (address, bytes) in &image.segments {
        let offset = address.checked_sub(S::FLASH.start).map(|offset| offset as usize);
        let place = offset.and_then(|offset| flash.get_mut(offset..offset + bytes.len()));
        let place =
            place.with_context(|| format!("{address:#x} is not in the flash of this chip"))?;
        place.copy_from_slice(bytes);
    }
    Ok(flash)
}

fn emulator(error: uc_error) -> anyhow::Error {
    anyhow!("the emulator: {error:?}")
}
