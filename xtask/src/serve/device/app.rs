//! What a port's application does with the bytes.

use std::collections::VecDeque;

use clap::ValueEnum;
use usbd_acm::class::{Break, Event, LineCoding, SerialState, StopBits};
use usbd_acm::policy::{DropNewest, PolicyWriter};
use usbd_acm::{Port, PortControl, ReadError, Reader, WriteError};
use usbd_acm_virtual::Nanoseconds;

use super::log::{AnyPolicy, Log};

/// What the device does with the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum App {
    /// A USB-serial adapter whose UART is looped back, at the rate that the host set
    Bridge,
    /// Every byte goes back
    Echo,
    /// Numbered lines at a steady rate, read or not; the command `policy` says what then
    Log,
    /// Every byte is taken and checked against the test stream
    Sink,
    /// The test stream is sent, without end
    Source,
}

/// An application as it runs.
#[derive(Debug)]
pub enum Running {
    Bridge(Uart),
    Echo,
    Log(Log),
    Sink { received: u64, first_wrong: Option<u64> },
    Source { sent: u64, total: u64 },
}

/// A UART whose TXD is wired to its RXD, RTS to CTS, and DTR to DSR and DCD.
#[derive(Debug, Default)]
pub struct Uart {
    transmit: VecDeque<u8>,
    received: VecDeque<u8>,
    /// Time that has passed since the last character went, in bits of 1 GHz: exact at any rate.
    billionths: u64,
    overrun: bool,
    characters: u64,
}

/// A break, which holds TXD low, and characters back.
#[derive(Debug, Default)]
struct BreakSignal {
    /// Time for which it still lasts.
    left: Nanoseconds,
}

/// Characters that a UART's FIFO holds, each way.
const UART_FIFO: usize = 256;

impl From<App> for Running {
    fn from(app: App) -> Self {
        match app {
            App::Bridge => Self::Bridge(Uart::default()),
            App::Echo => Self::Echo,
            App::Log => Self::Log(Log::default()),
            App::Sink => Self::Sink { received: 0, first_wrong: None },
            App::Source => Self::Source { sent: 0, total: u64::MAX },
        }
    }
}

/// Reads `source 1000` and the like.
pub fn parse(app: &str, rest: &[&str]) -> Result<Running, String> {
    let app = App::from_str(app, false)?;
    match (app, rest) {
        (App::Source, [bytes]) => {
            let total = bytes.parse().map_err(|_| format!("{bytes} is no number of bytes"))?;
            Ok(Running::Source { sent: 0, total })
        }
        (app, []) => Ok(app.into()),
        (app, rest) => Err(format!("{app:?} takes no {rest:?}")),
    }
}

/// A port with its application.
pub struct PortApp<const SLOTS: usize, const SIZE: usize> {
    port: Halves<SLOTS, SIZE>,
    running: Running,
    break_signal: BreakSignal,
}

/// A port whose writer has a policy, which only the logger asks for.
struct Halves<const SLOTS: usize, const SIZE: usize> {
    reader: Reader<SLOTS, SIZE>,
    writer: PolicyWriter<AnyPolicy, SLOTS, SIZE>,
    control: PortControl,
}

impl<const SLOTS: usize, const SIZE: usize> PortApp<SLOTS, SIZE> {
    pub fn new(port: Port<SLOTS, SIZE>, running: Running) -> Self {
        let writer = port.writer.with_policy(AnyPolicy::DropNewest(DropNewest));
        let port = Halves { reader: port.reader, writer, control: port.control };
        Self { port, running, break_signal: BreakSignal::default() }
    }

    /// The application as it runs.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Starts another application. It finds both halves of the port in the newest session: that
    /// an older one ended is nothing it would have to know.
    pub fn start(&mut self, running: Running) {
        self.running = running;
        let _ = self.port.reader.fill_buf();
        let _ = self.port.writer.writer().is_flushed();
    }

    /// The policy of the logger.
    pub fn set_policy(&mut self, policy: AnyPolicy) {
        *self.port.writer.policy() = policy;
    }

    /// What the logger has: lines written, bytes lost, bytes from the host.
    pub fn logged(&mut self) -> String {
        match &self.running {
            Running::Log(log) => log.report(self.port.writer.lost()),
            _ => "no logger is running".into(),
        }
    }

    pub fn control(&mut self) -> &mut PortControl {
        &mut self.port.control
    }

