//! A USB serial adapter: what the host sends goes to UARTE0, and back.
//!
//! | signal | pin | |
//! |---|---|---|
//! | TXD, RXD | P0.06, P0.08 | |
//! | RTS, CTS | P0.05, P0.07 | flow control of the UART: low when this end, or the other, can take bytes |
//! | DTR, RTS of the host | P0.13, P0.14 | low when set: LED 1 and 2 of the DK, or reset and boot of another chip |
//!
//! USB runs in its interrupt, and everything of the UART in its own, which may interrupt USB. They
//! share no lock.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m_rt::{entry, exception};
use embedded_hal::digital::{OutputPin, PinState};
use nrf52840_dk::gpio::{Input, Output, Pull};
use nrf52840_dk::handed::Handed;
use nrf52840_dk::interrupt::Interrupt;
use nrf52840_dk::tick::Tick;
use nrf52840_dk::uarte::{Buffer, LineErrors, Pins, Uarte};
use usbd_acm::class::{Break, Event, SerialState};
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Device, Port, ReadError, Storage, WriteError};
use usbd_acm_nrf52840::{ENDPOINTS, Nrf52840, OnChip, State, Usbd, power_clock_interrupt};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "nRF52840 serial adapter",
};

const PINS: Pins = Pins { txd: 6, rxd: 8, cts: 7, rts: 5 };
const DTR: u8 = 13;
const RTS: u8 = 14;

/// Packets of FIFO each way: more than two, as the UART may keep USB waiting.
const SLOTS: usize = 4;

static DEVICE: Handed<Device<Nrf52840, (), 1, SLOTS>> = Handed::new();
static BRIDGE: Handed<Bridge> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage<1, SLOTS> = Storage::new();
    static mut STATE: State = State::new();
    static mut BUFFER: Buffer = [0; 6];
    let (Some(usbd), Some(core)) = (Usbd::take(), Peripherals::take()) else {
        cortex_m::asm::udf()
    };
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    let _rxd = Input::new(PINS.rxd, Pull::Up);
    // Nothing connected means that the other end can take bytes.
    let _cts = Input::new(PINS.cts, Pull::Down);
    let bridge = Bridge {
        txd: Output::high(PINS.txd),
        _rts: Output::high(PINS.rts),
        host_dtr: Output::high(DTR),
        host_rts: Output::high(RTS),
        // SAFETY: it is the only one.
        uarte: unsafe { Uarte::new(&PINS, BUFFER) },
        port,
        held: None,
        sending: 0,
        break_signal: BreakSignal::Off,
        asked: None,
        new_coding: false,
        tick: Tick::new(core.SYST),
    };
    // SAFETY: the interrupts are enabled below.
    unsafe { DEVICE.put(device) };
    // SAFETY: as above.
    unsafe { BRIDGE.put(bridge) };
    Interrupt::Usbd.give_way();
    Interrupt::PowerClock.give_way();
    for interrupt in [Interrupt::Usbd, Interrupt::PowerClock, Interrupt::Uarte0] {
        interrupt.enable();
    }
    loop {
        cortex_m::asm::wfi();
    }
}

#[unsafe(no_mangle)]
extern "C" fn USBD() {
    // SAFETY: this is the only handler that does so.
    if let Some(device) = unsafe { DEVICE.get() } {
        device.poll();
        Interrupt::Uarte0.pend();
    }
}

#[unsafe(no_mangle)]
extern "C" fn POWER_CLOCK() {
    power_clock_interrupt();
}

#[unsafe(no_mangle)]
extern "C" fn UARTE0() {
    // SAFETY: this is the only handler that does so.
    if let Some(bridge) = unsafe { BRIDGE.get() } {
        bridge.run();
    }
}

#[exception]
fn SysTick() {
    Interrupt::Uarte0.pend();
}

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

struct Bridge {
    port: Port<SLOTS>,
    uarte: Uarte,
    txd: Output,
    /// Of the UART while it is on; high, so that the other end waits, while it is off.
    _rts: Output,
    host_dtr: Output,
    host_rts: Output,
    /// A byte of the UART that the host has no room for. None follows it until it has.
    held: Option<u8>,
    /// Bytes that the UART is sending, in the packet they came in.
    sending: usize,
    break_signal: BreakSignal,
    /// A break, or the end of one, that waits for the UART to have sent.
    asked: Option<Break>,
    /// A line coding waits for the UART to have sent.
    new_coding: bool,
    tick: Tick,
}

