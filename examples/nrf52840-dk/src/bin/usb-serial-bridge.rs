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

use applications::bridge::{Bridge, SLOTS};
use applications::{CoreTick, Handed};
use cortex_m::Peripherals;
use cortex_m_rt::{entry, exception};
use nrf52840_dk::MILLISECOND;
use nrf52840_dk::gpio::Output;
use nrf52840_dk::interrupt::Interrupt;
use nrf52840_dk::uarte::{Buffer, Pins, Uarte};
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Device, Storage};
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

static DEVICE: Handed<Device<Nrf52840, (), 1, SLOTS>> = Handed::new();
static BRIDGE: Handed<Bridge<Uarte, Output, Output, CoreTick>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage<1, SLOTS> = Storage::new();
    static mut STATE: State = State::new();
    static mut BUFFER: Buffer = [0; 16];
    let (Some(usbd), Some(core)) = (Usbd::take(), Peripherals::take()) else {
        cortex_m::asm::udf()
    };
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    // SAFETY: it is the only one.
    let uarte = unsafe { Uarte::new(&PINS, BUFFER) };
    let of_host = (Output::high(DTR), Output::high(RTS));
    let bridge = Bridge::new(port, uarte, of_host, CoreTick::new(core.SYST, MILLISECOND));
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
