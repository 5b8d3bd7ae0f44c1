//! A USB serial adapter: what the host sends goes to a UART, and back.
//!
//! [`Bridge::run`] does everything of the UART's side, in the UART's interrupt. The interrupt of USB makes
//! that one run when it is done, and shares no lock with it.

use core::num::NonZeroU16;
use core::sync::atomic::{AtomicU32, Ordering};

use embedded_hal::digital::{OutputPin, PinState};
use usbd_acm::class::{Break, Event, SerialState};
use usbd_acm::{Port, ReadError, WriteError};

use crate::{LineErrors, Tick, Uart};

/// Packets of FIFO each way: more than two, as the UART may keep USB waiting.
pub const SLOTS: usize = 4;

/// What did not get through since power-on, for a debugger: its name and layout stay.
#[unsafe(no_mangle)]
static BRIDGE_LOSSES: Losses = Losses { overruns: Count::new(), unheard: Count::new() };

#[repr(C)]
struct Losses {
    /// Times that the UART lost bytes, as nobody took them; the host is told.
    overruns: Count,
    /// Bytes of the UART that came while no host had the port open.
    unheard: Count,
}

/// A number, modulo 2^32. The interrupt of the UART is the only one who adds.
#[repr(transparent)]
struct Count(AtomicU32);

impl Count {
    const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    fn add(&self, more: u32) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }
}

/// What becomes of TXD.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BreakSignal {
    Off,
    /// For so many milliseconds more.
    For(u16),
    /// Until the host ends it.
    On,
}

/// The adapter.
pub struct Bridge<U, D, R, T> {
    port: Port<SLOTS>,
    uart: U,
    host_dtr: D,
    host_rts: R,
    tick: T,
    /// The UART has the packet that comes next.
    is_sending: bool,
    break_signal: BreakSignal,
    /// A break, or the end of one, that waits for the UART to have sent.
    asked: Option<Break>,
    /// Milliseconds that it waits already, where its end may come meanwhile.
    waited: u16,
    /// A line coding waits for the UART to have sent.
    new_coding: bool,
}

impl<U: Uart, D: OutputPin, R: OutputPin, T: Tick> Bridge<U, D, R, T> {
    /// Connects a port with a UART. The pins show DTR and RTS of the host: low when they are set. The
    /// exception of the tick makes the interrupt of the UART run.
    pub fn new(port: Port<SLOTS>, uart: U, (host_dtr, host_rts): (D, R), tick: T) -> Self {
        Self {
            port,
            uart,
            host_dtr,
            host_rts,
            tick,
            is_sending: false,
            break_signal: BreakSignal::Off,
            asked: None,
            waited: 0,
            new_coding: false,
        }
    }

    /// Everything there is to do.
    pub fn run(&mut self) {
        while let Some(event) = self.port.control.next_event() {
            self.host_says(event);
        }
        let errors = self.uart.errors();
        self.report(errors);
        self.upstream();
        self.count_milliseconds();
        self.downstream();
    }

    fn host_says(&mut self, event: Event) {
        match event {
            Event::Configured { .. } => self.port.control.set_carrier(true),
            Event::Dtr(set) => set_low_if(&mut self.host_dtr, set),
            Event::Rts(set) => set_low_if(&mut self.host_rts, set),
            Event::LineCoding { .. } => self.new_coding = true,
            Event::Break(request) => self.ask(request),
            _ => {}
        }
    }

    fn ask(&mut self, request: Break) {
        self.asked = Some(match (self.asked, request) {
            // Its end came before it could begin: it is to be as long all the same.
            (Some(Break::On), Break::Off) => {
                Break::For(NonZeroU16::MIN.saturating_add(self.waited))
            }
            _ => request,
        });
        self.waited = 0;
        if request == Break::On && self.is_sending {
            self.tick.run(true);
        }
    }

    fn report(&mut self, errors: LineErrors) {
        let mut state = SerialState::empty();
        state.set(SerialState::OVERRUN, errors.overruns > 0);
        state.set(SerialState::PARITY, errors.parity);
        state.set(SerialState::FRAMING, errors.framing);
        state.set(SerialState::BREAK, errors.is_break);
        BRIDGE_LOSSES.overruns.add(errors.overruns);
        if !state.is_empty() {
            self.port.control.raise(state);
        }
    }

    /// UART to host. Without room the byte stays in the UART, which waits.
    fn upstream(&mut self) {
        while let Some(byte) = self.uart.front() {
            match self.port.writer.write(&[byte]) {
                Ok(_) => {}
                Err(WriteError::Full) => return,
                // Said once, of a session that is over; the byte is for the next.
                Err(WriteError::Disconnected) => continue,
                Err(WriteError::NotConnected) => BRIDGE_LOSSES.unheard.add(1),
            }
            self.uart.consume();
        }
    }

    /// Host to UART: the UART has the packet where it is, which is freed when it was sent.
    fn downstream(&mut self) {
        loop {
            if !self.is_sending {
                self.between_packets();
            }
            if self.break_signal != BreakSignal::Off {
                return;
            }
            let packet = match self.port.reader.fill_buf() {
                // Said once; the next session may have bytes already.
                Err(ReadError::Disconnected) => continue,
                Err(ReadError::Empty) => return,
                Ok(packet) => packet,
            };
            let count = packet.len();
            // SAFETY: it lies in a slot, which is freed when it is consumed below.
            self.is_sending = !unsafe { self.uart.transmit(packet) };
            if self.is_sending {
                return;
            }
            self.port.reader.consume(count);
        }
    }

    /// What has to wait until the UART has sent.
    fn between_packets(&mut self) {
        if core::mem::take(&mut self.new_coding) {
            self.uart.configure(&self.port.control.line_coding());
        }
        match self.asked.take() {
            None => {}
            Some(Break::Off) => self.signal(BreakSignal::Off),
            Some(Break::On) => self.signal(BreakSignal::On),
            Some(Break::For(milliseconds)) => self.signal(BreakSignal::For(milliseconds.get())),
        }
    }

    fn signal(&mut self, signal: BreakSignal) {
        let (was_low, is_low) = (self.break_signal != BreakSignal::Off, signal != BreakSignal::Off);
        self.break_signal = signal;
        self.tick.run(matches!(signal, BreakSignal::For(_)));
        if was_low != is_low {
            self.uart.hold_low(is_low);
        }
    }

    /// Each millisecond that passed: of a break, or of one that waits.
    fn count_milliseconds(&mut self) {
        let BreakSignal::For(left) = self.break_signal else {
            if self.asked == Some(Break::On) && self.tick.has_passed() {
                self.waited = self.waited.saturating_add(1);
            }
            return;
        };
        if !self.tick.has_passed() {
            return;
        }
        match left.checked_sub(1) {
            Some(left @ 1..) => self.break_signal = BreakSignal::For(left),
            _ => self.signal(BreakSignal::Off),
        }
    }
}

/// DTR and RTS are low when they are set.
fn set_low_if(pin: &mut impl OutputPin, set: bool) {
    // The pins of a chip cannot fail.
    _ = pin.set_state(PinState::from(!set));
}
