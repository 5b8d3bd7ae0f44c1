//! That no panic can be reached in what our stack links.

use std::fmt::Write;

use anyhow::{Result, bail, ensure};

use super::elf::Firmware;
use super::firmware::{self, Build, Level, Purpose, Stack, TARGETS};
use super::lines::Lines;
use super::symbols;
use crate::figures;

/// Links firmware that uses the whole public interface, on every target, with a panic handler that
/// does not link. Fails with the functions that refer to the panic machinery.
pub fn check(progress: impl Fn(&str)) -> Result<()> {
    check_the_check(&progress)?;
    let mut links = 0;
    for target in TARGETS {
        for level in [Level::Z, Level::S, Level::Three] {
            progress(&format!("link without panics: {target}, opt-level {}", level.name()));
            check_one(target, level)?;
            links += 1;
        }
    }
    figures::write(firmware::root(), "panic-free", &[("links", links), ("panics", 0)])
}

fn check_one(target: &'static str, level: Level) -> Result<()> {
    let ours = Stack::UsbdAcm;
    let whole = Build { target, level, purpose: Purpose::Whole };
    let found = panics(&whole.firmware(ours)?)?;
    ensure!(
        found.is_empty(),
        "{target}, opt-level {}: a panic can be reached:{found}",
        level.name()
    );
    // Names may be inlined away; an undefined symbol cannot be.
    let panic_free = Build { target, level, purpose: Purpose::PanicFree };
    panic_free.firmware(ours).map(drop)
}

/// usbd-serial can panic, by its source: a check that does not see it sees nothing.
fn check_the_check(progress: &impl Fn(&str)) -> Result<()> {
    progress("look for the panics of usbd-serial, to see that they are found");
    let build = Build { target: TARGETS[1], level: Level::Z, purpose: Purpose::Size };
    if panics(&build.firmware(Stack::SerialPort)?)?.is_empty() {
        bail!("the check finds no panic in usbd-serial, and so proves nothing");
    }
    Ok(())
}

/// Functions of the panic machinery, and from where they are called, a line each.
fn panics(firmware: &Firmware) -> Result<String> {
    let lines = Lines::read(&firmware.bytes)?;
    let mut text = String::new();
    for symbol in firmware.symbols.iter().filter(|symbol| symbols::is_panic(&symbol.name)) {
        let _ = write!(text, "\n  {} is linked", symbol.name);
    }
    for (address, to) in firmware.references_to(symbols::is_panic) {
        let _ = write!(text, "\n  {to}, called by");
        for frame in lines.frames(address) {
            let _ = write!(text, "\n    {} ({})", frame.function, frame.place);
        }
    }
    Ok(text)
}
