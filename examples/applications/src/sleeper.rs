//! Sleeps when the host does, and wakes it by a button.
//!
//! While the bus is suspended the driver has gated what it can of the USB controller; the hooks here switch
//! off what the board has beside: an LED, the tick that blinks it, and the clocks of the chip.

use embedded_hal::digital::{OutputPin, PinState};
use usbd_acm::{Hooks, Port, WriteError};

use crate::Tick;

/// Milliseconds that the LED is on or off.
const BLINK: u16 = 250;

/// The clocks that USB does not need while the bus is suspended.
pub trait Clocks {
    /// Stops them, or runs on something slower.
    fn gate(&mut self) {}

    /// Has them run as before when it returns.
    fn restore(&mut self) {}
}

/// None: the driver sees to all of them.
impl Clocks for () {}

/// What the board has beside USB. It is used by the device's interrupt alone; the tick has the same
/// priority.
pub struct Sleeper<L, T, C = ()> {
    led: L,
    lit_by: PinState,
    tick: T,
    clocks: C,
    milliseconds: u16,
    is_lit: bool,
}

impl<L: OutputPin, T: Tick, C: Clocks> Sleeper<L, T, C> {
    /// With an LED that this level lights, and is dark.
    pub fn new(led: L, lit_by: PinState, tick: T, clocks: C) -> Self {
        Self { led, lit_by, tick, clocks, milliseconds: 0, is_lit: false }
    }

    /// A millisecond is over: for the exception of the tick.
    pub fn passed(&mut self) {
        self.milliseconds += 1;
        if self.milliseconds == BLINK {
            self.milliseconds = 0;
            self.light(!self.is_lit);
        }
    }

    fn light(&mut self, lit: bool) {
        self.is_lit = lit;
        // The pins of a chip cannot fail.
        _ = self.led.set_state(if lit { self.lit_by } else { !self.lit_by });
    }

    fn rest(&mut self) {
        self.tick.run(false);
        self.light(false);
    }
}

impl<L: OutputPin, T: Tick, C: Clocks> Hooks for Sleeper<L, T, C> {
    fn configured(&mut self, _milliamps: u16) {
        self.tick.run(true);
    }

    fn deconfigured(&mut self) {
        self.rest();
    }

    fn suspended(&mut self) {
        self.rest();
        self.clocks.gate();
    }

    fn resumed(&mut self) {
        self.clocks.restore();
        self.tick.run(true);
    }
}

/// Each press wakes the host, if that has allowed it, and is told to it as a line. `sleep` returns after any
/// interrupt since the last one; the press of the button has to be one.
pub fn watch(mut port: Port, mut is_pressed: impl FnMut() -> bool, sleep: impl Fn()) -> ! {
    let mut was_pressed = false;
    loop {
        let pressed = is_pressed();
        if pressed && !was_pressed {
            port.control.request_wakeup();
            // Said once, of a session that is over, is Disconnected. Where nobody has the port open, or reads,
            // there is nobody to tell.
            while port.writer.write(b"pressed\r\n") == Err(WriteError::Disconnected) {}
        }
        was_pressed = pressed;
        // What the host sends is of no interest, but it has room only if it is taken.
        while let Ok(bytes) = port.reader.fill_buf() {
            let count = bytes.len();
            port.reader.consume(count);
        }
        sleep();
    }
}
