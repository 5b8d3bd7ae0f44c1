//! `cargo xtask size --stack`: the most stack that each entry point can take, on any path.
//!
//! From the linked program, not from the compiler: [`thumb`] reads its instructions, [`frame`] walks
//! every path of a function, [`graph`] every call. A call by a register leads to what [`constants`] knows
//! of the register, else to any function whose address is taken. Recursion, and a stack pointer that is
//! computed, have no bound and are failures.
//! What the emulator executes is held against it: no function may get deeper than its bound.

mod constants;
mod frame;
mod graph;
mod program;
mod thumb;

use std::fmt::Write;

use anyhow::{Context, Result, ensure};

use super::emulator;
use super::firmware::{self, Build, Level, Purpose, Stack, TARGETS};
use super::host::Mode;
use super::{COUNT_LEVELS, describe};
use crate::figures;
use graph::Graph;
use program::Program;

/// The module of tests/size/usbd-acm-echo with the entry points.
const ENTRIES: &str = "usbd_acm_echo::entries::";

/// The entry point that the interrupt calls.
const POLL: &str = "device_poll";

/// Firmware of a board, the handler in which it polls, and the name of its figure.
const BOARDS: [(&str, &str, &str); 4] = [
    ("nrf52840-dk", "USBD", "interrupt_nrf52840"),
    ("stm32f405-feather", "OTG_FS", "interrupt_stm32f405"),
    ("stm32f411-blackpill", "OTG_FS", "interrupt_stm32f411"),
    ("stm32h743-nucleo", "OTG_FS", "interrupt_stm32h743"),
];
const APPLICATION: &str = "echo";

/// Bounds of every entry point on both architectures, as a table.
pub fn check(progress: impl Fn(&str)) -> Result<String> {
    let functions = compare_with_runs(&progress)?;
    let mut text = String::new();
    let mut figures = vec![("functions_compared", functions)];
    for (target, figure) in [(TARGETS[0], "poll_thumbv7em"), (TARGETS[1], "poll_thumbv6m")] {
        progress(&format!("stack of each entry point: {target}"));
        let poll = entry_points(target, &mut text)?;
        figures.push((figure, poll));
    }
    for (board, interrupt, figure) in BOARDS {
        progress(&format!("stack of each handler: {board}"));
        let elf = crate::firmware::elf(board, APPLICATION)?;
        let bounds = exceptions(&elf)?;
        let handler = bounds.iter().find(|handler| handler.name == interrupt);
        figures.push((figure, handler.context("the interrupt has no handler")?.bytes));
        let _ = writeln!(text, "{board}, {APPLICATION}: bytes of stack at most");
        for Handler { name, bytes, path } in bounds {
            let _ = writeln!(text, "  {bytes:6}  {name:<24} {path}");
        }
    }
    figures::write(firmware::root(), "stack", &figures)?;
    let _ = writeln!(text, "{functions} functions were executed, none deeper than its bound");
    Ok(text)
}

/// Bounds of the entry points of one target; that of [`POLL`].
fn entry_points(target: &'static str, text: &mut String) -> Result<u64> {
    let build = Build { target, level: Level::Z, purpose: Purpose::Entries };
    let program = Program::parse(&build.firmware(Stack::UsbdAcm)?.bytes)?;
    let mut graph = Graph::new(&program);
    let mut poll = None;
    let _ = writeln!(text, "{target}, opt-level z: bytes of stack at most");
    for (address, function) in program.functions() {
        let Some(name) = function.name.strip_prefix(ENTRIES) else { continue };
        let bound = graph.bound(address).with_context(|| name.to_owned())?;
        let _ = writeln!(text, "  {:6}  {name:<24} {}", bound.bytes, graph.deepest(address));
        if name == POLL {
            poll = Some(bound.bytes);
        }
    }
    let (reached, by_register) = graph.reached();
    let _ = writeln!(text, "  {reached} functions, no recursion; any of these may be called by a");
    let _ = writeln!(text, "  register: {}", names(&program, program.taken.iter().copied()));
    let _ = writeln!(text, "  and by these it is done: {}", by_register.join(", "));
    poll.context("the entry points are not linked")
}

