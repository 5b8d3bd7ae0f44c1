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

use cortex_m::Peripherals;
use cortex_m_rt::{entry, exception};
use embedded_hal::digital::{OutputPin, PinState};
use nrf52840_dk::button::Button;
use nrf52840_dk::gpio::Output;
use nrf52840_dk::handed::Handed;
use nrf52840_dk::interrupt::Interrupt;
use nrf52840_dk::tick::Tick;
use usbd_acm::descriptors::{Descriptors, Power, descriptors};
use usbd_acm::{Device, Hooks, Port, Storage};
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
/// Milliseconds that the LED is on or off.
const BLINK: u16 = 250;

static DEVICE: Handed<Device<Nrf52840, Board>> = Handed::new();

/// What the board has beside USB. It is used by the device's interrupt alone; the tick has the same
/// priority.
struct Board {
    led: Output,
    tick: Tick,
    milliseconds: u16,
    lit: bool,
}

impl Board {
    fn light(&mut self, lit: bool) {
        self.lit = lit;
        let Ok(()) = self.led.set_state(PinState::from(!lit));
    }

    fn passed(&mut self) {
        self.milliseconds += 1;
        if self.milliseconds == BLINK {
            self.milliseconds = 0;
            self.light(!self.lit);
        }
    }
}

impl Hooks for Board {
    fn configured(&mut self, _milliamps: u16) {
        self.tick.run(true);
    }

    fn deconfigured(&mut self) {
        self.suspended();
    }

    fn suspended(&mut self) {
        self.tick.run(false);
        self.light(false);
    }

    fn resumed(&mut self) {
        self.tick.run(true);
    }
}

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    static mut STATE: State = State::new();
    let (Some(usbd), Some(core)) = (Usbd::take(), Peripherals::take()) else {
        cortex_m::asm::udf()
    };
    let board =
        Board { led: Output::high(LED), tick: Tick::new(core.SYST), milliseconds: 0, lit: false };
    let controller = Nrf52840::new(usbd, OnChip::new(), STATE);
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, board);
    device.connect();
    // SAFETY: the interrupts are enabled below.
    unsafe { DEVICE.put(device) };
    let button = Button::new(BUTTON);
    for interrupt in [Interrupt::Usbd, Interrupt::PowerClock, Interrupt::Gpiote] {
        interrupt.enable();
    }
    watch(port, button)
}

/// Each press wakes the host, and is told to it.
fn watch(mut port: Port, mut button: Button) -> ! {
    let mut was_pressed = false;
    loop {
        let is_pressed = button.is_pressed();
        if is_pressed && !was_pressed {
            port.control.request_wakeup();
            // Where nobody has the port open, or reads, there is nobody to tell.
            let _ = port.writer.write(b"pressed\r\n");
        }
        was_pressed = is_pressed;
        // What the host sends is of no interest, but it has room only if it is taken.
        while let Ok(bytes) = port.reader.fill_buf() {
            let count = bytes.len();
            port.reader.consume(count);
        }
        // Returns after any interrupt since the last one.
        cortex_m::asm::wfe();
    }
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
