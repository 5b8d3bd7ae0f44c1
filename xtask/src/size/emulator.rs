//! Executes a firmware and counts instructions of the USB stack.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use armagnac::core::{Config, Emulator, Event, Processor, RunError};
use armagnac::memory::RamMemory;

use super::controller::{BASE, Controller};
use super::depth::Depth;
use super::dsp;
use super::elf::{FLASH, Firmware, RAM};
use super::host::{Host, Mode, Window};
use super::watch::Watch;

/// More than any run needs; a firmware that takes longer hangs.
const LIMIT: usize = 20_000_000;

/// What a run counted.
pub struct Run {
    /// Instructions from bus reset to the end of the eighth request.
    pub enumeration: usize,
    /// Instructions of the mode's window.
    pub data: usize,
    /// Bytes moved in that window, or polls.
    pub counted: usize,
    /// Times the device looked at the controller in that window.
    pub looks: usize,
    /// Deepest stack below the main loop, in bytes.
    pub stack: u64,
    /// The same below each function, as text.
    pub depth: String,
    /// The same, in bytes by first address.
    pub deepest: BTreeMap<u64, u64>,
    /// What took longest.
    pub watch: Watch,
    /// Instructions of the data window, by address.
    pub addresses: BTreeMap<u64, usize>,
}

/// Runs a firmware that was built with the feature `modes`.
pub fn run(firmware: &Firmware, mode: Mode) -> Result<Run> {
    let controller = Rc::new(RefCell::new(Controller::new(Host::new(mode))));
    let mut processor = processor(firmware, controller.clone())?;
    let text = firmware.section(".text");
    let mut enumeration = 0;
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    let mut lowest = RAM.end;
    let mut depth = Depth::new(firmware);
    let mut watch = Watch::new(firmware);
    for _ in 0..LIMIT {
        let address = u64::from(processor.pc());
        if text.contains(&address) {
            match controller.borrow().host.window {
                Window::Closed => {}
                Window::Enumeration => enumeration += 1,
                Window::Data => *counts.entry(address).or_default() += 1,
            }
        }
        depth.step(address, processor.sp().into(), processor.lr().into());
        watch.look(firmware, &processor, address);
        step(&mut processor).with_context(|| place(firmware, address))?;
        let controller = controller.borrow();
        if controller.host.window != Window::Closed {
            lowest = lowest.min(u64::from(processor.sp()));
        }
        if let Some(failure) = &controller.host.failure {
            bail!("{failure} ({})", controller.host.describe());
        }
        if controller.host.is_finished() {
            return Ok(Run {
                enumeration,
                data: counts.values().sum(),
                counted: controller.host.counted,
                looks: controller.host.looks,
                stack: RAM.end - lowest,
                depth: depth.table(firmware),
                deepest: depth.deepest(),
                watch,
                addresses: counts,
            });
        }
    }
    let doing = controller.borrow().host.describe();
    bail!("the firmware hangs {}: {doing}", place(firmware, processor.pc().into()))
}

fn processor(firmware: &Firmware, controller: Rc<RefCell<Controller>>) -> Result<Processor> {
    let mut processor = Processor::new(Config::v7em());
    let flash = RamMemory::new_from_slice(&firmware.flash).read_only();
    let ram = RamMemory::new_from_slice(&firmware.ram);
    let mut map = |address, memory| {
        let mapped = processor.map_iface(address, memory);
        mapped.map_err(|conflict| anyhow::anyhow!("{conflict:?}"))
    };
    map(FLASH.start as u32, Rc::new(RefCell::new(flash)))?;
    map(RAM.start as u32, Rc::new(RefCell::new(ram)))?;
    map(BASE, controller)?;
    processor.set_sp(RAM.end as u32);
    processor.set_pc(firmware.entry as u32 & !1);
    Ok(processor)
}

fn step(processor: &mut Processor) -> Result<()> {
    loop {
        match processor.next_event() {
            Ok(Event::Instruction { .. }) => return Ok(()),
            Ok(Event::Break(_) | Event::Reset) => bail!("the firmware gave up"),
            Ok(_) => {}
            Err(RunError::InstructionUnknown) if dsp::execute(processor) => return Ok(()),
            Err(error) => bail!("{error:?}"),
        }
    }
}

fn place(firmware: &Firmware, address: u64) -> String {
    let name = firmware.symbol_at(address).map_or("no function", |symbol| &symbol.name);
    format!("at {address:#x} in {name}")
}
