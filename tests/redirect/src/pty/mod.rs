//! A serial port as a pseudo-terminal, for any terminal program: the simulated host is the driver.
//!
//! The clock of the machine only slows the simulation down: simulated time never runs ahead of it.

mod line;
mod terminal;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use usbd_acm_virtual::host::{AcmPort, Host};
use usbd_acm_virtual::{DevicePort, Nanoseconds};

use line::Line;
pub use terminal::Terminal;

/// Simulated time in one go, at most: what is missed by more is not caught up on.
const SLICE: Nanoseconds = 20_000_000;
/// Milliseconds between two looks while bytes move, and while none do.
const BUSY: u32 = 1;
const IDLE: u32 = 10;

/// Offers the port of an enumerated device on a terminal until `stop`, and unplugs the device then.
/// `look` is called again and again, to tell what happened.
///
/// # Errors
/// Those of the terminal, and of a transfer with the device.
pub fn serve<P: DevicePort>(
    terminal: &Terminal,
    host: &mut Host<P>,
    port: AcmPort,
    stop: &AtomicBool,
    mut look: impl FnMut(&mut Host<P>),
) -> Result<()> {
    let mut line = Line::new(host, port);
    let mut pace = Pace::new(line.now());
    let mut is_busy = false;
    while !stop.load(Ordering::Relaxed) {
        let rest = if is_busy { BUSY } else { IDLE };
        let readiness = terminal.wait(rest, line.wanted())?;
        if !readiness.is_open {
            // Such a terminal is always ready.
            thread::sleep(Duration::from_millis(u64::from(rest)));
        }
        is_busy = line.step(terminal, readiness, pace.due(line.now()))?;
        look(line.host());
    }
    line.unplug(terminal)?;
    look(line.host());
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
