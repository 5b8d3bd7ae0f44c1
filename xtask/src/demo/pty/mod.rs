//! `cargo xtask demo --pty`: the port as a pseudo-terminal, for any terminal program.
//!
//! The clock of the machine only slows the simulation down: simulated time never runs ahead of it.

mod line;
mod terminal;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use usbd_acm::Speed;
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::host::Config;

use super::board::Bench;
use super::conversation::{self, Conversation};
use super::voice::Voice;
use crate::serve::device::App;
use line::Line;
use terminal::Terminal;

/// Simulated time in one go, at most: what is missed by more is not caught up on.
const SLICE: Nanoseconds = 20_000_000;
/// Milliseconds between two looks while bytes move, and while none do.
const BUSY: u32 = 1;
const IDLE: u32 = 10;

/// A device with this application at this speed, offered until `stop`.
pub fn serve(
    speed: Speed,
    app: App,
    link: Option<&Path>,
    stop: &AtomicBool,
    voice: &Voice,
) -> Result<()> {
    let terminal = Terminal::new(link)?;
    let config = Config { speed, ..Config::default() };
    let mut bench = Bench::new(speed, app.into(), config);
    let conversation = bench.host.observe(Conversation::new(&bench, voice));
    let (_, port) = conversation::enumerate(&mut bench.host)?;
    let path = terminal.path().display();
    voice.say(format!(
        "\nThe port is {path}, until Ctrl-C. To talk to it:\n  \
         picocom -b 115200 {path}\n  screen {path} 115200\n  \
         python3 -m serial.tools.miniterm {path} 115200\n"
    ));
    let mut line = Line::new(bench, port);
    let mut pace = Pace::new(line.now());
    let mut is_busy = false;
    while !stop.load(Ordering::Relaxed) {
        let rest = if is_busy { BUSY } else { IDLE };
        let readiness = terminal.wait(rest, line.wanted())?;
        if !readiness.is_open {
            // Such a terminal is always ready.
            thread::sleep(Duration::from_millis(u64::from(rest)));
        }
        is_busy = line.step(&terminal, readiness, pace.due(line.now()))?;
        conversation.borrow().say_events();
    }
    line.unplug(&terminal)?;
    conversation.borrow().say_events();
    Ok(())
}

/// Simulated time beside that of the machine.
struct Pace {
    start: Instant,
    simulated_start: Nanoseconds,
}

impl Pace {
    fn new(now: Nanoseconds) -> Self {
        Self { start: Instant::now(), simulated_start: now }
    }

    /// Simulated time that is to pass until it is as late as on the machine.
    fn due(&mut self, now: Nanoseconds) -> Nanoseconds {
        let elapsed = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let due = elapsed.saturating_sub(now - self.simulated_start);
        if due > SLICE {
            *self = Self::new(now);
        }
        due.min(SLICE)
    }
}

#[cfg(test)]
mod tests;
