//! Sleeps when the host does, and wakes it by a button.
//!
//! While the bus is suspended the driver has stopped the clock of the PHY, and the hooks switch off what
//! this board has beside: the LED and the tick that blinks it, and the PLLs. The CPU sleeps in `wfe`. The blue
//! button asks to wake the host, which does so if the host has allowed it:
//! `echo enabled > /sys/bus/usb/devices/…/power/wakeup`.
//!
//! LED 1 (PB0) blinks while the bus is awake; each press is told to the host as a line.
#![no_std]
#![no_main]

use applications::{CoreTick, Handed, Sleeper, sleeper};
use cortex_m::peripheral::NVIC;
use cortex_m_rt::{entry, exception};
use embedded_hal::digital::PinState;
use stm32h7xx_hal::gpio::{Output, PB0};
use stm32h7xx_hal::pac::{Interrupt, interrupt};
use stm32h743_nucleo::usb::{Controller, controller};
use stm32h743_nucleo::{Board, Button, ClockTree, MILLISECOND, OutputPin, button};
use usbd_acm::descriptors::{Descriptors, Power, descriptors};
use usbd_acm::{Device, Storage};
use usbd_acm_synopsys_otg::stm32h7::Otg2;
use usbd_acm_synopsys_otg::{Core, State};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: Otg2::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "STM32H743 sleeper",
    power: Power::SelfPowered { milliamps: 0 },
    remote_wakeup: true,
};

/// What the board has beside USB.
type Beside = Sleeper<OutputPin<PB0<Output>>, CoreTick, ClockTree>;

static DEVICE: Handed<Device<Controller, Beside>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    static mut STATE: State = State::new();
    let Some(mut board) = Board::take() else { cortex_m::asm::udf() };
    let pins = (board.a.pa11, board.a.pa12);
    let Ok(controller) = controller(board.otg, pins, &board.clocks, STATE) else {
        cortex_m::asm::udf()
    };
    let led = OutputPin(board.b.pb0.into_push_pull_output());
    let button = Button::new(board.c.pc13, &mut board.exti, &mut board.syscfg);
    // SAFETY: the clocks are as they shall be.
    let clock_tree = unsafe { ClockTree::new() };
    let tick = CoreTick::new(board.syst, MILLISECOND);
    let sleeper = Sleeper::new(led, PinState::High, tick, clock_tree);
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, sleeper);
    device.connect();
    // SAFETY: the interrupts are enabled below.
    unsafe { DEVICE.put(device) };
    for interrupt in [Interrupt::OTG_FS, Interrupt::EXTI15_10] {
        // SAFETY: no critical section is made of a masked interrupt here.
        unsafe { NVIC::unmask(interrupt) };
    }
    sleeper::watch(port, || button.is_pressed(), cortex_m::asm::wfe)
}

#[interrupt]
fn OTG_FS() {
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

/// The main loop looks at the button.
#[interrupt]
fn EXTI15_10() {
    button::interrupted();
}
