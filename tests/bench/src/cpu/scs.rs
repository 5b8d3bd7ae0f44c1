//! The private peripheral bus: NVIC and SCB registers, SysTick, DWT's cycle counter.

use super::nvic::{HARD_FAULT, Nvic, PENDSV, SYSTICK};
use super::systick::SysTick;
use super::{Cycles, Lines, Processor};

/// What firmware sees from 0xE000_0000.
#[derive(Clone, Debug)]
pub struct SystemControl {
    processor: Processor,
    pub nvic: Nvic,
    pub systick: SysTick,
    pub vectors: u32,
    /// SCR.SEVONPEND.
    pub event_on_pend: bool,
    /// CPACR lets the FPU be used.
    pub floating_point: bool,
    /// AIRCR.SYSRESETREQ was written.
    pub reset_requested: bool,
    scr: u32,
    ccr: u32,
    shcsr: u32,
    demcr: u32,
    /// HFSR, as a fault leaves it.
    pub hard_fault_status: u32,
    /// Value of CYCCNT at time 0, while it counts.
    cycle_counter: Option<u32>,
    cycles_held: u32,
}

impl SystemControl {
    pub fn new(processor: Processor, priority_bits: u32, vectors: u32) -> Self {
        Self {
            processor,
            nvic: Nvic::new(priority_bits),
            systick: SysTick::default(),
            vectors,
            event_on_pend: false,
            floating_point: false,
            reset_requested: false,
            scr: 0,
            ccr: 0x200,
            shcsr: 0,
            demcr: 0,
            hard_fault_status: 0,
            cycle_counter: None,
            cycles_held: 0,
        }
    }

    pub fn read(&mut self, offset: u32, size: usize, now: Cycles) -> u32 {
        let word = self.read_word(offset & !3, now);
        let shifted = word >> (8 * (offset & 3));
        match size {
            1 => shifted & 0xFF,
            2 => shifted & 0xFFFF,
            _ => word,
        }
    }

    fn read_word(&mut self, offset: u32, now: Cycles) -> u32 {
        match offset {
            0x1000 => 0x4000_0000 | u32::from(self.cycle_counter.is_some()),
            0x1004 => match self.cycle_counter {
                Some(start) => start.wrapping_add(now as u32),
                None => self.cycles_held,
            },
            0xE010..0xE020 => self.systick.read(offset - 0xE010, now),
            0xE100..0xE120 | 0xE180..0xE1A0 => word_of(&self.nvic.enabled, offset),
            0xE200..0xE220 | 0xE280..0xE2A0 => word_of(&self.nvic.pending, offset),
            0xE300..0xE320 => self.active_word((offset as u16 - 0xE300) / 4),
            0xE400..0xE4F0 => bytes_at(&self.nvic.priorities, offset - 0xE400),
            0xED00 => self.processor.cpuid(),
            0xED04 => self.interrupt_control(),
            0xED08 => self.vectors,
            0xED0C => 0xFA05_0000,
            0xED10 => self.scr,
            0xED14 => self.ccr,
            0xED18..0xED24 => bytes_at(&self.nvic.system_priorities, offset - 0xED18),
            0xED24 => self.shcsr,
            0xED2C => self.hard_fault_status,
            0xED88 => u32::from(self.floating_point) * 0x00F0_0000,
            0xED90 => 0x0800,
            0xEDFC => self.demcr,
            _ => 0,
        }
    }

    /// ICSR (B3.2.4).
    fn interrupt_control(&self) -> u32 {
        let nvic = &self.nvic;
        let bit = |exception: u16, bit| u32::from(nvic.system_pending & 1 << exception != 0) << bit;
        let pending = nvic.candidate().map_or(0, |(number, _)| u32::from(number) << 12);
        let base = u32::from(nvic.depth() <= 1) << 11;
        bit(PENDSV, 28) | bit(SYSTICK, 26) | pending | base | u32::from(nvic.running())
    }

    fn active_word(&self, word: u16) -> u32 {
        let active = |bit: &u16| self.nvic.is_active(16 + word * 32 + bit);
        (0..32).filter(active).fold(0, |word, bit| word | 1 << bit)
    }

    pub fn write(&mut self, offset: u32, size: usize, value: u32, now: Cycles) {
        let index = (offset as usize >> 2) & 7;
        match offset {
            0x1000 => self.switch_cycle_counter(value & 1 != 0, now),
            0x1004 => match &mut self.cycle_counter {
                Some(start) => *start = value.wrapping_sub(now as u32),
                None => self.cycles_held = value,
            },
            0xE010..0xE020 => self.systick.write(offset - 0xE010, value, now),
            0xE100..0xE120 => self.nvic.enabled[index] |= value,
            0xE180..0xE1A0 => self.nvic.enabled[index] &= !value,
            0xE200..0xE220 => self.nvic.pending[index] |= value,
            0xE280..0xE2A0 => self.nvic.unpend(index, value),
            0xE400..0xE4F0 => store(&mut self.nvic.priorities, offset - 0xE400, size, value),
            0xED04 => self.control_interrupts(value),
            0xED08 => self.vectors = value & !0x7F,
            0xED0C if value >> 16 == 0x05FA => self.reset_requested |= value & 4 != 0,
            0xED10 => {
                self.scr = value & 0x16;
                self.event_on_pend = value & 0x10 != 0;
            }
            0xED14 => self.ccr = value,
            0xED18..0xED24 => {
                store(&mut self.nvic.system_priorities, offset - 0xED18, size, value);
            }
            0xED24 => self.shcsr = value,
            0xED2C => self.hard_fault_status &= !value,
            0xED88 => self.floating_point = value & 0x00F0_0000 == 0x00F0_0000,
            0xEDFC => self.demcr = value,
            0xEF00 => self.nvic.set_pending((value & 0xFF) as u16 + 16, true),
            _ => {}
        }
    }

    fn control_interrupts(&mut self, value: u32) {
        for (exception, set, clear) in [(PENDSV, 28, 27), (SYSTICK, 26, 25)] {
            if value & 1 << set != 0 {
                self.nvic.set_pending(exception, true);
            } else if value & 1 << clear != 0 {
                self.nvic.set_pending(exception, false);
            }
        }
    }

    fn switch_cycle_counter(&mut self, on: bool, now: Cycles) {
        match (on, self.cycle_counter) {
            (true, None) => self.cycle_counter = Some(self.cycles_held.wrapping_sub(now as u32)),
            (false, Some(start)) => {
                self.cycles_held = start.wrapping_add(now as u32);
                self.cycle_counter = None;
            }
            _ => {}
        }
    }

    /// Notes a fault that became a HardFault.
    pub fn force_hard_fault(&mut self) {
        self.hard_fault_status |= 1 << 30;
        self.nvic.set_pending(HARD_FAULT, true);
    }
}

fn word_of(lines: &Lines, offset: u32) -> u32 {
    lines[(offset as usize >> 2) & 7]
}

fn bytes_at(bytes: &[u8], offset: u32) -> u32 {
    let at = |index: usize| bytes.get(offset as usize + index).copied().unwrap_or(0);
    u32::from_le_bytes([at(0), at(1), at(2), at(3)])
}

fn store(bytes: &mut [u8], offset: u32, size: usize, value: u32) {
    for (index, byte) in value.to_le_bytes().into_iter().take(size).enumerate() {
        if let Some(place) = bytes.get_mut(offset as usize + index) {
            *place = byte;
        }
    }
}
