//! GPIO, and of GPIOTE the PORT event.

use super::events::Events;

/// One port of 32 pins.
#[derive(Clone, Debug)]
struct Port {
    out: u32,
    direction: u32,
    /// What the board drives from outside.
    outside: u32,
    configuration: [u32; 32],
}

impl Default for Port {
    fn default() -> Self {
        Self { out: 0, direction: 0, outside: 0xFFFF_FFFF, configuration: [2; 32] }
    }
}

impl Port {
    fn levels(&self) -> u32 {
        self.out & self.direction | self.outside & !self.direction
    }

    /// DETECT: whether a pin has the level that its PIN_CNF.SENSE looks for.
    fn detects(&self) -> bool {
        (0..32).any(|pin| match self.configuration[pin] >> 16 & 3 {
            2 => self.levels() >> pin & 1 == 1,
            3 => self.levels() >> pin & 1 == 0,
            _ => false,
        })
    }

    fn read(&self, offset: u32) -> u32 {
        match offset {
            0x504..=0x50C => self.out,
            0x510 => self.levels(),
            0x514..=0x51C => self.direction,
            0x700..0x780 => self.configuration[(offset as usize - 0x700) / 4],
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x504 => self.out = value,
            0x508 => self.out |= value,
            0x50C => self.out &= !value,
            0x514 => self.direction = value,
            0x518 => self.direction |= value,
            0x51C => self.direction &= !value,
            0x700..0x780 => {
                let pin = (offset as usize - 0x700) / 4;
                self.configuration[pin] = value;
                self.direction = self.direction & !(1 << pin) | (value & 1) << pin;
            }
            _ => {}
        }
    }
}

/// P0 and P1.
#[derive(Clone, Debug, Default)]
pub struct Gpio {
    ports: [Port; 2],
    /// Of GPIOTE, which has PORT here and nothing else.
    events: Events,
}

/// Event PORT of GPIOTE.
const PORT: u32 = 31;

impl Gpio {
    /// Level of a pin, 0 to 47: P1 begins at 32.
    pub fn level(&self, pin: u32) -> bool {
        let port = &self.ports[usize::from(pin >= 32)];
        port.levels() & 1 << (pin % 32) != 0
    }

    /// Drives a pin from outside.
    pub fn drive(&mut self, pin: u32, high: bool) {
        self.change(usize::from(pin >= 32), |port| {
            let bit = 1 << (pin % 32);
            port.outside = if high { port.outside | bit } else { port.outside & !bit };
        });
    }

    /// PORT is raised when DETECT of a port rises.
    fn change(&mut self, port: usize, change: impl FnOnce(&mut Port)) {
        let port = &mut self.ports[port];
        let before = port.detects();
        change(port);
        if !before && port.detects() {
            self.events.raise(PORT);
        }
    }

    pub(super) fn read(&self, offset: u32) -> u32 {
        let (port, offset) = place(offset);
        self.ports[port].read(offset)
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) {
        let (port, offset) = place(offset);
        self.change(port, |port| port.write(offset, value));
    }

    pub(super) fn read_gpiote(&self, offset: u32) -> u32 {
        self.events.read(offset).unwrap_or(0)
    }

    pub(super) fn write_gpiote(&mut self, offset: u32, value: u32) {
        self.events.write(offset, value);
    }

    pub(super) fn interrupt(&self) -> bool {
        self.events.interrupt()
    }

    pub(super) fn reset(&mut self) {
        for port in &mut self.ports {
            *port = Port { outside: port.outside, ..Port::default() };
        }
        self.events = Events::default();
    }
}

/// P1 is 0x300 above P0.
fn place(offset: u32) -> (usize, u32) {
    if offset >= 0x800 { (1, offset - 0x300) } else { (0, offset) }
}
