//! GPIO, and EXTI with SYSCFG's choice of its sources: RM0090 §8, §9, §12, of which others differ in offsets.

/// Ports A to K.
const PORTS: usize = 11;

/// One port of 16 pins.
#[derive(Clone, Copy, Debug)]
struct Port {
    mode: u32,
    pull: u32,
    out: u32,
    /// What the board drives from outside.
    outside: u32,
    alternate: [u32; 2],
    others: [u32; 4],
}

impl Default for Port {
    fn default() -> Self {
        Self { mode: 0, pull: 0, out: 0, outside: 0xFFFF, alternate: [0; 2], others: [0; 4] }
    }
}

impl Port {
    fn levels(&self) -> u32 {
        let is_output = |pin: &u32| self.mode >> (2 * pin) & 3 == 1;
        let outputs = (0..16).filter(is_output).fold(0, |mask, pin| mask | 1 << pin);
        self.out & outputs | self.outside & !outputs
    }

    fn read(&self, offset: u32) -> u32 {
        match offset {
            0x00 => self.mode,
            0x0C => self.pull,
            0x10 => self.levels(),
            0x14 => self.out,
            0x20 | 0x24 => self.alternate[(offset as usize - 0x20) / 4],
            0x04 => self.others[0],
            0x08 => self.others[1],
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x00 => self.mode = value,
            0x0C => self.pull = value,
            0x14 => self.out = value & 0xFFFF,
            0x18 => self.out = self.out & !(value >> 16) | value & 0xFFFF,
            0x20 | 0x24 => self.alternate[(offset as usize - 0x20) / 4] = value,
            0x04 => self.others[0] = value,
            0x08 => self.others[1] = value,
            _ => {}
        }
    }
}

/// The ports, and the interrupts of their edges.
#[derive(Clone, Debug, Default)]
pub struct Gpio {
    ports: [Port; PORTS],
    exti: Exti,
    /// SYSCFG_EXTICR1 to 4.
    sources: [u32; 4],
}

impl Gpio {
    /// Level of a pin: port A is 0, and each port has 16.
    pub fn level(&self, pin: u32) -> bool {
        let port = self.ports.get(pin as usize / 16);
        port.is_some_and(|port| port.levels() & 1 << (pin % 16) != 0)
    }

    /// The alternate function that has a pin, if it is not the port's.
    pub fn alternate_function(&self, pin: u32) -> Option<u32> {
        let (port, pin) = (self.ports.get(pin as usize / 16)?, pin % 16);
        let is_alternate = port.mode >> (2 * pin) & 3 == 2;
        is_alternate.then_some(port.alternate[pin as usize / 8] >> (4 * (pin % 8)) & 0xF)
    }

    /// Whether all of these pins have this alternate function.
    pub fn lead_to(&self, pins: &[u32], function: u32) -> bool {
        pins.iter().all(|pin| self.alternate_function(*pin) == Some(function))
    }

    /// Drives a pin from outside.
    pub fn drive(&mut self, pin: u32, high: bool) {
        self.change(pin as usize / 16, |port| {
            let bit = 1 << (pin % 16);
            port.outside = if high { port.outside | bit } else { port.outside & !bit };
        });
    }

    /// Edges of the pins that are chosen as sources.
    fn change(&mut self, index: usize, change: impl FnOnce(&mut Port)) {
        let Some(port) = self.ports.get_mut(index) else { return };
        let before = port.levels();
        change(port);
        let after = port.levels();
        for line in (0..16).filter(|line| (before ^ after) & 1 << line != 0) {
            let source = self.sources[line as usize / 4] >> (4 * (line % 4)) & 0xF;
            if source as usize == index {
                self.exti.edge(line, after & 1 << line != 0);
            }
        }
    }

    /// A line that is no pin rises: 18 is the wake-up of OTG_FS.
    pub fn raise_line(&mut self, line: u32) {
        self.exti.edge(line, true);
    }

    pub fn read(&self, offset: u32) -> u32 {
        self.ports.get(offset as usize / 0x400).map_or(0, |port| port.read(offset % 0x400))
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        self.change(offset as usize / 0x400, |port| port.write(offset % 0x400, value));
    }

    pub fn read_exti(&self, offset: u32) -> u32 {
        self.exti.read(offset)
    }

    pub fn write_exti(&mut self, offset: u32, value: u32) {
        self.exti.write(offset, value);
    }

    /// SYSCFG_EXTICRx, by number from 0.
    pub fn source(&self, register: usize) -> u32 {
        self.sources[register & 3]
    }

    pub fn set_source(&mut self, register: usize, value: u32) {
        self.sources[register & 3] = value;
    }

    /// Lines that interrupt, one bit each.
    pub fn interrupts(&self) -> u32 {
        self.exti.pending & self.exti.mask
    }

    pub fn reset(&mut self) {
        for port in &mut self.ports {
            *port = Port { outside: port.outside, ..Port::default() };
        }
        self.exti = Exti::default();
        self.sources = [0; 4];
    }
}

#[derive(Clone, Debug, Default)]
struct Exti {
    mask: u32,
    event_mask: u32,
    rising: u32,
    falling: u32,
    pending: u32,
}

impl Exti {
    fn edge(&mut self, line: u32, rises: bool) {
        let chosen = if rises { self.rising } else { self.falling };
        self.pending |= chosen & 1 << line;
    }

    fn read(&self, offset: u32) -> u32 {
        match offset {
            0x00 => self.mask,
            0x04 => self.event_mask,
            0x08 => self.rising,
            0x0C => self.falling,
            0x14 => self.pending,
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x00 => self.mask = value,
            0x04 => self.event_mask = value,
            0x08 => self.rising = value,
            0x0C => self.falling = value,
            0x10 => self.pending |= value & self.mask,
            0x14 => self.pending &= !value,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PC13.
    const BUTTON: u32 = 2 * 16 + 13;

    #[test]
    fn an_edge_of_the_chosen_port_interrupts_where_it_is_asked_for() {
        let mut gpio = Gpio::default();
        gpio.drive(BUTTON, false);
        gpio.set_source(3, 2 << 4);
        // IMR, RTSR.
        gpio.write_exti(0x00, 1 << 13);
        gpio.write_exti(0x08, 1 << 13);
        gpio.drive(BUTTON - 16, true);
        assert_eq!(gpio.interrupts(), 0);
        gpio.drive(BUTTON, true);
        assert_eq!(gpio.interrupts(), 1 << 13);
        gpio.write_exti(0x14, 1 << 13);
        gpio.drive(BUTTON, false);
        assert_eq!(gpio.interrupts(), 0);
        gpio.raise_line(18);
        assert_eq!(gpio.read_exti(0x14), 0);
    }

    #[test]
    fn an_output_has_the_level_that_bsrr_gave_it() {
        let mut gpio = Gpio::default();
        gpio.drive(5, false);
        gpio.write(0x18, 1 << 5);
        assert!(!gpio.level(5));
        gpio.write(0x00, 1 << 10);
        assert!(gpio.level(5));
        gpio.write(0x18, 1 << 21);
        assert!(!gpio.level(5));
    }
}