/// What an exception pushes: eight words, below a stack pointer that is made a multiple of eight bytes
/// (DDI 0403E, §B1.5.7). Registers of the FPU come on top only where one of its instructions was executed.
const EXCEPTION: u64 = 8 * 4 + 4;

/// The handler that the main program is called by.
const RESET: &str = "Reset";

/// The most stack that the firmware in an ELF file can take: that of its main program, and on top of it that
/// of one handler, where all have the same priority and so none preempts another.
pub fn of_firmware(bytes: &[u8]) -> Result<u64> {
    whole(&exceptions(bytes)?).context("there is no reset handler")
}

fn whole(handlers: &[Handler]) -> Option<u64> {
    let (main, others): (Vec<&Handler>, _) =
        handlers.iter().partition(|handler| handler.name == RESET);
    let deepest = others.iter().map(|handler| EXCEPTION + handler.bytes).max();
    Some(main.first()?.bytes + deepest.unwrap_or(0))
}

/// The bound of a handler.
struct Handler {
    name: String,
    bytes: u64,
    path: String,
}

/// Bounds of a firmware's handlers, and of its main program, which is called by that of the reset.
fn exceptions(bytes: &[u8]) -> Result<Vec<Handler>> {
    let program = Program::parse(bytes)?;
    let mut graph = Graph::new(&program);
    let bound = |handler: &u64| {
        let name = program.name(*handler).to_owned();
        let bound = graph.bound(*handler).with_context(|| name.clone())?;
        Ok(Handler { name, bytes: bound.bytes, path: graph.deepest(*handler) })
    };
    program.handlers.iter().map(bound).collect()
}

fn names(program: &Program, addresses: impl Iterator<Item = u64>) -> String {
    addresses.map(|address| program.name(address)).collect::<Vec<_>>().join(", ")
}

/// Runs the firmware in every mode; how many functions were executed.
fn compare_with_runs(progress: &impl Fn(&str)) -> Result<u64> {
    let mut functions = 0;
    for level in COUNT_LEVELS {
        let build = Build { target: TARGETS[0], level, purpose: Purpose::Count };
        progress(&format!("stack as executed: {}", describe(build, Stack::UsbdAcm)));
        let firmware = build.firmware(Stack::UsbdAcm)?;
        let program = Program::parse(&firmware.bytes)?;
        let mut graph = Graph::new(&program);
        let mut executed = std::collections::BTreeMap::new();
        for mode in Mode::ALL {
            let run = emulator::run(&firmware, mode)?;
            // What the table shows as its peak is all that is below its beginning.
            let peak = (firmware.entry & !1, run.stack);
            for (entry, bytes) in run.deepest.into_iter().chain([peak]) {
                let deepest: &mut u64 = executed.entry(entry).or_default();
                *deepest = bytes.max(*deepest);
            }
        }
        for (entry, bytes) in executed {
            let bound = graph.bound(entry)?.bytes;
            let name = program.name(entry);
            ensure!(
                bytes <= bound,
                "{name} took {bytes} bytes of stack, and {bound} are its bound"
            );
            functions += 1;
        }
    }
    Ok(functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(name: &str, bytes: u64) -> Handler {
        Handler { name: name.to_owned(), bytes, path: String::new() }
    }

    #[test]
    fn a_firmware_takes_its_main_program_and_the_deepest_handler() {
        let handlers = [handler("USBD", 100), handler("Reset", 40), handler("POWER_CLOCK", 8)];
        assert_eq!(whole(&handlers), Some(40 + 36 + 100));
        assert_eq!(whole(&handlers[1..2]), Some(40));
        assert_eq!(whole(&handlers[..1]), None);
    }
}