    /// What the sink has: `1000 intact`, or where the first wrong byte was.
    pub fn received(&self) -> String {
        match self.running {
            Running::Sink { received, first_wrong: None } => format!("{received} intact"),
            Running::Sink { received, first_wrong: Some(place) } => {
                format!("{received}, wrong from byte {place} on")
            }
            _ => "no sink is running".into(),
        }
    }

    /// The next event, after the application has seen it.
    pub fn next_event(&mut self) -> Option<Event> {
        let event = self.port.control.next_event()?;
        if let Event::Break(request) = event {
            if request == Break::Off && self.break_signal.is_over() {
                // By the clock, which the class does not have: that it ends is no news.
                return self.next_event();
            }
            self.break_signal = request.into();
        }
        if let Running::Bridge(_) = self.running {
            match event {
                Event::Dtr(dtr) => self.port.control.set_carrier(dtr),
                Event::Break(Break::On | Break::For(_)) => {
                    self.port.control.raise(SerialState::BREAK);
                }
                _ => {}
            }
        }
        Some(event)
    }

    /// Lets time pass for what has a clock.
    pub fn pass(&mut self, duration: Nanoseconds) {
        let free = self.break_signal.pass(duration);
        match &mut self.running {
            Running::Bridge(uart) => {
                uart.pass(free, &self.port.control.line_coding());
            }
            Running::Log(log) => log.pass(duration),
            _ => {}
        }
    }

    /// Moves what can be moved. Returns whether that was anything.
    pub fn step(&mut self) -> bool {
        let Self { port, running, .. } = self;
        // Asked for in every round, so that the writer is never behind the reader.
        let session_ended = port.writer.writer().is_flushed() == Err(WriteError::Disconnected);
        match running {
            Running::Echo if session_ended => drop_rest(port),
            Running::Echo => echo(port),
            Running::Log(log) => {
                let read = port.reader.fill_buf().map_or(0, <[u8]>::len);
                port.reader.consume(read);
                log.receive(read);
                log.write(&mut port.writer) || read > 0
            }
            Running::Sink { received, first_wrong } => match port.reader.fill_buf() {
                Ok(bytes) => {
                    let count = bytes.len();
                    *first_wrong =
                        first_wrong.or_else(|| usbd_acm_guest::first_wrong(*received, bytes));
                    *received += count as u64;
                    port.reader.consume(count);
                    true
                }
                Err(error) => error == ReadError::Disconnected,
            },
            Running::Source { sent, total } => source(port, sent, *total),
            Running::Bridge(uart) => bridge(port, uart),
        }
    }
}

/// What nobody waits for any more is not echoed into the next session.
fn drop_rest<const SLOTS: usize, const SIZE: usize>(port: &mut Halves<SLOTS, SIZE>) -> bool {
    while let Ok(bytes) = port.reader.fill_buf() {
        let count = bytes.len();
        port.reader.consume(count);
    }
    true
}

fn echo<const SLOTS: usize, const SIZE: usize>(port: &mut Halves<SLOTS, SIZE>) -> bool {
    let bytes = match port.reader.fill_buf() {
        Ok(bytes) => bytes,
        Err(error) => return error == ReadError::Disconnected,
    };
    let count = match port.writer.writer().write(bytes) {
        Ok(count) => count,
        Err(WriteError::Full) => return false,
        Err(WriteError::NotConnected | WriteError::Disconnected) => bytes.len(),
    };
    port.reader.consume(count);
    true
}

fn source<const SLOTS: usize, const SIZE: usize>(
    port: &mut Halves<SLOTS, SIZE>,
    sent: &mut u64,
    total: u64,
) -> bool {
    // What the host sends meanwhile is read and forgotten.
    let read = port.reader.fill_buf().map(<[u8]>::len);
    port.reader.consume(read.unwrap_or(0));
    let left = usize::try_from(total - *sent).unwrap_or(usize::MAX);
    if left == 0 {
        return false;
    }
    let Ok(mut grant) = port.writer.writer().grant() else { return false };
    let count = grant.len().min(left);
    usbd_acm_guest::fill(*sent, &mut grant);
    grant.commit(count);
    *sent += count as u64;
    true
}

