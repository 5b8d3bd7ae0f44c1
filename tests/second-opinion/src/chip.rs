//! An STM32F405 in rsemu's words: what firmware needs around the core.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use rsemu::bus::usb::UsbBus;
use rsemu::machine::validate::{ClassSchema, PortDir};
use rsemu::machine::{Machine, build, catalog};

use crate::cpu::Image;
use crate::otg::{CLASS, IRQ, Otg};

/// First address of the flash.
const FLASH: u32 = 0x0800_0000;
/// Its size.
const FLASH_SIZE: usize = 1 << 20;

/// 168 MHz from the start: the crystal of 12 MHz times 14, whatever firmware sets up.
const CHIP: &str = r#"
machine "stm32f405" {
  osc hse = 12000000 Hz
  space mem { width = 32 }

  object cpu "cpu.arm.v7m" { clock = hse * 14, space = mem, part = "cortex-m4f", priority-bits = 4 }
  object eflash "st.flash" { clock = hse, variant = "f4", size = 1M, image = "firmware" }
  object sram   "ram" { size = 128K }
  object rcc    "st.rcc" { clock = hse, variant = "f4", hse = 12000000 }
  object pwr    "st.pwr" { clock = hse, variant = "f4" }
  object syscfg "st.syscfg" {
    variant = "f4", ports = 8, space = mem
    boot-size = 1M, boot-sources = [ 0x08000000, 0, 0, 0x20000000 ]
  }
  object exti   "st.exti" { lines = 23 }
  object dbgmcu "st.dbgmcu" { dev-id = 0x413, rev-id = 0x1000 }
  object tim2   "st.tim" { clock = hse * 7, variant = "general", channels = 4, width = 32 }
  object tim3   "st.tim" { clock = hse * 7, variant = "general", channels = 4 }
  object gpioa  "st.gpio" { moder-reset = 0xa8000000, pupdr-reset = 0x64000000 }
  object gpiob  "st.gpio" { moder-reset = 0x00000280, ospeedr-reset = 0x000000c0, pupdr-reset = 0x00000100 }
  object gpioc  "st.gpio" { }
  object otg    "usb.otg" { }

  map mem 0x00000000 size 1M    = syscfg.boot
  map mem 0x08000000 size 1M    = eflash.array
  map mem 0x20000000 size 128K  = sram
  map mem 0x40000000 size 0x64  = tim2
  map mem 0x40000400 size 0x64  = tim3
  map mem 0x40007000 size 0x08  = pwr
  map mem 0x40013800 size 0x24  = syscfg
  map mem 0x40013c00 size 0x18  = exti
  map mem 0x40020000 size 0x28  = gpioa
  map mem 0x40020400 size 0x28  = gpiob
  map mem 0x40020800 size 0x28  = gpioc
  map mem 0x40023800 size 0x90  = rcc
  map mem 0x40023c00 size 0x1c  = eflash
  map mem 0xe0042000 size 0x10  = dbgmcu
  map mem 0x50000000 size 256K  = otg

  wire tim2.irq -> cpu.irq28
  wire tim3.irq -> cpu.irq29
  wire otg.irq  -> cpu.irq67
}
"#;

/// The chip with firmware in it, and the cable that its core is at the end of.
pub fn boot(image: &Image) -> Result<(Machine, Arc<UsbBus>)> {
    let bus = Arc::new(UsbBus::new(1));
    let mut options = catalog::build_options().map_err(emulator)?;
    options.realize.media.insert("firmware", flash(image)?);
    options.classes.insert(schema());
    let end = bus.clone();
    let otg = options.bindings.bind(CLASS, move |_| Ok(Arc::new(Otg::new(end.clone()))));
    otg.map_err(emulator)?;
    let mut registry = catalog::registry().map_err(emulator)?;
    registry.add(&crate::otg::OTG_CLASS).map_err(emulator)?;
    let machine = build("stm32f405", CHIP, &registry, &options).map_err(emulator)?;
    Ok((machine, bus))
}

fn schema() -> ClassSchema {
    ClassSchema::new(CLASS).port(IRQ, PortDir::Out).region("")
}

fn flash(image: &Image) -> Result<Vec<u8>> {
    let mut flash = vec![0xFF; FLASH_SIZE];
    for (address, bytes) in &image.segments {
        let start = address.checked_sub(FLASH).map(|offset| offset as usize);
        let place = start.and_then(|start| flash.get_mut(start..start + bytes.len()));
        place.with_context(|| format!("{address:#x} is not in the flash"))?.copy_from_slice(bytes);
    }
    Ok(flash)
}

fn emulator(error: rsemu::core::error::Error) -> anyhow::Error {
    anyhow!("rsemu: {error}")
}
