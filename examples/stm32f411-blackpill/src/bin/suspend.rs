//! Sleeps when the host does, and wakes it by a button.
//!
//! While the bus is suspended the driver has stopped the clock of the PHY, and the hooks switch off what
//! this board has beside: the LED and the tick that blinks it, crystal and PLL. The CPU sleeps in `wfe`. The
//! button KEY (A0) asks to wake the host, which does so if the host has allowed it:
//! `echo enabled > /sys/bus/usb/devices/…/power/wakeup`.
//!
//! The LED (C13) blinks while the bus is awake; each press is told to the host as a line.
#![no_std]
#![no_main]

use applications::{CoreTick, Handed, Sleeper, sleeper};
use cortex_m::peripheral::NVIC;
use cortex_m_rt::{entry, exception};
use embedded_hal::digital::PinState;
use stm32f4_board::usb::{Controller, controller};
use stm32f4_board::{Board, Button, ClockTree};
use stm32f4xx_hal::gpio::{Output, PC13, PinState as Level};
use stm32f4xx_hal::pac::{Interrupt, interrupt};
use usbd_acm::descriptors::{Descriptors, Power, descriptors};
use usbd_acm::{Device, Storage};
use usbd_acm_synopsys_otg::stm32f4::OtgFs;
use usbd_acm_synopsys_otg::{Core, State};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: OtgFs::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "STM32F411 sleeper",
    power: Power::Bus { milliamps: 100 },
    remote_wakeup: true,
};

/// What the board has beside USB.
type Beside = Sleeper<PC13<Output>, CoreTick, ClockTree>;

static DEVICE: Handed<Device<Controller, Beside>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    static mut STATE: State = State::new();
    let Some(mut board) = Board::take(stm32f411_blackpill::clocks()) else { cortex_m::asm::udf() };
    let pins = (board.a.pa11, board.a.pa12);
    let Ok(controller) = controller(board.otg, pins, &mut board.rcc, STATE) else {
        cortex_m::asm::udf()
    };
    let led = board.c.pc13.into_push_pull_output_in_state(Level::High);
    let registers = (&mut board.exti, board.syscfg);
    let button = Button::new(board.a.pa0, registers, &mut board.rcc);
    let tick = CoreTick::new(board.syst, board.rcc.clocks.hclk().raw() / 1000);
    let sleeper = Sleeper::new(led, PinState::Low, tick, ClockTree::new(board.rcc));
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, sleeper);
    device.connect();
    // SAFETY: the interrupts are enabled below.
    unsafe { DEVICE.put(device) };
    for interrupt in [Interrupt::OTG_FS, Interrupt::EXTI0] {
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
fn EXTI0() {
    Button::<'A', 0>::interrupted();
}