fn bridge<const SLOTS: usize, const SIZE: usize>(
    port: &mut Halves<SLOTS, SIZE>,
    uart: &mut Uart,
) -> bool {
    let mut moved = false;
    if let Ok(bytes) = port.reader.fill_buf() {
        let count = bytes.len().min(UART_FIFO - uart.transmit.len());
        uart.transmit.extend(bytes.iter().take(count));
        port.reader.consume(count);
        moved |= count > 0;
    }
    let (received, _) = uart.received.as_slices();
    if !received.is_empty() {
        let count = match port.writer.writer().write(received) {
            Ok(count) => count,
            Err(WriteError::Full) => 0,
            Err(WriteError::Disconnected | WriteError::NotConnected) => received.len(),
        };
        uart.received.drain(..count);
        moved |= count > 0;
    }
    if std::mem::take(&mut uart.overrun) {
        port.control.raise(SerialState::OVERRUN);
    }
    moved
}

impl Uart {
    /// Characters that went over the line.
    pub fn characters(&self) -> u64 {
        self.characters
    }

    fn pass(&mut self, duration: Nanoseconds, coding: &LineCoding) {
        let passed = duration.saturating_mul(u64::from(coding.rate.max(1)));
        self.billionths = self.billionths.saturating_add(passed);
        let character = character_billionths(coding);
        while self.billionths >= character
            && let Some(byte) = self.transmit.pop_front()
        {
            self.billionths -= character;
            self.characters += 1;
            if self.received.len() < UART_FIFO {
                self.received.push_back(byte);
            } else {
                self.overrun = true;
            }
        }
        // An idle line saves no time up.
        if self.transmit.is_empty() {
            self.billionths = 0;
        }
    }
}

impl From<Break> for BreakSignal {
    fn from(request: Break) -> Self {
        let left = match request {
            Break::Off => 0,
            Break::On => Nanoseconds::MAX,
            Break::For(milliseconds) => Nanoseconds::from(milliseconds.get()) * 1_000_000,
        };
        Self { left }
    }
}

impl BreakSignal {
    fn is_over(&self) -> bool {
        self.left == 0
    }

    /// Lets time pass, and returns for how much of it the line was free.
    fn pass(&mut self, duration: Nanoseconds) -> Nanoseconds {
        let held = duration.min(self.left);
        if self.left < Nanoseconds::MAX {
            self.left -= held;
        }
        duration - held
    }
}

/// Start bit, data bits, parity bit and stop bits, in half bits for the 1.5.
fn character_billionths(coding: &LineCoding) -> u64 {
    let stop = match coding.stop_bits() {
        Ok(StopBits::OneAndHalf) => 3,
        Ok(StopBits::Two) => 4,
        Ok(StopBits::One) | Err(_) => 2,
    };
    let parity = if coding.parity_type == 0 { 0 } else { 2 };
    let half_bits = 2 + 2 * u64::from(coding.data_bits) + parity + stop;
    half_bits * 500_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanoseconds = 1_000_000_000;

    fn characters_of_a_second(uart: &mut Uart, coding: &LineCoding) -> u64 {
        let before = uart.characters;
        for _ in 0..1000 {
            uart.transmit.resize(UART_FIFO, 0);
            uart.received.clear();
            uart.pass(SECOND / 1000, coding);
        }
        uart.characters - before
    }

    #[test]
    fn a_line_is_exactly_as_fast_as_its_rate() {
        let mut uart = Uart::default();
        let coding = LineCoding { rate: 921_600, ..LineCoding::DEFAULT };
        assert_eq!(characters_of_a_second(&mut uart, &coding), 92_160);
        // Start bit, 7 data bits, parity bit, 2 stop bits.
        let coding = LineCoding { rate: 1100, char_format: 2, parity_type: 1, data_bits: 7 };
        assert_eq!(characters_of_a_second(&mut uart, &coding), 100);
    }

    #[test]
    fn a_line_is_free_but_for_its_break() {
        let free = |request| {
            let mut signal = BreakSignal::from(request);
            let milliseconds = (0..1000).map(|_| signal.pass(SECOND / 1000));
            (milliseconds.sum::<Nanoseconds>(), signal.is_over())
        };
        assert_eq!(free(Break::Off), (SECOND, true));
        assert_eq!(free(Break::from_value(250)), (SECOND / 4 * 3, true));
        assert_eq!(free(Break::from_value(1001)), (0, false));
        assert_eq!(free(Break::On), (0, false));
    }
}
