//! Sleeps when the host does, and wakes it by a button.
//!
//! While the bus is suspended the driver has USBD in its low-power mode and has let go of the crystal
//! oscillator, and the hooks switch off what this board has beside: here an LED and the tick that
//! blinks it. The CPU sleeps in `wfe`. Button 1 (P0.11) asks to wake the host, which does so if the
//! host has allowed it: `echo enabled > /sys/bus/usb/devices/…/power/wakeup`.
//!
//! LED 1 (P0.13) blinks while the bus is awake; each press is told to the host as a line.
#![no_std]
#![no_main]

use applications::{CoreTick, Handed, Sleeper, sleeper};
use cortex_m::Peripherals;
use cortex_m_rt::{entry, exception};
use embedded_hal::digital::PinState;
use nrf52840_dk::MILLISECOND;
use nrf52840_dk::button::Button;
use nrf52840_dk::gpio::Output;
use nrf52840_dk::interrupt::Interrupt;
use usbd_acm::descriptors::{Descriptors, Power, descriptors};
use usbd_acm::{Device, Storage};
use usbd_acm_nrf52840::{ENDPOINTS, Nrf52840, OnChip, State, Usbd, power_clock_interrupt};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "nRF52840 sleeper",
    power: Power::Bus { milliamps: 50 },
    remote_wakeup: true,
};

const LED: u8 = 13;
const BUTTON: u8 = 11;

static DEVICE: Handed<Device<Nrf52840, Sleeper<Output, CoreTick>>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    static mut STATE: State = State::new();
    let (Some(usbd), Some(core)) = (Usbd::take(), Peripherals::take()) else {
        cortex_m::asm::udf()
    };
    let tick = CoreTick::new(core.SYST, MILLISECOND);
    let board = Sleeper::new(Output::high(LED), PinState::Low, tick, ());
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, board);
    device.connect();
    // SAFETY: the interrupts are enabled below.
    unsafe { DEVICE.put(device) };
    let mut button = Button::new(BUTTON);
    for interrupt in [Interrupt::Usbd, Interrupt::PowerClock, Interrupt::Gpiote] {
        interrupt.enable();
    }
    sleeper::watch(port, || button.is_pressed(), cortex_m::asm::wfe)
}

#[unsafe(no_mangle)]
extern "C" fn USBD() {
    // SAFETY: this handler and `SysTick` do so, which do not interrupt one another.
    if let Some(device) = unsafe { DEVICE.get() } {
        device.poll();
    }
}

#[exception]
fn SysTick() {
    // SAFETY: as above.
    if let Some(device) = unsafe { DEVICE.get() } {
        device.hooks().passed();
    }
}

#[unsafe(no_mangle)]
extern "C" fn POWER_CLOCK() {
    power_clock_interrupt();
}

/// The main loop looks at the button.
#[unsafe(no_mangle)]
extern "C" fn GPIOTE() {
    nrf52840_dk::button::interrupt();
}