impl Bridge {
    /// Everything there is to do.
    fn run(&mut self) {
        while let Some(event) = self.port.control.next_event() {
            self.host_says(event);
        }
        let errors = self.uarte.errors();
        self.report(errors);
        self.upstream();
        self.count_break_down();
        self.downstream();
    }

    fn host_says(&mut self, event: Event) {
        match event {
            Event::Configured { .. } => self.port.control.set_carrier(true),
            Event::Dtr(set) => set_low_if(&mut self.host_dtr, set),
            Event::Rts(set) => set_low_if(&mut self.host_rts, set),
            Event::LineCoding { .. } => self.new_coding = true,
            Event::Break(request) => self.asked = Some(request),
            _ => {}
        }
    }

    fn report(&mut self, errors: LineErrors) {
        let mut state = SerialState::empty();
        state.set(SerialState::OVERRUN, errors.overrun());
        state.set(SerialState::PARITY, errors.parity());
        state.set(SerialState::FRAMING, errors.framing());
        state.set(SerialState::BREAK, errors.is_break());
        BRIDGE_LOSSES.overruns.add(errors.overrun().into());
        if !state.is_empty() {
            self.port.control.raise(state);
        }
    }

    /// UART to host. Without room, the byte is held, and the UART waits.
    fn upstream(&mut self) {
        loop {
            let Some(byte) = self.held.take().or_else(|| self.uarte.received()) else { return };
            if !self.give_to_host(byte) {
                self.held = Some(byte);
                return;
            }
            self.uarte.receive();
        }
    }

    /// Returns whether the byte is off our hands.
    fn give_to_host(&mut self, byte: u8) -> bool {
        match self.port.writer.write(&[byte]) {
            Ok(_) => true,
            Err(WriteError::Full) => false,
            Err(WriteError::NotConnected | WriteError::Disconnected) => {
                BRIDGE_LOSSES.unheard.add(1);
                true
            }
        }
    }

    /// Host to UART: the UART reads the packet where it is, which is freed when it was sent.
    fn downstream(&mut self) {
        if self.sending > 0 {
            if !self.uarte.is_sent() {
                return;
            }
            self.port.reader.consume(self.sending);
            self.sending = 0;
        }
        self.between_packets();
        if self.break_signal != BreakSignal::Off {
            return;
        }
        let bytes = loop {
            match self.port.reader.fill_buf() {
                // Said once; the next session may have bytes already.
                Err(ReadError::Disconnected) => {}
                Err(ReadError::Empty) => return,
                Ok(bytes) => break bytes,
            }
        };
        self.sending = bytes.len();
        // SAFETY: they lie in a slot, which is not freed before they are consumed.
        unsafe { self.uarte.send(bytes) };
    }

    /// What has to wait until the UART has sent.
    fn between_packets(&mut self) {
        if core::mem::take(&mut self.new_coding) {
            self.uarte.configure(&self.port.control.line_coding());
        }
        match self.asked.take() {
            None => {}
            Some(Break::Off) => self.end_break(),
            Some(Break::On) => self.begin_break(BreakSignal::On),
            Some(Break::For(milliseconds)) => {
                self.begin_break(BreakSignal::For(milliseconds.get()));
            }
        }
    }

    /// TXD is low while the UART is off.
    fn begin_break(&mut self, signal: BreakSignal) {
        if self.break_signal == BreakSignal::Off {
            let mut received = [0; 6];
            let bytes = self.uarte.disable();
            let count = bytes.len();
            received[..count].copy_from_slice(bytes);
            set_low_if(&mut self.txd, true);
            let held = self.held.take();
            for byte in held.into_iter().chain(received.into_iter().take(count)) {
                if !self.give_to_host(byte) {
                    BRIDGE_LOSSES.overruns.add(1);
                    self.port.control.raise(SerialState::OVERRUN);
                }
            }
        }
        self.break_signal = signal;
        self.tick.run(matches!(signal, BreakSignal::For(_)));
    }

    fn end_break(&mut self) {
        if self.break_signal != BreakSignal::Off {
            self.break_signal = BreakSignal::Off;
            self.tick.run(false);
            set_low_if(&mut self.txd, false);
            self.uarte.enable();
        }
    }

    /// Each millisecond that passed.
    fn count_break_down(&mut self) {
        let BreakSignal::For(left) = self.break_signal else { return };
        if !self.tick.has_passed() {
            return;
        }
        match left.checked_sub(1) {
            Some(left @ 1..) => self.break_signal = BreakSignal::For(left),
            _ => self.end_break(),
        }
    }
}

/// DTR, RTS and a break are low when they are set.
fn set_low_if(pin: &mut Output, set: bool) {
    let Ok(()) = pin.set_state(PinState::from(!set));
}
