//! Lines of a log to whoever has the port open. When the host does not keep up, or nobody is there,
//! what does not fit is lost, and the log says where, and how many bytes. Nothing ever waits for the
//! host.
#![no_std]
#![no_main]

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU32, Ordering};

use applications::Handed;
use applications::{CoreTick, Tick};
use cortex_m::Peripherals;
use cortex_m_rt::{entry, exception};
use nrf52840_dk::MILLISECOND;
use nrf52840_dk::interrupt::Interrupt;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::policy::{DropNewest, PolicyWriter};
use usbd_acm::{Device, Storage};
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
    CoreTick::new(core.SYST, MILLISECOND).run(true);
    let mut log = Log { port: port.writer.with_policy(DropNewest), told: 0 };
    let mut due = 0;
    loop {
        let now = MILLISECONDS.load(Ordering::Relaxed);
        if now.wrapping_sub(due) < 1 << 31 {
            due = due.wrapping_add(PERIOD);
            log.line(format_args!("{now:10} ms: all is well"));
        }
        // Returns after any interrupt since the last one.
        cortex_m::asm::wfe();
    }
}

/// A log over the port.
struct Log {
    port: PolicyWriter<DropNewest, SLOTS>,
    /// Bytes lost that the log tells of already.
    told: u32,
}

impl Log {
    /// Sends a line, or as much of it as there is room for.
    fn line(&mut self, text: fmt::Arguments<'_>) {
        self.tell_of_losses();
        self.send(format_args!("{text}\r\n"));
    }

    /// Says where bytes are missing, and how many. Where there is no room for that, it is said later.
    fn tell_of_losses(&mut self) {
        let lost = self.port.lost();
        let untold = lost.wrapping_sub(self.told);
        if untold == 0 || !self.port.writer().is_ready() {
            return;
        }
        self.send(format_args!("\r\n[{untold} bytes lost]\r\n"));
        // Of this message itself no byte counts.
        let cut = self.port.lost().wrapping_sub(lost);
        self.told = if cut == 0 { lost } else { self.told.wrapping_add(cut) };
    }

    /// In one go, so that nothing but the end can be missing.
    fn send(&mut self, text: fmt::Arguments<'_>) {
        let mut line = Line { bytes: [0; LINE], length: 0 };
        // What does not fit is cut off.
        _ = line.write_fmt(text);
        let Ok(_) = self.port.write(&line.bytes[..line.length]);
    }
}

/// A line, cut to what there is room for.
struct Line {
    bytes: [u8; LINE],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let Some(place) = self.bytes.get_mut(self.length) else {
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
