//! Lines of a log to whoever has the port open. A line goes as a whole or not at all: when the host
//! does not keep up it is dropped and counted, and the count is the next line that goes. Nothing ever
//! waits for the host.
#![no_std]
#![no_main]

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m_rt::{entry, exception};
use nrf52840_dk::handed::Handed;
use nrf52840_dk::interrupt::Interrupt;
use nrf52840_dk::tick::Tick;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Device, Storage, WriteError, Writer};
use usbd_acm_nrf52840::{ENDPOINTS, Nrf52840, OnChip, State, Usbd, power_clock_interrupt};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "nRF52840 log",
};

/// Packets of FIFO: what is logged at once is more than two.
const SLOTS: usize = 8;
/// Bytes of the longest line.
const LINE: usize = 80;
/// Milliseconds between two lines.
const PERIOD: u32 = 10;

static DEVICE: Handed<Device<Nrf52840, (), 1, SLOTS>> = Handed::new();
static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage<1, SLOTS> = Storage::new();
    static mut STATE: State = State::new();
    let (Some(usbd), Some(core)) = (Usbd::take(), Peripherals::take()) else {
        cortex_m::asm::udf()
    };
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    // SAFETY: the interrupts are enabled below.
    unsafe { DEVICE.put(device) };
    Interrupt::Usbd.enable();
    Interrupt::PowerClock.enable();
    Tick::new(core.SYST).run(true);
    let mut log = Log { writer: port.writer, line: Line::EMPTY, dropped: 0 };
    let mut due = 0;
    loop {
        let now = MILLISECONDS.load(Ordering::Relaxed);
        if now.wrapping_sub(due) < 1 << 31 {
            due = due.wrapping_add(PERIOD);
            log.line(format_args!("{now:10} ms: all is well"));
        }
        // What the host made wait may go on.
        log.flush();
        // Returns after any interrupt since the last one.
        cortex_m::asm::wfe();
    }
}

/// A log over the port.
struct Log {
    writer: Writer<SLOTS>,
    /// The line on its way: it goes to its end before the next one is begun.
    line: Line,
    /// Lines since the last one that was begun.
    dropped: u32,
}

impl Log {
    /// Sends a line, or drops and counts it.
    fn line(&mut self, text: fmt::Arguments<'_>) {
        if !self.flush() {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let dropped = core::mem::take(&mut self.dropped);
        self.line.begin();
        // What does not fit is cut off.
        let _ = match dropped {
            0 => self.line.write_fmt(text),
            _ => self.line.write_fmt(format_args!("[{dropped} dropped] {text}")),
        };
        self.line.end();
        self.flush();
    }

    /// Hands over what is left of the line. Returns whether all of it is.
    fn flush(&mut self) -> bool {
        while !self.line.rest().is_empty() {
            match self.writer.write(self.line.rest()) {
                Ok(count) => self.line.sent += count,
                Err(WriteError::Full) => return false,
                // Nobody is there: the line is of the session that ended.
                Err(WriteError::NotConnected | WriteError::Disconnected) => {
                    self.line.begin();
                    return false;
                }
            }
        }
        true
    }
}

/// A line, cut to what there is room for.
struct Line {
    bytes: [u8; LINE],
    length: usize,
    /// Bytes of it that were handed over.
    sent: usize,
}

impl Line {
    const EMPTY: Self = Self { bytes: [0; LINE], length: 0, sent: 0 };

    fn begin(&mut self) {
        self.length = 0;
        self.sent = 0;
    }

    /// Ends it, in the place that is kept for that.
    fn end(&mut self) {
        for byte in *b"\r\n" {
            if let Some(place) = self.bytes.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.sent..self.length).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let Some(place) = self.bytes[..LINE - 2].get_mut(self.length) else {
                return Err(fmt::Error);
            };
            *place = byte;
            self.length += 1;
        }
        Ok(())
    }
}

#[unsafe(no_mangle)]
extern "C" fn USBD() {
    // SAFETY: this is the only handler that does so.
    if let Some(device) = unsafe { DEVICE.get() } {
        device.poll();
    }
}

#[unsafe(no_mangle)]
extern "C" fn POWER_CLOCK() {
    power_clock_interrupt();
}

#[exception]
fn SysTick() {
    // The only one who stores it.
    MILLISECONDS.store(MILLISECONDS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}
